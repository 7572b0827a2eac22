"""The process that watches a flow run's process depends on nothing that the run's own code can hold up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from prefect.client import Client
from prefect.core.flow import Flow
from prefect.engine.cloud.watcher import watched
from prefect.model.state import Success
from prefect.run_configs import UniversalRun
from prefect.storage import Local
from prefect.storage.loading import extract_flow_from_file
from prefect.utilities.configuration import set_temporary_config
from support.agents import running_agent
from support.servers import ServerProcess

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(sys.platform != "linux", reason="needs PyDLL(None) and /proc as on Linux"),
]

PROJECT = "watched"

FLOWS = textwrap.dedent(
    """
    import ctypes, os, signal, subprocess, time
    from datetime import timedelta
    from pathlib import Path
    from prefect import Flow, context, task

    HERE = Path({folder!r})

    def hold_the_interpreter():
        "Wait for a byte inside a C call that holds the interpreter's lock: no thread of this process can run."
        gate = os.open(HERE / "gate", os.O_RDWR)
        (HERE / "pid.new").write_text(str(os.getpid()))
        os.rename(HERE / "pid.new", HERE / "pid")
        ctypes.PyDLL(None).read(gate, ctypes.create_string_buffer(1), 1)

    @task
    def hold():
        context.logger.info("the last line before")
        hold_the_interpreter()

    @task
    def refuse():
        "Go on whatever is asked of it, with a child that does the same."
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        child = subprocess.Popen(["sleep", "600"])
        (HERE / "child").write_text(str(child.pid))
        (HERE / "pid.new").write_text(str(os.getpid()))
        os.rename(HERE / "pid.new", HERE / "pid")
        while True:
            time.sleep(0.02)

    @task
    def talk():
        "Write a line in the last moment before the end."
        context.logger.info("the first line")
        time.sleep({pause})
        context.logger.info("the last line before")
        os.kill(os.getpid(), signal.SIGKILL)

    @task(max_retries=1, retry_delay=timedelta(0))
    def wait():
        (HERE / "pid.new").write_text(str(os.getpid()))
        os.rename(HERE / "pid.new", HERE / "pid")
        while not (HERE / "go on").exists():
            time.sleep(0.02)

    with Flow("holds") as holds:
        hold()
    with Flow("waits") as waits:
        wait()
    with Flow("refuses") as refuses:
        refuse()
    with Flow("talks") as talks:
        talk()
    """
)
LOADS_SLOWLY = "\n".join([FLOWS, "if 'PREFECT__CONTEXT__FLOW_RUN_ID' in os.environ:", "    hold_the_interpreter()"])


class Stage:
    """A folder with flows, and what is known of their runs."""

    def __init__(self, client: Client, server: ServerProcess, folder: Path) -> None:
        self.client = client
        self.server = server
        self.folder = folder
        os.mkfifo(folder / "gate")
        self._gate = os.open(folder / "gate", os.O_RDWR)

    def run_of(self, name: str, text: str = FLOWS, labels: list[str] | None = None, pause: float = 0) -> str:
        """Create a run of one of the flows; none but an agent with its labels takes it."""
        path = self.folder / "flows.py"
        path.write_text(text.format(folder=str(self.folder), pause=pause))
        flow: Flow = extract_flow_from_file(file_path=str(path), flow_name=name)
        flow.storage = Local(path=str(path), stored_as_script=True)
        flow.run_config, flow.result = UniversalRun(), flow.storage.result
        flow_id = self.client.register(flow, PROJECT, no_url=True)
        return str(self.client.create_flow_run(flow_id=flow_id, labels=labels or ["nobody"]))

    def execute(self, run_id: str, *before: str, **settings: str) -> subprocess.Popen[bytes]:
        """Start the process that an agent or a container would start; ``before`` is a command that starts it."""
        environ = {
            **os.environ,
            **self.server.settings,
            "PREFECT__CONTEXT__FLOW_RUN_ID": run_id,
            "PREFECT__CONTEXT__RUN_PROCESS": f"{run_id}/of-this-test",
            "PREFECT__CLOUD__HEARTBEAT_INTERVAL": "0.2",
            "PREFECT__ENGINE__FLOW_RUNNER__DEFAULT_CLASS": "prefect.engine.cloud.CloudFlowRunner",
            **settings,
        }
        return subprocess.Popen(
            [*before, sys.executable, "-m", "prefect", "execute", "flow-run"],
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def pid(self) -> int:
        """Wait until a run is where it waits, and give its process."""
        path = self.folder / "pid"
        wait_for("the run to reach its gate", path.exists)
        return int(path.read_text())

    def release(self) -> None:
        os.write(self._gate, b"!")
        (self.folder / "go on").touch()

    def heartbeat(self, run_id: str) -> str | None:
        document = "query($id: uuid!) { flow_run_by_pk(id: $id) { heartbeat } }"
        beat: str | None = self.client.ask(document, id=run_id)["flow_run_by_pk"]["heartbeat"]
        return beat

    def wait_for_beats(self, run_id: str, count: int = 3) -> None:
        """Wait for so many heartbeats that were not sent before now."""
        seen = {self.heartbeat(run_id)}
        wait_for("heartbeats", lambda: seen.add(self.heartbeat(run_id)) or len(seen) > count)

    def messages(self, run_id: str) -> list[str]:
        document = "query($id: uuid!) { flow_run_by_pk(id: $id) { logs(order_by: {timestamp: asc}) { message } } }"
        return [row["message"] for row in self.client.ask(document, id=run_id)["flow_run_by_pk"]["logs"]]

    def states(self, run_id: str) -> list[str]:
        document = "query($id: uuid!) { flow_run_by_pk(id: $id) { states(order_by: {version: asc}) { state } } }"
        return [row["state"] for row in self.client.ask(document, id=run_id)["flow_run_by_pk"]["states"]]


@pytest.fixture
def stage(client: Client, server: ServerProcess, tmp_path: Path) -> Iterator[Stage]:
    client.create_project(PROJECT)
    stage = Stage(client, server, tmp_path)
    yield stage
    stage.release()
    os.close(stage._gate)


def wait_for(what: str, probe: Callable[[], Any], seconds: float = 60) -> Any:
    """Another process gives no event to wait for."""
    end = time.monotonic() + seconds
    while not (found := probe()):
        assert time.monotonic() < end, f"not in time: {what}"
        time.sleep(0.02)
    return found


@pytest.mark.parametrize("text", [FLOWS, LOADS_SLOWLY], ids=["in its first task", "while its flow is loaded"])
def test_a_run_that_holds_the_interpreter_from_its_first_line_goes_on_beating(stage, text):
    run_id = stage.run_of("holds" if text is FLOWS else "waits", text)
    process = stage.execute(run_id)
    assert stage.pid() == process.pid

    stage.wait_for_beats(run_id)

    stage.release()
    process.communicate(timeout=60)
    assert stage.states(run_id) == ["Scheduled", "Running", "Success"]


@pytest.mark.parametrize("mode", [(), ("--warm",)], ids=["fresh", "warm"])
def test_a_run_of_an_agent_that_holds_the_interpreter_goes_on_beating(stage, server, mode):
    with running_agent(server, stage.folder, *mode, "--label", "here", PREFECT__CLOUD__HEARTBEAT_INTERVAL="0.2"):
        run_id = stage.run_of("holds", labels=["here"])
        stage.pid()

        stage.wait_for_beats(run_id)

        stage.release()
        wait_for("the end of the run", lambda: stage.states(run_id)[-1] == "Success")
    assert stage.states(run_id) == ["Scheduled", "Submitted", "Running", "Success"]


@pytest.mark.parametrize("mode", [(), ("--warm",)], ids=["fresh", "warm"])
def test_an_agent_tells_how_the_process_of_a_run_ended(stage, server, client, mode):
    with running_agent(server, stage.folder, *mode, "--label", "here"):
        run_id = stage.run_of("waits", labels=["here"])
        pid = stage.pid()
        os.unlink(stage.folder / "pid")

        os.kill(pid, signal.SIGKILL)

        assert stage.pid() != pid  # started again, without waiting for its silence
        stage.release()
        wait_for("the end of the run", lambda: stage.states(run_id)[-1] in ("Success", "Failed"))
    how = "The process of this flow run was killed by SIGKILL"
    document = "query($id: uuid!) { flow_run_by_pk(id: $id) { task_runs { states { message } } } }"
    [task_run] = client.ask(document, id=run_id)["flow_run_by_pk"]["task_runs"]
    assert any(state["message"].startswith(how) for state in task_run["states"])
    assert any(message.startswith(how) for message in stage.messages(run_id))


IN_A_PROCESS_OF_ITS_OWN = "from prefect.backend.execution import *; execute_flow_run_in_subprocess({0!r})"
IN_A_PROCESS_WITH_THREADS = """
import threading
from prefect.backend.execution import execute_flow_run
from prefect.storage.loading import extract_flow_from_file
threading.Thread(target=threading.Event().wait, daemon=True).start()
execute_flow_run({0!r})
"""


@pytest.mark.parametrize("how", [IN_A_PROCESS_OF_ITS_OWN, IN_A_PROCESS_WITH_THREADS], ids=["--execute", "in process"])
def test_a_run_without_an_agent_that_holds_the_interpreter_goes_on_beating(stage, server, how):
    run_id = stage.run_of("holds")
    settings = {**os.environ, **server.settings, "PREFECT__CLOUD__HEARTBEAT_INTERVAL": "0.2"}
    process = subprocess.Popen([sys.executable, "-c", how.format(run_id)], env=settings, stdin=subprocess.DEVNULL)
    stage.pid()

    stage.wait_for_beats(run_id)

    stage.release()
    assert process.wait(60) == 0
    assert stage.states(run_id) == ["Scheduled", "Running", "Success"]


def test_a_stopped_process_is_alive(stage):
    run_id = stage.run_of("waits")
    process = stage.execute(run_id)
    os.kill(stage.pid(), signal.SIGSTOP)
    wait_for("the stop", lambda: psutil.Process(process.pid).status() == psutil.STATUS_STOPPED)

    stage.wait_for_beats(run_id)

    os.kill(process.pid, signal.SIGCONT)
    stage.release()
    process.communicate(timeout=60)
    assert stage.states(run_id)[-1] == "Success"


def test_nothing_of_a_killed_run_is_left(stage):
    process = stage.execute(stage.run_of("holds"))
    stage.pid()
    [watcher] = psutil.Process(process.pid).children()

    process.kill()

    # The end of its output comes when nobody holds that any more.
    process.communicate(timeout=30)
    _, alive = psutil.wait_procs([watcher], timeout=30)
    assert alive == []


def test_a_signal_to_the_group_of_a_run_does_not_reach_its_watcher(stage):
    process = stage.execute(stage.run_of("waits"))
    stage.pid()

    [watcher] = psutil.Process(process.pid).children()

    assert os.getpgid(watcher.pid) != os.getpgid(process.pid)
    assert os.getsid(watcher.pid) != os.getsid(process.pid)
    stage.release()
    process.communicate(timeout=60)


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_a_watcher_is_not_ended_before_its_run(stage, by):
    run_id = stage.run_of("waits")
    process = stage.execute(run_id)
    stage.pid()
    [watcher] = psutil.Process(process.pid).children()

    os.kill(watcher.pid, by)

    stage.wait_for_beats(run_id)
    assert watcher.is_running()
    stage.release()
    process.communicate(timeout=60)


def test_a_watcher_that_is_killed_is_replaced(stage):
    run_id = stage.run_of("waits")
    process = stage.execute(run_id)
    stage.pid()
    [watcher] = psutil.Process(process.pid).children()

    watcher.kill()

    stage.wait_for_beats(run_id)
    assert watcher.pid not in [child.pid for child in psutil.Process(process.pid).children()]
    stage.release()
    process.communicate(timeout=60)
    assert stage.states(run_id)[-1] == "Success"


def test_a_watcher_ends_with_its_block_and_is_reaped(server):
    with set_temporary_config({"cloud.heartbeat_mode": "process"}), watched("some-run") as watcher:
        assert psutil.pid_exists(watcher._process.pid)

    assert not psutil.pid_exists(watcher._process.pid)


def test_an_inner_block_for_the_same_run_has_the_same_watcher(server):
    with watched("some-run") as outer:
        with watched("some-run") as inner:
            assert inner is outer
        with watched("another-run") as other:
            assert other is not outer
        assert psutil.pid_exists(outer._process.pid)


FORKS = """
import os
from prefect.engine.cloud.watcher import watched
from prefect.model.state import Success

with watched("some-run") as watcher:
    child = os.fork()
    if not child:
        watcher.stop()
        os._exit(0)
    os.waitpid(child, 0)
    print(os.waitpid(watcher._process.pid, os.WNOHANG))
"""


def test_a_forked_process_does_not_end_the_watch_of_its_parent(server):
    done = subprocess.run(
        [sys.executable, "-c", FORKS], env={**os.environ, **server.settings}, capture_output=True, text=True, timeout=60
    )

    assert done.stdout == "(0, 0)\n", done.stderr


@pytest.mark.parametrize("mode", ["thread", "off"])
def test_other_modes_have_no_process(server, mode):
    with set_temporary_config({"cloud.heartbeat_mode": mode}), watched("some-run") as watcher:
        assert watcher is None


def test_a_run_whose_watcher_cannot_be_started_beats_by_a_thread(stage, client, monkeypatch):
    from prefect.engine.cloud.heartbeat import Heartbeat

    def refuse(*_: object, **__: object) -> None:
        raise OSError("no more processes")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    monkeypatch.setattr(os, "fork", refuse)
    run_id = stage.run_of("waits")

    with Heartbeat(client, run_id, interval_seconds=0.05) as heartbeat:
        assert heartbeat.watcher is None
        stage.wait_for_beats(run_id)


def test_log_lines_leave_while_a_run_holds_the_interpreter(stage):
    run_id = stage.run_of("holds")
    process = stage.execute(run_id)
    stage.pid()

    wait_for("the line", lambda: "the last line before" in stage.messages(run_id))
    assert "Task 'hold': Starting task run..." in stage.messages(run_id)

    stage.release()
    process.communicate(timeout=60)
    messages = stage.messages(run_id)
    assert sorted(set(messages)) == sorted(messages)


@pytest.mark.parametrize("pause", [0, 2], ids=["at once", "after some were sent"])
def test_the_last_lines_of_a_killed_run_are_kept_and_none_comes_twice(stage, pause):
    run_id = stage.run_of("talks", pause=pause)
    process = stage.execute(run_id)
    process.communicate(timeout=60)

    assert process.returncode == -signal.SIGKILL
    wait_for("the last line", lambda: "the last line before" in stage.messages(run_id))
    messages = stage.messages(run_id)
    assert messages.count("Task 'talk': Starting task run...") == 1
    assert messages.count("the first line") == 1
    assert messages[-1] == "the last line before"


SOON = {"PREFECT__CLOUD__CANCELLATION_GRACE_SECONDS": "0.5"}


@pytest.mark.parametrize("name", ["refuses", "holds"])
def test_a_run_that_does_not_stop_when_it_is_cancelled_is_ended_by_force(stage, client, name):
    run_id = stage.run_of(name)
    process = stage.execute(run_id, **SOON)
    stage.pid()

    assert client.cancel_flow_run(run_id) == "Cancelling"

    process.communicate(timeout=60)
    assert process.returncode in (-signal.SIGTERM, -signal.SIGKILL)
    wait_for("the end of the run", lambda: stage.states(run_id)[-1] == "Cancelled")
    assert stage.states(run_id)[-2:] == ["Cancelling", "Cancelled"]
    document = "query($id: uuid!) { flow_run_by_pk(id: $id) { state_message task_runs { state } } }"
    run = client.ask(document, id=run_id)["flow_run_by_pk"]
    assert "ended by force" in run["state_message"]
    assert {task_run["state"] for task_run in run["task_runs"]} == {"Cancelled"}
    assert any("cancellation_grace_seconds" in message for message in stage.messages(run_id))


def test_what_a_run_has_started_ends_by_force_with_it(stage, client):
    run_id = stage.run_of("refuses")
    process = stage.execute(run_id, **SOON)
    stage.pid()
    child = psutil.Process(int((stage.folder / "child").read_text()))

    client.cancel_flow_run(run_id)

    process.communicate(timeout=60)
    psutil.wait_procs([child], timeout=30)
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE


def test_a_run_that_somebody_else_has_ended_is_stopped_by_force_too_and_stays_as_it_is(stage, client):
    run_id = stage.run_of("holds")
    process = stage.execute(run_id, **SOON)
    stage.pid()

    client.set_flow_run_state(run_id, Success("by hand"))

    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGTERM
    assert stage.states(run_id)[-1] == "Success"


def test_without_a_grace_nothing_is_ended_by_force(stage, client):
    run_id = stage.run_of("refuses")
    process = stage.execute(run_id, PREFECT__CLOUD__CANCELLATION_GRACE_SECONDS="0")
    stage.pid()

    client.cancel_flow_run(run_id)

    stage.wait_for_beats(run_id, 8)
    assert process.poll() is None
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)


def test_a_process_that_has_settled_its_run_has_time_to_end(stage):
    run_id = stage.run_of("waits", FLOWS + LINGERS)
    process = stage.execute(run_id, **SOON)
    stage.pid()
    stage.release()
    wait_for("the end of the run", lambda: stage.states(run_id)[-1] == "Success")

    wait_for("the end of its process", (stage.folder / "lingered").exists)

    process.communicate(timeout=60)
    assert process.returncode == 0


# Its handlers go on for longer than the grace after its run has ended.
LINGERS = """
def linger(flow, old, new):
    if new.is_finished():
        from prefect.client import Client
        Client().set_flow_run_state(context.flow_run_id, new)
        time.sleep(4)
        (HERE / "lingered").touch()
    return new

waits.state_handlers.append(linger)
"""


# As in a container: the command is process 1.
AS_PROCESS_1 = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc")


@pytest.fixture
def as_process_1():
    try:
        done = subprocess.run([*AS_PROCESS_1, "true"], capture_output=True, text=True, timeout=30)
    except FileNotFoundError:
        pytest.skip("no unshare here")
    if done.returncode:
        pytest.skip(f"no process namespaces here: {done.stderr}")
    return AS_PROCESS_1


def test_a_container_whose_run_is_killed_tells_of_it_and_ends_with_its_code(stage, client, as_process_1):
    run_id = stage.run_of("talks")
    process = stage.execute(run_id, *as_process_1)
    process.communicate(timeout=60)

    assert process.returncode == 128 + signal.SIGKILL
    assert "the last line before" in stage.messages(run_id)
    how = "The process of this flow run was killed by SIGKILL"
    assert any(message.startswith(how) for message in stage.messages(run_id))
    assert stage.states(run_id)[-1] == "Scheduled"


def test_a_run_in_a_container_is_ended_by_force_too(stage, client, as_process_1):
    run_id = stage.run_of("holds")
    process = stage.execute(run_id, *as_process_1, **SOON)
    stage.pid()

    client.cancel_flow_run(run_id)

    process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGTERM
    assert stage.states(run_id)[-2:] == ["Cancelling", "Cancelled"]


def test_a_container_can_be_told_to_end(stage, as_process_1):
    process = stage.execute(stage.run_of("waits"), *as_process_1)
    stage.pid()
    [first] = psutil.Process(process.pid).children()

    os.kill(first.pid, signal.SIGTERM)

    process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGTERM


def test_a_container_ends_well_with_its_run(stage, as_process_1):
    run_id = stage.run_of("waits")
    process = stage.execute(run_id, *as_process_1)
    stage.pid()

    stage.release()

    process.communicate(timeout=60)
    assert process.returncode == 0
    assert stage.states(run_id)[-1] == "Success"
