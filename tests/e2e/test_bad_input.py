"""Bad input gets one clear error, the documented exit code, and changes nothing."""

from __future__ import annotations

import socket
import sqlite3
import uuid
from pathlib import Path

import pytest

from support.road import Road

pytestmark = pytest.mark.process

NEEDS = """
from prefect import Flow, Parameter, task
@task
def show(x):
    return x
with Flow("needs") as flow:
    show(Parameter("n"))
"""


@pytest.fixture(scope="module")
def road(tmp_path_factory: pytest.TempPathFactory):
    with Road(tmp_path_factory.mktemp("bad")) as started:
        started.server()
        started.register(started.write("needs.py", NEEDS))
        started.register(started.write("twin_a.py", NEEDS.replace("needs", "twin")), "one")
        started.register(started.write("twin_b.py", NEEDS.replace("needs", "twin")), "two")
        yield started


def flow_runs(road: Road) -> int:
    answer = road.graphql("{ flow_run_aggregate { aggregate { count } } }")
    return int(answer["data"]["flow_run_aggregate"]["aggregate"]["count"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(["--id", "not-a-uuid"], "not-a-uuid", id="malformed id"),
        pytest.param(["--id", str(uuid.uuid4())], "Failed to find flow id or flow group id", id="unknown id"),
        pytest.param(["--name", "nowhere"], "No results found", id="unknown name"),
        pytest.param(["--name", "twin", "--param", "n=1"], "project", id="ambiguous name"),
        pytest.param(["--id", "x", "--name", "y"], "too many options", id="both id and name"),
        pytest.param([], "Received no options", id="nothing"),
        pytest.param(["--name", "needs"], "Required parameters were not supplied", id="missing parameter"),
        pytest.param(["--name", "needs", "--param", "n={1"], "Failed to parse JSON", id="malformed param"),
        pytest.param(
            ["--name", "needs", "--param", "n=1", "--context", "c=[1"], "Failed to parse JSON", id="malformed context"
        ),
        pytest.param(
            ["--name", "needs", "--param-file", "missing.json"], "Parameter file does not exist", id="no file"
        ),
        pytest.param(["--name", "needs", "--param-file", "needs.py"], "Failed to parse JSON", id="file is no JSON"),
        pytest.param(["--name", "needs", "--param", "n=1", "--label", "l" * 5000], "label", id="long label"),
        pytest.param(["--name", "needs", "--param", "n=1", "--label", ""], "label", id="empty label"),
    ],
)
def test_run_refuses(road: Road, arguments: list[str], said: str) -> None:
    if not arguments:
        done = road.prefect("run", "--quiet", code=1)
    else:
        done = road.prefect("run", *arguments, code=1)
    text = done.stdout + done.stderr
    assert said in text
    assert flow_runs(road) == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("import nowhere_to_be_found\n", "nowhere_to_be_found", id="import fails"),
        pytest.param("x = 1\n", "Found no flows", id="no flow"),
        pytest.param(NEEDS + "\nwith Flow('other') as second:\n    show(1)\n", "Found multiple flows", id="several"),
    ],
)
def test_flow_file_that_cannot_be_used(road: Road, text: str, said: str) -> None:
    path = road.write("broken.py", text)
    done = road.prefect("run", "--path", str(path), code=1)
    assert said in done.stdout + done.stderr


def test_archived_flow_is_refused(road: Road) -> None:
    road.register(road.write("old.py", NEEDS.replace("needs", "old")))
    flow_id = road.graphql('{ flow(where: {name: {_eq: "old"}}) { id } }')["data"]["flow"][0]["id"]
    road.graphql('mutation { archive_flow(input: {flow_id: "' + flow_id + '"}) { success } }')
    done = road.prefect("run", "--id", flow_id, "--param", "n=1", code=1)
    assert f"Flow {flow_id} is archived." in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        pytest.param("scheduled_start_time", "tomorrow-ish", "tomorrow-ish", id="no time"),
        pytest.param("flow_id", "xyz", "xyz", id="no uuid"),
        pytest.param("parameters", "{bad", "parameters", id="parameters no JSON"),
        pytest.param("parameters", [1], "parameters", id="parameters no object"),
        pytest.param("context", 5, "context", id="context no object"),
        pytest.param("labels", 7, "labels", id="labels no list"),
    ],
)
def test_create_flow_run_names_the_field(road: Road, field: str, value: object, said: str) -> None:
    flow_id = road.graphql('{ flow(where: {name: {_eq: "needs"}}) { id } }')["data"]["flow"][0]["id"]
    document = "mutation($input: create_flow_run_input!) { create_flow_run(input: $input) { id } }"
    answer = road.graphql(document, {"input": {"flow_id": flow_id, "parameters": {"n": 1}, field: value}})
    assert said in answer["errors"][0]["message"]
    assert not (answer.get("data") or {}).get("create_flow_run")
    assert flow_runs(road) == 0


def test_empty_texts_count_as_not_given(road: Road) -> None:
    flow_id = road.graphql('{ flow(where: {name: {_eq: "needs"}}) { id } }')["data"]["flow"][0]["id"]
    document = "mutation($input: create_flow_run_input!) { create_flow_run(input: $input) { id } }"
    given = {"flow_id": flow_id, "parameters": {"n": 1}, "idempotency_key": "", "flow_run_name": ""}
    first, second = (road.graphql(document, {"input": given})["data"]["create_flow_run"]["id"] for _ in range(2))
    try:
        assert first != second
    finally:
        for run_id in (first, second):
            road.graphql('mutation { delete_flow_run(input: {flow_run_id: "' + run_id + '"}) { success } }')


def test_malformed_graphql_and_bodies_get_json_errors(road: Road) -> None:
    import json
    import urllib.error
    import urllib.request

    def post(body: bytes) -> tuple[int, dict[str, object]]:
        request = urllib.request.Request(road.api, data=body, headers={"Content-Type": "application/json"})
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(request, timeout=30)
        return caught.value.code, json.loads(caught.value.read())

    for body, code in [
        (b"{", 400),
        (b"[1]", 400),
        (b'{"query": 5}', 400),
        (b'{"query": "{ nothing"}', 400),
        (b'{"query": "{ nothing }"}', 400),
        (b'{"query": "' + b"x" * 6_000_000 + b'"}', 413),
    ]:
        status, answer = post(body)
        assert status == code, (body[:40], answer)
        assert answer["errors"]


def test_unreachable_server_is_named_with_the_command_that_starts_one(tmp_path: Path) -> None:
    with Road(tmp_path) as road:
        for arguments in (["run", "--name", "x"], ["create", "project", "x"], ["get", "flows"]):
            done = road.prefect(*arguments, code=None, timeout=30)
            text = done.stdout + done.stderr
            assert str(road.port) in text
            assert "prefect server start" in text
            assert "Traceback" not in text
            assert done.returncode != 0 or arguments[0] == "create"


def test_port_taken(tmp_path: Path) -> None:
    with Road(tmp_path) as road, socket.socket() as other:
        other.bind(("127.0.0.1", road.port))
        other.listen()
        done = road.prefect("server", "start", "--port", str(road.port), code=1, timeout=30)
        assert str(road.port) in done.stderr
        assert "Traceback" not in done.stderr


def test_database_that_cannot_be_used(tmp_path: Path) -> None:
    with Road(tmp_path) as road:
        done = road.prefect("server", "start", "--database-url", "sqlite:////proc/nowhere/x.db", code=1, timeout=30)
        assert "/proc/nowhere/x.db" in done.stderr
        assert "Traceback" not in done.stderr


def test_database_from_a_newer_version(tmp_path: Path) -> None:
    with Road(tmp_path) as road:
        road.stop(road.server())
        with sqlite3.connect(tmp_path / "proctor.db") as database:
            database.execute("UPDATE alembic_version SET version_num = 'from-the-future'")
        database.close()
        url = f"sqlite:///{tmp_path}/proctor.db"
        done = road.prefect("server", "start", "--port", str(road.port), "--database-url", url, code=1, timeout=30)
        assert "newer" in done.stderr
        assert "Traceback" not in done.stderr
