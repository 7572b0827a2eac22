"""Issues."""

from __future__ import annotations

from typing import ClassVar

from prefect.tasks.github.client import GitHubTask


class OpenGitHubIssue(GitHubTask, args="repo title body labels", run="+ token"):
    """Opens an issue.

    Args:
        body: the text, in Markdown.
        labels: names of labels.
    """

    empties: ClassVar[dict[str, type]] = {"labels": list}
    title: str | None = None
    body: str | None = None
    labels: list[str] | None = None

    def work(self) -> None:
        """Open the issue."""
        issue = {"title": self.title, "body": self.body, "labels": self.labels or []}
        self.ask("POST", "/issues", json=issue)
