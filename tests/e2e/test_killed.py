"""Every process may be killed at any line: the run still ends, and what was acknowledged stays."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from support.road import Road, wait_until

pytestmark = pytest.mark.process

# Waits inside a task for a file, so that the test decides when the task ends.
GATED = """
import os, time
from pathlib import Path
from prefect import Flow, task

HERE = Path({folder!r})

@task
def gate():
    (HERE / f"started-{{os.getpid()}}").touch()
    while not (HERE / "go").exists():
        time.sleep(0.02)
    return 1

@task
def after(x):
    return x + 1

with Flow("gated") as flow:
    after(gate())
"""

# Short limits, so that a vanished process is found within the test's patience.
IMPATIENT = {
    "PREFECT_SERVER__SERVICES__HEARTBEAT_LIMIT_SECONDS": "3",
    "PREFECT_SERVER__SERVICES__ZOMBIE_KILLER__INTERVAL_SECONDS": "0.5",
    "PREFECT_SERVER__SERVICES__LAZARUS__INTERVAL_SECONDS": "0.5",
}


def started(road: Road) -> list[int]:
    """Process ids of the flow runs that reached the gate."""
    return sorted(int(path.name.removeprefix("started-")) for path in road.folder.glob("started-*"))


def begin(road: Road) -> str:
    road.register(road.write("gated.py", GATED.format(folder=str(road.folder))))
    run_id = road.new_run("--name", "gated")
    wait_until("the flow run reaches its gate", lambda: started(road))
    return run_id


def versions(run: dict[str, Any]) -> list[int]:
    return [state["version"] for state in run["states"]]


def test_killed_agent_leaves_its_flow_run_alone(road: Road) -> None:
    road.server()
    agent = road.agent()
    run_id = begin(road)

    road.stop(agent, signal.SIGKILL)
    (road.folder / "go").touch()

    run = road.final(run_id)
    assert run["state"] == "Success"
    assert versions(run) == list(range(1, len(run["states"]) + 1))


def test_killed_server_comes_back_and_the_run_goes_on(road: Road) -> None:
    server = road.server()
    road.agent()
    run_id = begin(road)

    road.stop(server, signal.SIGKILL)
    (road.folder / "go").touch()  # the task ends while nobody listens
    road.server()

    run = road.final(run_id)
    assert run["state"] == "Success"
    assert [s["state"] for s in run["states"]] == ["Scheduled", "Submitted", "Running", "Success"]
    assert versions(run) == [1, 2, 3, 4]
    assert {t["state"] for t in run["task_runs"]} == {"Success"}
    again = road.new_run("--name", "gated")  # the agent has found the server again
    assert road.final(again)["state"] == "Success"


def test_killed_flow_process_is_noticed_and_its_run_ends(road: Road) -> None:
    road.server(**IMPATIENT)
    road.agent()
    run_id = begin(road)
    (victim,) = started(road)

    (road.folder / f"started-{victim}").unlink()
    Path(f"/proc/{victim}").stat()  # it is alive until now
    os.kill(victim, signal.SIGKILL)
    (road.folder / "go").touch()

    run = road.final(run_id, 90)
    assert run["state"] in ("Failed", "Success")
    assert versions(run) == list(range(1, len(run["states"]) + 1))
    assert all(task["state"] not in ("Running", "Pending") for task in run["task_runs"]), run["task_runs"]
    assert any("heartbeat" in log["message"] for log in run["logs"])


def test_acknowledged_runs_survive_a_killed_server(road: Road) -> None:
    server = road.server()
    road.register(road.write("gated.py", GATED.format(folder=str(road.folder))))
    flow_id = road.graphql("{ flow { id } }")["data"]["flow"][0]["id"]
    document = "mutation($input: create_flow_run_input!) { create_flow_run(input: $input) { id } }"
    made = [
        road.graphql(document, {"input": {"flow_id": flow_id, "labels": ["nobody"]}})["data"]["create_flow_run"]["id"]
        for _ in range(20)
    ]

    road.stop(server, signal.SIGKILL)
    road.server()

    rows = road.graphql("query($ids: [uuid!]) { flow_run(where: {id: {_in: $ids}}) { id state } }", {"ids": made})
    assert {row["id"] for row in rows["data"]["flow_run"]} == set(made), json.dumps(rows)[:300]


def test_two_agents_share_the_runs_and_none_runs_twice(road: Road) -> None:
    road.server()
    road.agent("--name", "first")
    road.agent("--name", "second")
    (road.folder / "go").touch()
    road.register(road.write("gated.py", GATED.format(folder=str(road.folder))))

    made = [road.new_run("--name", "gated") for _ in range(4)]

    for run_id in made:
        run = road.final(run_id)
        assert [s["state"] for s in run["states"]] == ["Scheduled", "Submitted", "Running", "Success"]
    assert len(started(road)) == len(made)
