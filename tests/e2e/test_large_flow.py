"""A flow of many tasks is registered, scheduled, taken by an agent and run, and others are answered beside it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from support.road import Road, wait_until

pytestmark = pytest.mark.process

#: The task runs of one run are made in more than two transactions.
TASKS = 3_000
PATIENCE = 600.0
FLOW = f"""
from datetime import timedelta

import pendulum
from prefect import Flow, Task
from prefect.schedules import IntervalSchedule
from prefect.storage import Local


class One(Task):
    def run(self):
        return 1


# What the schedule makes begins later than the test ends.
begin = pendulum.now("UTC").add(hours=3)
schedule = IntervalSchedule(interval=timedelta(hours=1), start_date=begin)
with Flow("large", schedule=schedule, storage=Local(add_default_labels=False)) as flow:
    for number in range({TASKS}):
        One(name=f"t{{number}}")()
"""
BOTH = [pytest.param("sqlite", id="sqlite"), pytest.param("postgres", id="postgres", marks=pytest.mark.postgres)]


@pytest.fixture(params=BOTH)
def road(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Road]:
    url = request.getfixturevalue("fresh_postgres") if request.param == "postgres" else None
    with Road(tmp_path) as started:
        started.server(url)
        started.agent("--no-hostname-label")
        yield started


def ask(road: Road, query: str, variables: Any = None) -> Any:
    answer = road.graphql(query, variables)
    assert "errors" not in answer, answer
    return answer["data"]


def task_runs(road: Road, run_id: str, *states: str) -> int:
    """Count the task runs of a run, of all states or of these."""
    where: dict[str, Any] = {"flow_run_id": {"_eq": run_id}}
    if states:
        where["state"] = {"_in": list(states)}
    query = "query($where: task_run_bool_exp) { task_run_aggregate(where: $where) { aggregate { count } } }"
    return int(ask(road, query, {"where": where})["task_run_aggregate"]["aggregate"]["count"])


@contextmanager
def others_are_answered(road: Road) -> Iterator[None]:
    """Read and write something small all the time; each must be answered, without an error."""
    over, faults, answered = threading.Event(), [], 0

    def go_on() -> None:
        nonlocal answered
        while not over.wait(0.05):
            try:
                ask(
                    road,
                    "mutation($name: String!) { create_project(input: {name: $name}) { id } }",
                    {"name": f"small {answered}"},
                )
                ask(road, "{ project(limit: 5) { id name } }")
                answered += 1
            except Exception as error:  # each is told at the end
                faults.append(error)

    beside = threading.Thread(target=go_on)
    beside.start()
    try:
        yield
    finally:
        over.set()
        beside.join()
    assert faults == []
    assert answered


def state_of(road: Road, run_id: str) -> str:
    query = "query($id: uuid!) { flow_run_by_pk(id: $id) { state } }"
    return str(ask(road, query, {"id": run_id})["flow_run_by_pk"]["state"])


def test_a_large_flow_is_scheduled_run_to_its_end_and_cancelled_on_the_way(road: Road) -> None:
    with others_are_answered(road):
        road.register(road.write("large.py", FLOW))
        assert ask(road, "{ task_aggregate { aggregate { count } } }")["task_aggregate"]["aggregate"]["count"] == TASKS
        planned = "{ flow_run(where: {auto_scheduled: {_eq: true}}) { state } }"
        scheduled = wait_until("runs of the schedule", lambda: ask(road, planned)["flow_run"], PATIENCE)
        assert {run["state"] for run in scheduled} == {"Scheduled"}

        run_id = road.new_run("--name", "large")
        assert task_runs(road, run_id) == TASKS
        wait_until("end of the run", lambda: state_of(road, run_id) in ("Success", "Failed"), PATIENCE)
        assert state_of(road, run_id) == "Success"
        assert task_runs(road, run_id, "Success") == TASKS

        second = road.new_run("--name", "large")
        wait_until("some of its tasks are done", lambda: task_runs(road, second, "Success") > 20, PATIENCE)
        ask(road, "mutation($id: UUID!) { cancel_flow_run(input: {flow_run_id: $id}) { state } }", {"id": second})
        wait_until("end of the cancelled run", lambda: state_of(road, second) == "Cancelled", PATIENCE)
        closed = ("Success", "Cancelled")
        wait_until("all task runs are closed", lambda: task_runs(road, second, *closed) == TASKS, PATIENCE)
        assert task_runs(road, second, "Cancelled") > 0
