"""The road from `prefect run` to Success, walked as a user walks it."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from support.road import PREFECT, Road, wait_until

pytestmark = pytest.mark.process

ADD = """
from prefect import Flow, Parameter, task

@task
def add(x, y):
    return x + y

@task(log_stdout=True)
def show(value):
    print(f"the sum is {value}")

with Flow("add") as flow:
    show(add(Parameter("a", default=1), Parameter("a param with space", default=1)))
"""


@pytest.fixture(scope="module")
def road(shared_road: Road) -> Road:
    shared_road.register(shared_road.write("flow.py", ADD))
    shared_road.prefect("register", "--project", "demo", "--module", "prefect.hello_world")
    return shared_road


def test_watch_shows_states_and_logs_in_order_and_ends_with_success(road: Road) -> None:
    done = road.prefect("run", "--name", "hello-world", "--watch")

    lines = done.stdout.splitlines()
    assert lines[-1] == "Flow run succeeded!"
    shown = [line.split(" | ", 2)[2] for line in lines if line.count(" | ") >= 2]
    wanted = [
        "Entered state <Scheduled>: Flow run scheduled.",
        "Entered state <Submitted>: Submitted for execution",
        "Beginning Flow run for 'hello-world'",
        "Entered state <Running>: Running flow.",
        "Task 'say_hello': Starting task run...",
        "Hello World",
        "Task 'say_hello': Finished task run for task with final state: 'Success'",
        "Flow run SUCCESS: all reference tasks succeeded",
        "Entered state <Success>: All reference tasks succeeded.",
    ]
    positions = [shown.index(text) for text in wanted if "Beginning" not in text]
    assert positions == sorted(positions)
    assert wanted[2] in shown
    times = [line.split()[1] for line in lines if line.count(" | ") >= 2]
    assert times == sorted(times)


def test_run_without_watch_returns_at_once_and_the_agent_runs_it(road: Road) -> None:
    done = road.prefect("run", "--name", "hello-world")

    found = re.search(r"UUID: (\S+)", done.stdout)
    assert found
    assert road.final(found[1])["state"] == "Success"


def test_every_option_of_a_run_arrives(road: Road) -> None:
    flow_id = road.graphql('{ flow(where: {name: {_eq: "add"}}) { id } }')["data"]["flow"][0]["id"]
    key = uuid.uuid4().hex
    arguments = ["run", "--id", flow_id, "--param", "a=2", "--param", "a param with space=2"]
    arguments += [
        "--run-name",
        "docs example hello-world",
        "--idempotency-key",
        key,
        "--context",
        'who="me"',
        "--quiet",
    ]

    first = road.prefect(*arguments).stdout.strip()
    again = road.prefect(*arguments).stdout.strip()

    assert first == again
    run = road.final(first)
    assert run["state"] == "Success"
    assert run["name"] == "docs example hello-world"
    assert run["parameters"] == {"a": 2, "a param with space": 2}
    assert run["context"] == {"who": "me"}
    assert run["idempotency_key"] == key
    wait_until("its log", lambda: "the sum is 4" in [log["message"] for log in road.run(first)["logs"]])


@pytest.mark.parametrize("which", ["flow_group_id", "version_group_id"])
def test_group_id_runs_the_newest_version(road: Road, which: str) -> None:
    row = road.graphql(
        '{ flow(where: {name: {_eq: "add"}}, order_by: {version: desc}) { id flow_group_id version_group_id } }'
    )
    newest = row["data"]["flow"][0]

    run_id = road.new_run("--id", newest[which])

    answer = road.graphql("query($id: uuid!) { flow_run_by_pk(id: $id) { flow_id } }", {"id": run_id})
    assert answer["data"]["flow_run_by_pk"]["flow_id"] == newest["id"]
    assert road.final(run_id)["state"] == "Success"


def test_local_run_of_a_file_needs_no_server(tmp_path: Path) -> None:
    with Road(tmp_path) as alone:
        alone.write("flow.py", ADD)
        done = alone.prefect("run", "--path", "flow.py", "--param", "a=2")
    assert "the sum is 3" in done.stdout
    assert done.stdout.splitlines()[-1] == "Flow run succeeded!"


def test_execute_runs_here_while_no_agent_takes_it(road: Road) -> None:
    done = road.prefect("run", "--name", "hello-world", "--execute")

    found = re.search(r"UUID: (\S+)", done.stdout)
    assert found
    run = road.run(found[1])
    assert run["state"] == "Success"
    assert [s["state"] for s in run["states"]] == ["Scheduled", "Running", "Success"]  # never Submitted: no agent
    assert any(label.startswith("agentless-run-") for label in run["labels"])
    assert done.stdout.splitlines()[-1] == "Flow run succeeded!"


def test_execute_marks_the_run_failed_when_its_process_fails(road: Road) -> None:
    path = road.write(
        "dies.py",
        """
import os
from prefect import Flow, task
@task
def die():
    os._exit(3)
with Flow("dies") as f:
    die()
""",
    )
    road.register(path)

    done = road.prefect("run", "--name", "dies", "--execute", code=1)

    found = re.search(r"UUID: (\S+)", done.stdout)
    assert found
    assert road.run(found[1])["state"] == "Failed"


def test_python_client_creates_runs_with_every_argument(road: Road) -> None:
    out = road.python(
        """
import json, pendulum
from prefect import Client
client = Client()
newest = '{ flow(where: {name: {_eq: "add"}}, order_by: {version: desc}) { id version_group_id flow_group_id } }'
flow = client.graphql(newest).data.flow[0]
start = pendulum.now().add(minutes=10)
common = dict(parameters={"a": 2}, flow_run_name="named", scheduled_start_time=start)
common |= dict(labels=["x", "a"], context={"k": [1]})
ids = [
    client.create_flow_run(flow_id=flow.id, idempotency_key="one", **common),
    client.create_flow_run(flow_id=flow.id, idempotency_key="one", **common),
    client.create_flow_run(version_group_id=flow.version_group_id, idempotency_key="two", **common),
    client.create_flow_run(version_group_id=flow.version_group_id, idempotency_key="two", **common),
    client.create_flow_run(flow_group_id=flow.flow_group_id, idempotency_key="three", **common),
    client.create_flow_run(flow_group_id=flow.flow_group_id, idempotency_key="three", **common),
]
old_name = client.create_flow_run(flow_id=flow.id, run_name="old", labels=["nobody"])
print(json.dumps([ids, old_name, start.in_timezone("UTC").isoformat()]))
"""
    )
    ids, old_name, start = json.loads(out.splitlines()[-1])
    assert ids[0] == ids[1]
    assert ids[2] == ids[3]
    assert ids[4] == ids[5]
    run = road.run(ids[0])
    assert run["name"] == "named"
    assert run["labels"] == ["a", "x"]
    assert run["context"] == {"k": [1]}
    assert run["parameters"]["a"] == 2
    assert run["scheduled_start_time"][:19] == start[:19]
    assert run["state"] == "Scheduled"
    assert road.run(old_name)["name"] == "old"


def test_a_flow_starts_another_and_waits_for_it(road: Road) -> None:
    path = road.write(
        "parent.py",
        """
from prefect import Flow
from prefect.tasks.prefect import create_flow_run, wait_for_flow_run
with Flow("parent") as flow:
    child = create_flow_run(flow_name="add", project_name="demo", parameters={"a": 40})
    wait_for_flow_run(child, raise_final_state=True, stream_logs=True)
""",
    )
    road.register(path)

    done = road.prefect("run", "--name", "parent", "--watch")

    assert "the sum is 41" in done.stdout  # the child's log, streamed by the parent
    assert done.stdout.splitlines()[-1] == "Flow run succeeded!"


def test_graphql_takes_json_as_text_in_literals(road: Road) -> None:
    flow_id = road.graphql('{ flow(where: {name: {_eq: "add"}}) { id } }')["data"]["flow"][0]["id"]
    answer = road.graphql(
        'mutation { create_flow_run(input: { flow_id: "' + flow_id + '", parameters: "{\\"a\\": 2}", '
        'scheduled_start_time: "2031-05-07T15:09:16.815228-05:00" }) { id } }'
    )
    run = road.run(answer["data"]["create_flow_run"]["id"])
    assert run["parameters"]["a"] == 2
    assert run["scheduled_start_time"] == "2031-05-07T20:09:16.815228+00:00"


def test_watch_of_a_failing_run_ends_with_code_1(road: Road) -> None:
    path = road.write(
        "fails.py",
        "from prefect import Flow, task\n@task\ndef bad():\n    1 / 0\nwith Flow('fails') as f:\n    bad()\n",
    )
    road.register(path)

    done = road.prefect("run", "--name", "fails", "--watch", code=1)

    assert "ZeroDivisionError" in done.stdout
    assert done.stdout.splitlines()[-1] == "Flow run failed!"


def test_breakpoint_works_in_an_executed_run(road: Road) -> None:
    pexpect_free = road.write(
        "stops.py",
        "from prefect import Flow, task\n@task\ndef stop():\n    secret = 6 * 7\n    breakpoint()\n    return secret\n"
        "with Flow('stops') as f:\n    stop()\n",
    )
    road.register(pexpect_free)

    done = subprocess.run(
        [*PREFECT, "run", "--name", "stops", "--execute"],
        env=road.env,
        cwd=road.folder,
        input="p 'seen', secret\nc\n",
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert "('seen', 42)" in done.stdout
    assert done.returncode == 0, done.stdout + done.stderr


def test_demo_ends_well_and_leaves_nothing_running() -> None:
    demo = Path(__file__).parents[2] / "tools" / "demo.py"
    done = subprocess.run([sys.executable, str(demo)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Flow run succeeded!" in done.stdout
    assert "docs/tutorial.md" in done.stdout.rstrip().splitlines()[-1]
    assert not [text for text in running_commands() if b"proctor-demo-" in text]


def running_commands() -> list[bytes]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            found.append(path.read_bytes())
    return found
