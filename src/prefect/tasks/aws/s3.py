"""Objects in Amazon S3."""

from __future__ import annotations

import gzip
import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import uuid4

from prefect._lazy import lazy
from prefect.tasks.aws.client import AwsTask


class S3Task(AwsTask):
    """A task for one bucket."""

    needs: ClassVar[dict[str, str]] = {"bucket": "A bucket name must be provided."}
    bucket: str | None = None
    compression: str | None = None

    def check_needs(self) -> None:
        super().check_needs()
        if self.compression not in (None, "gzip"):
            raise ValueError(self.complaint(f"Unrecognized compression method '{self.compression}'.", "compression"))


class S3Download(S3Task, init="bucket boto_kwargs", run="key credentials bucket compression as_bytes"):
    """Gives the content of an object.

    Args:
        key: of the object.
        compression: ``gzip``: the content is unpacked.
        as_bytes: give bytes; else text, read as UTF-8.
    """

    key: str
    as_bytes: bool = False

    def work(self) -> str | bytes:
        """Read the object.

        Raises:
            botocore.exceptions.ClientError: there is none, or it may not be read.
        """
        content = io.BytesIO()
        self.aws("s3").download_fileobj(Bucket=self.bucket, Key=self.key, Fileobj=content)
        found = content.getvalue()
        if self.compression == "gzip":
            found = gzip.decompress(found)
        return found if self.as_bytes else found.decode("utf-8")


class S3Upload(
    S3Task, init="bucket boto_kwargs * upload_options", run="data key credentials bucket compression upload_options"
):
    """Writes an object and gives its key.

    Args:
        data: bytes, or text, which is written as UTF-8.
        key: absent means a new UUID.
        compression: ``gzip``: the content is packed.
        upload_options: ``ExtraArgs`` of boto3's uploads.
    """

    data: str | bytes
    key: str | None = None
    upload_options: dict[str, Any] | None = None

    def work(self) -> str:
        """Write the object and give its key."""
        content = self.data.encode("utf-8") if isinstance(self.data, str) else self.data
        if self.compression == "gzip":
            content = gzip.compress(content)
        key = self.key or str(uuid4())
        self.aws("s3").upload_fileobj(
            io.BytesIO(content), Bucket=self.bucket, Key=key, ExtraArgs=self.upload_options or None
        )
        return key


class S3List(
    S3Task,
    init="bucket boto_kwargs",
    run="prefix delimiter page_size max_items credentials bucket last_modified_begin last_modified_end",
):
    """Lists the keys below a prefix.

    Args:
        prefix: what the keys begin with.
        page_size: keys in one answer of S3; max_items: keys in all.
        last_modified_begin, last_modified_end: only what was modified in this time, both included; ISO 8601, UTC
            unless the text says otherwise.
    """

    prefix: str
    delimiter: str = ""
    page_size: int | None = None
    max_items: int | None = None
    last_modified_begin: str | None = None
    last_modified_end: str | None = None

    def work(self) -> list[str]:
        """List the keys, in the order of S3.

        Raises:
            ValueError: a time that cannot be read.
        """
        earliest, latest = _instant(self.last_modified_begin), _instant(self.last_modified_end)
        pages = (
            self.aws("s3")
            .get_paginator("list_objects_v2")
            .paginate(
                Bucket=self.bucket,
                Prefix=self.prefix,
                Delimiter=self.delimiter,
                PaginationConfig={"PageSize": self.page_size, "MaxItems": self.max_items},
            )
        )
        return [
            found["Key"]
            for page in pages
            for found in page.get("Contents", ())
            if (earliest is None or found["LastModified"] >= earliest)
            and (latest is None or found["LastModified"] <= latest)
        ]


def _instant(text: Any) -> datetime | None:
    if not text:
        return None
    if not isinstance(text, datetime):
        import pendulum

        text = pendulum.parse(text)
    instant: datetime = text
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


if not TYPE_CHECKING:  # names that are looked for here, because this module of 1.x had them too
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "get_boto_client": "prefect.utilities.aws",
        },
    )
