"""Values in a container of Azure Blob Storage."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Self

from prefect.engine.results.remote import RemoteResult
from prefect.model.codec import public, register
from prefect.utilities.importtools import import_needed


@register("result")
@public("prefect.engine.results.azure_result")
class AzureResult(RemoteResult):
    """A value in a blob of a container.

    Args:
        container: its name.
        connection_string: how to reach it.
        connection_string_secret: name of a secret that holds the connection string; without both, the environment
            variable ``AZURE_STORAGE_CONNECTION_STRING`` is taken.
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
        blob = import_needed("azure.storage.blob", install="'proctor[azure]'", by="AzureResult")

        connection_string = self.connection_string
        if connection_string is None and self.connection_string_secret:
            from prefect.client.secrets import Secret

            connection_string = Secret(self.connection_string_secret).get()
        if connection_string is None:
            connection_string = os.environ.get("AZURE_STORAGE_CONNECTION_STRING")
        if connection_string is None:
            raise ValueError(
                "AzureResult has no connection string: give `connection_string` or `connection_string_secret`, or set "
                "AZURE_STORAGE_CONNECTION_STRING."
            )
        self._service = blob.BlobServiceClient.from_connection_string(conn_str=connection_string)

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
