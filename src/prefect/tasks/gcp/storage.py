"""Objects in Google Cloud Storage."""

from __future__ import annotations

import time
from io import BytesIO
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import uuid4

from prefect._lazy import lazy
from prefect.tasks.authoring.declared import DeclaredTask
from prefect.utilities.context import context

_SOURCES = "source_bucket source_blob dest_bucket dest_blob project"


class GCSBaseTask(DeclaredTask, init="bucket blob project create_bucket chunk_size request_timeout", run=""):
    """A task for one bucket.

    Args:
        project: absent means that of the credentials.
        create_bucket: make it when there is none.
        chunk_size: bytes in one request; request_timeout: seconds.
        credentials: the fields of a service account; else the local secret ``GCP_CREDENTIALS``; else Google's own
            search.
    """

    known_as: ClassVar[dict[str, str]] = {"google.cloud.storage": "storage"}
    packages: ClassVar[tuple[str, ...]] = ("google.cloud.storage",)
    bucket: str | None = None
    blob: str | None = None
    project: str | None = None
    create_bucket: bool = False
    chunk_size: int | None = 104857600
    request_timeout: float | tuple[float, float] | None = 60
    credentials: dict[str, Any] | None = None
    encryption_key: str | bytes | None = None

    def storage(self) -> Any:
        """Give a client."""
        from prefect.utilities.gcp import get_storage_client

        self.module("google.cloud.storage")
        return (self.carried("get_storage_client") or get_storage_client)(self.credentials, self.project)

    def opened(self, client: Any, name: str | None) -> Any:
        """Give a bucket, which is made if that is wanted.

        Raises:
            google.cloud.exceptions.NotFound: there is none.
        """
        try:
            return client.get_bucket(name)
        except self.module("google.cloud.exceptions").NotFound:
            if not self.create_bucket:
                raise
            self.logger.debug("Bucket %s not found; creating...", name)
            return client.create_bucket(name)


class GCSDownload(
    GCSBaseTask,
    init="bucket blob project chunk_size request_timeout",
    run="bucket= blob project chunk_size credentials encryption_key request_timeout",
):
    """Gives the content of an object as bytes.

    Args:
        encryption_key: the one that it was written with.
    """

    bucket: str
    chunk_size: int | None = None

    def work(self) -> bytes:
        """Read the object."""
        blob = self.opened(self.storage(), self.bucket).blob(
            self.blob, encryption_key=self.encryption_key, chunk_size=self.chunk_size
        )
        content: bytes = blob.download_as_bytes(timeout=self.request_timeout)
        return content


class GCSUpload(
    GCSBaseTask,
    init="bucket blob project chunk_size create_bucket request_timeout",
    run="data bucket= blob project chunk_size credentials encryption_key create_bucket content_type content_encoding "
    "request_timeout",
):
    """Writes an object and gives its name.

    Args:
        data: text, bytes or a ``BytesIO``.
        blob: absent means ``prefect-<id of the task run>-<UUID>``.
        encryption_key: to write it with.
    """

    data: str | bytes | BytesIO
    bucket: str
    content_type: str | None = None
    content_encoding: str | None = None

    def work(self) -> str:
        """Write the object and give its name.

        Raises:
            TypeError: the data is something else.
        """
        if not isinstance(self.data, (str, bytes, BytesIO)):
            raise TypeError(
                self.complaint(f"data must be str, bytes or BytesIO: got {type(self.data)} instead", "data")
            )
        name = self.blob or f"prefect-{context.get('task_run_id', 'no-id')}-{uuid4()}"
        blob = self.opened(self.storage(), self.bucket).blob(
            name, encryption_key=self.encryption_key, chunk_size=self.chunk_size
        )
        if self.content_encoding:
            blob.content_encoding = self.content_encoding
        how = {"timeout": self.request_timeout}
        if self.content_type:
            how["content_type"] = self.content_type  # type: ignore[assignment]
        if isinstance(self.data, str):
            blob.upload_from_string(self.data, **how)
        else:
            blob.upload_from_file(BytesIO(self.data) if isinstance(self.data, bytes) else self.data, **how)
        written: str = blob.name
        return written


class GCSCopy(
    GCSBaseTask,
    init=f"{_SOURCES} create_bucket request_timeout",
    run=f"{_SOURCES} credentials create_bucket request_timeout",
):
    """Copies an object and gives the name of the copy; ``create_bucket`` is about its bucket."""

    needs: ClassVar[dict[str, str]] = dict.fromkeys(
        ("source_bucket", "source_blob", "dest_bucket", "dest_blob"), "Missing source or destination"
    )
    source_bucket: str | None = None
    source_blob: str | None = None
    dest_bucket: str | None = None
    dest_blob: str | None = None

    def work(self) -> str:
        """Copy the object and give the name of the copy."""
        client = self.storage()
        source = client.get_bucket(self.source_bucket)
        source.copy_blob(
            blob=source.blob(self.source_blob),
            destination_bucket=self.opened(client, self.dest_bucket),
            new_name=self.dest_blob,
            timeout=self.request_timeout,
        )
        return str(self.dest_blob)


class GCSBlobExists(
    GCSBaseTask,
    init="bucket_name blob project wait_seconds fail_if_not_found request_timeout",
    run="bucket_name blob project wait_seconds fail_if_not_found credentials",
):
    """Tells whether an object is there, and waits for it.

    Args:
        wait_seconds: how long.
        fail_if_not_found: fail when it is not there by then.
    """

    needs: ClassVar[dict[str, str]] = dict.fromkeys(("bucket_name", "blob"), "Missing bucket_name or blob")
    bucket_name: str | None = None
    wait_seconds: int = 0
    fail_if_not_found: bool = True

    def work(self) -> bool:
        """Look for the object, once a second.

        Raises:
            FAIL: it is not there, when that is an error.
        """
        from prefect.engine.signals import FAIL

        client = self.storage()
        blob = client.bucket(self.bucket_name).blob(self.blob)
        deadline = time.monotonic() + self.wait_seconds
        while not blob.exists(client, timeout=self.request_timeout):
            if time.monotonic() >= deadline:
                if self.fail_if_not_found:
                    raise FAIL(f"Blob {self.blob} not found in bucket {self.bucket_name}")
                return False
            time.sleep(1)
        return True


if not TYPE_CHECKING:  # names that are looked for here, because this module of 1.x had them too
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "get_storage_client": "prefect.utilities.gcp",
            "storage": "google.cloud.storage:",
        },
    )
