"""The released 1.4.1 package, as a program of its own, uses our server: registration, agent, runs, queries.

It lives in `.compat/` (made by `make compat`), is called by its command line and its public Python interface only, and
never meets our package in one process.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest

from support.released import Released, needs_released
from support.road import Road

pytestmark = [pytest.mark.process, needs_released]

FLOW = """
from datetime import timedelta
import prefect
from prefect import Flow, Parameter, task

@task(max_retries=1, retry_delay=timedelta(seconds=0))
def flaky(x):
    if prefect.context.task_run_count == 1:
        raise ValueError("first time")
    return x + 1

@task(log_stdout=True)
def show(x):
    print(f"seen {x}")

with Flow("old-friend") as flow:
    show.map([flaky(Parameter("a", default=1)), 5])
"""


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Released]:
    with Road(tmp_path_factory.mktemp("compat")) as road:
        road.server()
        old = Released(road)
        road.write("flow.py", FLOW)
        old.command("create", "project", "demo")
        assert "1 registered" in old.command("register", "--project", "demo", "--path", "flow.py")
        old.agent()
        yield old


def test_registering_again_is_skipped(released: Released) -> None:
    assert "1 skipped" in released.command("register", "--project", "demo", "--path", "flow.py")
    released.command("create", "project", "demo")  # the old client takes "Uniqueness violation." for "already there"


def test_the_old_agent_runs_the_old_flow_and_the_old_command_watches(released: Released) -> None:
    out = released.command("run", "--name", "old-friend", "--param", "a=41", "--watch")

    assert "Flow run succeeded!" in out
    assert "seen 42" in out
    found = re.search(r"UUID: (\S+)", out)
    assert found
    run = released.road.run(found[1])
    assert [s["state"] for s in run["states"]] == ["Scheduled", "Submitted", "Running", "Success"]
    assert [s["version"] for s in run["states"]] == [1, 2, 3, 4]
    assert {t["state"] for t in run["task_runs"] if t["map_index"] >= 0} == {"Success"}


def test_the_old_command_executes_without_an_agent(released: Released) -> None:
    assert "Flow run succeeded!" in released.command("run", "--name", "old-friend", "--execute")


def test_the_old_client_registers_and_creates_from_python(released: Released) -> None:
    out = released.python(
        """
import json, pendulum
from prefect import Client, Flow, task
from prefect.schedules import CronSchedule
@task
def one():
    return 1
with Flow("from-python", schedule=CronSchedule("0 9 * * *")) as flow:
    one()
flow_id = flow.register(project_name="demo")
client = Client()
start = pendulum.now().add(hours=1)
run = client.create_flow_run(flow_id=flow_id, idempotency_key="k", scheduled_start_time=start, context={"a": 1})
assert run == client.create_flow_run(flow_id=flow_id, idempotency_key="k")
info = client.get_flow_run_info(run)
scheduled = client.graphql('{ flow_run(where: {flow_id: {_eq: "%s"}, auto_scheduled: {_eq: true}}) { id } }' % flow_id)
seen = [info.version, type(info.state).__name__, info.context, len(scheduled.data.flow_run)]
print(json.dumps([*seen, client.cancel_flow_run(run)]))
"""
    )
    assert json.loads(out.splitlines()[-1]) == [1, "Scheduled", {"a": 1}, 10, "Cancelled"]


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (["get", "flows"], "old-friend"),
        (["get", "projects"], "demo"),
        (["get", "flow-runs", "--flow", "old-friend"], "old-friend"),
        (["get", "tasks", "--flow-name", "old-friend"], "flaky"),
        (["describe", "flows", "--name", "old-friend"], "old-friend"),
        (["describe", "tasks", "--name", "old-friend"], "flaky"),
    ],
    ids=" ".join,
)
def test_old_listing_commands_read_our_server(released: Released, arguments: list[str], shown: str) -> None:
    assert shown in released.command(*arguments)


def test_our_command_runs_a_flow_that_the_old_agent_serves(released: Released) -> None:
    released.road.python("import cloudpickle")  # both sides see the same script: the flow is stored by path
    done = released.road.prefect("run", "--name", "old-friend", "--watch", code=None)
    assert "Flow run" in done.stdout.splitlines()[-1]


LIMITED = """
import os, subprocess, sys, time
from prefect import Client, Flow, storage, task
from prefect.run_configs import UniversalRun
@task(tags=["scarce"])
def one():
    return 1
with Flow("limited", storage=storage.Local(add_default_labels=False), run_config=UniversalRun(labels=["few"])) as flow:
    one()
client = Client()
flow_id = flow.register(project_name="demo", no_url=True)
def limit(flows, tasks):
    client.graphql("mutation { update_flow_concurrency_limit(input: {label: \\"few\\", limit: %d}) { id } }" % flows)
    client.graphql("mutation { update_task_tag_limit(input: {tag: \\"scarce\\", limit: %d}) { id } }" % tasks)
limit(0, 0)
run_id = client.create_flow_run(flow_id=flow_id)
names = {"FLOW_RUN_ID": run_id, "FLOW_ID": flow_id}
env = {**os.environ, **{"PREFECT__CONTEXT__" + name: value for name, value in names.items()}}
for kind in ("FLOW", "TASK"):
    name = "prefect.engine.cloud.Cloud%sRunner" % kind.title()
    env["PREFECT__ENGINE__%s_RUNNER__DEFAULT_CLASS" % kind] = name
env |= {"PREFECT__CLOUD__QUEUE_INTERVAL": "1", "PREFECT__CLOUD__CHECK_CANCELLATION_INTERVAL": "1"}
process = subprocess.Popen([sys.executable, "-m", "prefect", "execute", "flow-run"], env=env)
def wait(path):
    query = "{ %s(where: {%s, state: {_eq: \\"Queued\\"}}) { id } }" % path
    while process.poll() is None and not client.graphql(query).data[path[0]]:
        time.sleep(0.1)
wait(("flow_run", "id: {_eq: \\"%s\\"}" % run_id))
limit(1, 0)
wait(("task_run", "flow_run: {id: {_eq: \\"%s\\"}}" % run_id))
limit(1, 1)
process.wait(60)
"""


def test_the_old_runner_waits_for_places_under_limits(released: Released) -> None:
    released.python(LIMITED)

    query = """{ flow_run(where: {flow: {name: {_eq: "limited"}}}) {
        states(order_by: {version: asc}) { state } task_runs { states(order_by: {version: asc}) { state } }
    } }"""
    (run,) = released.road.graphql(query)["data"]["flow_run"]
    assert [line["state"] for line in run["states"]] == ["Scheduled", "Queued", "Running", "Success"]
    (task_run,) = run["task_runs"]
    assert [line["state"] for line in task_run["states"]] == ["Pending", "Queued", "Running", "Success"]
