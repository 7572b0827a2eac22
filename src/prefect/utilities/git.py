"""A git repository in a folder that is there for the length of a ``with`` block. Needs the package ``dulwich``."""

from __future__ import annotations

import tempfile
from types import TracebackType
from typing import Any, Self

from prefect.utilities.importtools import import_needed


class TemporaryGitRepo:
    """Clones on entering, checks out one branch, tag or commit, and removes the folder on leaving.

    Attributes:
        temp_dir: the folder, a ``tempfile.TemporaryDirectory``.
        repo: the repository, of dulwich.
    """

    def __init__(
        self,
        git_clone_url: str,
        branch_name: str | None = None,
        tag: str | None = None,
        commit: str | None = None,
        clone_depth: int = 1,
    ) -> None:
        if tag is not None and branch_name is not None:
            raise ValueError("Either `tag` or `branch_name` can be specified, not both.")
        for what, value in (("address", git_clone_url), ("branch", branch_name), ("tag", tag), ("commit", commit)):
            # A program below would read it as an option; git knows no such names either.
            if value is not None and (value.startswith("-") or "://-" in value):
                raise ValueError(f"The {what} of a git repository must not begin with '-'.")
        self.git_clone_url = git_clone_url
        self.branch_name = branch_name
        self.tag = tag
        self.commit = commit
        self.clone_depth = clone_depth
        self.repo: Any = None

    def __enter__(self) -> Self:
        clone = import_needed("dulwich.porcelain", by="A git repository").clone
        self.temp_dir = tempfile.TemporaryDirectory()
        try:
            self.repo = clone(
                source=self.git_clone_url,
                target=self.temp_dir.name,
                # A single commit may lie at any depth.
                depth=None if self.commit else self.clone_depth,
                branch=self.branch_name or self.tag,
            )
            if self.commit is not None:
                self.checkout_ref()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._remove()

    def checkout_ref(self) -> None:
        """Bring the files to the state of the branch, tag or commit that was asked for."""
        from dulwich.porcelain import reset

        reset(self.repo, "hard", self.commit or self.get_tree_id_for_branch_or_tag())

    @property
    def branch_or_tag_ref(self) -> bytes:
        """The full name of the branch or tag in the clone."""
        if self.branch_name is not None:
            return f"refs/remotes/origin/{self.branch_name}".encode()
        return f"refs/tags/{self.tag}".encode()

    def get_tree_id_for_branch_or_tag(self) -> str:
        """Give the id of the tree that the branch or tag stands at."""
        found = self.repo[self.branch_or_tag_ref]
        # An annotated tag is an object of its own that points at the commit.
        while hasattr(found, "object"):
            found = self.repo[found.object[1]]
        return str(found.tree.decode())

    def _remove(self) -> None:
        if self.repo is not None:
            self.repo.close()
            self.repo = None
        self.temp_dir.cleanup()
