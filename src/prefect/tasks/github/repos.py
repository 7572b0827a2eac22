"""Repositories and their branches."""

from __future__ import annotations

from typing import Any, ClassVar

from prefect.tasks.github.client import GitHubTask


class GetRepoInfo(GitHubTask, args="repo info_keys", run="+ token"):
    """Gives what GitHub says of a repository.

    Args:
        info_keys: the fields that are wanted.
    """

    empties: ClassVar[dict[str, type]] = {"info_keys": list}
    info_keys: list[str] | None = None

    def work(self) -> dict[str, Any]:
        """Give the wanted fields.

        Raises:
            KeyError: GitHub has no such field.
        """
        known = self.ask("GET", "", has="{}")
        return {key: known[key] for key in self.info_keys or ()}


class CreateBranch(GitHubTask, args="repo base branch_name", run="+ token"):
    """Makes a branch.

    Args:
        base: the branch where it begins.
    """

    needs: ClassVar[dict[str, str]] = {"branch_name": "A branch name must be provided.", **GitHubTask.needs}
    base: str = "master"
    branch_name: str | None = None

    def work(self) -> dict[str, Any]:
        """Make the branch and give the answer of GitHub.

        Raises:
            ValueError: the branch ``base`` is not there.
        """
        known = self.ask("GET", "/git/refs/heads", has="[].ref [].object.sha")
        place = f"refs/heads/{self.base}"
        commit = next((ref["object"]["sha"] for ref in known if ref["ref"] == place), None)
        if commit is None:
            raise ValueError(self.complaint(f"Base branch {self.base} not found.", "base"))
        made: dict[str, Any] = self.ask(
            "POST", "/git/refs", json={"ref": f"refs/heads/{self.branch_name}", "sha": commit}
        )
        return made
