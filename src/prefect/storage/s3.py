"""Flows as objects in a bucket of Amazon S3."""

from __future__ import annotations

from typing import Any

from prefect.model import codec
from prefect.storage.kinds import ObjectStorage


@codec.register("storage")
class S3(ObjectStorage):
    """Flows in S3; needs ``boto3``.

    Args:
        client_options: keyword arguments of ``boto3.client``.
        upload_options: extra arguments of each upload.
    """

    serialized_fields = ("bucket", "key", "stored_as_script", "client_options")

    def __init__(
        self,
        bucket: str,
        key: str | None = None,
        stored_as_script: bool = False,
        local_script_path: str | None = None,
        client_options: dict[str, Any] | None = None,
        upload_options: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        self.bucket = bucket
        self.key = key
        self.client_options = client_options
        self.upload_options = upload_options
        if kwargs.get("result") is None:
            from prefect.engine.results import S3Result

            kwargs["result"] = S3Result(bucket=bucket, boto3_kwargs=client_options, upload_options=upload_options)
        super().__init__(key, stored_as_script, local_script_path, **kwargs)

    @property
    def default_labels(self) -> list[str]:
        return []

    @property
    def _where(self) -> str:
        return self.bucket

    @property
    def _client(self) -> Any:
        from prefect.utilities.aws import get_boto_client

        return get_boto_client(resource="s3", **(self.client_options or {}))

    def _upload(self, key: str, content: bytes) -> None:
        self._client.put_object(Bucket=self.bucket, Key=key, Body=content, **(self.upload_options or {}))

    def _download(self, key: str) -> bytes:
        answer = self._client.get_object(Bucket=self.bucket, Key=key)
        return bytes(answer["Body"].read())
