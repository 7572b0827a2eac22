"""One process for each object store and test session; every test has a bucket of its own.

The credentials are made up: the endpoints take any.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from prefect.utilities.configuration import set_temporary_config
from support.object_stores import NoEndpoint, azure_endpoint, gcs_endpoint, s3_endpoint


@pytest.fixture(autouse=True)
def home(tmp_path: Path) -> Iterator[None]:
    with set_temporary_config({"home_dir": str(tmp_path / "home")}):
        yield


def _started(endpoint: Callable[[Path], AbstractContextManager[str]], factory: pytest.TempPathFactory) -> Iterator[str]:
    try:
        with endpoint(factory.mktemp("endpoint")) as address:
            yield address
    except NoEndpoint as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def s3_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    yield from _started(s3_endpoint, tmp_path_factory)


@pytest.fixture(scope="session")
def gcs_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    yield from _started(gcs_endpoint, tmp_path_factory)


@pytest.fixture(scope="session")
def azure_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    yield from _started(azure_endpoint, tmp_path_factory)


@pytest.fixture
def s3_options(s3_address: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """How to reach the endpoint: what a user hands to boto3."""
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    return {
        "endpoint_url": s3_address,
        "region_name": "eu-central-1",
        "aws_access_key_id": "test",
        "aws_secret_access_key": "test",
    }


@pytest.fixture
def s3_bucket(s3_options: dict[str, Any]) -> str:
    from prefect.utilities.aws import get_boto_client

    name = f"bucket-{uuid4().hex[:12]}"
    where = {"LocationConstraint": s3_options["region_name"]}
    get_boto_client("s3", **s3_options).create_bucket(Bucket=name, CreateBucketConfiguration=where)
    return name


@pytest.fixture
def gcs_bucket(gcs_address: str, monkeypatch: pytest.MonkeyPatch) -> str:
    from google.cloud import storage

    monkeypatch.setenv("STORAGE_EMULATOR_HOST", gcs_address)
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "project")
    name = f"bucket-{uuid4().hex[:12]}"
    storage.Client(project="project").create_bucket(name)
    return name


@pytest.fixture
def azure_container(azure_address: str, monkeypatch: pytest.MonkeyPatch) -> str:
    from azure.storage.blob import BlobServiceClient

    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", azure_address)
    name = f"container-{uuid4().hex[:12]}"
    BlobServiceClient.from_connection_string(azure_address).create_container(name)
    return name
