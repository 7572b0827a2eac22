"""Values in a container of Azure Blob Storage."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any, Self

from prefect.engine.results.remote import RemoteResult
from prefect.model.codec import public, register
from prefect.utilities.importtools import import_needed

# What tells who asks: anything else is asked with the credential of the machine or its user.
_KEYS = re.compile(r"(^|;)\s*(AccountKey|SharedAccessSignature|UseDevelopmentStorage)\s*=", re.IGNORECASE)


@register("result")
@public("prefect.engine.results.azure_result")
class AzureResult(RemoteResult):
    """A value in a blob of a container.

    Args:
        container: its name.
        connection_string: how to reach it.
        connection_string_secret: name of a secret that holds the connection string. Without ``connection_string``
            the environment variable ``AZURE_STORAGE_CONNECTION_STRING`` comes first, as in 1.x. A connection string
            without a key is used with the default credential of ``azure-identity``.
        **kwargs: as for ``Result``.
    """

    def __init__(
        self,
        container: str,
        connection_string: str | None = None,
        connection_string_secret: str | None = None,
        **kwargs: Any,
    ) -> None:
        self.container = container
        self.connection_string = connection_string
        self.connection_string_secret = connection_string_secret
        self._service: Any = None
        super().__init__(**kwargs)

    def initialize_service(self) -> None:
        """Connect."""
        blob = import_needed("azure.storage.blob", by="AzureResult")

        connection_string = self.connection_string
        if connection_string is None:
            connection_string = os.environ.get("AZURE_STORAGE_CONNECTION_STRING")
        if connection_string is None and self.connection_string_secret:
            from prefect.client.secrets import Secret

            connection_string = Secret(self.connection_string_secret).get()
        if not connection_string:
            raise ValueError(
                "Azure connection string not provided. Give `connection_string` or `connection_string_secret`, or set "
                "AZURE_STORAGE_CONNECTION_STRING."
            )
        credential = None if _KEYS.search(connection_string) else self._default_credential()
        self._service = blob.BlobServiceClient.from_connection_string(conn_str=connection_string, credential=credential)

    @staticmethod
    def _default_credential() -> Any:
        identity = import_needed("azure.identity", install="azure-identity", by="AzureResult without an account key")
        return identity.DefaultAzureCredential()

    @property
    def service(self) -> Any:
        """The connection, made at the first use."""
        if self._service is None:
            self.initialize_service()
        return self._service

    @service.setter
    def service(self, value: Any) -> None:
        self._service = value

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_service": None}

    def _upload(self, location: str | None, data: bytes) -> None:
        self._blob(location).upload_blob(data, overwrite=True)

    def _download(self, location: str) -> bytes:
        data: bytes = self._blob(location).download_blob().readall()
        return data

    def exists(self, /, location: str, **kwargs: Any) -> bool:
        """Say whether the blob ``location``, filled in with ``kwargs``, is there."""
        return bool(self._blob(location.format(**kwargs)).exists())

    def _blob(self, location: str | None) -> Any:
        return self.service.get_blob_client(container=self.container, blob=location)

    def _to_fields(self) -> dict[str, Any]:
        return {"container": self.container, "location": self.location}

    @classmethod
    def _from_fields(cls, data: Mapping[str, Any]) -> Self:
        return cls(container=data.get("container"), location=data.get("location"))  # type: ignore[arg-type]
