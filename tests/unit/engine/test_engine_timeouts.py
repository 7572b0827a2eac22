"""Tasks that take too long, in the main thread, in others and in processes."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import cloudpickle
import pytest

from prefect import Flow, context, task
from prefect.engine import signals
from prefect.engine.state import Failed, Skipped, Success, TimedOut
from prefect.exceptions import TaskTimeoutSignal
from prefect.executors import LocalDaskExecutor
from prefect.utilities.executors import (
    RecursiveCall,
    run_with_multiprocess_timeout,
    run_with_thread_timeout,
    tail_recursive,
)

LONG = 120

# Tasks of this file go to other processes by value: those cannot import it.
cloudpickle.register_pickle_by_value(sys.modules[__name__])


# Somebody waited to the end, in this process.
WAITED: list[bool] = []


def wait_long() -> None:
    threading.Event().wait(LONG)
    WAITED.append(True)


def in_thread(fn: Callable[[], Any]) -> Any:
    found: list[Any] = []

    def call() -> None:
        try:
            found.append(fn())
        except BaseException as error:
            found.append(error)

    thread = threading.Thread(target=call)
    thread.start()
    thread.join()
    if isinstance(found[0], BaseException):
        raise found[0]
    return found[0]


@task(timeout=1)
def too_long() -> None:
    wait_long()


def from_context(name: str) -> Any:
    # Found there anew: the context object itself does not travel to other processes.
    import prefect

    return prefect.context[name]


@task(timeout=LONG)
def quick(x: int) -> Any:
    return x + 1, from_context("task_name")


@task(timeout=LONG)
def fail() -> None:
    raise ValueError("no")


@task(timeout=LONG)
def skip() -> None:
    raise signals.SKIP("s")


@pytest.mark.parametrize("executor", [None, LocalDaskExecutor(num_workers=4)], ids=["main thread", "threads"])
def test_limits_and_what_comes_within_them(executor: Any) -> None:
    with Flow("f") as flow:
        late, done, failed, skipped = too_long(), quick(1), fail(), skip()
    WAITED.clear()
    states = flow.run(executor=executor).result

    assert WAITED == []
    assert type(states[late]) is TimedOut
    assert states[late].message == "Task timed out during execution."
    assert isinstance(states[late].result, TaskTimeoutSignal)
    assert (type(states[done]), states[done].result) == (Success, (2, "quick"))
    assert (type(states[failed]), repr(states[failed].result)) == (Failed, "ValueError('no')")
    assert type(states[skipped]) is Skipped


def test_a_timeout_is_retried_unless_retry_on_is_set() -> None:
    attempts: list[str] = []

    @task(timeout=1, max_retries=1, retry_delay=timedelta(0))
    def late_once(name: str) -> str:
        attempts.append(name)
        if attempts.count(name) == 1:
            wait_long()
        return name

    with Flow("f") as flow:
        retried = late_once("a")
        given_up = late_once("b", task_args={"retry_on": {Exception}})
    states = flow.run().result

    assert states[retried].result == "a"
    assert type(states[given_up]) is TimedOut


def test_alarms_of_others_are_put_back() -> None:
    def ours(signum: int, frame: Any) -> None: ...

    before = signal.signal(signal.SIGALRM, ours)
    try:
        signal.setitimer(signal.ITIMER_REAL, 1000)
        assert run_with_thread_timeout(lambda: 3, timeout=5) == 3
        assert signal.getsignal(signal.SIGALRM) is ours
        assert signal.getitimer(signal.ITIMER_REAL)[0] > 900
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_a_call_in_a_process() -> None:
    with context(mine="here"):
        assert run_with_multiprocess_timeout(lambda x: (x, from_context("mine")), (1,), timeout=LONG) == (1, "here")


def test_a_process_that_takes_too_long_is_killed() -> None:
    with pytest.raises(TaskTimeoutSignal):
        run_with_multiprocess_timeout(wait_long, timeout=1)


def test_a_process_that_dies_is_told_from_one_that_is_late() -> None:
    with pytest.raises(RuntimeError, match="exit code 3"):
        run_with_multiprocess_timeout(lambda: os._exit(3), timeout=LONG)


def test_a_value_that_cannot_come_back() -> None:
    with pytest.raises(RuntimeError, match="Failed to pickle result of type 'generator'"):
        run_with_multiprocess_timeout(lambda: (i for i in [1]), timeout=LONG)


def test_no_limit_is_a_plain_call() -> None:
    assert run_with_multiprocess_timeout(lambda: threading.get_ident()) == threading.get_ident()
    assert in_thread(lambda: run_with_thread_timeout(lambda: 3)) == 3


def test_tail_recursion_does_not_grow_the_stack() -> None:
    @tail_recursive
    def count(n: int, total: int = 0) -> int:
        if n:
            raise RecursiveCall(count, n - 1, total=total + n)
        return total

    assert count(5000) == 12502500


def test_tail_recursion_into_an_undecorated_function_is_an_error() -> None:
    def plain() -> None: ...

    @tail_recursive
    def start() -> None:
        raise RecursiveCall(plain)

    with pytest.raises(RecursionError):
        start()


def test_tail_recursion_into_another_decorated_function_is_not_taken_for_this_one() -> None:
    @tail_recursive
    def other(n: int) -> int:
        return n

    @tail_recursive
    def start(n: int) -> int:
        raise RecursiveCall(other, n)

    with pytest.raises(RecursiveCall):
        start(4)


def test_tail_recursion_of_methods() -> None:
    class Counter:
        @tail_recursive
        def count(self, n: int, total: int = 0) -> int:
            if n:
                raise RecursiveCall(self.count, self, n - 1, total + n)
            return total

    assert Counter().count(2000) == 2001000
