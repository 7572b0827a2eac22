"""Files of Dropbox, over its API for the web: no package is needed.

Where the package dropbox is installed, which 1.x had for this, it is what asks.
"""

from __future__ import annotations

import json
from typing import ClassVar

from prefect.tasks.authoring.declared import WebTask


class DropboxDownload(WebTask, args="path", run="+ access_token"):
    """Gives the content of a file as bytes.

    Args:
        path: in Dropbox, beginning with ``/``.
        access_token: else the secret ``DROPBOX_ACCESS_TOKEN``.
    """

    address: ClassVar[str] = "https://content.dropboxapi.com/2"
    needs: ClassVar[dict[str, str]] = {"path": "No path provided."}
    path: str | None = None
    access_token: str | None = None

    def work(self) -> bytes:
        """Read the file."""
        token = self.given_or_secret("access_token", "DROPBOX_ACCESS_TOKEN")
        package = self.former_module("dropbox")
        content: bytes
        if package:
            content = package.Dropbox(token).files_download(self.path)[1].content
            return content
        headers = {"Authorization": f"Bearer {token}", "Dropbox-API-Arg": json.dumps({"path": self.path})}
        content = self.service(headers=headers).request("POST", "files/download", repeats=True).content
        return content
