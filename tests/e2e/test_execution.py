"""Where a run waits, and what reaches its process: retries, run configs, cancellation."""

from __future__ import annotations

import re
import threading
import urllib.request
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from support.road import Road, wait_until

pytestmark = pytest.mark.process

RETRIES = """
import os
from datetime import timedelta
from pathlib import Path
from prefect import Flow, task

@task(max_retries=1, retry_delay=timedelta(seconds=4))
def second_time_lucky():
    path = Path({folder!r}) / "attempts"
    with path.open("a") as file:
        file.write(f"{{os.getpid()}}\\n")
    if len(path.read_text().split()) < 2:
        raise ValueError("first time")

with Flow("retries") as flow:
    second_time_lucky()
"""

ROUNDS = """
from datetime import timedelta
from prefect import Flow, context, task, unmapped
from prefect.engine.cache_validators import all_inputs
from prefect.engine import signals
from prefect.engine.results import LocalResult

@task(max_retries=1, retry_delay=timedelta(seconds=3))
def rounds():
    count, value = context.get("task_loop_count", 1), context.get("task_loop_result", "start")
    if count == 2 and context.task_run_count == 1:
        raise ValueError("the second round fails once")
    if count == 2:
        return f"round 2 after {{value}}"
    raise signals.LOOP(result=f"round {{count}}")

@task(cache_for=timedelta(hours=1), cache_validator=all_inputs, log_stdout=True)
def tell(text, number):
    print(f"{{number}} {{text}}")

with Flow("rounds", result=LocalResult(dir={folder!r})) as flow:
    tell.map(unmapped(rounds()), [1, 2])
"""

SHOWS = """
import os
from prefect import Flow, task
from prefect.run_configs import LocalRun

@task(log_stdout=True)
def show():
    print("MARK=" + os.environ.get("MARK", "none"), "CWD=" + os.getcwd())

with Flow("shows", run_config=LocalRun(env={{"MARK": "from the run config"}}, working_dir={working_dir!r})) as flow:
    show()
"""

WAITS = """
import time
from pathlib import Path
from prefect import Flow, task

@task
def wait():
    (Path({folder!r}) / "waiting").touch()
    while True:
        time.sleep(0.05)

with Flow("waits") as flow:
    wait()
"""


def attempts(road: Road) -> list[str]:
    path = road.folder / "attempts"
    return path.read_text().split() if path.exists() else []


def run_id_in(text: str) -> str:
    found = re.search(r"UUID: (\S+)", text)
    assert found, text
    return found[1]


def test_near_retry_is_waited_for_in_the_same_process(shared_road: Road, tmp_path: Path) -> None:
    shared_road.register(shared_road.write("near.py", RETRIES.format(folder=str(tmp_path))))

    done = shared_road.prefect("run", "--name", "retries", "--execute")

    run = shared_road.run(run_id_in(done.stdout))
    assert run["state"] == "Success"
    pids = (tmp_path / "attempts").read_text().split()
    assert len(pids) == 2
    assert len(set(pids)) == 1
    assert [s["state"] for s in run["states"]].count("Running") == 1


def test_far_retry_with_an_agent_ends_the_process_and_starts_another_when_due(road: Road) -> None:
    road.env["PREFECT__CLOUD__LONGEST_WAIT_SECONDS"] = "1"
    road.server()
    road.agent()
    road.register(road.write("far.py", RETRIES.format(folder=str(road.folder))))
    run_id = road.new_run("--name", "retries")

    run = road.final(run_id, 60)

    assert run["state"] == "Success"
    first, second = attempts(road)
    assert first != second
    assert [s["state"] for s in run["states"]] == ["Scheduled", "Submitted", "Running", "Success"]


def test_far_retry_of_an_executed_run_sleeps_here(road: Road) -> None:
    road.env["PREFECT__CLOUD__LONGEST_WAIT_SECONDS"] = "1"
    road.server()  # no agent: nobody else could go on with it
    road.register(road.write("far.py", RETRIES.format(folder=str(road.folder))))

    done = road.prefect("run", "--name", "retries", "--execute")

    assert done.stdout.splitlines()[-1] == "Flow run succeeded!"
    assert len(attempts(road)) == 2


def test_a_far_retry_inside_a_loop_goes_on_with_the_round_before(road: Road) -> None:
    road.env["PREFECT__CLOUD__LONGEST_WAIT_SECONDS"] = "1"
    road.server()
    road.register(road.write("rounds.py", ROUNDS.format(folder=str(road.folder / "values"))))

    done = road.prefect("run", "--name", "rounds", "--execute")

    run = road.run(run_id_in(done.stdout))
    told = {log["message"] for log in run["logs"]}
    assert {"1 round 2 after round 1", "2 round 2 after round 1"} <= told
    # The list that is mapped over is a task too, and ends like the others; a cache without values warns of nothing.
    assert {task_run["state"] for task_run in run["task_runs"]} == {"Success", "Cached", "Mapped"}
    assert {log["level"] for log in run["logs"]} == {"INFO", "ERROR"}


def test_execute_takes_only_the_variables_of_the_run_config(shared_road: Road, tmp_path: Path) -> None:
    path = shared_road.write("shows.py", SHOWS.format(working_dir="/proc/nowhere/at/all"))
    shared_road.register(path)

    done = shared_road.prefect("run", "--name", "shows", "--execute")

    assert "MARK=from the run config" in done.stdout
    assert f"CWD={shared_road.folder}" in done.stdout


def test_agent_starts_the_run_in_the_working_directory(shared_road: Road, tmp_path: Path) -> None:
    shared_road.register(
        shared_road.write("shows.py", SHOWS.format(working_dir=str(tmp_path)).replace('"shows"', '"moved"'))
    )

    done = shared_road.prefect("run", "--name", "moved", "--watch")

    assert f"CWD={tmp_path}" in done.stdout


def test_cancelled_run_ends_its_process_and_its_tasks(shared_road: Road, tmp_path: Path) -> None:
    shared_road.register(shared_road.write("waits.py", WAITS.format(folder=str(tmp_path))))
    run_id = shared_road.new_run("--name", "waits")
    wait_until("the task waits", lambda: (tmp_path / "waiting").exists())

    shared_road.python(f"from prefect import Client; print(Client().cancel_flow_run({run_id!r}))")

    run = shared_road.final(run_id, 30)
    assert run["state"] == "Cancelled"
    assert [s["state"] for s in run["states"]][-2:] == ["Cancelling", "Cancelled"]
    assert {t["state"] for t in run["task_runs"]} == {"Cancelled"}


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_64_requests_with_one_key_make_one_run(road: Road, kind: str, request: pytest.FixtureRequest) -> None:
    url = None if kind == "sqlite" else request.getfixturevalue("fresh_postgres")
    road.server(url)
    road.register(road.write("shows.py", SHOWS.format(working_dir="/")))
    flow = road.graphql("{ flow { id version_group_id flow_group_id } }")["data"]["flow"][0]
    document = "mutation($input: create_flow_run_input!) { create_flow_run(input: $input) { id } }"
    together = threading.Barrier(64)

    def create(number: int) -> str:
        scope = ("flow_id", "version_group_id", "flow_group_id")[number % 3]
        given = flow["id" if scope == "flow_id" else scope]
        together.wait()
        answer = road.graphql(document, {"input": {scope: given, "idempotency_key": "once", "labels": ["nobody"]}})
        assert "errors" not in answer, answer
        return str(answer["data"]["create_flow_run"]["id"])

    with ThreadPoolExecutor(64) as pool:
        made = set(pool.map(create, range(64)))

    assert len(made) == 1
    count = road.graphql("{ flow_run_aggregate { aggregate { count } } }")
    assert count["data"]["flow_run_aggregate"]["aggregate"]["count"] == 1


def test_the_page_and_health_answer(shared_road: Road) -> None:
    page = urllib.request.Request(f"{shared_road.api}/graphql", headers={"Accept": "text/html"})
    with urllib.request.urlopen(page, timeout=60) as answer:
        assert answer.headers["Content-Type"].startswith("text/html")
        assert b"<html" in answer.read()
    for path in ("/health", "/.well-known/apollo/server-health"):
        with urllib.request.urlopen(shared_road.api + path, timeout=60) as answer:
            assert answer.status == 200


def test_key_of_a_version_group_outlives_a_new_version(shared_road: Road) -> None:
    text = SHOWS.format(working_dir="/").replace('"shows"', '"versioned"')
    shared_road.register(shared_road.write("versioned.py", text))
    group = shared_road.graphql('{ flow(where: {name: {_eq: "versioned"}}) { version_group_id } }')["data"]["flow"][0]
    document = "mutation($input: create_flow_run_input!) { create_flow_run(input: $input) { id } }"
    values = {"version_group_id": group["version_group_id"], "idempotency_key": uuid.uuid4().hex, "labels": ["nobody"]}
    first = shared_road.graphql(document, {"input": values})["data"]["create_flow_run"]["id"]

    shared_road.prefect("register", "--project", "demo", "--path", "versioned.py", "--force")

    assert shared_road.graphql(document, {"input": values})["data"]["create_flow_run"]["id"] == first


@pytest.mark.postgres
def test_the_whole_road_on_postgres(road: Road, fresh_postgres: str) -> None:
    road.server(fresh_postgres)
    road.agent()
    road.prefect("create", "project", "demo")
    road.prefect("register", "--project", "demo", "--module", "prefect.hello_world")

    done = road.prefect("run", "--name", "hello-world", "--watch")

    assert "Hello World" in done.stdout
    assert done.stdout.splitlines()[-1] == "Flow run succeeded!"
    assert [s["version"] for s in road.run(run_id_in(done.stdout))["states"]] == [1, 2, 3, 4]


def test_address_of_a_run_shows_a_page(shared_road: Road) -> None:
    shared_road.register(shared_road.write("paged.py", SHOWS.format(working_dir="/").replace('"shows"', '"paged"')))
    done = shared_road.prefect("run", "--name", "paged")
    found = re.search(r"URL: (\S+)", done.stdout)
    assert found
    page = urllib.request.Request(found[1], headers={"Accept": "text/html"})
    with urllib.request.urlopen(page, timeout=60) as answer:
        assert answer.headers["Content-Type"].startswith("text/html")
