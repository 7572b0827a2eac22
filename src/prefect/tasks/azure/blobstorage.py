"""Blobs of Azure Storage."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import uuid4

from prefect.tasks.authoring.declared import DeclaredTask


class BlobStorageTask(DeclaredTask):
    """A task for one container.

    Args:
        azure_credentials_secret: name of the secret with the connection string.
    """

    packages: ClassVar[tuple[str, ...]] = ("azure.storage.blob",)
    needs: ClassVar[dict[str, str]] = {"container": "A container name must be provided."}
    azure_credentials_secret: str = "AZ_CONNECTION_STRING"  # noqa: S105 - the name of a secret
    container: str | None = None

    def blob(self, name: str) -> Any:
        """Give the client of a blob."""
        text = self.secret_value(self.azure_credentials_secret, "azure_credentials_secret")
        service = self.module("azure.storage.blob").BlobServiceClient.from_connection_string(conn_str=text)
        return service.get_blob_client(container=self.container, blob=name)


class BlobStorageDownload(
    BlobStorageTask, init="azure_credentials_secret container", run="blob_name azure_credentials_secret container"
):
    """Gives the content of a blob as text."""

    blob_name: str

    def work(self) -> str:
        """Read the blob, as UTF-8."""
        content: bytes = self.blob(self.blob_name).download_blob().readall()
        return content.decode("utf-8")


class BlobStorageUpload(
    BlobStorageTask,
    init="azure_credentials_secret container overwrite",
    run="data blob_name azure_credentials_secret container overwrite",
):
    """Writes a blob and gives its name.

    Args:
        data: text or bytes.
        blob_name: absent means a new UUID.
        overwrite: replace one of this name; else that is an error.
    """

    data: str | bytes
    blob_name: str | None = None
    overwrite: bool = False

    def work(self) -> str:
        """Write the blob and give its name."""
        name = self.blob_name or str(uuid4())
        self.blob(name).upload_blob(self.data, overwrite=self.overwrite)
        return name
