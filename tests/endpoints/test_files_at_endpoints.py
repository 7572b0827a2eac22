"""Files named by an address, such as job templates, read from object stores."""

from __future__ import annotations

from typing import Any

import pytest

from prefect.utilities.filesystems import read_bytes_from_path

pytestmark = pytest.mark.process


def test_a_file_in_s3(s3_bucket: str, s3_options: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    from prefect.utilities.aws import get_boto_client

    # What boto3 finds in the environment is all that an address leaves room for.
    for name, option in (
        ("AWS_ENDPOINT_URL", "endpoint_url"),
        ("AWS_DEFAULT_REGION", "region_name"),
        ("AWS_ACCESS_KEY_ID", "aws_access_key_id"),
        ("AWS_SECRET_ACCESS_KEY", "aws_secret_access_key"),
    ):
        monkeypatch.setenv(name, s3_options[option])
    get_boto_client("s3").put_object(Bucket=s3_bucket, Key="jobs/template.yaml", Body=b"kind: Job")

    assert read_bytes_from_path(f"s3://{s3_bucket}/jobs/template.yaml") == b"kind: Job"
    with pytest.raises(Exception, match="NoSuchKey"):
        read_bytes_from_path(f"s3://{s3_bucket}/jobs/other.yaml")


@pytest.mark.parametrize("scheme", ["gs", "gcs"])
def test_a_file_in_gcs(gcs_bucket: str, scheme: str) -> None:
    from prefect.utilities.gcp import get_storage_client

    get_storage_client().bucket(gcs_bucket).blob("jobs/template.yaml").upload_from_string(b"kind: Job")

    assert read_bytes_from_path(f"{scheme}://{gcs_bucket}/jobs/template.yaml") == b"kind: Job"
