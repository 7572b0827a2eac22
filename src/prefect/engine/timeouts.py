"""Calling a task's ``run`` with a limit of time, and functions that call themselves without growing the stack.

In the main thread an alarm interrupts the call. In other threads nothing can, so that the call is made in a process of
its own, which can be killed; where that is not possible either, the call goes on behind our back.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from contextvars import copy_context
from functools import wraps
from typing import TYPE_CHECKING, Any, NoReturn

from prefect.engine.shipping import portable_context, restored_context
from prefect.exceptions import TaskTimeoutSignal
from prefect.executors.processes import child_environ
from prefect.utilities.context import context, current_content
from prefect.utilities.logging import get_logger

if TYPE_CHECKING:
    from prefect.core.task import Task


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
    if not multiprocessing.current_process().daemon and os.name == "posix":
        logger.debug("Task '%s': Attaching process based timeout handler...", name)
        return run_with_multiprocess_timeout(task.run, args, kwargs, **call)
    warnings.warn(
        f"Task '{name}' has a timeout but is executed in a daemonic subprocess or on a platform without signals; the "
        "run will be reported as timed out, but the work itself goes on until it ends.",
        UserWarning,
        stacklevel=2,
    )
    return _run_with_soft_timeout(task.run, args, kwargs, task.timeout)


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
    kwargs = kwargs or {}
    if timeout is None:
        return fn(*args, **kwargs)
    import cloudpickle

    logger = logger or get_logger()
    label = name or _name_of(fn)
    payload = cloudpickle.dumps(
        {"fn": fn, "args": tuple(args), "kwargs": dict(kwargs), "context": portable_context(current_content())}
    )
    logger.debug("%s: Sending execution to a new process...", label)
    answer_end, child_end = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-c", f"from {__name__} import _serve_one_call; _serve_one_call({child_end})"],
        stdin=subprocess.PIPE,
        pass_fds=(child_end,),
        env=child_environ(),
    )
    os.close(child_end)
    timer = threading.Timer(timeout, process.kill)
    timer.daemon = True
    try:
        logger.debug("%s: Waiting for process to return with %ss timeout...", label, timeout)
        with open(answer_end, "rb") as answers:
            assert process.stdin is not None  # noqa: S101 (it was asked for above)
            try:
                process.stdin.write(payload)
                process.stdin.close()
            except BrokenPipeError:
                # The process has died already: the empty answer below says so.
                pass
            timer.start()
            answer = answers.read()
        process.wait()
    finally:
        timer.cancel()
        process.kill()
        process.wait()
    if not answer:
        if timer.finished.is_set() and process.returncode == -signal.SIGKILL:
            logger.debug("%s: No result returned within the timeout period!", label)
            raise TaskTimeoutSignal(f"Execution timed out for {label}.")
        raise RuntimeError(f"{label}: the process of the call ended with exit code {process.returncode}.")
    logger.debug("%s: Result received from subprocess, unpickling...", label)
    value = cloudpickle.loads(answer)
    if isinstance(value, _Raised):
        raise value.error
    return value


class _Raised:
    """What a call in another process raised."""

    def __init__(self, error: BaseException) -> None:
        self.error = error


def _serve_one_call(answer_end: int) -> None:
    """Read one call from stdin, make it, and write its answer to the file descriptor."""
    payload = sys.stdin.buffer.read()
    answer = _answer_to(payload)
    with open(answer_end, "wb") as answers:
        answers.write(answer)


def _answer_to(payload: bytes) -> bytes:
    import cloudpickle

    try:
        request = cloudpickle.loads(payload)
        with context(restored_context(request["context"])):
            value = request["fn"](*request["args"], **request["kwargs"])
    except BaseException as error:
        # Everything, signals too: the caller raises it again.
        value = _Raised(error)
    try:
        return cloudpickle.dumps(value)  # type: ignore[no-any-return]
    except Exception as error:
        unpicklable = value.error if isinstance(value, _Raised) else value
        return cloudpickle.dumps(  # type: ignore[no-any-return]
            _Raised(
                RuntimeError(
                    f"Failed to pickle result of type {type(unpicklable).__name__!r} with exception: "
                    f'"{type(error).__name__}: {error}". A task with a timeout that does not run in the main thread '
                    "runs in a process of its own, hence its result must be serializable with `cloudpickle`."
                )
            )
        )


def multiprocessing_safe_run_and_retrieve(queue: Any, payload: bytes) -> None:
    """Make a pickled call and put its pickled answer, or a raised exception, into a queue."""
    queue.put(_answer_to(payload))


def _run_with_soft_timeout(fn: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any], timeout: int) -> Any:
    pool = ThreadPoolExecutor(max_workers=1)
    try:
        # The thread sees the context of this run.
        future = pool.submit(copy_context().run, lambda: fn(*args, **kwargs))
        try:
            return future.result(timeout=timeout)
        except FutureTimeout:
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
    """

    @wraps(func)
    def call(*args: Any, **kwargs: Any) -> Any:
        while True:
            try:
                return func(*args, **kwargs)
            except RecursiveCall as again:
                target = again.func
                if not getattr(getattr(target, "__func__", target), "_is_tail_recursive", False):
                    raise RecursionError("RecursiveCall is only for functions decorated with tail_recursive.") from None
                args, kwargs = again.args, again.kwargs

    call._is_tail_recursive = True  # type: ignore[attr-defined]
    return call
