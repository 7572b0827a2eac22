"""Flows in files of an AWS CodeCommit repository."""

from __future__ import annotations

from typing import Any

from prefect.model import codec
from prefect.storage.kinds import ScriptStorage


@codec.register("storage")
class CodeCommit(ScriptStorage):
    """A flow's script on CodeCommit; needs ``boto3``.

    Args:
        commit: branch, tag or commit; absent means the head of the default branch.
        client_options: keyword arguments of ``boto3.client``.
    """

    serialized_fields = ("repo", "path", "commit", "client_options")

    def __init__(
        self,
        repo: str,
        path: str | None = None,
        commit: str | None = None,
        client_options: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        self.repo = repo
        self.commit = commit
        self.client_options = client_options
        super().__init__(path, **kwargs)

    def _read(self, path: str) -> str:
        from prefect.utilities.aws import get_boto_client

        client = get_boto_client(resource="codecommit", **(self.client_options or {}))
        wanted = {"commitSpecifier": self.commit} if self.commit else {}
        try:
            answer = client.get_file(repositoryName=self.repo, filePath=path, **wanted)
        except Exception:
            where = f"{self.repo}@{self.commit}" if self.commit else self.repo
            self.logger.error("Error retrieving contents at %s in %s.", path, where)
            raise
        return bytes(answer["fileContent"]).decode()
