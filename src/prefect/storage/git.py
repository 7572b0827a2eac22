"""Flows in files of any Git repository, cloned when the flow is loaded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from prefect.client.secrets import Secret
from prefect.model import codec
from prefect.storage.base import Storage

if TYPE_CHECKING:
    from prefect.core.flow import Flow


@codec.register("storage")
class Git(Storage):
    """A flow's script in a Git repository; needs ``dulwich``.

    Args:
        flow_path: the script in the repository.
        repo: ``owner/name`` on ``repo_host``.
        flow_name: the flow in the script; absent means its first.
        git_token_secret_name: secret with the token for cloning over HTTPS.
        git_token_username: absent means the owner of the repository.
        git_clone_url_secret_name: secret with the whole address, instead of ``repo``.
        branch_name: at most one of it, ``tag`` and ``commit``; none means the head of the default branch.
        clone_depth: how much history is cloned.
        use_ssh: clone as ``git@host:repo.git``.
        format_access_token: False puts the token alone into the address, without a user.
    """

    serialized_fields = (
        "flow_path",
        "repo",
        "repo_host",
        "flow_name",
        "git_token_secret_name",
        "git_token_username",
        "git_clone_url_secret_name",
        "branch_name",
        "tag",
        "commit",
        "clone_depth",
        "use_ssh",
        "format_access_token",
    )

    def __init__(
        self,
        flow_path: str,
        repo: str | None = None,
        repo_host: str = "github.com",
        flow_name: str | None = None,
        git_token_secret_name: str | None = None,
        git_token_username: str | None = None,
        git_clone_url_secret_name: str | None = None,
        branch_name: str | None = None,
        tag: str | None = None,
        commit: str | None = None,
        clone_depth: int = 1,
        use_ssh: bool = False,
        format_access_token: bool = True,
        **kwargs: Any,
    ) -> None:
        if not repo and not git_clone_url_secret_name:
            raise ValueError("Either `repo` or `git_clone_url_secret_name` must be provided")
        if sum(value is not None for value in (branch_name, tag, commit)) > 1:
            raise ValueError("Please provide only one of the following parameters: `branch_name`, `tag`, `commit`")
        self.flow_path = flow_path
        self.repo = repo
        self.repo_host = repo_host
        self.flow_name = flow_name
        self.git_token_secret_name = git_token_secret_name
        self.git_token_username = git_token_username or (repo.split("/")[0] if repo else None)
        self.git_clone_url_secret_name = git_clone_url_secret_name
        self.branch_name = branch_name
        self.tag = tag
        self.commit = commit
        self.clone_depth = clone_depth
        self.use_ssh = use_ssh
        self.format_access_token = format_access_token
        self._warn_of_what_is_ignored()
        super().__init__(**kwargs)

    def _warn_of_what_is_ignored(self) -> None:
        if self.git_clone_url_secret_name:
            self.logger.warning(
                "Git storage initialized with a `git_clone_url_secret_name`. The value of this Secret will be used to "
                "clone the repository, ignoring `repo`, `repo_host`, `git_token_secret_name`,  `git_token_username`, "
                "`use_ssh`, and `format_access_token`."
            )
        if self.git_token_secret_name and self.use_ssh:
            self.logger.warning(
                "Git Storage initialized with `use_ssh = True` and `git_token_secret_name` provided. SSH will be used "
                "to clone the repository. `git_token_secret_name` will be ignored"
            )

    def add_flow(self, flow: Flow) -> str:
        return self._enter(flow, self.flow_path)

    def get_flow(self, flow_name: str) -> Flow:
        from prefect.storage.loading import extract_flow_from_file
        from prefect.utilities.git import TemporaryGitRepo

        path = self._place_of(flow_name)
        where = (
            f"{self.repo or 'the repository'}, ref {self.branch_name or self.tag or self.commit or 'default branch'}"
        )
        self.logger.info("Downloading flow from Git storage - repo: %r, path: %r", self.repo, path)
        with TemporaryGitRepo(
            git_clone_url=self.git_clone_url,
            branch_name=self.branch_name,
            tag=self.tag,
            commit=self.commit,
            clone_depth=self.clone_depth,
        ) as clone:
            file = Path(clone.temp_dir.name) / path
            if not file.is_file():
                self.logger.error("File %r not found in %s", path, where)
            return extract_flow_from_file(file_path=str(file), flow_name=self.flow_name)

    @property
    def git_token_secret(self) -> str | None:
        """The token for cloning over HTTPS; None when no secret is named."""
        return str(Secret(self.git_token_secret_name).get()).strip() if self.git_token_secret_name else None

    @property
    def git_clone_url(self) -> str:
        """The address to clone from, with the token when there is one."""
        if self.git_clone_url_secret_name:
            return str(Secret(self.git_clone_url_secret_name).get())
        if self.use_ssh:
            return f"git@{self.repo_host}:{self.repo}.git"
        token = self.git_token_secret
        if not token:
            return f"https://@{self.repo_host}/{self.repo}.git"  # as in 1.x; git takes the empty user for none
        if not self.format_access_token:
            return f"https://{token}@{self.repo_host}/{self.repo}.git"
        user = quote(self.git_token_username or "", safe="")
        return f"https://{user}:{quote(token, safe='')}@{self.repo_host}/{self.repo}.git"
