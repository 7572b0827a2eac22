"""Small tasks that go with those for Toloka."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from prefect.core.function import task


@task
def download_json(url: str) -> Any:
    """Give the JSON at a URL.

    Raises:
        ServiceFailed: there is none.
    """
    from prefect.tasks.authoring.web import WebService

    parts = urlsplit(url)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    return WebService(f"{parts.scheme}://{parts.netloc}", by="download_json").ask("GET", path)
