"""Flows as objects in a bucket of Google Cloud Storage."""

from __future__ import annotations

from typing import Any

from prefect.exceptions import FlowStorageError
from prefect.model import codec
from prefect.storage.kinds import ObjectStorage


@codec.register("storage")
class GCS(ObjectStorage):
    """Flows in Google Cloud Storage; needs ``google-cloud-storage``.

    Args:
        project: the project of the account; absent means the one of the credentials.
    """

    serialized_fields = ("bucket", "key", "project", "stored_as_script")

    def __init__(
        self,
        bucket: str,
        key: str | None = None,
        project: str | None = None,
        stored_as_script: bool = False,
        local_script_path: str | None = None,
        **kwargs: Any,
    ) -> None:
        self.bucket = bucket
        self.key = key
        self.project = project
        if kwargs.get("result") is None:
            from prefect.engine.results import GCSResult

            kwargs["result"] = GCSResult(bucket=bucket)
        super().__init__(key, stored_as_script, local_script_path, **kwargs)

    @property
    def _where(self) -> str:
        return self.bucket

    def _blob(self, key: str) -> Any:
        from prefect.utilities.gcp import get_storage_client

        return get_storage_client(project=self.project).bucket(self.bucket).blob(key)

    def _upload(self, key: str, content: bytes) -> None:
        self._blob(key).upload_from_string(content)

    def _download(self, key: str) -> bytes:
        from prefect.utilities.importtools import import_needed

        NotFound = import_needed("google.api_core.exceptions", by="GCS storage").NotFound
        try:
            return bytes(self._blob(key).download_as_bytes())
        except NotFound as error:
            raise FlowStorageError(f"Flow not found in bucket: flow={key} bucket={self.bucket}") from error
