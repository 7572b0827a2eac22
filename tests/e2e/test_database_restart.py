"""A PostgreSQL that goes away under two replicas and comes back: nothing acknowledged is lost, and all go on."""

from __future__ import annotations

import json
import shutil
import signal
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.databases import NoPostgres, PostgresServer, public_folder
from support.road import wait_until
from support.servers import ServerProcess
from support.world import flow_document

pytestmark = [pytest.mark.process, pytest.mark.postgres]


@pytest.fixture
def postgres() -> Iterator[PostgresServer]:
    try:
        folder = public_folder("pg")
    except NoPostgres as error:
        pytest.skip(str(error))
    try:
        with PostgresServer(folder) as server:
            yield server
    except NoPostgres as error:
        pytest.skip(str(error))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def send(server: ServerProcess, query: str, variables: Any = None, path: str = "/") -> tuple[int, Any]:
    body = json.dumps({"query": query, "variables": variables}).encode()
    request = urllib.request.Request(f"{server.url}{path}", body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def health(server: ServerProcess) -> int:
    try:
        with urllib.request.urlopen(f"{server.url}/health", timeout=60) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def do(server: ServerProcess, mutation: str, selected: str = "id", /, **given: Any) -> Any:
    document = f"mutation($input: {mutation}_input!) {{ {mutation}(input: $input) {{ {selected} }} }}"
    status, said = send(server, document, {"input": given})
    assert (status, said.get("errors")) == (200, None)
    return said["data"][mutation]


def test_replicas_outlive_a_restart_of_the_database(postgres: PostgresServer, tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    one, two = (ServerProcess(tmp_path / name, postgres.url) for name in ("one", "two"))
    try:
        for server in (one, two):
            server.start()
        project_id = do(one, "create_project", name="p")["id"]
        flow_id = do(one, "create_flow", project_id=project_id, serialized_flow=flow_document())["id"]
        before = do(one, "create_flow_run", flow_id=flow_id, idempotency_key="before", labels=["nobody"])["id"]

        postgres.stop(signal.SIGINT)
        for server in (one, two):
            # Health looks at the database once a second at most.
            wait_until("the replica knows", lambda s=server: health(s) == 503, 10)
        status, said = send(two, "{ flow_run { id } }")
        assert (status, said["errors"][0]["message"]) == (503, "Unable to connect to the database.")
        assert one.process is not None
        assert one.process.poll() is None

        postgres.start()
        for server in (one, two):
            wait_until("the replica works again", lambda s=server: health(s) == 200, 30)
        again = do(two, "create_flow_run", flow_id=flow_id, idempotency_key="before", labels=["nobody"])["id"]
        assert again == before

        # A long poll on one replica is woken by a commit of the other: both listen again.
        for server in (one, two):
            wait_until("it listens again", lambda s=server: "again" in s.log, 30)
        found: list[Any] = []
        poll = threading.Thread(
            target=lambda: found.append(
                do(one, "get_runs_in_queue", "flow_run_ids", labels=["late"], wait_seconds=25)["flow_run_ids"]
            )
        )
        poll.start()
        late = do(two, "create_flow_run", flow_id=flow_id, labels=["late"])["id"]
        poll.join(30)
        assert found == [[late]]
        for server in (one, two):
            assert "Traceback" not in server.log
    finally:
        for server in (one, two):
            server.stop()
