"""Work in processes of our own: their pipes, signals and ends, and what tasks in them leave behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import cloudpickle
import pytest

from prefect import Flow, task, triggers
from prefect.engine.timeouts import run_with_multiprocess_timeout
from prefect.exceptions import TaskTimeoutSignal
from prefect.executors import LocalDaskExecutor
from prefect.executors.processes import CannotTravel, ProcessDied, WorkerProcess, ending_of

pytestmark = pytest.mark.process
cloudpickle.register_pickle_by_value(sys.modules[__name__])

PROCESSES = LocalDaskExecutor("processes", num_workers=2)


@pytest.fixture
def worker() -> Any:
    made = WorkerProcess()
    yield made
    made.close()


def left_behind(path: Path) -> None:
    """End the processes whose ids were written into the folder."""
    for file in path.iterdir():
        os.kill(int(file.read_text()), signal.SIGKILL)


# --- stdin and pipes --------------------------------------------------------------------------------------------------


def read_input() -> str:
    try:
        return input()
    except EOFError:
        return "empty"


def read_by_program() -> tuple[int, bytes]:
    done = subprocess.run(["cat"], capture_output=True)
    return done.returncode, done.stdout


def test_stdin_of_a_worker_is_empty_for_it_and_for_what_it_starts(worker: WorkerProcess) -> None:
    assert worker.call(read_input, (), {}) == "empty"
    assert worker.call(read_by_program, (), {}) == (0, b"")
    assert worker.call(max, (1, 2), {}) == 2


def fork_and_leave(path: str) -> str:
    child = os.fork()
    if child == 0:
        time.sleep(600)
        os._exit(0)
    Path(path, str(child)).write_text(str(child))
    return "done"


def start_and_leave(path: str) -> str:
    child = subprocess.Popen(["sleep", "600"], close_fds=False)
    Path(path, str(child.pid)).write_text(str(child.pid))
    child.returncode = 0  # not waited for
    return "done"


@pytest.mark.parametrize("leave", [fork_and_leave, start_and_leave], ids=lambda call: call.__name__)
def test_an_answer_does_not_wait_for_a_process_that_was_left_behind(leave: Any, tmp_path: Path) -> None:
    try:
        assert run_with_multiprocess_timeout(leave, (str(tmp_path),), timeout=100) == "done"
        worker = WorkerProcess()
        assert worker.call(leave, (str(tmp_path),), {}) == "done"
        assert worker.call(max, (1, 2), {}) == 2
        worker.close()
    finally:
        left_behind(tmp_path)


def fork_and_sleep(path: str) -> None:
    fork_and_leave(path)
    time.sleep(600)


def test_the_limit_holds_while_a_process_left_behind_keeps_the_pipes(tmp_path: Path) -> None:
    try:
        with pytest.raises(TaskTimeoutSignal):
            run_with_multiprocess_timeout(fork_and_sleep, (str(tmp_path),), timeout=2)
    finally:
        left_behind(tmp_path)


def fork_and_return() -> str:
    return "child" if os.fork() == 0 else "parent"


def test_a_forked_process_that_comes_back_from_the_call_answers_nothing(worker: WorkerProcess) -> None:
    assert [worker.call(fork_and_return, (), {}) for _ in range(3)] == ["parent"] * 3
    assert worker.call(max, (1, 2), {}) == 2


def test_large_calls_and_answers_pass(worker: WorkerProcess) -> None:
    data = os.urandom(5_000_000)
    assert worker.call(bytes, (data,), {}) == data


def test_a_worker_keeps_no_pipe_of_another(worker: WorkerProcess) -> None:
    others = [WorkerProcess() for _ in range(3)]
    try:
        for other in others:
            assert other.call(max, (1, 2), {}) == 2
        opened = worker.call(os.listdir, ("/proc/self/fd",), {}) if sys.platform == "linux" else ["0", "1", "2"]
        # stdin, stdout, stderr, the two pipes, and the folder that is being read.
        assert len(opened) <= 6
    finally:
        for other in others:
            other.close()


# --- what a worker sees -----------------------------------------------------------------------------------------------


def interrupt_a_program() -> int:
    program = subprocess.Popen(["sleep", "600"])
    program.send_signal(signal.SIGINT)
    return program.wait()


def test_programs_that_a_worker_starts_can_be_interrupted(worker: WorkerProcess) -> None:
    assert worker.call(interrupt_a_program, (), {}) == -signal.SIGINT
    assert worker.call(signal.getsignal, (signal.SIGINT,), {}) is signal.default_int_handler


def test_an_interrupt_between_two_calls_is_passed_over(worker: WorkerProcess) -> None:
    process = worker.call(os.getpid, (), {})
    os.kill(process, signal.SIGINT)
    assert worker.call(os.getpid, (), {}) == process


def interrupt_myself() -> None:
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(600)


def test_an_interrupt_during_a_call_interrupts_it(worker: WorkerProcess) -> None:
    with pytest.raises(KeyboardInterrupt):
        worker.call(interrupt_myself, (), {})
    assert worker.call(max, (1, 2), {}) == 2


SCRIPT = """
import sys, prefect
from prefect import Flow, task
from prefect.executors import LocalDaskExecutor

@task
def seen():
    import os, sys
    main = sys.modules["__main__"]
    return sys.argv, main.__file__, sys.path, os.environ.get("PYTHONPATH"), sys.flags.utf8_mode

if __name__ == "__main__":
    with Flow("f") as flow:
        result = seen()
    state = flow.run(executor=LocalDaskExecutor("processes", num_workers=1))
    import os
    expected = sys.argv, __file__, sys.path, os.environ.get("PYTHONPATH"), sys.flags.utf8_mode
    got = state.result[result].result
    assert got == expected, (got, expected)
"""


def test_a_worker_has_the_arguments_script_path_and_options_of_the_run(tmp_path: Path) -> None:
    script = tmp_path / "has a 'quote'.py"
    script.write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, "-X", "utf8=1", str(script), "--one", "two words"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


# --- ends -------------------------------------------------------------------------------------------------------------


def kill_myself(number: int) -> None:
    os.kill(os.getpid(), number)
    time.sleep(600)


@pytest.mark.parametrize(
    ("fn", "args", "text"),
    [
        (os._exit, (3,), "exit code 3"),
        (kill_myself, (signal.SIGKILL,), r"signal 9, SIGKILL; .*memory"),
        (kill_myself, (signal.SIGTERM,), r"signal 15, SIGTERM\)"),
    ],
    ids=["exit", "kill", "term"],
)
def test_the_end_of_a_process_is_told_as_what_it_was(fn: Any, args: Any, text: str, worker: WorkerProcess) -> None:
    with pytest.raises(ProcessDied, match=text):
        worker.call(fn, args, {})
    assert worker.call(max, (1, 2), {}) == 2
    with pytest.raises(RuntimeError, match=f"Task 'big': the process of the call ended with .*{text}"):
        run_with_multiprocess_timeout(fn, args, timeout=100, name="Task 'big'")


def test_each_end_has_a_text() -> None:
    assert ending_of(0) == "exit code 0"
    assert ending_of(-4000) == "exit code -4000 (signal 4000, an unknown signal)"


def test_a_worker_ends_with_whoever_started_it() -> None:
    script = (
        "import os; from prefect.executors.processes import WorkerProcess; worker = WorkerProcess(); "
        "print(worker.call(os.getpid, (), {}), flush=True); os._exit(0)"
    )
    pid = int(subprocess.run([sys.executable, "-c", script], capture_output=True, check=True).stdout)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    pytest.fail("the worker lives on")


# --- what cannot travel -----------------------------------------------------------------------------------------------


class NeverPickled:
    def __reduce__(self) -> Any:
        raise ValueError("not this one")


def test_what_cannot_be_pickled_leaves_the_worker_usable(worker: WorkerProcess) -> None:
    with pytest.raises(CannotTravel, match="what the call is given: ValueError"):
        worker.call(max, (NeverPickled(), 1), {})
    with pytest.raises(CannotTravel, match=r"result of type 'lock' .*cannot pickle"):
        worker.call(threading.Lock, (), {})
    assert worker.call(max, (1, 2), {}) == 2


class OwnArguments(Exception):
    def __init__(self, code: int, body: str) -> None:
        super().__init__(f"{code}: {body}")
        self.code = code
        self.lock = threading.Lock()


@task
def lock() -> Any:
    return threading.Lock()


@task
def killed() -> None:
    kill_myself(signal.SIGKILL)


@task
def one() -> int:
    return 1


@task
def use(x: Any) -> Any:
    return x


@task
def fail() -> None:
    try:
        raise KeyError("inner")
    except KeyError as error:
        raise OwnArguments(404, "gone") from error


@task(trigger=triggers.all_finished)
def class_of(x: Any) -> str:
    return type(x).__name__


@task(max_retries=1, retry_delay=timedelta(0))
def killed_once(path: str) -> str:
    if not os.path.exists(path):
        Path(path).touch()
        kill_myself(signal.SIGKILL)
    return "second"


def test_a_lost_call_fails_its_task_by_name_and_nothing_else(tmp_path: Path) -> None:
    seen: list[tuple[str, str]] = []

    def watch(task: Any, old: Any, new: Any) -> None:
        seen.append((task.name, type(new).__name__))

    with Flow("f") as flow:
        a, b, c, d, e = lock(), killed(), one(), use(NeverPickled()), killed_once(str(tmp_path / "mark"))
        after, beside = use(a), use(c)
        mapped = use.map([1, NeverPickled()])
    b.state_handlers.append(watch)
    state = flow.run(executor=PROCESSES)

    assert state.is_failed()
    texts = {t: (type(state.result[t]).__name__, state.result[t].message) for t in (a, b, d, mapped)}
    assert all(kind == "Failed" for kind, _ in texts.values())
    assert texts[a][1].startswith("Task 'lock' failed: CannotTravel: Failed to pickle result")
    assert "cannot pickle '_thread.lock' object" in texts[a][1]
    assert texts[b][1].startswith("Task 'killed' failed: ProcessDied: A worker process died with")
    assert texts[d][1] == "Task 'use' failed: CannotTravel: Failed to pickle what the call is given: " + (
        "ValueError('not this one')"
    )
    assert ("killed", "Failed") in seen
    assert (state.result[e].result, state.result[beside].result) == ("second", 1)
    assert type(state.result[after]).__name__ == "TriggerFailed"


def test_what_a_task_raised_arrives_in_the_state_and_downstream() -> None:
    with Flow("f") as flow:
        raised = fail()
        known = class_of(raised)
    state = flow.run(executor=PROCESSES)
    error = state.result[raised].result

    assert (type(error), error.code, repr(error.__cause__)) == (OwnArguments, 404, "KeyError('inner')")
    assert error.__traceback__ is not None
    assert state.result[raised].message == "Error during execution of task: OwnArguments('404: gone')"
    assert state.result[known].result == "OwnArguments"


def test_what_a_task_with_a_limit_raised_arrives() -> None:
    with Flow("f") as flow:
        raised = fail(task_args={"timeout": 100})
        killed(task_args={"timeout": 100})
    state = flow.run(executor=LocalDaskExecutor(num_workers=2))
    error = state.result[raised].result

    assert (type(error), error.code, repr(error.__cause__)) == (OwnArguments, 404, "KeyError('inner')")
    (other,) = (s for t, s in state.result.items() if t.name == "killed")
    assert type(other).__name__ == "Failed"
    assert "SIGKILL" in other.message


class Frame:
    """As a table: a length, and elements by names only."""

    def __len__(self) -> int:
        return 2

    def __getitem__(self, key: Any) -> Any:
        return {"a": 1, "b": 2}[key]


class LastIsMissing(Frame):
    def __getitem__(self, key: Any) -> Any:
        return [1][key]


@pytest.mark.parametrize("kind", [Frame, LastIsMissing], ids=lambda kind: kind.__name__)
def test_a_value_that_gives_no_elements_fails_the_task_that_maps_over_it(kind: type) -> None:
    source = task(kind, name="source")
    with Flow("f") as flow:
        mapped = use.map(source())
        other = one()
    state = flow.run()

    assert type(state.result[mapped]).__name__ == "Failed"
    assert state.result[mapped].message.startswith("Task 'use' failed: ")
    assert state.result[other].result == 1
