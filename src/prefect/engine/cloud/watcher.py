"""The process that watches this one while it works on a flow run: started here, before the first line of user code.

It watches over all the runs that this process works on at one time: one, or as many as somebody runs in threads. On
Linux it is a fork of this process, made while that is small and has one thread, so that it costs a millisecond and
hardly any memory; elsewhere, or later, it is a new interpreter. See ``watcher_process`` for what it does.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
import time
from array import array
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from signal import SIGKILL
from typing import TYPE_CHECKING, NamedTuple, Protocol

from prefect.contract import limits
from prefect.engine.cloud import watcher_process
from prefect.utilities.context import context
from prefect.utilities.log_journal import Journal
from prefect.utilities.logging import LOG_MANAGER, get_logger

if TYPE_CHECKING:
    import subprocess

_lock = threading.RLock()
_hosts: list[Host] = []
_watchers: dict[str, Watcher] = {}
"""The runs that this process works on."""


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
    if context.config.cloud.heartbeat_mode != "process":
        yield None
        return
    if (outer := _watchers.get(flow_run_id)) is not None:
        yield outer
        return
    try:
        watcher = Watcher(flow_run_id, may_be_ended=may_be_ended)
    except OSError as error:
        # A run must not fail because nobody can be told that it lives.
        get_logger("Heartbeat").warning("The process that watches this run could not be started: %s", error)
        yield None
        return
    _watchers[flow_run_id] = watcher
    watcher.keep_logs()
    try:
        yield watcher
    finally:
        _watchers.pop(flow_run_id, None)
        watcher.stop()


class Watcher:
    """The watch over one run of this process, as this one knows it.

    The process that does it is shared with the other runs that this one works on, as far as they speak to the same API.

    Raises:
        OSError: it cannot be started.
    """

    def __init__(self, flow_run_id: str, *, may_be_ended: bool = False) -> None:
        self._owner = os.getpid()
        settings = context.config.cloud
        self._watch = watcher_process.Watch(
            flow_run_id,
            self._owner,
            interval_seconds=min(float(settings.heartbeat_interval), limits.HEARTBEAT_SECONDS),
            grace_seconds=max(0.0, float(settings.cancellation_grace_seconds)) if may_be_ended else 0.0,
            run_process=str(context.get("run_process") or ""),
        )
        self._stopped = False
        with _lock:
            self._host = Host.of_api(self._watch)
            self._host.runs += 1
            try:
                self._follow(self._host.watch(self._watch))
            except OSError:
                self._host.leave()
                raise

    def wait_for_cancellation(self) -> int | None:
        """Wait until the run is Cancelling, and give its version then; None once the watch is over.

        A watcher that ends before its time is replaced.
        """
        while True:
            heard = self._hear()
            if heard.startswith(b"cancelling "):
                return int(heard.split()[1])
            with _lock:
                if self._stopped:
                    return None
                self._close()
                try:
                    self._host.replace(self._process)
                    self._follow(self._host.watch(self._watch))
                except OSError as error:
                    get_logger("Heartbeat").warning("It could not be started: %s", error)
                    return None
            # Where each one ends at once, not too many of them.
            time.sleep(self._watch.interval_seconds / 2)

    def say_ending(self) -> None:
        """Say that this process is about to settle its run, whatever has become of that meanwhile."""
        _say(self._channel, watcher_process.ENDING)

    def keep_logs(self) -> None:
        """Let the watcher have the log records that this process has not sent yet, in case it cannot any more."""
        with _lock:
            if not any(host.keeps_logs for host in _hosts):
                self._host.keep_logs()

    def stop(self) -> None:
        """End the watch; a process that was forked from this one ends nothing."""
        if self._owner != os.getpid():
            return
        with _lock:
            if self._stopped:
                return
            self._stopped = True
            _say(self._channel, watcher_process.OVER)
            self._host.leave()
            self._close()

    def _follow(self, channel: socket.socket) -> None:
        self._channel = channel
        self._lines = channel.makefile("rb")
        self._process = self._host.process

    def _hear(self) -> bytes:
        """Wait for a line of the watcher; an empty one says that it has ended."""
        try:
            return self._lines.readline()
        except (OSError, ValueError):  # ended, and closed, meanwhile
            return b""

    def _close(self) -> None:
        # First what wakes a thread that is waiting for a line: until then it holds the reader.
        with suppress(OSError):
            self._channel.shutdown(socket.SHUT_RDWR)
        self._lines.close()
        self._channel.close()


class Host:
    """The process that watches this one, and all of its runs that speak to one API. Used under the lock.

    Attributes:
        process: changes when it has ended before its time.
        runs: so many are watched.
        keeps_logs: it is to send the log records that this process cannot.
    """

    def __init__(self, address: _Address, environ: Mapping[str, str]) -> None:
        self._address = address
        self._environ = environ
        self.runs = 0
        self.keeps_logs = False
        self._journal = Journal()
        try:
            self._begin(by_fork=can_fork())
        except OSError:
            self._journal.close()
            raise

    @classmethod
    def of_api(cls, watch: watcher_process.Watch) -> Host:
        """Give the one for the API as it is spoken to here, which is begun if there is none yet.

        Raises:
            OSError: it cannot be started.
        """
        address = _address()
        for host in _hosts:
            if host._address == address and host.is_there():
                return host
        host = cls(address, _environ(watch))
        _hosts.append(host)
        return host

    def is_there(self) -> bool:
        """Whether it listens to what it is told."""
        try:
            self._channel.send(b"", socket.MSG_DONTWAIT)
        except OSError:
            return False
        return True

    def watch(self, watch: watcher_process.Watch) -> socket.socket:
        """Have a run watched; gives its channel.

        Raises:
            OSError: the process has ended, or does not listen.
        """
        mine, theirs = socket.socketpair()
        with theirs:
            said = watcher_process.RUN + json.dumps(watch).encode() + b"\n"
            given = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array("i", [theirs.fileno()]))]
            try:
                # One that does not read must not hold up the run. So little is sent whole, or not at all.
                self._channel.sendmsg([said], given, socket.MSG_DONTWAIT)
            except OSError:
                mine.close()
                raise
        return mine

    def replace(self, lost: _Process) -> None:
        """Start another process in the place of one that has ended before its time.

        Raises:
            OSError: it cannot be started.
        """
        if self.process is lost:
            get_logger("Heartbeat").warning("The process that watches this run has ended; it is started again.")
            self._stop()
            self._begin(by_fork=False)

    def keep_logs(self) -> None:
        self.keeps_logs = True
        LOG_MANAGER.keep(self._journal, lambda: _say(self._channel, watcher_process.LOGS))

    def leave(self) -> None:
        """One run less; with the last one the process ends."""
        self.runs -= 1
        if self.runs:
            return
        _hosts.remove(self)
        if self.keeps_logs:
            LOG_MANAGER.keep(None)
        self._end()

    def _begin(self, *, by_fork: bool) -> None:
        self._channel, theirs = socket.socketpair()
        with theirs:
            try:
                self.process: _Process = self._fork(theirs) if by_fork else self._spawn(theirs)
            except OSError:
                self._channel.close()
                raise

    def _end(self) -> None:
        _say(self._channel, watcher_process.OVER)
        self._stop()
        self._journal.close()

    def _stop(self) -> None:
        self.process.kill()
        self._channel.close()

    def _fork(self, theirs: socket.socket) -> _Process:
        watched = os.getpid()
        pid = os.fork()
        if pid:
            return _Fork(pid)
        watcher_process.watch_as_fork(
            lambda: watcher_process.WatcherProcess(watched, theirs, self._journal.fd),
            keep={theirs.fileno(), self._journal.fd},
        )
        raise AssertionError("a forked watcher does not come back")

    def _spawn(self, theirs: socket.socket) -> _Process:
        import subprocess

        process = subprocess.Popen(
            [sys.executable, "-m", watcher_process.__name__, str(os.getpid()), str(self._journal.fd)],
            pass_fds=[self._journal.fd],
            env=self._environ,
            stdin=theirs.fileno(),
            stdout=subprocess.DEVNULL,
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


class _Address(NamedTuple):
    """The API as it is spoken to here."""

    backend: str
    url: str
    api_key: str
    tenant_id: str


def _address() -> _Address:
    config = context.config
    return _Address(
        str(config.backend),
        str(config.cloud.api),
        str(config.cloud.get("api_key") or ""),
        str(config.cloud.get("tenant_id") or ""),
    )


def _environ(watch: watcher_process.Watch) -> dict[str, str]:
    """Give the environment of a new interpreter: this one's, with the API's address as it is used here."""
    address = _address()
    return {
        **os.environ,
        "PREFECT__BACKEND": address.backend,
        "PREFECT__CLOUD__API": address.url,
        "PREFECT__CLOUD__API_KEY": address.api_key,
        "PREFECT__CLOUD__TENANT_ID": address.tenant_id,
        "PREFECT__CLOUD__SEND_FLOW_RUN_LOGS": "false",
        "PREFECT__CONTEXT__FLOW_RUN_ID": watch.flow_run_id,
        **({"PREFECT__CONTEXT__RUN_PROCESS": watch.run_process} if watch.run_process else {}),
    }


def _say(channel: socket.socket, what: bytes) -> None:
    # A watcher that does not read must not hold up its run, nor may one that has ended.
    with suppress(OSError):
        channel.send(what, socket.MSG_DONTWAIT)


def _forget() -> None:
    """Begin anew in a process that was forked: what watches its parent is none of its business."""
    global _lock
    _lock = threading.RLock()
    _hosts.clear()
    _watchers.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
