"""How runs of real processes end: as somebody decided, with words and values of any size, with their own context."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.road import Road, wait_until

pytestmark = pytest.mark.process

FLOWS = """
import os, time
from datetime import timedelta
from pathlib import Path
from prefect import Flow, Parameter, context, task
from prefect.engine.results import PrefectResult
FOLDER = Path({folder!r})

@task
def note_and_wait(name):
    (FOLDER / name).write_text(str(os.getpid()))
    while True:
        time.sleep(0.05)

@task
def after(name):
    (FOLDER / ("after " + name)).touch()

with Flow("decided") as decided:
    after(note_and_wait(Parameter("name")))

@task(max_retries=1, retry_delay=timedelta(0), tags=["db"])
def fails():
    with (FOLDER / "calls").open("a") as file:
        file.write("x")
    raise ValueError("INSERT " * 250_000 + "\\x00\\ud800")

with Flow("long words") as long_words:
    fails()

@task(max_retries=1, retry_delay=timedelta(0), result=PrefectResult())
def large():
    with (FOLDER / "large calls").open("a") as file:
        file.write("x")
    return "r" * 1_500_000

with Flow("large value") as large_value:
    large()

@task(log_stdout=True, task_run_name=lambda **_: "n" * 5_000)
def tell():
    own = (context.project_name, context.flow_run_name, context.checkpointing, context.mine)
    print(" ".join(str(value) for value in ("OWN", *own)))

with Flow("own context") as own_context:
    tell()
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, shared_road: Road) -> Path:
    path = tmp_path_factory.mktemp("flows")
    shared_road.register(shared_road.write("ends.py", FLOWS.format(folder=str(path))))
    return path


def is_running(pid: str) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("state", ["Success", "Failed", "Cancelled"])
def test_a_run_that_is_ended_by_hand_stays_so_and_its_process_stops(
    shared_road: Road, folder: Path, state: str
) -> None:
    run_id = shared_road.new_run("--name", "decided", "--param", f"name={state}")
    wait_until("the task waits", lambda: (folder / state).exists() and (folder / state).read_text())

    shared_road.graphql(
        "mutation($input: set_flow_run_states_input!) { set_flow_run_states(input: $input) { states { id } } }",
        {"input": {"states": [{"flow_run_id": run_id, "state": {"type": state, "message": "by hand"}}]}},
    )

    wait_until("the end of the process", lambda: not is_running((folder / state).read_text()))
    run = shared_road.run(run_id)
    assert (run["state"], run["state_message"]) == (state, "by hand")
    assert not (folder / f"after {state}").exists()
    assert {task_run["state"] for task_run in run["task_runs"]} <= {"Success", "Cancelled"}


def test_a_failure_with_a_text_of_any_size_is_tried_again_and_ends(shared_road: Road, folder: Path) -> None:
    run = shared_road.final(shared_road.new_run("--name", "long words"))

    assert run["state"] == "Failed"
    assert [task_run["state"] for task_run in run["task_runs"]] == ["Failed"]
    assert (folder / "calls").read_text() == "xx"


def test_a_value_that_is_too_large_to_be_kept_fails_its_task_which_is_tried_again(
    shared_road: Road, folder: Path
) -> None:
    run = shared_road.final(shared_road.new_run("--name", "large value"))

    assert run["state"] == "Failed"
    assert [task_run["state"] for task_run in run["task_runs"]] == ["Failed"]
    assert (folder / "large calls").read_text() == "xx"
    assert any("too large to be kept" in log["message"] for log in run["logs"])


@pytest.mark.parametrize(
    "key", ["project_name", "flow_run_name", "checkpointing", "flow_run_id", "task_run_id", "config", "parameters"]
)
def test_the_own_context_of_a_run_wins(shared_road: Road, folder: Path, key: str) -> None:
    run_id = shared_road.new_run(
        "--name", "own context", "--run-name", "r", "--context", f"{key}=x", "--context", "mine=m"
    )

    run = shared_road.final(run_id)
    assert run["state"] == "Success", run["logs"]
    assert "OWN demo r True m" in [log["message"] for log in run["logs"]]
