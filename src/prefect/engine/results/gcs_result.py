"""Values in a bucket of Google Cloud Storage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from prefect.model.codec import public, register
from prefect.model.result import Result


@register("result")
@public("prefect.engine.results.gcs_result")
class GCSResult(Result):
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

    def write(self, value_: Any, **kwargs: Any) -> Self:
        """Write a value to this result's location, filled in with ``kwargs``."""
        new = self.format(**kwargs)
        new.value = value_
        self.logger.debug("Starting to upload result to %s...", new.location)
        self.gcs_bucket.blob(new.location).upload_from_string(self.serializer.serialize(value_))
        self.logger.debug("Finished uploading result to %s.", new.location)
        return new

    def read(self, location: str) -> Self:
        """Give a new result with the value of the blob ``location``; an empty blob is None."""
        new = self.copy()
        new.location = location
        self.logger.debug("Starting to download result from %s...", location)
        data = self.gcs_bucket.blob(location).download_as_bytes()
        new.value = self.serializer.deserialize(data) if data else None
        self.logger.debug("Finished downloading result from %s.", location)
        return new

    def exists(self, location: str, **kwargs: Any) -> bool:
        """Say whether the blob ``location``, filled in with ``kwargs``, is there."""
        return bool(self.gcs_bucket.blob(location.format(**kwargs)).exists())

    def _to_fields(self) -> dict[str, Any]:
        return {"bucket": self.bucket, "location": self.location}

    @classmethod
    def _from_fields(cls, data: Mapping[str, Any]) -> Self:
        return cls(bucket=data.get("bucket"), location=data.get("location"))
