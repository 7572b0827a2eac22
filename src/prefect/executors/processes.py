"""Processes of our own that make calls for this one.

Not those of ``multiprocessing``: they run the user's main module again, and forking a process with threads may hang.
Calls and answers travel as cloudpickle, so that functions of the main module go along by value.
"""

from __future__ import annotations

import os
import pickle
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

_HEADER = struct.Struct("!Q")


def child_environ() -> dict[str, str]:
    """Give the environment of an interpreter that finds the modules that this one finds."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path or os.getcwd() for path in sys.path)}


class WorkerProcess:
    """A process that makes calls, one at a time; started with the first of them.

    Not of ``multiprocessing``, whose processes run the user's main module again.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._answers: Any = None
        # One thread makes calls, another may kill: also while the process is just being started.
        self._lock = threading.Lock()
        self._is_killed = False

    def call(self, fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Make a call there, and give or raise here what comes of it.

        Raises:
            RuntimeError: the process died.
        """
        import cloudpickle

        request = cloudpickle.dumps((fn, args, kwargs))
        process = self._started()
        try:
            assert process.stdin is not None  # noqa: S101 (asked for when it was started)
            process.stdin.write(_HEADER.pack(len(request)))
            process.stdin.write(request)
            process.stdin.flush()
            (length,) = _HEADER.unpack(self._answers.read(_HEADER.size))
            is_value, answer = cloudpickle.loads(self._answers.read(length))
        except (BrokenPipeError, EOFError, struct.error, pickle.UnpicklingError) as error:
            code = process.wait()
            self.close()
            raise RuntimeError(f"A worker process died with exit code {code}.") from error
        if is_value:
            return answer
        raise answer

    def _started(self) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._is_killed:
                raise RuntimeError("The worker process was killed before it began.")
            if self._process is None:
                here, there = os.pipe()
                self._process = subprocess.Popen(
                    [sys.executable, "-c", f"from {__name__} import _serve; _serve({there})"],
                    stdin=subprocess.PIPE,
                    pass_fds=(there,),
                    env=child_environ(),
                )
                os.close(there)
                self._answers = open(here, "rb")  # noqa: SIM115 (closed in ``close``)
            return self._process

    def kill(self) -> None:
        """End the process at once, and let none be started any more."""
        with self._lock:
            self._is_killed = True
            if self._process is not None:
                self._process.kill()

    def close(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(BrokenPipeError):
            if process.stdin is not None:
                # The end of its input is the end of its work.
                process.stdin.close()
        self._answers.close()
        process.wait()


def _serve(answer_end: int) -> None:
    """Make the calls that come through stdin until it ends, and write what comes of them to a file descriptor."""
    import signal

    import cloudpickle

    # Ctrl-C goes to the whole group of processes; whoever started us decides what to do about it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    requests = sys.stdin.buffer
    with open(answer_end, "wb") as answers:
        while header := requests.read(_HEADER.size):
            request = requests.read(_HEADER.unpack(header)[0])
            try:
                fn, args, kwargs = cloudpickle.loads(request)
                answer = cloudpickle.dumps((True, fn(*args, **kwargs)))
            except BaseException as error:
                answer = _pickled_error(error)
            answers.write(_HEADER.pack(len(answer)) + answer)
            answers.flush()


def _pickled_error(error: BaseException) -> bytes:
    import cloudpickle

    try:
        data = cloudpickle.dumps((False, error))
        cloudpickle.loads(data)
    except Exception:
        # An exception that cannot travel still has to be told.
        data = cloudpickle.dumps((False, RuntimeError(f"{type(error).__name__}: {error}")))
    return data  # type: ignore[no-any-return]
