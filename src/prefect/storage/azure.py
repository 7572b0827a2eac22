"""Flows as blobs in a container of Azure."""

from __future__ import annotations

from typing import Any

from prefect.model import codec
from prefect.storage.base import Storage
from prefect.storage.kinds import ObjectStorage, secret_or_variable
from prefect.utilities.importtools import import_needed


@codec.register("storage")
class Azure(ObjectStorage):
    """Flows in Azure Blob Storage; needs ``azure-storage-blob``.

    Args:
        connection_string_secret: secret that holds the connection string; absent means the local secret or the
            environment variable ``AZURE_STORAGE_CONNECTION_STRING``.
        overwrite: replace a blob that is there already.
    """

    serialized_fields = ("container", "connection_string_secret", "blob_name", "stored_as_script")

    def __init__(
        self,
        container: str,
        connection_string_secret: str | None = None,
        blob_name: str | None = None,
        overwrite: bool = False,
        stored_as_script: bool = False,
        **kwargs: Any,
    ) -> None:
        self.container = container
        self.connection_string_secret = connection_string_secret
        self.blob_name = blob_name
        self.overwrite = overwrite
        if kwargs.get("result") is None:
            from prefect.engine.results import AzureResult

            kwargs["result"] = AzureResult(container=container, connection_string_secret=connection_string_secret)
        super().__init__(blob_name, stored_as_script, **kwargs)

    def build(self) -> Storage:
        """Upload the flows that were added; a script is expected to lie there already."""
        if self.stored_as_script and not self.blob_name:
            raise ValueError("A `blob_name` must be provided to show where flow `.py` file is stored in Azure.")
        if self.stored_as_script:
            return self
        return super().build()

    @property
    def connection_string(self) -> str:
        """How the container is reached.

        Raises:
            ValueError: neither secret nor environment variable.
        """
        connection = secret_or_variable(self.connection_string_secret, "AZURE_STORAGE_CONNECTION_STRING")
        if not connection:
            raise ValueError(
                "Azure connection string not provided. Set `AZURE_STORAGE_CONNECTION_STRING` environment variable or "
                "save connection string as Prefect secret."
            )
        return connection

    @property
    def _where(self) -> str:
        return self.container

    def _blob(self, key: str) -> Any:
        blob = import_needed("azure.storage.blob", by="Azure storage")
        service = blob.BlobServiceClient.from_connection_string(conn_str=self.connection_string)
        return service.get_blob_client(container=self.container, blob=key)

    def _upload(self, key: str, content: bytes) -> None:
        self._blob(key).upload_blob(content, overwrite=self.overwrite)

    def _download(self, key: str) -> bytes:
        return bytes(self._blob(key).download_blob().readall())
