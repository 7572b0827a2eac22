"""The process that watches this one while it works on a flow run: started here, before the first line of user code.

On Linux it is a fork of this process, made while that is small and has one thread, so that it costs a millisecond and
hardly any memory; elsewhere, or later, it is a new interpreter. See ``watcher_process`` for what it does.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from signal import SIGKILL
from typing import TYPE_CHECKING, Protocol

from prefect.contract import limits
from prefect.engine.cloud import watcher_process
from prefect.utilities.context import context
from prefect.utilities.log_journal import Journal
from prefect.utilities.logging import LOG_MANAGER, get_logger

if TYPE_CHECKING:
    import subprocess

_current: Watcher | None = None


class _Process(Protocol):
    pid: int

    def kill(self) -> None: ...


@contextmanager
def watched(flow_run_id: str, *, may_be_ended: bool = False) -> Iterator[Watcher | None]:
    """Have this process watched while the block runs; gives None where that is not wanted or cannot be.

    Inside another block for the same run, that one's watcher.

    Args:
        may_be_ended: this process is there for the run alone: it may be ended when the run is to stop.
    """
    global _current
    if context.config.cloud.heartbeat_mode != "process":
        yield None
        return
    if _current is not None and _current.is_of(flow_run_id):
        yield _current
        return
    try:
        watcher = Watcher(flow_run_id, may_be_ended=may_be_ended)
    except OSError as error:
        # A run must not fail because nobody can be told that it lives.
        get_logger("Heartbeat").warning("The process that watches this run could not be started: %s", error)
        yield None
        return
    former, _current = _current, watcher
    if former is None:
        watcher.keep_logs()
    try:
        yield watcher
    finally:
        _current = former
        watcher.stop()


class Watcher:
    """The process that watches this one, as this one knows it.

    Raises:
        OSError: it cannot be started.
    """

    def __init__(self, flow_run_id: str, *, may_be_ended: bool = False) -> None:
        self._flow_run_id = flow_run_id
        self._owner = os.getpid()
        settings = context.config.cloud
        self._watch = watcher_process.Watch(
            flow_run_id,
            self._owner,
            interval_seconds=min(float(settings.heartbeat_interval), limits.HEARTBEAT_SECONDS),
            grace_seconds=max(0.0, float(settings.cancellation_grace_seconds)) if may_be_ended else 0.0,
        )
        self._environ = _environ(flow_run_id)
        self._lock = threading.Lock()
        self._stopped = False
        self._journal = Journal()
        try:
            self._begin(by_fork=can_fork())
        except OSError:
            self._journal.close()
            raise
        self._keeps_logs = False

    def is_of(self, flow_run_id: str) -> bool:
        """Whether it watches over this run in this process, and not in the one that this was forked from."""
        return self._flow_run_id == flow_run_id and self._owner == os.getpid()

    def wait_for_cancellation(self) -> int | None:
        """Wait until the run is Cancelling, and give its version then; None once the watch is over.

        A watcher that ends before its time is replaced.
        """
        while True:
            heard = self._hear()
            if heard.startswith(b"cancelling "):
                return int(heard.split()[1])
            with self._lock:
                if self._stopped:
                    return None
                get_logger("Heartbeat").warning("The process that watches this run has ended; it is started again.")
                self._end()
                try:
                    self._begin(by_fork=False)
                except OSError as error:
                    get_logger("Heartbeat").warning("It could not be started: %s", error)
                    return None
            # Where each one ends at once, not too many of them.
            time.sleep(self._watch.interval_seconds / 2)

    def say_ending(self) -> None:
        """Say that this process is about to settle its run, whatever has become of that meanwhile."""
        self._say(watcher_process.ENDING)

    def keep_logs(self) -> None:
        """Let the watcher have the log records that this process has not sent yet, in case it cannot any more."""
        self._keeps_logs = True
        LOG_MANAGER.keep(self._journal, self._tell_of_logs)

    def stop(self) -> None:
        """End the watch; a process that was forked from this one ends nothing."""
        if self._owner != os.getpid():
            return
        with self._lock:
            self._stopped = True
            if self._keeps_logs:
                LOG_MANAGER.keep(None)
            self._say(watcher_process.OVER)
            self._end()
            self._journal.close()

    def _hear(self) -> bytes:
        """Wait for a line of the watcher; an empty one says that it has ended."""
        try:
            return self._lines.readline()
        except (OSError, ValueError):  # ended, and closed, meanwhile
            return b""

    def _tell_of_logs(self) -> None:
        self._say(watcher_process.LOGS)

    def _say(self, what: bytes) -> None:
        # A watcher that does not read must not hold up its run, nor may one that has ended.
        with suppress(OSError):
            self._channel.send(what, socket.MSG_DONTWAIT)

    # ----- the process

    def _begin(self, *, by_fork: bool) -> None:
        self._channel, theirs = socket.socketpair()
        self._lines = self._channel.makefile("rb")
        with theirs:
            try:
                self._process: _Process = self._fork(theirs) if by_fork else self._spawn(theirs)
            except OSError:
                self._close()
                raise

    def _end(self) -> None:
        self._process.kill()
        self._close()

    def _close(self) -> None:
        # First what wakes a thread that is waiting for a line: until then it holds the reader.
        with suppress(OSError):
            self._channel.shutdown(socket.SHUT_RDWR)
        self._lines.close()
        self._channel.close()

    def _fork(self, theirs: socket.socket) -> _Process:
        pid = os.fork()
        if pid:
            return _Fork(pid)
        fd = theirs.fileno()
        watcher_process.watch_as_fork(
            lambda: watcher_process.WatcherProcess(self._watch, fd, fd, self._journal.fd),
            keep={fd, self._journal.fd},
        )
        raise AssertionError("a forked watcher does not come back")

    def _spawn(self, theirs: socket.socket) -> _Process:
        import subprocess

        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                watcher_process.__name__,
                self._flow_run_id,
                json.dumps(self._watch[1:]),
                str(self._journal.fd),
            ],
            pass_fds=[self._journal.fd],
            env=self._environ,
            stdin=theirs.fileno(),
            stdout=theirs.fileno(),
            stderr=subprocess.DEVNULL,
        )
        return _Spawned(process)


class _Fork:
    def __init__(self, pid: int) -> None:
        self.pid = pid

    def kill(self) -> None:
        # Somebody else may have waited for every child of this process: then the number may be another's by now.
        with suppress(ChildProcessError):
            if os.waitpid(self.pid, os.WNOHANG) == (0, 0):
                os.kill(self.pid, SIGKILL)
                os.waitpid(self.pid, 0)


class _Spawned:
    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self.pid = process.pid

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


def can_fork() -> bool:
    """Whether a fork of this process is sure to work: no other thread may hold a lock that is needed there."""
    if sys.platform != "linux" or threading.current_thread() is not threading.main_thread():
        return False
    try:
        return len(os.listdir("/proc/self/task")) == 1
    except OSError:
        return False


def _environ(flow_run_id: str) -> dict[str, str]:
    """Give the environment of a new interpreter: this one's, with the API's address as it is used here."""
    config = context.config
    run_process = context.get("run_process")
    return {
        **os.environ,
        "PREFECT__BACKEND": str(config.backend),
        "PREFECT__CLOUD__API": str(config.cloud.api),
        "PREFECT__CLOUD__API_KEY": str(config.cloud.get("api_key") or ""),
        "PREFECT__CLOUD__TENANT_ID": str(config.cloud.get("tenant_id") or ""),
        "PREFECT__CLOUD__SEND_FLOW_RUN_LOGS": "false",
        "PREFECT__CONTEXT__FLOW_RUN_ID": flow_run_id,
        **({"PREFECT__CONTEXT__RUN_PROCESS": str(run_process)} if run_process else {}),
    }
