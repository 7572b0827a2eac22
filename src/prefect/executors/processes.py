"""Processes of our own that make calls for this one.

Not those of ``multiprocessing``: they run the user's main module again, and forking a process with threads may hang.
Calls and answers travel as cloudpickle, so that functions of the main module go along by value; exceptions part by
part.

The pipes of a worker are descriptors of their own: its stdin is empty, and no program that it starts, no process that
it forks keeps them. Each message has its length before it, and whoever waits for one also waits for the process's end
and for the limit of time: nobody else's open end of a pipe can hold up an answer.
"""

from __future__ import annotations

import os
import select
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from prefect.utilities.raised import Carried, text_of

_HEADER = struct.Struct("!Q")
_MOST_AT_ONCE = 1 << 20
# How often a process is asked whether it lives, where the system cannot tell by itself.
_LOOK_SECONDS = 0.1
# The system counts milliseconds in 31 bits.
_LONGEST_WAIT_SECONDS = 3600


class CannotTravel(TypeError):
    """A call, or what came of it, cannot be pickled."""


class ProcessDied(RuntimeError):
    """The process ended before it answered.

    Attributes:
        exit_code: its exit code; below zero the number of the signal that ended it.
    """

    def __init__(self, message: str, exit_code: int = 0) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class TookTooLong(Exception):
    """The answer was not there in time; the process has been killed."""


def ending_of(exit_code: int) -> str:
    """Say how a process ended: ``exit code 3``, or the signal by name with what it often means."""
    if exit_code >= 0:
        return f"exit code {exit_code}"
    try:
        name = signal.Signals(-exit_code).name
    except ValueError:
        name = "an unknown signal"
    memory = "; the system sends it when memory runs out" if -exit_code == signal.SIGKILL else ""
    return f"exit code {exit_code} (signal {-exit_code}, {name}{memory})"


class WorkerProcess:
    """A process that makes calls, one at a time; started with the first of them."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._requests = self._answers = self._end = -1
        # One thread makes calls, another may kill: also while the process is just being started.
        self._lock = threading.Lock()
        self._is_killed = False

    def call(
        self, fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], seconds: float | None = None
    ) -> Any:
        """Make a call there, and give or raise here what comes of it.

        Args:
            seconds: limit of time for call and answer; None: no limit.

        Raises:
            CannotTravel: the call or its answer cannot be pickled; the process lives on.
            ProcessDied: the process ended meanwhile; the next call starts another.
            TookTooLong: the limit was reached; the process has been killed.
        """
        import cloudpickle

        try:
            request = cloudpickle.dumps((fn, args, kwargs))
        except Exception as error:
            raise CannotTravel(f"Failed to pickle what the call is given: {text_of(error)}") from error
        deadline = None if seconds is None else time.monotonic() + seconds
        process = self._started()
        data = self._exchange(process, _HEADER.pack(len(request)) + request, deadline)
        if data is None:
            code = _end(process)
            self.close()
            raise ProcessDied(f"A worker process died with {ending_of(code)}.", code)
        try:
            kind, answer = cloudpickle.loads(data)
        except Exception as error:
            raise CannotTravel(f"Failed to read what came of the call: {text_of(error)}") from error
        if kind == "value":
            return answer
        if kind == "unpicklable":
            raise CannotTravel(answer)
        raise answer

    def _started(self) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._is_killed:
                raise RuntimeError("The worker process was killed before it began.")
            if self._process is None:
                requests_there, self._requests = os.pipe()
                self._answers, answers_there = os.pipe()
                try:
                    self._process = subprocess.Popen(
                        _command(requests_there, answers_there),
                        stdin=subprocess.DEVNULL,
                        pass_fds=(requests_there, answers_there),
                    )
                finally:
                    os.close(requests_there)
                    os.close(answers_there)
                os.set_blocking(self._requests, False)
                os.set_blocking(self._answers, False)
                with suppress(AttributeError, OSError):
                    self._end = os.pidfd_open(self._process.pid)
            return self._process

    def _exchange(self, process: subprocess.Popen[bytes], request: bytes, deadline: float | None) -> bytes | None:
        """Write a message and read one; None when the process ends before its answer is whole."""
        poll = select.poll()
        poll.register(self._answers, select.POLLIN)
        poll.register(self._requests, select.POLLOUT)
        if self._end >= 0:
            poll.register(self._end, select.POLLIN)
        unsent = memoryview(request)
        received = bytearray()
        while True:
            wait = None if self._end >= 0 else _LOOK_SECONDS
            if deadline is not None:
                left = deadline - time.monotonic()
                if left <= 0:
                    self.kill()
                    self.close()
                    raise TookTooLong
                wait = left if wait is None else min(left, wait)
            events = dict(poll.poll(None if wait is None else min(wait, _LONGEST_WAIT_SECONDS) * 1000))
            # Asked before reading: what a process wrote before its end is still in the pipe.
            has_ended = self._end in events or (self._end < 0 and process.poll() is not None)
            if self._requests in events:
                unsent = _sent(self._requests, unsent)
                if not unsent:
                    poll.unregister(self._requests)
            is_over = not _receive(self._answers, received)
            if len(received) >= _HEADER.size:
                (length,) = _HEADER.unpack_from(received)
                if len(received) >= _HEADER.size + length:
                    return bytes(memoryview(received)[_HEADER.size : _HEADER.size + length])
            if has_ended or is_over:
                return None

    def kill(self) -> None:
        """End the process at once, and let none be started any more."""
        with self._lock:
            self._is_killed = True
            if self._process is not None:
                self._process.kill()

    def close(self, seconds: float | None = None) -> None:
        """Let the process end, and wait for that; it is killed when it needs longer than ``seconds``."""
        with self._lock:
            process, self._process = self._process, None
            if process is None:
                return
            # The end of its input is the end of its work.
            os.close(self._requests)
            os.close(self._answers)
            if self._end >= 0:
                os.close(self._end)
            self._requests = self._answers = self._end = -1
        _end(process, seconds)


def _end(process: subprocess.Popen[bytes], seconds: float | None = 1.0) -> int:
    """Wait for a process's end, kill it when that takes longer than ``seconds``, and give its exit code."""
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def _sent(descriptor: int, data: memoryview) -> memoryview:
    """Write what the pipe takes now, and give the rest."""
    try:
        return data[os.write(descriptor, data[:_MOST_AT_ONCE]) :]
    except BlockingIOError:
        return data
    except BrokenPipeError:
        # Nobody reads any more: the end of the process says the rest.
        return data[len(data) :]


def _receive(descriptor: int, received: bytearray) -> bool:
    """Read what is in the pipe now; False when no more can come."""
    while True:
        try:
            piece = os.read(descriptor, _MOST_AT_ONCE)
        except BlockingIOError:
            return True
        if not piece:
            return False
        received += piece


def _command(requests: int, answers: int) -> list[str]:
    """Give the command of a worker: an interpreter with this one's options, module path and script."""
    path = [entry or os.getcwd() for entry in sys.path]
    script = getattr(sys.modules.get("__main__"), "__file__", None)
    setup = (
        f"import sys; sys.path[:] = {path!r}; sys.argv[:] = {[str(word) for word in sys.argv]!r}; "
        f"{'' if script is None else f'__file__ = {script!r}; '}"
        f"from {__name__} import serve; serve({requests}, {answers})"
    )
    options: list[str] = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]
    return [sys.executable, *options, "-c", setup]


# --- in the worker ----------------------------------------------------------------------------------------------------


def serve(requests: int, answers: int) -> None:
    """Make the calls that come through one descriptor until it ends, and write what comes of them to the other."""
    ours = os.getpid()
    for descriptor in (requests, answers):
        # Programs that a task starts do not get them, and forked processes let go of them.
        os.set_inheritable(descriptor, False)
        os.register_at_fork(after_in_child=lambda descriptor=descriptor: _let_go(descriptor))
    interrupt = signal.getsignal(signal.SIGINT)
    while True:
        if callable(interrupt):
            # Ctrl-C goes to the whole group of processes. It interrupts a call, as anywhere; between two calls, whoever
            # started us decides. A function and not SIG_IGN, which programs that a task starts would inherit.
            signal.signal(signal.SIGINT, _pass_over)
        header = _read_exactly(requests, _HEADER.size)
        if header is None:
            return
        request = _read_exactly(requests, _HEADER.unpack(header)[0])
        if request is None:
            return
        try:
            if callable(interrupt):
                signal.signal(signal.SIGINT, interrupt)
            answer = _answer_to(request)
        finally:
            if os.getpid() != ours:
                # A process that the call forked and that came back here: it is none of ours.
                os._exit(0)
            if callable(interrupt):
                signal.signal(signal.SIGINT, _pass_over)
        message = memoryview(_HEADER.pack(len(answer)) + answer)
        try:
            while message:
                message = message[os.write(answers, message) :]
        except BrokenPipeError:
            # Whoever asked is gone.
            return


def _let_go(descriptor: int) -> None:
    with suppress(OSError):
        os.close(descriptor)


def _pass_over(number: int, frame: Any) -> None:
    """Do nothing about a signal."""


def _read_exactly(descriptor: int, count: int) -> bytes | None:
    received = bytearray()
    while len(received) < count:
        piece = os.read(descriptor, min(count - len(received), _MOST_AT_ONCE))
        if not piece:
            return None
        received += piece
    return bytes(received)


def _answer_to(request: bytes) -> bytes:
    import cloudpickle

    try:
        fn, args, kwargs = cloudpickle.loads(request)
        value = fn(*args, **kwargs)
    except BaseException as error:
        # Everything, signals too: the caller raises it again.
        return _pickled_error(error)
    try:
        return cloudpickle.dumps(("value", value))  # type: ignore[no-any-return]
    except Exception as error:
        return _no_answer(value, error)


def _pickled_error(error: BaseException) -> bytes:
    import cloudpickle

    from prefect.exceptions import PrefectSignal

    if isinstance(error, PrefectSignal):
        # These know how they travel: with their states, which refer back to them.
        try:
            return cloudpickle.dumps(("error", error))  # type: ignore[no-any-return]
        except Exception as fault:
            return _no_answer(error, fault)
    return cloudpickle.dumps(("error", Carried(error)))  # type: ignore[no-any-return]


def _no_answer(value: Any, fault: Exception) -> bytes:
    import cloudpickle

    reason = f'Failed to pickle result of type {type(value).__name__!r} with exception: "{text_of(fault)}"'
    return cloudpickle.dumps(("unpicklable", reason))  # type: ignore[no-any-return]
