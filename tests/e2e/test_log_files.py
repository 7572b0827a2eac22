"""The log of a run as a file, by the command and the client, from a real server."""

from __future__ import annotations

import json
import uuid

import pytest

from prefect.client.client import Client
from prefect.exceptions import ClientError
from support.road import Road

FLOW = """
from prefect import Flow, task
import prefect

@task
def speak():
    for number in range(3):
        prefect.context.logger.info("line %s", number)
    prefect.context.logger.warning("Careful: ünïcode, \\"quoted\\"")

with Flow("speaks") as flow:
    speak()
"""


@pytest.fixture(scope="module")
def run_id(shared_road: Road) -> str:
    shared_road.register(shared_road.write("speaks.py", FLOW))
    run_id = shared_road.new_run("--name", "speaks")
    assert shared_road.final(run_id)["state"] == "Success"
    return run_id


@pytest.fixture
def client(shared_road: Road) -> Client:
    return Client(api_server=shared_road.api)


def test_the_command_writes_the_log_of_a_run(shared_road: Road, run_id: str):
    text = shared_road.prefect("get", "logs", "--id", run_id, "--format", "txt").stdout
    by_level = shared_road.prefect("get", "logs", "--id", run_id, "--level", "warning").stdout
    by_text = shared_road.prefect("get", "logs", "--id", run_id, "--text", "LINE 1", "--format", "jsonl").stdout
    name = shared_road.run(run_id)["name"]

    assert [text.index(f"line {number}\n") for number in range(3)] == sorted(
        text.index(f"line {number}\n") for number in range(3)
    )
    assert by_level.splitlines()[0].endswith('Careful: ünïcode, "quoted"')
    assert len(by_level.splitlines()) == 1
    (record,) = map(json.loads, by_text.splitlines())
    assert (record["message"], record["level"]) == ("line 1", "INFO")
    assert shared_road.prefect("get", "logs", "--name", name, "--format", "txt").stdout == text


def test_the_command_says_what_it_did_not_find(shared_road: Road, run_id: str):
    for given in ("no-uuid", str(uuid.uuid4())):
        done = shared_road.prefect("get", "logs", "--id", given, "--format", "csv", code=1)
        assert (done.stdout, done.stderr.splitlines()[0]) == ("", f"{given} not found")
    done = shared_road.prefect("get", "logs", "--id", run_id, "--task-run-id", "x", code=1)
    assert "a uuid" in done.stderr + done.stdout
    assert "Traceback" not in done.stderr


def test_the_client_gives_a_log_in_parts(client: Client, run_id: str):
    parts = client.download_flow_run_logs(run_id, "csv", levels=["INFO"], text="line")

    rows = b"".join(parts).decode().splitlines()
    assert rows[0] == "timestamp,level,name,task_run_id,message"
    assert [row.rpartition(",")[2] for row in rows[1:]] == ["line 0", "line 1", "line 2"]


def test_the_client_is_told_why_not(client: Client, shared_road: Road, run_id: str):
    with pytest.raises(ClientError, match="There is no flow run"):
        client.download_flow_run_logs(str(uuid.uuid4()))
    with pytest.raises(ClientError, match="txt or jsonl or csv"):
        client.download_flow_run_logs(run_id, "pdf")
    at_graphql = Client(api_server=f"{shared_road.api}/graphql")
    assert b"line 0" in b"".join(at_graphql.download_flow_run_logs(run_id))
