"""Values in a bucket of S3, or of anything that speaks its protocol."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any, Self

from prefect.engine.results.remote import RemoteResult
from prefect.model.codec import public, register


@register("result")
@public("prefect.engine.results.s3_result")
class S3Result(RemoteResult):
    """A value in an object of a bucket.

    Args:
        bucket: its name.
        boto3_kwargs: arguments of ``boto3.client``.
        upload_options: ``ExtraArgs`` of the upload.
        **kwargs: as for ``Result``.
    """

    reads_empty_as_none = False

    def __init__(
        self,
        bucket: str,
        boto3_kwargs: dict[str, Any] | None = None,
        upload_options: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        self.bucket = bucket
        self.boto3_kwargs = boto3_kwargs or {}
        self.upload_options = upload_options or {}
        self._client: Any = None
        super().__init__(**kwargs)

    @property
    def client(self) -> Any:
        """The connection, made at the first use."""
        if self._client is None:
            from prefect.utilities.aws import get_boto_client

            self._client = get_boto_client("s3", **self.boto3_kwargs)
        return self._client

    @client.setter
    def client(self, value: Any) -> None:
        self._client = value

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_client": None}

    def _upload(self, location: str | None, data: bytes) -> None:
        self.client.upload_fileobj(
            io.BytesIO(data), Bucket=self.bucket, Key=location, ExtraArgs=self.upload_options or None
        )

    def _download(self, location: str) -> bytes:
        stream = io.BytesIO()
        self.client.download_fileobj(Bucket=self.bucket, Key=location, Fileobj=stream)
        return stream.getvalue()

    def exists(self, /, location: str, **kwargs: Any) -> bool:
        """Say whether the object ``location``, filled in with ``kwargs``, is there; other errors are raised."""
        import botocore.exceptions

        try:
            # Not ``head_object``: it has no words for what is missing, and so none for a missing bucket.
            answer = self.client.get_object(Bucket=self.bucket, Key=location.format(**kwargs))
        except botocore.exceptions.ClientError as error:
            if error.response["Error"]["Code"] == "NoSuchKey":
                return False
            raise
        # Nobody reads it: without this the connection would not be used again.
        answer["Body"].close()
        return True

    def _to_fields(self) -> dict[str, Any]:
        return {"bucket": self.bucket, "location": self.location}

    @classmethod
    def _from_fields(cls, data: Mapping[str, Any]) -> Self:
        return cls(bucket=data.get("bucket"), location=data.get("location"))  # type: ignore[arg-type]
