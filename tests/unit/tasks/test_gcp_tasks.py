"""Tasks for Google Cloud: Cloud Storage against fake-gcs-server; BigQuery and secrets by a stand-in for the package."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest

from prefect.engine.signals import FAIL, SUCCESS
from prefect.tasks import gcp
from support.object_stores import NoEndpoint, gcs_endpoint
from support.pauses import record_sleep
from support.stand_ins import stand_in


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    try:
        with gcs_endpoint(tmp_path_factory.mktemp("gcs")) as url:
            yield url
    except NoEndpoint as error:
        pytest.skip(str(error))


@pytest.fixture
def storage(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import storage

    monkeypatch.setenv("STORAGE_EMULATOR_HOST", endpoint)
    client = storage.Client(project="p", credentials=AnonymousCredentials())
    monkeypatch.setattr(gcp.storage.GCSBaseTask, "storage", lambda self: client)
    yield
    client.close()


def test_objects_are_written_read_copied_and_found(storage: None) -> None:
    upload = gcp.GCSUpload(bucket="one", create_bucket=True)
    assert upload.run("text", blob="a") == "a"
    assert upload.run(b"bytes", blob="b", content_type="text/plain") == "b"
    assert upload.run(BytesIO(b"file")).startswith("prefect-no-id-")

    assert gcp.GCSDownload("one").run(blob="a") == b"text"
    assert gcp.GCSCopy("one", "b", "two", "c", create_bucket=True).run() == "c"
    assert gcp.GCSDownload("two", "c").run() == b"bytes"
    assert gcp.GCSBlobExists("two", "c").run() is True


def test_an_object_that_is_not_there(storage: None, monkeypatch: pytest.MonkeyPatch) -> None:
    slept = record_sleep(monkeypatch)
    gcp.GCSUpload("one", create_bucket=True).run("x", blob="x")
    with pytest.raises(FAIL, match="Blob z not found in bucket one"):
        gcp.GCSBlobExists("one", "z").run()
    assert gcp.GCSBlobExists("one", fail_if_not_found=False).run(blob="z") is False
    assert slept == []
    with pytest.raises(Exception, match="404"):
        gcp.GCSUpload("nowhere").run("x")
    with pytest.raises(TypeError, match="data must be str, bytes or BytesIO"):
        gcp.GCSUpload("one").run(3)


@pytest.fixture
def bigquery(monkeypatch: pytest.MonkeyPatch) -> Any:
    module = stand_in(monkeypatch, "google.cloud.exceptions", "google.cloud.bigquery")
    client = MagicMock()
    monkeypatch.setattr("prefect.utilities.gcp.get_bigquery_client", lambda credentials, project: client)
    module.client = client
    return module


def test_query_gives_its_rows(bigquery: Any) -> None:
    query = bigquery.client.query
    query.return_value.result.return_value = iter(["row"])

    found = gcp.BigQueryTask("SELECT @a", [("a", "STRING", "x")], dataset_dest="d", table_dest="t").run(
        job_config={"maximum_bytes_billed": 5}
    )

    assert found == ["row"]
    bigquery.QueryJobConfig.assert_called_once_with(maximum_bytes_billed=5)
    bigquery.ScalarQueryParameter.assert_called_once_with("a", "STRING", "x")
    query.assert_called_once_with("SELECT @a", location="US", job_config=bigquery.QueryJobConfig.return_value)
    query.return_value.result.return_value = frame = MagicMock()
    assert gcp.BigQueryTask("q", to_dataframe=True).run() is frame.to_dataframe.return_value


def test_a_query_that_would_read_too_much_is_not_run(bigquery: Any) -> None:
    bigquery.client.query.return_value.total_bytes_processed = 500
    with pytest.raises(ValueError, match="Query will process 500 bytes which is above the set maximum of 100"):
        gcp.BigQueryTask("q", dry_run_max_bytes=100).run()
    assert bigquery.client.query.call_count == 1
    with pytest.raises(ValueError, match="Both `dataset_dest` and `table_dest`"):
        gcp.BigQueryTask("q", dataset_dest="d").run()


def test_rows_that_are_refused_fail_the_task(bigquery: Any) -> None:
    insert = gcp.BigQueryStreamingInsert("d", "t")
    bigquery.client.insert_rows_json.return_value = []
    assert insert.run([{"a": 1}], ignore_unknown_values=True) == []
    assert bigquery.client.insert_rows_json.call_args.kwargs["ignore_unknown_values"] is True
    bigquery.client.insert_rows_json.return_value = [{"index": 0, "errors": ["bad"]}]
    with pytest.raises(ValueError, match="bad"):
        insert.run([{"a": 1}])


def test_loads_wait_for_their_end(bigquery: Any, tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_text("a")
    job = gcp.BigQueryLoadGoogleCloudStorage("gs://b/o", "d", "t").run(write_disposition="WRITE_EMPTY")
    job.result.assert_called_once_with()
    bigquery.LoadJobConfig.assert_called_once_with(autodetect=True, write_disposition="WRITE_EMPTY")
    gcp.BigQueryLoadFile(
        tmp_path / "f.csv", dataset_id="d", table="t", schema=["s"]
    ).run().result.assert_called_once_with()
    assert bigquery.LoadJobConfig.return_value.schema == ["s"]
    with pytest.raises(ValueError, match=r"nowhere does not exist\. \(`file` of BigQueryLoadFile\)"):
        gcp.BigQueryLoadFile("nowhere", dataset_id="d", table="t").run()


def test_table_is_made_once(bigquery: Any) -> None:
    missing = sys.modules["google.cloud.exceptions"].NotFound  # type: ignore[attr-defined]
    make = gcp.CreateBigQueryTable(dataset="d", table="t", schema=["s"], clustering_fields=["c"], time_partitioning="p")
    bigquery.client.get_dataset.side_effect = bigquery.client.get_table.side_effect = missing("x")
    make.run()
    bigquery.client.create_dataset.assert_called_once_with("d")
    table = bigquery.client.create_table.call_args.args[0]
    assert (table.clustering_fields, table.time_partitioning) == (["c"], "p")
    bigquery.client.get_table.side_effect = None
    with pytest.raises(SUCCESS, match=r"d\.t already exists"):
        make.run()


def test_secret_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    module = stand_in(monkeypatch, "google.cloud.secretmanager")
    client = module.SecretManagerServiceClient.return_value
    client.access_secret_version.return_value.payload.data = b"value"

    assert gcp.GCPSecret("p", "s").run(version_id=3) == "value"
    client.access_secret_version.assert_called_once_with(name="projects/p/secrets/s/versions/3")
    with pytest.raises(ValueError, match="no slash"):
        gcp.GCPSecret("p", "s/versions/1").run()
