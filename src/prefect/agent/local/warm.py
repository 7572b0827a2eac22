"""Starting flow runs by forking a process that has loaded what they need: the agent's side of ``warm_parent``."""

from __future__ import annotations

import itertools
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import IO, Any, Protocol

from prefect.backend.forked import COMMAND
from prefect.backend.warm_parent import CHANNEL

ANSWER_SECONDS = 60.0
"""How long the parent may take for one start, its own among them; then another one takes its place."""

END_SECONDS = 2.0


class RunProcess(Protocol):
    """What an agent knows of the process of a flow run: a ``Popen``, or one that was forked elsewhere."""

    pid: int
    returncode: int | Any

    def wait(self) -> int: ...

    def poll(self) -> int | None: ...


class NeedsInterpreter(Exception):
    """A run cannot be forked: it needs an interpreter of its own."""


class _Outdated(Exception):
    """The parent has loaded files that have changed since."""


def is_possible() -> bool:
    """Whether processes can be forked, and their ends be seen, on this system."""
    return sys.platform == "linux" and hasattr(os, "pidfd_open")


class ForkedProcess:
    """The process of a flow run that the warm parent has forked."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._ended = threading.Event()
        try:
            self._pidfd: int | None = os.pidfd_open(pid)
        except OSError:  # ended already
            self._pidfd = None

    def wait(self) -> int:
        """Wait for its end, and give its exit code; 0 also where nobody saw it, because the parent was killed."""
        self._ended.wait()
        if self.returncode is None and self._pidfd is not None:
            poll = select.poll()
            poll.register(self._pidfd, select.POLLIN)
            poll.poll()
        self.returncode = self.returncode or 0
        fd, self._pidfd = self._pidfd, None
        if fd is not None:
            os.close(fd)
        return self.returncode

    def poll(self) -> int | None:
        """Give its exit code when it has ended."""
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it has not ended."""
        if self._pidfd is not None:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _note_end(self, exit_code: int | None) -> None:
        self.returncode = exit_code
        self._ended.set()


class WarmStarter:
    """Starts flow runs as forks of one parent process, which it starts, and starts again when it has ended.

    Args:
        output: where the flow runs write; absent means where this process does.
        environ: what all their environments have in common.
    """

    def __init__(self, output: int | None, environ: Mapping[str, str]) -> None:
        self._output = output
        self._environ = environ
        self._lock = threading.Lock()
        self._parent: _Parent | None = None

    def prepare(self) -> None:
        """Start the parent now, so that the first run finds it ready; does not wait for it."""
        with self._lock:
            self._present_parent()

    def start(self, environ: Mapping[str, str], working_dir: str | None) -> ForkedProcess:
        """Start the process of a flow run.

        Raises:
            NeedsInterpreter: what it needs cannot be had by a fork, or no parent answers.
            OSError: it cannot be started.
        """
        while True:
            with self._lock:
                parent = self._present_parent()
            try:
                return parent.fork(environ, working_dir)
            except _Outdated:
                with self._lock:
                    if self._parent is parent:
                        self._parent = None
                parent.retire()
            except ConnectionError as error:
                # Whatever it was doing, it does no more.
                parent.end()
                raise NeedsInterpreter(str(error)) from None

    def stop(self) -> None:
        """End the parent; the flow runs go on."""
        with self._lock:
            parent, self._parent = self._parent, None
        if parent is not None:
            parent.end()
            parent.join(END_SECONDS)

    def _present_parent(self) -> _Parent:
        if self._parent is None or self._parent.has_ended:
            self._parent = _Parent(self._output, self._environ)
        return self._parent


class _Parent:
    """One parent process, and what it has been asked for."""

    def __init__(self, output: int | None, environ: Mapping[str, str]) -> None:
        self._channel, theirs = socket.socketpair()
        # One that has stopped reading must not hold up the agent; ``settimeout`` would also end the listening.
        self._channel.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("@ll", int(ANSWER_SECONDS), 0))
        self._lock = threading.Lock()
        self._numbers = itertools.count()
        self._answers: dict[int, _Answer] = {}
        self._processes: dict[int, ForkedProcess] = {}
        self.has_ended = False
        self._is_retired = False
        with theirs:
            # As a run is started: its forks have the same command, streams and signals.
            self._process = subprocess.Popen(
                [sys.executable, *COMMAND],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**environ, CHANNEL: str(theirs.fileno())},
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        self._listener = threading.Thread(target=self._listen, name="warm-parent", daemon=True)
        self._listener.start()

    def fork(self, environ: Mapping[str, str], working_dir: str | None) -> ForkedProcess:
        """Have a process forked.

        Raises:
            NeedsInterpreter: as :class:`WarmStarter` says.
            ConnectionError: the parent does not answer, or has ended.
            _Outdated: another parent has to take its place.
        """
        number, answer = next(self._numbers), _Answer()
        line = json.dumps({"id": number, "environ": dict(environ), "working_dir": working_dir}).encode() + b"\n"
        with self._lock:
            if self.has_ended:
                raise ConnectionError("the warm parent has ended")
            self._answers[number] = answer
            try:
                self._channel.sendall(line)
            except OSError as error:
                raise ConnectionError(f"the warm parent takes no request: {error}") from None
        if not answer.is_there.wait(ANSWER_SECONDS):
            raise ConnectionError("the warm parent does not answer")
        if answer.process is not None:
            return answer.process
        if answer.said.get("ended"):
            raise ConnectionError("the warm parent has ended")
        if answer.said.get("outdated"):
            raise _Outdated
        if "refused" in answer.said:
            raise NeedsInterpreter(answer.said["refused"])
        raise OSError(answer.said.get("error", "no process was forked"))

    def retire(self) -> None:
        """End it once the processes have ended that it has forked: it is what sees their ends."""
        with self._lock:
            self._is_retired = True
            is_over = not self._processes
        if is_over:
            self.end()

    def join(self, seconds: float) -> None:
        """Wait until it has ended, at most so long."""
        self._listener.join(seconds)

    def end(self) -> None:
        self._process.kill()
        with suppress(OSError):
            self._channel.shutdown(socket.SHUT_RDWR)

    def _listen(self) -> None:
        with self._channel, self._channel.makefile("rb") as lines:
            self._hear(lines)
        self._process.kill()
        self._process.wait()
        with self._lock:
            self.has_ended = True
            answers, self._answers = self._answers, {}
            processes, self._processes = self._processes, {}
        for answer in answers.values():
            answer.give(None, {"ended": True})
        for process in processes.values():
            process._note_end(None)

    def _hear(self, lines: IO[bytes]) -> None:
        with suppress(OSError, ValueError):  # cut off in the middle of a line
            for line in lines:
                self._take(json.loads(line))

    def _take(self, said: dict[str, Any]) -> None:
        if "status" in said:
            with self._lock:
                process = self._processes.pop(said["pid"])
                is_over = self._is_retired and not self._processes
            process._note_end(said["status"])
            if is_over:
                self.end()
            return
        forked = ForkedProcess(said["pid"]) if "pid" in said else None
        with self._lock:
            answer = self._answers.pop(said["id"])
            if forked is not None:
                self._processes[forked.pid] = forked
        answer.give(forked, said)


class _Answer:
    def __init__(self) -> None:
        self.is_there = threading.Event()
        self.process: ForkedProcess | None = None
        self.said: Mapping[str, Any] = {}

    def give(self, process: ForkedProcess | None, said: Mapping[str, Any]) -> None:
        self.process, self.said = process, said
        self.is_there.set()
