"""Flow runs of the released 1.4.1 on our server: its agent, its processes, its views; and each side's agent with flows
that the other side registered.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from support.released import Released, needs_released
from support.road import Road, wait_until

pytestmark = [pytest.mark.process, needs_released]

FLOWS = """
import logging
import os
import time
from datetime import timedelta

import prefect
from prefect import Flow, Parameter, task, unmapped
from prefect.backend.artifacts import create_markdown_artifact
from prefect.engine.results import LocalResult
from prefect.engine.signals import SKIP
from prefect.storage import Local
from prefect.tasks.prefect import create_flow_run, get_task_run_result, wait_for_flow_run
from prefect.triggers import manual_only

KEEP = LocalResult(dir="{folder}/results")

@task
def numbers(n):
    return list(range(n))

@task(result=KEEP)
def add(x, y):
    return x + y

@task(max_retries=2, retry_delay=timedelta(seconds=0))
def flaky(x):
    if prefect.context.task_run_count < 3:
        raise ValueError("not yet")
    return x

@task(cache_for=timedelta(hours=1), cache_key="{key}", result=KEEP)
def remembered(n):
    prefect.context.logger.info("computed")
    return n * 100

@task
def left_out():
    raise SKIP("not today")

@task(log_stdout=True)
def tell(x):
    logger = prefect.context.logger
    create_markdown_artifact("# told")
    print(f"said {{x}}")
    logger.debug("too quiet")
    logger.warning("%s", "w" * 1_200_000)
    for number in range(3000):
        logger.info("line %04d", number)
    logger.info("a file named %s", os.fsdecode(b"\\xff"))
    logger.error("the end")

with Flow("work", result=KEEP) as work:
    n = Parameter("n", default=3)
    sums = add.map(numbers(n), unmapped(10))
    flaky(n)
    remembered(n)
    left_out()
    tell(sums)

@task
def sleep():
    for _ in range(600):
        time.sleep(0.1)

with Flow("slow") as slow:
    sleep()

@task(trigger=manual_only)
def release():
    return "released"

with Flow("waiting") as waiting:
    release()

with Flow("parent", result=KEEP) as parent:
    child = create_flow_run(flow_name="work", project_name="old", labels=["old"], parameters={{"n": 2}})
    seen = wait_for_flow_run(child, stream_logs=True, raise_final_state=True)
    add(get_task_run_result(child, "remembered-1", upstream_tasks=[seen], poll_time=1), 1)

def here():
    return Local(path="{folder}/flows.py", stored_as_script=True, add_default_labels=False)

work.storage, slow.storage, waiting.storage, parent.storage = here(), here(), here(), here()
"""

CREATE = """
import json
from prefect import Client
from prefect.backend import FlowView
client = Client()
def create(name, project, label, **options):
    flow = FlowView.from_flow_name(name, project_name=project)
    return client.create_flow_run(flow_id=flow.flow_id, labels=[label], **options)
"""


@dataclass
class Life:
    road: Road
    released: Released
    runs: dict[str, str]

    def final(self, name: str) -> dict[str, Any]:
        return self.road.final(self.runs[name], 120)


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    """Both sides have registered the same script, each in its project, and both have an agent, each with its label."""
    settings = {"PREFECT__CLOUD__CHECK_CANCELLATION_INTERVAL": "1", "PREFECT__CLOUD__LOGGING_HEARTBEAT": "1"}
    with Road(tmp_path_factory.mktemp("runs"), **settings) as road:
        road.server()
        released = Released(road)
        path = road.write("flows.py", FLOWS.format(folder=road.folder, key="k"))
        released.command("create", "project", "old")
        assert "4 registered" in released.command("register", "--project", "old", "--path", path.name)
        road.register(path, "new")
        released.agent("--no-hostname-label", "--label", "old")
        road.agent("--no-hostname-label", "--label", "new")
        out = released.python(
            CREATE
            + """
runs = {
    "work": create("work", "old", "old", run_name="first"),
    "slow": create("slow", "old", "old"),
    "waiting": create("waiting", "old", "old"),
    "theirs by us": create("work", "old", "new", parameters={"n": 4}),
    "ours by them": create("work", "new", "old", parameters={"n": 4}),
}
print(json.dumps(runs))
"""
        )
        yield Life(road, released, json.loads(out.splitlines()[-1]))


def task_states(run: dict[str, Any], slug: str) -> list[str]:
    return [task_run["state"] for task_run in run["task_runs"] if task_run["task"]["slug"] == slug]


def test_mapped_retried_cached_and_skipped_tasks_end_as_they_should(life: Life) -> None:
    run = life.final("work")

    assert [state["state"] for state in run["states"]] == ["Scheduled", "Submitted", "Running", "Success"]
    assert [state["version"] for state in run["states"]] == [1, 2, 3, 4]
    assert task_states(run, "add-1") == ["Mapped", "Success", "Success", "Success"]
    assert task_states(run, "flaky-1") == ["Success"]
    assert task_states(run, "remembered-1") == ["Cached"]
    assert task_states(run, "left_out-1") == ["Skipped"]


def test_long_logs_arrive_whole_and_in_their_order(life: Life) -> None:
    life.final("work")

    def told() -> list[dict[str, Any]] | None:
        # The process sends its last batch after the run's last state.
        logs = life.road.run(life.runs["work"])["logs"]
        return logs if any(log["message"] == "the end" for log in logs) else None

    logs = wait_until("the last line", told)
    lines = [log["message"] for log in logs if log["message"].startswith("line ")]
    assert lines == [f"line {number:04d}" for number in range(3000)]
    long = next(log["message"] for log in logs if log["message"].startswith("www"))
    assert 900_000 < len(long) <= 1_000_000
    messages = [log["message"] for log in logs]
    assert "said [10, 11, 12]" in messages
    assert "too quiet" not in messages
    # One record that cannot be stored as it is would hold back all that come after it, for good.
    assert "a file named \ufffd" in messages
    assert {"level": "ERROR", "message": "the end", "name": "prefect.tell"} in logs


def test_an_artifact_of_a_task_is_kept(life: Life) -> None:
    life.final("work")

    answer = life.road.graphql(
        "query($id: uuid!) { task_run_artifact(where: {task_run: {flow_run_id: {_eq: $id}}}) { kind data } }",
        {"id": life.runs["work"]},
    )
    assert answer["data"]["task_run_artifact"] == [{"kind": "markdown", "data": {"markdown": "# told"}}]


def test_a_running_flow_beats_and_is_cancelled(life: Life) -> None:
    run_id = life.runs["slow"]

    def beat() -> str | None:
        row = life.road.graphql("query($id: uuid!) { flow_run_by_pk(id: $id) { state heartbeat } }", {"id": run_id})
        found = row["data"]["flow_run_by_pk"]
        return found["heartbeat"] if found["state"] == "Running" else None

    first = wait_until("the first beat", beat, 90)
    wait_until("a later beat", lambda: (found := beat()) and found > first)
    assert "Cancelling" in life.released.python(
        f"from prefect import Client; print(Client().cancel_flow_run({run_id!r}))"
    )
    run = life.final("slow")
    assert [state["state"] for state in run["states"]][-3:] == ["Running", "Cancelling", "Cancelled"]
    assert run["state_message"] == "Flow run is cancelled"


def test_a_paused_task_runs_when_it_is_approved(life: Life) -> None:
    run_id = life.runs["waiting"]
    wait_until("the task waits", lambda: task_states(life.road.run(run_id), "release-1") == ["Paused"], 90)

    life.released.python(
        f"""
from prefect import Client
from prefect.backend import TaskRunView
from prefect.engine.state import Resume
task_run = TaskRunView.from_task_slug("release-1", {run_id!r})
Client().set_task_run_state(task_run.task_run_id, Resume("Approved."))
"""
    )
    run = life.final("waiting")
    assert task_states(run, "release-1") == ["Success"]


@pytest.mark.parametrize("name", ["theirs by us", "ours by them"])
def test_each_sides_agent_runs_what_the_other_side_registered(life: Life, name: str) -> None:
    run = life.final(name)

    assert run["state"] == "Success"
    assert task_states(run, "add-1") == ["Mapped", *["Success"] * 4]


def test_a_flow_of_theirs_starts_and_follows_another_and_takes_its_result(life: Life) -> None:
    run_id = life.released.python(CREATE + 'print(create("parent", "old", "old", run_name="p"))').split()[-1]
    run = life.road.final(run_id, 120)

    assert run["state"] == "Success"
    child = life.road.graphql('{ flow_run(where: {name: {_eq: "p-work"}}) { id state parameters } }')["data"][
        "flow_run"
    ]
    assert [(row["state"], row["parameters"]) for row in child] == [("Success", {"n": 2})]
    messages = [log["message"] for log in run["logs"]]
    assert "Flow 'p-work': Entered state <Success>: All reference tasks succeeded." in messages


def test_their_views_read_our_server(life: Life) -> None:
    life.final("work")
    out = life.released.python(
        f"""
import json
from prefect.backend import FlowRunView, FlowView, TaskRunView, TenantView
from prefect.backend.flow_run import check_for_compatible_agents, watch_flow_run
run = FlowRunView.from_flow_run_id({life.runs["work"]!r}, load_static_tasks=True)
sums = run.get_task_run("add-1")
flow = run.get_flow_metadata()
print(json.dumps({{
    "run": [run.name, run.parameters, run.labels, type(run.state).__name__],
    "states": [type(state).__name__ for state in run.states],
    "slugs": sorted({{task_run.task_slug for task_run in run.get_all_task_runs()}}),
    "mapped": [sums.get_result(), [(child.map_index, child.get_result()) for child in sums.iter_mapped()]],
    "logs": len([log for log in run.get_logs() if log.message.startswith("line ")]),
    "flow": [flow.name, flow.project_name, type(flow.storage).__name__, len(flow.flow.tasks)],
    "same": FlowView.from_flow_name("work", project_name="old").flow_id == flow.flow_id,
    "tenant": TenantView.from_current_tenant().slug,
    "watched": [log.message for log in watch_flow_run(run.flow_run_id)],
    "advice": check_for_compatible_agents(["old"]),
}}))
"""
    )
    seen = json.loads(out.splitlines()[-1])

    assert seen["run"] == ["first", {"n": 3}, ["old"], "Success"]
    assert seen["states"] == ["Scheduled", "Submitted", "Running", "Success"]
    assert seen["slugs"] == ["add-1", "flaky-1", "left_out-1", "n", "numbers-1", "remembered-1", "tell-1"]
    assert seen["mapped"] == [[10, 11, 12], [[0, 10], [1, 11], [2, 12]]]
    assert seen["logs"] == 3000
    assert seen["flow"] == ["work", "old", "Local", 7]
    assert seen["same"]
    assert seen["tenant"] == "default"
    assert "Your flow run finished" in seen["watched"][0]
    assert "It should deploy your flow run" in seen["advice"]
