"""Flows in files of a GitLab repository."""

from __future__ import annotations

from typing import Any

from prefect.model import codec
from prefect.storage.kinds import ScriptStorage, secret_or_variable
from prefect.utilities.importtools import import_needed


@codec.register("storage")
class GitLab(ScriptStorage):
    """A flow's script on GitLab; needs ``python-gitlab``.

    Args:
        repo: path or number of the project.
        host: address of a server of your own.
        ref: branch, tag or commit; absent means ``master``.
        access_token_secret: absent means the local secret or environment variable ``GITLAB_ACCESS_TOKEN``, if any.
    """

    serialized_fields = ("repo", "path", "host", "ref", "access_token_secret")

    def __init__(
        self,
        repo: str,
        host: str | None = None,
        path: str | None = None,
        ref: str | None = None,
        access_token_secret: str | None = None,
        **kwargs: Any,
    ) -> None:
        self.repo = repo
        self.host = host
        self.ref = ref
        self.access_token_secret = access_token_secret
        super().__init__(path, **kwargs)

    def _read(self, path: str) -> str:
        gitlab = import_needed("gitlab", install="python-gitlab", by="GitLab storage")
        token = secret_or_variable(self.access_token_secret, "GITLAB_ACCESS_TOKEN")
        errors = import_needed("gitlab.exceptions", install="python-gitlab", by="GitLab storage")
        ref = self.ref or "master"
        try:
            project = gitlab.Gitlab(self.host or "https://gitlab.com", private_token=token).projects.get(self.repo)
            return str(project.files.get(file_path=path, ref=ref).decode().decode())
        except errors.GitlabAuthenticationError:
            self.logger.error("Unable to authenticate GitLab account. Please check your credentials.")
            raise
        except errors.GitlabGetError:
            self.logger.error(
                f"Error retrieving file contents at {path} in {self.repo}@{ref}. Ensure the project and file exist."
            )
            raise
