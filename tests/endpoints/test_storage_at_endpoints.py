"""Flows stored in object stores, over HTTP: built here, loaded back as an agent's process would."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from prefect import Flow, context, task
from prefect.exceptions import FlowStorageError
from prefect.model import codec
from prefect.storage import GCS, S3, Azure, Storage

pytestmark = pytest.mark.process

SCRIPT = """
from prefect import Flow, task

@task
def greet():
    return "from the script"

with Flow("other") as other:
    pass

with Flow("greeting") as flow:
    greet()
"""


@task
def greet() -> str:
    return "hello"


@pytest.fixture(params=["s3", "gcs", "azure"])
def storage(request: pytest.FixtureRequest) -> Any:
    """A function that makes a storage in a bucket of its own."""
    if request.param == "s3":
        options, bucket = request.getfixturevalue("s3_options"), request.getfixturevalue("s3_bucket")
        return lambda **kwargs: S3(bucket, client_options=options, **kwargs)
    if request.param == "gcs":
        bucket = request.getfixturevalue("gcs_bucket")
        return lambda **kwargs: GCS(bucket, **kwargs)
    container = request.getfixturevalue("azure_container")

    def azure(key: str | None = None, local_script_path: str | None = None, **kwargs: Any) -> Azure:
        return Azure(container, blob_name=key, **kwargs)

    return azure


def as_an_agent_sees_it(storage: Storage) -> Storage:
    """Send a storage over the wire."""
    loaded = codec.load("storage", json.loads(json.dumps(storage.serialize())))
    assert isinstance(loaded, Storage)
    return loaded


def test_a_pickled_flow_is_loaded_and_run_elsewhere(storage: Any) -> None:
    with Flow("my flow") as flow:
        greeting = greet()
    kept = storage()
    place = kept.add_flow(flow)
    kept.build()

    assert place.startswith("my-flow/")
    loaded = as_an_agent_sees_it(kept).get_flow("my flow")
    state = loaded.run()
    assert [state.result[t].result for t in loaded.tasks] == ["hello"]
    assert greeting not in loaded.tasks, "another process has objects of its own"


def test_several_flows_lie_side_by_side(storage: Any) -> None:
    kept = storage()
    for name in ("one", "two"):
        kept.add_flow(Flow(name))
    kept.build()
    agent = as_an_agent_sees_it(kept)
    assert [agent.get_flow(name).name for name in ("two", "one")] == ["two", "one"]


def test_a_script_is_uploaded_and_its_flow_found_by_name(storage: Any, tmp_path: Path, request: Any) -> None:
    script = tmp_path / "flow.py"
    script.write_text(SCRIPT)
    kept = storage(key="scripts/flow.py", stored_as_script=True, local_script_path=str(script))
    kept.add_flow(Flow("greeting"))
    if isinstance(kept, Azure):
        # Azure's scripts are the user's own to upload.
        kept._blob("scripts/flow.py").upload_blob(script.read_bytes())
    kept.build()

    loaded = as_an_agent_sees_it(kept).get_flow("greeting")
    assert {t.name for t in loaded.tasks} == {"greet"}


def test_the_script_that_is_being_registered_is_uploaded(s3_bucket: str, s3_options: Any, tmp_path: Path) -> None:
    script = tmp_path / "flow.py"
    script.write_text(SCRIPT)
    with context(local_script_path=str(script)):
        kept = S3(s3_bucket, stored_as_script=True, client_options=s3_options)
    kept.add_flow(Flow("greeting"))
    kept.build()
    assert as_an_agent_sees_it(kept).get_flow("greeting").name == "greeting"


def test_a_flow_gets_the_result_of_its_storage(storage: Any) -> None:
    kept = storage()
    location = kept.result.write([1, 2]).location
    assert kept.result.read(location).value == [1, 2]


def test_a_flow_that_was_removed_is_an_error_of_the_store(s3_bucket: str, s3_options: Any) -> None:
    kept = S3(s3_bucket, key="gone", client_options=s3_options)
    kept.add_flow(Flow("f"))
    with pytest.raises(Exception, match="NoSuchKey"):
        as_an_agent_sees_it(kept).get_flow("f")


def test_a_flow_that_is_not_in_its_bucket_is_named(gcs_bucket: str) -> None:
    kept = GCS(gcs_bucket, key="gone")
    kept.add_flow(Flow("f"))
    with pytest.raises(FlowStorageError, match=f"Flow not found in bucket: flow=gone bucket={gcs_bucket}"):
        as_an_agent_sees_it(kept).get_flow("f")


def test_upload_options_go_with_the_flow(s3_bucket: str, s3_options: Any) -> None:
    kept = S3(s3_bucket, key="f", client_options=s3_options, upload_options={"Metadata": {"team": "a"}})
    kept.add_flow(Flow("f"))
    kept.build()
    assert kept._client.head_object(Bucket=s3_bucket, Key="f")["Metadata"] == {"team": "a"}


def test_an_azure_blob_is_replaced_only_when_asked(azure_container: str) -> None:
    for overwrite in (False, True):
        kept = Azure(azure_container, blob_name="f", overwrite=overwrite)
        kept.add_flow(Flow("f"))
        kept.build()
    again = Azure(azure_container, blob_name="f")
    again.add_flow(Flow("f"))
    with pytest.raises(Exception, match="BlobAlreadyExists"):
        again.build()
