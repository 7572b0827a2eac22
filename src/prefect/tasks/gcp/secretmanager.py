"""Secrets in Google Secret Manager."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from prefect._lazy import lazy
from prefect.tasks.authoring.declared import DeclaredTask
from prefect.tasks.secrets.base import SecretBase


class GCPSecret(DeclaredTask, SecretBase, args="project_id secret_id version_id credentials"):
    """Gives a version of a secret as text; it is never written as a result.

    Args:
        credentials: of ``google.auth``, or the fields of a service account; absent means Google's own search.
    """

    known_as: ClassVar[dict[str, str]] = {"google.cloud.secretmanager": "secretmanager"}
    packages: ClassVar[tuple[str, ...]] = ("google.cloud.secretmanager",)
    needs: ClassVar[dict[str, str]] = {
        "project_id": "A GCP project ID must be provided.",
        "secret_id": "A GCP Secret Manager secret ID must be provided.",
    }
    project_id: str | None = None
    secret_id: str | None = None
    version_id: str | int = "latest"
    credentials: Any = None

    def work(self) -> str:
        """Read the secret."""
        credentials = self.credentials
        if isinstance(credentials, dict):
            account = self.module("google.oauth2.service_account")
            credentials = account.Credentials.from_service_account_info(credentials)
        client = self.module("google.cloud.secretmanager").SecretManagerServiceClient(credentials=credentials)
        for name in ("project_id", "secret_id", "version_id"):
            if "/" in str(getattr(self, name)):
                raise ValueError(self.complaint("A part of a secret's name has no slash.", name))
        name = f"projects/{self.project_id}/secrets/{self.secret_id}/versions/{self.version_id}"
        answer = client.access_secret_version(name=name)
        return str(answer.payload.data.decode("utf-8"))


if not TYPE_CHECKING:  # names that are looked for here, because this module of 1.x had them too
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "secretmanager": "google.cloud.secretmanager:",
        },
    )
