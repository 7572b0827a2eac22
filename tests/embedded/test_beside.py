"""Several processes on one file: embedded ones, forks of them, and a server."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from embedded.conftest import ended
from prefect import Flow, task
from prefect.client import Client
from support.servers import ServerProcess

pytestmark = pytest.mark.process

LONG_SECONDS = 60.0

CREATE = """
import sys
from prefect.client import Client
flow_id, name, count = sys.argv[1:4]
client = Client()
for number in range(int(count)):
    client.create_flow_run(flow_id=flow_id, idempotency_key=f"{name}-{number}")
    print(client.create_flow_run(flow_id=flow_id, idempotency_key=f"shared-{number}"))
"""


def _registered(client: Client) -> str:
    @task
    def nothing() -> None:
        pass

    client.create_project("p")
    with Flow("f", tasks=[nothing]) as flow:
        pass
    return client.register(flow, project_name="p", no_url=True, build=False)


def test_processes_that_create_at_once_share_one_history(
    embedded: Any, script: Callable[..., Any], tmp_path: Path
) -> None:
    flow_id = _registered(Client())
    at_once = [script(CREATE, flow_id, f"process-{number}", "8") for number in range(3)]
    mine = [Client().create_flow_run(flow_id=flow_id, idempotency_key=f"shared-{number}") for number in range(8)]
    for process in at_once:
        assert ended(process).splitlines() == mine
    runs = Client().graphql("{ flow_run { id idempotency_key version } }").data.flow_run
    assert len(runs) == 8 + 3 * 8


def test_a_server_that_starts_later_sees_and_is_told(embedded: Any, tmp_path: Path, home: Path) -> None:
    """Who waits at the server is woken by a commit of this process, and the other way round."""
    from prefect.contract import operations

    flow_id = _registered(Client())
    run_id = Client().create_flow_run(flow_id=flow_id)
    server = ServerProcess(tmp_path, f"sqlite:///{home}/proctor.db")
    try:
        server.start()
        over_http = Client(api_server=server.url)
        assert over_http.get_flow_run_info(run_id).state.is_scheduled()
        woken = _waiting_for_events(over_http, run_id)
        Client().write_run_logs({"flow_run_id": run_id, "message": "from inside", "level": "INFO"})
        assert "from inside" in woken()
        woken = _waiting_for_events(Client(), run_id)
        over_http.write_run_logs({"flow_run_id": run_id, "message": "from the server", "level": "INFO"})
        assert "from the server" in woken()
        over_http.create_flow_run(flow_id=flow_id)
        assert len(Client().ask(operations.TENANT_IDS)["tenant"]) == 1
    finally:
        server.stop()
    # The server has left: this process goes on.
    assert Client().cancel_flow_run(run_id)


def _waiting_for_events(client: Client, run_id: str) -> Callable[[], str]:
    """Begin to wait for new lines of a run; gives what waits for the answer and gives its text."""
    from prefect.contract import operations

    known = client.ask(operations.FLOW_RUN_EVENTS, flow_run_id=run_id)
    cursor = known["flow_run_events"]["cursor"]
    heard: list[str] = []

    def wait() -> None:
        values = {"flow_run_id": run_id, "after": cursor, "wait_seconds": LONG_SECONDS}
        heard.append(str(client.wait_for(operations.FLOW_RUN_EVENTS, LONG_SECONDS, **values)))

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()

    def answer() -> str:
        thread.join(LONG_SECONDS)
        return "".join(heard)

    return answer


def test_a_fork_opens_the_file_for_itself(embedded: Any) -> None:
    flow_id = _registered(Client())
    child = os.fork()
    if not child:
        code = 1
        try:
            Client().create_flow_run(flow_id=flow_id, idempotency_key="of the child")
            code = 0
        finally:
            os._exit(code)
    mine = Client().create_flow_run(flow_id=flow_id, idempotency_key="of the parent")
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    runs = Client().graphql("{ flow_run { id idempotency_key } }").data.flow_run
    assert {run.idempotency_key for run in runs} == {"of the child", "of the parent"}
    assert mine in {run.id for run in runs}


KILLED = """
import os, sys
from prefect.client import Client
print(Client().create_flow_run(flow_id=sys.argv[1]), flush=True)
os.kill(os.getpid(), 9)
"""


def test_what_was_answered_outlives_a_process_that_is_killed(embedded: Any, script: Callable[..., Any]) -> None:
    flow_id = _registered(Client())
    process = script(KILLED, flow_id)
    said, _ = process.communicate(timeout=LONG_SECONDS)
    assert process.returncode == -9
    assert Client().get_flow_run_info(said.strip()).state.is_scheduled()
    # Its pipe is taken away by the first who has something to tell.
    Client().create_flow_run(flow_id=flow_id)
    folder = Path(str(embedded["home_dir"])) / "proctor.db-bells"
    assert [name.partition("-")[0] for name in os.listdir(folder)] == [str(os.getpid())]
