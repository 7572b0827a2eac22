"""Flows in files of a Bitbucket repository, in the cloud or on a server of one's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from prefect.model import codec
from prefect.storage.kinds import ScriptStorage, secret_or_variable
from prefect.utilities.importtools import import_needed


@codec.register("storage")
class Bitbucket(ScriptStorage):
    """A flow's script on Bitbucket; needs ``atlassian-python-api``.

    Args:
        project: key of the project.
        workspace: the workspace in Bitbucket Cloud; absent means a server at ``host``.
        ref: branch, tag or commit; absent means ``master``.
        access_token_secret: for a server; absent means ``BITBUCKET_ACCESS_TOKEN``.
        cloud_username_secret: for the cloud; absent means ``BITBUCKET_CLOUD_USERNAME``.
        cloud_app_password_secret: for the cloud; absent means ``BITBUCKET_CLOUD_APP_PASSWORD``.
    """

    serialized_fields = (
        "project",
        "repo",
        "workspace",
        "host",
        "path",
        "ref",
        "access_token_secret",
        "cloud_username_secret",
        "cloud_app_password_secret",
    )

    def __init__(
        self,
        project: str,
        repo: str,
        workspace: str | None = None,
        host: str | None = None,
        path: str | None = None,
        ref: str | None = None,
        access_token_secret: str | None = None,
        cloud_username_secret: str | None = None,
        cloud_app_password_secret: str | None = None,
        **kwargs: Any,
    ) -> None:
        if workspace and access_token_secret:
            raise ValueError(
                "`access_token_secret` and `workspace` are both set: a workspace is of Bitbucket Cloud, which wants "
                "`cloud_username_secret` and `cloud_app_password_secret`."
            )
        self.project = project
        self.repo = repo
        self.workspace = workspace
        self.host = host
        self.ref = ref
        self.access_token_secret = access_token_secret
        self.cloud_username_secret = cloud_username_secret
        self.cloud_app_password_secret = cloud_app_password_secret
        super().__init__(path, **kwargs)

    def _read(self, path: str) -> str:
        return self._read_from_cloud(path) if self.workspace else self._read_from_server(path)

    def _read_from_cloud(self, path: str) -> str:
        client = _atlassian("atlassian.bitbucket").Cloud(
            url=self.host or "https://api.bitbucket.org/",
            username=secret_or_variable(self.cloud_username_secret, "BITBUCKET_CLOUD_USERNAME"),
            password=secret_or_variable(self.cloud_app_password_secret, "BITBUCKET_CLOUD_APP_PASSWORD"),
            cloud=True,
        )
        with self._named_errors(path, f"{self.workspace}/{self.project}/{self.repo}"):
            repository = client.workspaces.get(self.workspace).repositories.get(self.repo)
            return str(repository.get(path=f"src/{self.ref or 'master'}/{path}", not_json_response=True).decode())

    def _read_from_server(self, path: str) -> str:
        token = secret_or_variable(self.access_token_secret, "BITBUCKET_ACCESS_TOKEN")
        client = _atlassian("atlassian").Bitbucket(url=self.host or "https://bitbucket.org", token=token)
        with self._named_errors(path, f"{self.project}/{self.repo}"):
            return str(client.get_content_of_file(self.project, self.repo, path, at=self.ref or "master").decode())

    @contextmanager
    def _named_errors(self, path: str, place: str) -> Iterator[None]:
        """Say what could not be had, where the answer is a status alone.

        Raises:
            RuntimeError: the server refused; caused by the error of its client.
        """
        from requests import HTTPError  # the client is built on it

        try:
            yield
        except HTTPError as error:
            status = getattr(error.response, "status_code", None)
            message = (
                "Access denied to repository. Please check credentials."
                if status in (401, 403)
                else f"Error retrieving contents at {path} in {place}@{self.ref or 'master'}. "
                "Please check arguments passed to Bitbucket storage."
            )
            self.logger.error(message)
            raise RuntimeError(message) from error


def _atlassian(name: str) -> Any:
    return import_needed(name, install="atlassian-python-api", by="Bitbucket storage")
