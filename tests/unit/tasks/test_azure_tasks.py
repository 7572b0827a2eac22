"""Tasks for Azure: blobs against Azurite; Cosmos DB and Data Factory by stand-ins for the packages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from prefect import context
from prefect.tasks import azure
from support.object_stores import NoEndpoint, azure_endpoint
from support.pauses import record_sleep
from support.stand_ins import stand_in


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    try:
        with azure_endpoint(tmp_path_factory.mktemp("azure")) as text:
            yield text
    except NoEndpoint as error:
        pytest.skip(str(error))


def test_blobs_are_written_and_read(connection: str) -> None:
    from azure.storage.blob import BlobServiceClient

    BlobServiceClient.from_connection_string(connection).create_container("tasks")
    with context(secrets={"AZ_CONNECTION_STRING": connection}):
        upload = azure.BlobStorageUpload(container="tasks")
        assert upload.run("äö", "b") == "b"
        assert azure.BlobStorageDownload(container="tasks").run("b") == "äö"
        with pytest.raises(Exception, match="already exists"):
            upload.run("x", "b")
        upload.run(b"y", "b", overwrite=True)
        assert azure.BlobStorageDownload(container="tasks").run("b") == "y"
        assert len(upload.run("x")) == 36


def test_blob_is_asked_for_by_its_names(monkeypatch: pytest.MonkeyPatch) -> None:
    service = stand_in(monkeypatch, "azure.storage.blob").BlobServiceClient.from_connection_string
    with context(secrets={"OTHER": "s3cr3t"}):
        azure.BlobStorageUpload("OTHER", "c").run("x", "b")
    service.assert_called_once_with(conn_str="s3cr3t")
    service.return_value.get_blob_client.assert_called_once_with(container="c", blob="b")
    service.return_value.get_blob_client.return_value.upload_blob.assert_called_once_with("x", overwrite=False)


LINK = "dbs/d/colls/c"


@pytest.fixture
def cosmos(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    client = stand_in(monkeypatch, "azure.cosmos").CosmosClient
    with context(secrets={"AZ_CREDENTIALS": {"AZ_COSMOS_AUTH": {"masterKey": "s3cr3t-key"}}}):
        yield client


def test_items_are_made_read_and_found(cosmos: Any) -> None:
    database = cosmos.return_value.get_database_client
    container = database.return_value.get_container_client.return_value
    container.read_all_items.return_value = iter([{"id": "1"}])
    container.query_items.return_value = iter([{"id": "2"}])

    made = azure.CosmosDBCreateItem("url", LINK, {"id": "1"}).run(options={"o": 1})
    assert made is container.create_item.return_value
    container.create_item.assert_called_once_with({"id": "1"}, o=1)
    assert azure.CosmosDBReadItems("url", LINK).run() == [{"id": "1"}]
    assert azure.CosmosDBQueryItems("url", LINK, "SELECT 1", partition_key="p").run() == [{"id": "2"}]
    container.query_items.assert_called_once_with("SELECT 1", parameters=None, partition_key="p")
    azure.CosmosDBReadItems("url", f"{LINK}/docs/x' OR 1").run()
    assert container.query_items.call_args.kwargs["parameters"] == [{"name": "@id", "value": "x' OR 1"}]
    cosmos.assert_called_with("url", credential="s3cr3t-key")
    database.assert_called_with("d")


def test_links_and_secrets_that_are_none_are_refused(cosmos: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch, "azure.mgmt.datafactory.models")
    with pytest.raises(ValueError, match="`database_or_container_link` of CosmosDBCreateItem"):
        azure.CosmosDBCreateItem("url", "d/c", {"id": "1"}).run()
    with context(secrets={"AZ_CREDENTIALS": {"other": "s3cr3t-key"}}):
        with pytest.raises(ValueError, match="no AZ_COSMOS_AUTH") as caught:
            azure.CosmosDBReadItems("url", LINK).run()
        with pytest.raises(ValueError, match="no client_id, client_secret, tenant_id, subscription_id"):
            azure.DatafactoryCreate("f", "g").run()
    assert "s3cr3t" not in str(caught.value)


@pytest.fixture
def factory(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    record_sleep(monkeypatch)
    stand_in(monkeypatch, "azure.identity", "azure.mgmt.datafactory.models")
    client = stand_in(monkeypatch, "azure.mgmt.datafactory").DataFactoryManagementClient.return_value
    names = ("client_id", "client_secret", "tenant_id", "subscription_id")
    with context(secrets={"AZ_CREDENTIALS": {name: name for name in names}}):
        yield client


def test_factory_and_pipeline_are_made(factory: Any) -> None:
    factory.factories.create_or_update.return_value.provisioning_state = "Creating"
    factory.factories.get.return_value.provisioning_state = "Succeeded"
    assert azure.DatafactoryCreate("f", "g").run() == "f"
    assert azure.PipelineCreate("f", "g", "p", ["activity"]).run() == "p"
    assert factory.pipelines.create_or_update.call_args.args[:3] == ("g", "f", "p")
    factory.factories.get.return_value.provisioning_state = "Failed"
    with pytest.raises(RuntimeError, match="the factory f is Failed"):
        azure.DatafactoryCreate("f", "g").run()


def test_pipeline_is_run_to_its_end(factory: Any) -> None:
    factory.pipelines.create_run.return_value.run_id = "r"
    factory.pipeline_runs.get.return_value.status = "Succeeded"
    found = azure.PipelineRun("f", "g", "p").run(parameters={"a": 1})
    assert found is factory.activity_runs.query_by_pipeline_run.return_value
    factory.pipelines.create_run.assert_called_once_with("g", "f", "p", parameters={"a": 1})
    factory.pipeline_runs.get.return_value.status = "Failed"
    factory.pipeline_runs.get.return_value.message = "bad"
    with pytest.raises(RuntimeError, match="the pipeline run is Failed: bad"):
        azure.PipelineRun("f", "g", "p").run()
