"""What the tasks for GitHub share: a service with the token that the task was given."""

from __future__ import annotations

from typing import Any, ClassVar
from urllib.parse import quote

from prefect.tasks.authoring.declared import WebTask

ACCEPTED = "application/vnd.github.v3+json"


class GitHubTask(WebTask):
    """A task for one repository.

    Args:
        repo: ``owner/name``.
        token: a personal access token; else the secret ``GITHUB_ACCESS_TOKEN``, if there is one.
    """

    address: ClassVar[str] = "https://api.github.com"
    needs: ClassVar[dict[str, str]] = {"repo": "A GitHub repository must be provided."}
    repo: str | None = None
    token: str | None = None

    def ask(self, method: str, path: str, *parts: object, **body: Any) -> Any:
        """Make a request about the repository."""
        token = self.token or self.optional_secret("GITHUB_ACCESS_TOKEN")
        headers = {"Accept": ACCEPTED, **({"Authorization": f"token {token}"} if token else {})}
        owner, _, name = str(self.repo).partition("/")
        if not owner or not name or any(part in (".", "..", "") for part in name.split("/")):
            raise ValueError(self.complaint("A GitHub repository is owner/name.", "repo"))
        place = f"repos/{quote(owner, safe='')}/{quote(name, safe='')}".replace("{", "{{").replace("}", "}}")
        return self.service(headers=headers).ask(method, place + path, *parts, **body)
