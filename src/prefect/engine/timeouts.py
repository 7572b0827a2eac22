"""Calling a task's ``run`` with a limit of time, and functions that call themselves without growing the stack.

In the main thread an alarm interrupts the call. In other threads nothing can, so that the call is made in a process of
its own, which can be killed; where that is not possible either, the call goes on behind our back.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from contextvars import copy_context
from functools import wraps
from typing import TYPE_CHECKING, Any, NoReturn

from prefect.engine.shipping import portable_context, restored_context
from prefect.exceptions import PrefectSignal, TaskTimeoutSignal
from prefect.utilities.context import context, current_content
from prefect.utilities.logging import get_logger
from prefect.utilities.printing import printing_logger, prints_logged
from prefect.utilities.raised import Carried

if TYPE_CHECKING:
    from prefect.core.task import Task

# How long a process whose answer is here may go on, for what it does at its end.
_LONGEST_END_SECONDS = 5


def run_task_with_timeout(
    task: Task,
    args: Sequence[Any] = (),
    kwargs: Mapping[str, Any] | None = None,
    logger: logging.Logger | None = None,
) -> Any:
    """Call ``task.run`` within the task's timeout.

    Raises:
        TaskTimeoutSignal: it took longer.
    """
    kwargs = kwargs or {}
    if task.timeout is None:
        return task.run(*args, **kwargs)
    logger = logger or get_logger()
    name = current_content().get("task_full_name") or task.name
    call: dict[str, Any] = {"timeout": task.timeout, "logger": logger, "name": f"Task '{name}'"}

    if threading.current_thread() is threading.main_thread() and hasattr(signal, "SIGALRM"):
        logger.debug("Task '%s': Attaching thread based timeout handler...", name)
        return run_with_thread_timeout(task.run, args, kwargs, **call)
    if not _may_have_no_children() and os.name == "posix":
        logger.debug("Task '%s': Attaching process based timeout handler...", name)
        return run_with_multiprocess_timeout(task.run, args, kwargs, **call)
    warnings.warn(
        f"Task '{name}' has a timeout but is executed in a daemonic subprocess or on a platform without signals; the "
        "run will be reported as timed out, but the work itself goes on until it ends.",
        UserWarning,
        stacklevel=2,
    )
    return _run_with_soft_timeout(task.run, args, kwargs, task.timeout)


def _may_have_no_children() -> bool:
    """Whether this is a process of ``multiprocessing`` that must not start others."""
    process = sys.modules.get("multiprocessing.process")
    return process is not None and process.current_process().daemon


def run_with_thread_timeout(
    fn: Callable[..., Any],
    args: Sequence[Any] = (),
    kwargs: Mapping[str, Any] | None = None,
    timeout: int | None = None,
    logger: logging.Logger | None = None,
    name: str | None = None,
) -> Any:
    """Call a function in the main thread and interrupt it after ``timeout`` seconds; None: no limit.

    Raises:
        TaskTimeoutSignal: it took longer.
        ValueError: this is not the main thread.
    """
    kwargs = kwargs or {}
    if timeout is None:
        return fn(*args, **kwargs)
    logger = logger or get_logger()
    label = name or _name_of(fn)
    outer_seconds = 0.0

    def interrupt(signum: int, frame: Any) -> NoReturn:
        raise TaskTimeoutSignal("Execution timed out.")

    previous = signal.signal(signal.SIGALRM, interrupt)
    try:
        logger.debug("%s: Sending alarm with %ss timeout...", label, timeout)
        outer_seconds, _ = signal.setitimer(signal.ITIMER_REAL, timeout)
        logger.debug("%s: Executing function in main thread...", label)
        return fn(*args, **kwargs)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
        if outer_seconds:
            # An alarm of somebody around us; late by what we used of it, but never lost.
            signal.setitimer(signal.ITIMER_REAL, outer_seconds)


def run_with_multiprocess_timeout(
    fn: Callable[..., Any],
    args: Sequence[Any] = (),
    kwargs: Mapping[str, Any] | None = None,
    timeout: int | None = None,
    logger: logging.Logger | None = None,
    name: str | None = None,
) -> Any:
    """Call a function in a new process and kill that after ``timeout`` seconds; None: a plain call.

    The function, its arguments and what it gives must be picklable. What it raises is raised here again.

    Raises:
        TaskTimeoutSignal: it took longer.
        RuntimeError: the process died.
    """
    from prefect.executors.processes import CannotTravel, ProcessDied, TookTooLong, WorkerProcess, ending_of

    kwargs = kwargs or {}
    if timeout is None:
        return fn(*args, **kwargs)
    logger = logger or get_logger()
    label = name or _name_of(fn)
    there = portable_context(current_content())
    prints_to = printing_logger()
    worker = WorkerProcess()
    logger.debug("%s: Sending execution to a new process...", label)
    try:
        logger.debug("%s: Waiting for process to return with %ss timeout...", label, timeout)
        call = (fn, tuple(args), dict(kwargs), there, None if prints_to is None else prints_to.name)
        value = worker.call(_call_in_context, call, {}, seconds=timeout)
    except TookTooLong:
        logger.debug("%s: No result returned within the timeout period!", label)
        raise TaskTimeoutSignal(f"Execution timed out for {label}.") from None
    except ProcessDied as error:
        raise RuntimeError(f"{label}: the process of the call ended with {ending_of(error.exit_code)}.") from None
    except CannotTravel as error:
        raise RuntimeError(
            f"{label}: {error}. A task with a timeout that does not run in the main thread runs in a process of its "
            "own, hence its inputs and its result must be serializable with `cloudpickle`."
        ) from error
    finally:
        # What it still has to do at its end must not take longer than the work itself might have.
        worker.close(seconds=min(timeout, _LONGEST_END_SECONDS))
    logger.debug("%s: Result received from subprocess, unpickling...", label)
    return value


def _call_in_context(
    fn: Callable[..., Any],
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    there: Mapping[str, Any],
    prints_to: str | None = None,
) -> Any:
    """Make a call in a context that came from another process; its prints go to the logger of this name, if any."""
    with context(restored_context(there)), ExitStack() as stack:
        if prints_to is not None:
            stack.enter_context(prints_logged(get_logger(prints_to.removeprefix("prefect."))))
        return fn(*args, **kwargs)


def multiprocessing_safe_run_and_retrieve(queue: Any, payload: bytes) -> None:
    """Make a pickled call and put its pickled answer, or the exception that it raised, into a queue."""
    import cloudpickle

    request = cloudpickle.loads(payload)
    try:
        value = _call_in_context(request["fn"], request["args"], request["kwargs"], request["context"])
    except BaseException as error:
        # Everything, signals too: the caller raises it again.
        value = error if isinstance(error, PrefectSignal) else Carried(error)
    queue.put(cloudpickle.dumps(value))


def _run_with_soft_timeout(fn: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any], timeout: int) -> Any:
    from concurrent.futures import ThreadPoolExecutor

    pool = ThreadPoolExecutor(max_workers=1)
    try:
        # The thread sees the context of this run.
        future = pool.submit(copy_context().run, lambda: fn(*args, **kwargs))
        try:
            return future.result(timeout=timeout)
        except TimeoutError:
            raise TaskTimeoutSignal("Execution timed out but was executed in the background.") from None
    finally:
        pool.shutdown(wait=False)


def _name_of(fn: Callable[..., Any]) -> str:
    return f"Function '{getattr(fn, '__name__', fn)}'"


# --- loops ------------------------------------------------------------------------------------------------------------


class RecursiveCall(BaseException):
    """Raised to call a function again, with other arguments, once the present call has left the stack.

    Not an ``Exception``: the steps between here and there must not take it for an error.
    """

    def __init__(self, func: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        super().__init__()
        self.func = func
        self.args = args
        self.kwargs = kwargs


def tail_recursive(func: Callable[..., Any]) -> Callable[..., Any]:
    """Let a function call itself by raising ``RecursiveCall(func, ...)``, as often as it likes.

    Raises:
        RecursionError: the function to be called was not decorated.
        RecursiveCall: it is another one, which this one cannot stand in for.
    """

    @wraps(func)
    def call(*args: Any, **kwargs: Any) -> Any:
        while True:
            try:
                return func(*args, **kwargs)
            except RecursiveCall as again:
                target = getattr(again.func, "__func__", again.func)
                if not getattr(target, "_is_tail_recursive", False):
                    raise RecursionError("RecursiveCall is only for functions decorated with tail_recursive.") from None
                if target is not call:
                    raise
                args, kwargs = again.args, again.kwargs

    call._is_tail_recursive = True  # type: ignore[attr-defined]
    return call
