"""Comments."""

from __future__ import annotations

from typing import ClassVar

from prefect.tasks.github.client import GitHubTask


class CreateIssueComment(GitHubTask, args="repo issue_number body", run="+ token"):
    """Comments an issue or a pull request.

    Args:
        body: the text, in Markdown.
    """

    needs: ClassVar[dict[str, str]] = {**GitHubTask.needs, "issue_number": "An issue number must be provided"}
    issue_number: int | None = None
    body: str | None = None

    def work(self) -> None:
        """Write the comment."""
        self.ask("POST", "/issues/{}/comments", self.issue_number, json={"body": self.body})
