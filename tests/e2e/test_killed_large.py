"""The server is killed while it makes or deletes what is large: in the end the whole is there, or gone."""

from __future__ import annotations

import contextlib
import json
import signal
import threading
import urllib.request
from typing import Any

import pytest

from support.road import wait_until
from support.servers import ServerProcess
from support.world import flow_document

pytestmark = pytest.mark.process

TASKS = 4_000
BOTH = [pytest.param("sqlite", id="sqlite"), pytest.param("postgres", id="postgres", marks=pytest.mark.postgres)]


class Caller:
    """Asks a server that may be killed at any moment."""

    def __init__(self, server: ServerProcess):
        self.server = server

    def ask(self, query: str, variables: Any = None) -> Any:
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(self.server.url, body, {"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            read = json.load(answer)
        assert "errors" not in read, read
        return read["data"]

    def do(self, name: str, selected: str = "id", /, **given: Any) -> Any:
        document = f"mutation($input: {name}_input!) {{ {name}(input: $input) {{ {selected} }} }}"
        return self.ask(document, {"input": given})[name]

    def begin(self, name: str, selected: str = "id", /, **given: Any) -> threading.Thread:
        """Call a mutation and care for no answer."""

        def call() -> None:
            with contextlib.suppress(OSError):
                self.do(name, selected, **given)

        thread = threading.Thread(target=call)
        thread.start()
        return thread

    def count(self, table: str) -> int:
        return int(
            self.ask(f"{{ {table}_aggregate {{ aggregate {{ count }} }} }}")[f"{table}_aggregate"]["aggregate"]["count"]
        )


@pytest.fixture(params=BOTH)
def server(request: pytest.FixtureRequest, tmp_path: Any) -> Any:
    url = request.getfixturevalue("fresh_postgres") if request.param == "postgres" else None
    made = ServerProcess(tmp_path, url)
    yield made.start()
    made.stop()


def kill_while(server: ServerProcess, name: str, is_midway: Any, call: threading.Thread) -> None:
    wait_until(name, is_midway)
    server.stop(signal.SIGKILL)
    call.join()
    server.start()


def test_a_large_run_is_made_whole_and_deleted_whole_whenever_the_server_is_killed(server):
    caller = Caller(server)
    project_id = caller.do("create_project", name="p")["id"]
    tasks = [{"slug": f"t{number}", "name": "t", "tags": []} for number in range(TASKS)]
    document = flow_document("large", tasks=tasks, edges=[])
    flow_id = caller.do("create_flow", serialized_flow=document, project_id=project_id)["id"]
    wanted = {"flow_id": flow_id, "idempotency_key": "k"}

    call = caller.begin("create_flow_run", **wanted)
    kill_while(server, "some task runs are made", lambda: 0 < caller.count("task_run") < TASKS, call)

    run_id = caller.do("create_flow_run", **wanted)["id"]
    wait_until("the run is offered", lambda: caller.do("get_runs_in_queue", "flow_run_ids")["flow_run_ids"] == [run_id])
    assert caller.count("flow_run") == 1
    assert caller.count("task_run") == caller.count("task_run_state") == TASKS

    call = caller.begin("delete_flow", "success", flow_id=flow_id)
    kill_while(server, "some of it is gone", lambda: 0 < caller.count("task_run_state") < TASKS, call)

    wait_until("the flow is gone", lambda: caller.count("flow") == 0)
    for table in ("task", "flow_run", "task_run", "task_run_state"):
        assert caller.count(table) == 0
