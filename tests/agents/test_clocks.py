"""Agents, and the runs that they start, on a machine whose clock is wrong."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from prefect import Flow, task
from prefect.run_configs import UniversalRun
from prefect.storage import Local
from support.agents import AgentProcess

# Moves the wall clock of each Python process that finds it, and leaves the clock alone that only counts.
CLOCK = Path(__file__).parents[1] / "support" / "day"

pytestmark = pytest.mark.process

SCRIPT = """
from prefect import Flow, task

@task
def one():
    return 1

with Flow("on a wrong clock") as flow:
    one()
"""


@pytest.mark.parametrize("offset", [-3600, 3600], ids=["an hour late", "an hour early"])
def test_a_run_starts_when_it_is_due_by_the_clock_of_the_api(client, server, tmp_path, offset):
    path = tmp_path / "flow.py"
    path.write_text(SCRIPT)
    with Flow("on a wrong clock") as flow:
        task(lambda: 1, name="one")()
    flow.storage = Local(path=str(path), stored_as_script=True)
    flow.storage.add_flow(flow)
    flow.run_config, flow.result = UniversalRun(), flow.storage.result
    client.create_project("clocks")
    flow_id = client.register(flow, "clocks", build=False, no_url=True)
    due = datetime.now(UTC) + timedelta(seconds=2)
    made = [
        client.create_flow_run(flow_id=flow_id, labels=["wrong"]),
        client.create_flow_run(flow_id=flow_id, labels=["wrong"], scheduled_start_time=due),
    ]
    wrong = {"PYTHONPATH": str(CLOCK), "PROCTOR_TEST_DAY_AHEAD": str(offset)}
    agent = AgentProcess(server, tmp_path, "--label", "wrong", **wrong)

    try:
        for run_id in made:
            end = time.monotonic() + 60
            while not (state := client.get_flow_run_state(run_id)).is_finished():
                assert time.monotonic() < end, f"{state!r}\n{agent.log}"
                time.sleep(0.05)
            assert state.is_successful()
    finally:
        agent.stop()
    document = "query($id: uuid!) { flow_run_by_pk(id: $id) { states { state } } }"
    for run_id in made:
        states = [row["state"] for row in client.ask(document, id=run_id)["flow_run_by_pk"]["states"]]
        assert sorted(states) == ["Running", "Scheduled", "Submitted", "Success"]
