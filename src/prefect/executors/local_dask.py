"""Calls made side by side on this machine: in threads, in processes, or one after the other.

Named after the schedulers of Dask whose place it takes. Calls start as soon as the values that they wait for are there;
nothing of Dask is needed.
"""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from typing import Any

from prefect.executors.base import Executor
from prefect.executors.processes import CannotTravel, ProcessDied, WorkerProcess

_SCHEDULERS = {
    "threads": "threads",
    "threading": "threads",
    "processes": "processes",
    "multiprocessing": "processes",
    "synchronous": "synchronous",
    "sync": "synchronous",
    "single-threaded": "synchronous",
}


class LocalFuture:
    """The value of a call, sooner or later.

    Attributes:
        missing: how many values the call still waits for.
        dependents: calls that wait for this value.
    """

    __slots__ = ("args", "dependents", "error", "fn", "is_done", "kwargs", "missing", "value")

    def __init__(self, fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.fn: Callable[..., Any] | None = fn
        self.args = args
        self.kwargs = kwargs
        self.value: Any = None
        self.error: BaseException | None = None
        self.is_done = False
        self.missing = 0
        self.dependents: list[LocalFuture] | None = None


class LocalDaskExecutor(Executor):
    """Makes calls side by side on this machine.

    Args:
        scheduler: ``threads``, ``processes`` or ``synchronous``.
        **kwargs: ``num_workers``: how many at a time, as many as there are processors when absent; others are kept in
            ``dask_config`` without effect.

    Raises:
        ValueError: there is no such scheduler.
    """

    def __init__(self, scheduler: str = "threads", **kwargs: Any) -> None:
        self.scheduler = self._normalize_scheduler(scheduler)
        self.dask_config = kwargs
        self._pool: _Pool | None = None

    @staticmethod
    def _normalize_scheduler(scheduler: str) -> str:
        known = _SCHEDULERS.get(scheduler.lower())
        if known is None:
            raise ValueError(f"Unknown scheduler {scheduler!r}")
        return known

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_pool": None}

    @contextmanager
    def start(self) -> Iterator[None]:
        """Hold the threads or processes for the length of a ``with`` block.

        When the block is left by an exception, Ctrl-C for instance, calls that wait are dropped and those that are
        being made are interrupted.
        """
        if self.scheduler == "synchronous":
            yield
            return
        count = self.dask_config.get("num_workers") or os.cpu_count() or 1
        self._pool = _Pool(count, in_processes=self.scheduler == "processes")
        try:
            yield
        except BaseException:
            if self.scheduler == "threads":  # a process is ended, and not asked to end
                self.logger.info("Attempting to interrupt and cancel all running tasks...")
            self._pool.interrupt()
            raise
        else:
            self._pool.finish()
        finally:
            self._pool = None

    def submit(
        self, fn: Callable[..., Any], *args: Any, extra_context: dict[str, Any] | None = None, **kwargs: Any
    ) -> Any:
        future = LocalFuture(fn, args, kwargs)
        if self._pool is None:
            _make_call(future)
        else:
            self._pool.add(future)
        return future

    def wait(self, futures: Any) -> Any:
        waiting = _futures_in(futures)
        if self._pool is not None:
            self._pool.wait_for(waiting)
        for future in waiting:
            if future.error is not None:
                raise future.error
        return _with_values(futures)


def _futures_in(value: Any) -> list[LocalFuture]:
    found: list[LocalFuture] = []
    _collect(value, found)
    return found


def _collect(value: Any, found: list[LocalFuture]) -> None:
    kind = type(value)
    if kind is LocalFuture:
        found.append(value)
    elif kind is list or kind is tuple or kind is set:
        for item in value:
            _collect(item, found)
    elif kind is dict:
        for item in value.values():
            _collect(item, found)


def _with_values(value: Any) -> Any:
    kind = type(value)
    if kind is LocalFuture:
        return value.value
    if kind is list:
        return [_with_values(item) for item in value]
    if kind is tuple:
        return tuple(_with_values(item) for item in value)
    if kind is set:
        return {_with_values(item) for item in value}
    if kind is dict:
        return {key: _with_values(item) for key, item in value.items()}
    return value


def _make_call(future: LocalFuture, call: Callable[..., Any] | None = None) -> None:
    """Make the call of a future whose arguments are there; ``call`` makes it elsewhere."""
    fn, args, kwargs = future.fn, future.args, future.kwargs
    # What went in is not kept for as long as what comes out.
    future.fn, future.args, future.kwargs = None, (), {}
    try:
        for upstream in _futures_in((args, kwargs)):
            if upstream.error is not None:
                raise upstream.error
        args, kwargs = _with_values(args), _with_values(kwargs)
        future.value = fn(*args, **kwargs) if call is None else call(fn, args, kwargs)  # type: ignore[misc]
    except (CannotTravel, ProcessDied) as error:
        fallback = getattr(fn, "fallback", None)
        if fallback is None:
            future.error = error
        else:
            future.value = fallback(*args, **kwargs)(error)
    except BaseException as error:
        # Whatever it is (KeyboardInterrupt too), it belongs to whoever waits.
        future.error = error
    future.is_done = True


class _Pool:
    """Threads that make calls, each with a process of its own when the calls are to be made in processes."""

    def __init__(self, count: int, in_processes: bool) -> None:
        self._ready: SimpleQueue[LocalFuture | None] = SimpleQueue()
        # Guards everything about which call waits for which.
        self._lock = threading.Lock()
        self._is_over = False
        self._processes = [WorkerProcess() for _ in range(count)] if in_processes else []
        self._in_processes = in_processes
        self._threads = [
            threading.Thread(
                target=self._work, args=self._processes[number:][:1], name=f"prefect-executor-{number}", daemon=True
            )
            for number in range(count)
        ]
        for thread in self._threads:
            thread.start()

    def add(self, future: LocalFuture) -> None:
        upstream = _futures_in((future.args, future.kwargs))
        if upstream:
            with self._lock:
                for other in upstream:
                    if not other.is_done:
                        future.missing += 1
                        if other.dependents is None:
                            other.dependents = []
                        other.dependents.append(future)
                if future.missing:
                    return
        self._ready.put(future)

    def wait_for(self, futures: list[LocalFuture]) -> None:
        everything = LocalFuture(len, (), {})
        event = threading.Event()
        everything.fn = event.set
        with self._lock:
            for future in futures:
                if not future.is_done:
                    everything.missing += 1
                    if future.dependents is None:
                        future.dependents = []
                    future.dependents.append(everything)
            if not everything.missing:
                return
        # Set by the thread that ends the last of them: no worker has to be free for it.
        everything.kwargs = _IMMEDIATE
        event.wait()

    def _work(self, process: WorkerProcess | None = None) -> None:
        call = None if process is None else process.call
        try:
            while True:
                future = self._ready.get()
                if future is None:
                    return
                if not self._is_over:
                    _make_call(future, call)
                    self._release(future)
        except KeyboardInterrupt:
            # Sent by ``interrupt`` while nothing was being done.
            return
        finally:
            if process is not None:
                process.close()

    def _release(self, future: LocalFuture) -> None:
        with self._lock:
            dependents, future.dependents = future.dependents, None
            if not dependents:
                return
            ready = []
            for dependent in dependents:
                dependent.missing -= 1
                if not dependent.missing:
                    ready.append(dependent)
        for dependent in ready:
            if dependent.kwargs is _IMMEDIATE:
                dependent.fn()  # type: ignore[misc]
            else:
                self._ready.put(dependent)

    def finish(self) -> None:
        """End when all calls that can be made have been."""
        for _ in self._threads:
            self._ready.put(None)
        for thread in self._threads:
            thread.join()

    def interrupt(self) -> None:
        """Drop what waits, interrupt what is being done, and do not wait for what cannot be interrupted."""
        self._is_over = True
        for _ in self._threads:
            self._ready.put(None)
        for process in self._processes:
            process.kill()
        if not self._in_processes:
            for thread in self._threads:
                if thread.ident is not None and thread.is_alive():
                    ctypes.pythonapi.PyThreadState_SetAsyncExc(
                        ctypes.c_ulong(thread.ident), ctypes.py_object(KeyboardInterrupt)
                    )
        for thread in self._threads:
            thread.join(timeout=0.2)


# Marks the future of somebody who waits: it is settled where the last value arrives.
_IMMEDIATE: dict[str, Any] = {"__immediate__": True}
