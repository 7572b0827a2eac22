"""Flow runs executed without an agent, in processes of their own; against a real server."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest

from prefect import Flow, context, task
from prefect.backend import FlowRunView
from prefect.backend.execution import (
    execute_flow_run,
    execute_flow_run_from_environment,
    execute_flow_run_in_subprocess,
)
from prefect.client import Client
from prefect.run_configs import UniversalRun
from prefect.storage import Local
from prefect.storage.loading import extract_flow_from_file
from prefect.utilities.configuration import set_temporary_config

pytestmark = pytest.mark.process

PROJECT = "execution"

FLOWS = textwrap.dedent(
    """
    import os, time
    from datetime import timedelta
    from prefect import Flow, Parameter, context, task

    @task
    def say(name):
        context.logger.info("hello %s", name)
        return name

    @task
    def die():
        os._exit(7)

    @task
    def debug():
        breakpoint()

    @task
    def wait(folder):
        open(os.path.join(folder, "started"), "w").close()
        while not os.path.exists(os.path.join(folder, "go on")):
            time.sleep(0.02)

    with Flow("says hello") as says_hello:
        say(Parameter("name", default="world"))
    with Flow("dies") as dies:
        die()
    with Flow("stops in the debugger") as stops:
        debug()
    with Flow("waits") as waits:
        wait(Parameter("folder"))
    """
)


@pytest.fixture(scope="module")
def script(server):
    path = server.folder / "execution_flows.py"
    path.write_text(FLOWS)
    Client().create_project(PROJECT)
    return path


@pytest.fixture
def create(client, script):
    def create(name, /, **parameters):
        flow = extract_flow_from_file(file_path=str(script), flow_name=name)
        flow.storage = Local(path=str(script), stored_as_script=True)
        flow.run_config, flow.result = UniversalRun(), flow.storage.result
        flow_id = client.register(flow, PROJECT, no_url=True)
        return client.create_flow_run(flow_id=flow_id, labels=["nobody"], parameters=parameters)

    return create


def wait_for(what, probe):
    """Another process gives no event to wait for."""
    end = time.monotonic() + 30
    while not (found := probe()):
        assert time.monotonic() < end, f"not in time: {what}"
        time.sleep(0.02)
    return found


def test_a_run_is_executed_to_its_end(create):
    view = execute_flow_run_in_subprocess(create("says hello", name="you"))

    assert view.state.is_successful()
    assert view.get_task_run("say-1").get_result() == "you"


def test_a_run_that_was_executed_is_not_executed_again(create):
    run_id = create("says hello")
    execute_flow_run_in_subprocess(run_id)

    with pytest.raises(RuntimeError, match="Cannot execute flow run unless it is in a 'Scheduled' state"):
        execute_flow_run_in_subprocess(run_id)


def test_a_process_that_dies_fails_its_run(create):
    run_id = create("dies")

    with pytest.raises(RuntimeError, match=r"The flow run process failed\."):
        execute_flow_run_in_subprocess(run_id)

    state = FlowRunView.from_flow_run_id(run_id).state
    assert state.is_failed()
    assert "exit code 7" in state.message


def test_a_run_can_be_executed_in_this_process(create):
    view = execute_flow_run(create("says hello"))

    assert view.state.is_successful()
    assert [type(state).__name__ for state in view.states] == ["Scheduled", "Running", "Success"]


EXECUTE = "import sys; from prefect.backend.execution import *; execute_flow_run_in_subprocess(sys.argv[1])"


def test_an_interrupt_fails_the_run(server, create, tmp_path):
    run_id = create("waits", folder=str(tmp_path))
    process = subprocess.Popen(
        [sys.executable, "-c", EXECUTE, run_id],
        env={**os.environ, **server.settings},
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    wait_for("start", (tmp_path / "started").exists)

    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=30)

    assert b"KeyboardInterrupt" in errors
    state = FlowRunView.from_flow_run_id(run_id).state
    assert state.is_failed()
    assert state.message == "Flow run received an interrupt signal."


def test_a_debugger_works_in_a_task(server, create):
    run_id = create("stops in the debugger")

    done = subprocess.run(
        [sys.executable, "-c", EXECUTE, run_id],
        env={**os.environ, **server.settings},
        input="p 6 * 7\nc\n",
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.returncode == 0, done.stderr
    assert "(Pdb)" in done.stdout
    assert "42" in done.stdout
    assert FlowRunView.from_flow_run_id(run_id).state.is_successful()


@pytest.mark.parametrize("mode", ["process", "thread"])
def test_heartbeats_arrive_while_a_run_works_and_end_with_it(create, client, tmp_path, mode):
    run_id = create("waits", folder=str(tmp_path))

    def heartbeat():
        document = "query($id: uuid!) { flow_run_by_pk(id: $id) { heartbeat } }"
        return client.ask(document, id=run_id)["flow_run_by_pk"]["heartbeat"]

    settings = {"PREFECT__CLOUD__HEARTBEAT_MODE": mode, "PREFECT__CLOUD__HEARTBEAT_INTERVAL": "0.2"}
    with set_temporary_config({}):
        environ = {**os.environ, **settings, "PREFECT__CLOUD__API": client.api_server, "PREFECT__BACKEND": "server"}
        process = subprocess.Popen([sys.executable, "-c", EXECUTE, run_id], env=environ)
        wait_for("start", (tmp_path / "started").exists)
        first = wait_for("heartbeat", heartbeat)
        wait_for("another heartbeat", lambda: heartbeat() > first)
        (tmp_path / "go on").touch()
        assert process.wait(30) == 0
    assert FlowRunView.from_flow_run_id(run_id).state.is_successful()


def test_the_process_of_the_heartbeat_ends_with_a_killed_run(create, client, server, tmp_path):
    import psutil

    run_id = create("waits", folder=str(tmp_path))
    environ = {
        **os.environ,
        **server.settings,
        "PREFECT__CONTEXT__FLOW_RUN_ID": run_id,
        "PREFECT__CLOUD__HEARTBEAT_INTERVAL": "0.2",
        "PREFECT__ENGINE__FLOW_RUNNER__DEFAULT_CLASS": "prefect.engine.cloud.CloudFlowRunner",
    }
    process = subprocess.Popen([sys.executable, "-m", "prefect", "execute", "flow-run"], env=environ)
    [heart] = wait_for("the heartbeat's process", psutil.Process(process.pid).children)

    process.kill()
    process.wait()

    _, alive = psutil.wait_procs([heart], timeout=60)
    assert alive == []


SLOW_TO_LOAD = """
import os, time

from prefect import Flow, task
from prefect.client import Client

# Ends with the first heartbeat that arrives after the loading began.
asked = "{ flow_run_by_pk(id: \\"%s\\") { heartbeat } }" % os.environ["PREFECT__CONTEXT__FLOW_RUN_ID"]
end = time.monotonic() + 30
while Client().graphql(asked)["data"]["flow_run_by_pk"]["heartbeat"] is None:
    assert time.monotonic() < end, "no heartbeat while the flow is loaded"
    time.sleep(0.02)

with Flow("slow to load") as flow:
    task(lambda: None, name="nothing")()
"""


def test_a_process_beats_while_its_flow_is_loaded(client, script, server, monkeypatch):
    path = server.folder / "slow_to_load.py"
    path.write_text(SLOW_TO_LOAD)
    with Flow("slow to load") as flow:
        task(lambda: None, name="nothing")()
    flow.storage = Local(path=str(path), stored_as_script=True)
    flow.storage.add_flow(flow)
    flow.run_config, flow.result = UniversalRun(), flow.storage.result
    flow_id = client.register(flow, PROJECT, build=False, no_url=True)
    run_id = client.create_flow_run(flow_id=flow_id, labels=["nobody"])
    monkeypatch.setenv("PREFECT__CONTEXT__FLOW_RUN_ID", run_id)
    monkeypatch.setattr("prefect.contract.limits.HEARTBEAT_SECONDS", 0.05)

    runner = {"engine.flow_runner.default_class": "prefect.engine.cloud.CloudFlowRunner"}
    with set_temporary_config(runner), context(flow_run_id=run_id):
        execute_flow_run_from_environment()

    assert FlowRunView.from_flow_run_id(run_id).state.is_successful()
