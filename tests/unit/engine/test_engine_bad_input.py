"""What goes wrong while a task runs ends that task run Failed with the cause; the flow run goes on by its rules."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import time

import pytest

from prefect.core.flow import Flow
from prefect.core.function import task
from prefect.engine.results import LocalResult
from prefect.engine.state import Failed, Success, TimedOut, TriggerFailed
from prefect.exceptions import TaskTimeoutSignal
from prefect.executors import LocalDaskExecutor
from prefect.triggers import all_finished


@task
def other():
    return "done"


@task(trigger=all_finished)
def after(x):
    return type(x).__name__


@task
def needs(x):
    return x


def run(broken, executor=None, **context):
    """Run a task with one beside it, one that needs it and one that follows whatever happens."""
    with Flow("f") as flow:
        first = broken()
        beside, needing, following = other(), needs(first), after(first)
    final = flow.run(executor=executor, context=context)
    assert final.is_failed()
    states = final.result
    assert type(states[beside]) is Success
    assert type(states[needing]) is TriggerFailed
    assert type(states[following]) is Success
    return states[first]


def raising(task, old, new):
    if new.is_successful():
        raise KeyError("handler")


def test_an_exception_in_a_state_handler_fails_the_task_run():
    state = run(task(lambda: 1, name="broken", state_handlers=[raising]))
    assert type(state) is Failed
    assert state.message == "Unexpected error while calling state handlers: KeyError('handler')"
    assert isinstance(state.result, KeyError)


@pytest.mark.parametrize("answer", ["no state", 1, True], ids=repr)
def test_a_handler_that_gives_no_state_fails_the_task_run_and_is_named(answer):
    def odd(task, old, new):
        return answer

    state = run(task(lambda: 1, name="broken", state_handlers=[odd]))
    assert type(state) is Failed
    assert "'odd'" in state.message
    assert "<Task: broken>" in state.message


def test_a_result_that_cannot_be_pickled_fails_the_task_run(tmp_path):
    broken = task(lambda: (x for x in ()), name="broken", result=LocalResult(dir=str(tmp_path)))
    state = run(broken, checkpointing=True)
    assert type(state) is Failed
    assert "generator" in state.message
    assert isinstance(state.result, TypeError)
    assert list(tmp_path.iterdir()) == []


def test_a_result_that_cannot_be_pickled_stays_in_memory_without_a_place():
    with Flow("f") as flow:
        made = task(lambda: (x for x in (1, 2)), name="made")()
        taken = task(lambda x: list(x), name="taken")(made)
    assert flow.run().result[taken].result == [1, 2]


def test_a_full_disk_fails_the_task_run_and_nothing_half_written_is_taken_for_a_value(tmp_path):
    script = f"""
        import resource
        from prefect import Flow, task, triggers
        from prefect.engine.results import LocalResult
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
        kept = LocalResult(dir={str(tmp_path)!r}, location="{{task_name}}.bin")
        @task(result=kept, target="big.bin", checkpoint=True)
        def big():
            return b"x" * 100_000
        @task(result=kept, checkpoint=True)
        def small():
            return 1
        @task(trigger=triggers.all_finished)
        def after(x):
            return type(x).__name__
        with Flow("f") as flow:
            first, beside = big(), small()
            following = after(first)
        for _ in range(2):
            states = flow.run().result
            print([type(states[t]).__name__ for t in (first, beside, following)], states[first].message)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        env={
            "HOME": str(tmp_path / "home"),
            "PREFECT__FLOWS__CHECKPOINTING": "true",
            "PREFECT__LOGGING__LEVEL": "CRITICAL",
            # The size limit of the script would cut the package's compiled files too.
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 2
    for line in lines:
        assert line.startswith("['Failed', 'Success', 'Success'] Unexpected error: OSError(27, 'File too large'")
    assert (tmp_path / "small.bin").exists()
    assert not (tmp_path / "big.bin").exists()


def test_a_timeout_in_a_thread_ends_the_task_run_timed_out():
    ended = []
    state = run(
        task(lambda: (time.sleep(30), ended.append(True)), name="broken", timeout=1),
        executor=LocalDaskExecutor(scheduler="threads", num_workers=2),
    )
    assert type(state) is TimedOut
    assert state.message == "Task timed out during execution."
    assert isinstance(state.result, TaskTimeoutSignal)
    assert ended == []
