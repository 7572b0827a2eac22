"""Pull requests."""

from __future__ import annotations

from prefect.tasks.github.client import GitHubTask


class CreateGitHubPR(GitHubTask, args="repo title body head base", run="+ token"):
    """Opens a pull request.

    Args:
        head: the branch with the changes, ``owner:branch`` when it is elsewhere.
        base: the branch that they are for.
    """

    title: str | None = None
    body: str | None = None
    head: str | None = None
    base: str | None = None

    def work(self) -> None:
        """Open the pull request."""
        wanted = {"title": self.title, "body": self.body, "head": self.head, "base": self.base}
        self.ask("POST", "/pulls", json=wanted)
