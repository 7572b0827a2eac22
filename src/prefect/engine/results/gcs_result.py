"""Values in a bucket of Google Cloud Storage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from prefect.engine.results.remote import RemoteResult
from prefect.model.codec import public, register


@register("result")
@public("prefect.engine.results.gcs_result")
class GCSResult(RemoteResult):
    """A value in a blob of a bucket.

    Args:
        bucket: its name.
        **kwargs: as for ``Result``.
    """

    def __init__(self, bucket: str | None = None, **kwargs: Any) -> None:
        self.bucket = bucket
        self._gcs_bucket: Any = None
        super().__init__(**kwargs)

    @property
    def gcs_bucket(self) -> Any:
        """The connection, made at the first use."""
        if self._gcs_bucket is None:
            from prefect.utilities.gcp import get_storage_client

            self._gcs_bucket = get_storage_client().bucket(self.bucket)
        return self._gcs_bucket

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_gcs_bucket": None}

    def _upload(self, location: str | None, data: bytes) -> None:
        self.gcs_bucket.blob(location).upload_from_string(data)

    def _download(self, location: str) -> bytes:
        data: bytes = self.gcs_bucket.blob(location).download_as_bytes()
        return data

    def exists(self, /, location: str, **kwargs: Any) -> bool:
        """Say whether the blob ``location``, filled in with ``kwargs``, is there."""
        return bool(self.gcs_bucket.blob(location.format(**kwargs)).exists())

    def _to_fields(self) -> dict[str, Any]:
        return {"bucket": self.bucket, "location": self.location}

    @classmethod
    def _from_fields(cls, data: Mapping[str, Any]) -> Self:
        return cls(bucket=data.get("bucket"), location=data.get("location"))
