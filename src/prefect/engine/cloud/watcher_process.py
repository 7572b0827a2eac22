"""What the process does that watches another while it works on flow runs: it beats for them, and sees that they stop.

It depends on nothing that the run's own code can hold up: another process, with an interpreter, connections and a
session of its own. It ends when the watched process does, however that came about, and in no case later.
"""

from __future__ import annotations

import contextlib
import contextvars
import json
import os
import select
import signal
import socket
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from prefect.utilities.context import context
from prefect.utilities.log_journal import JournalReader, Progress, Record
from prefect.utilities.log_sending import LOG_MANAGER

if TYPE_CHECKING:
    from prefect.client.client import Client

LOOK_SECONDS = 1.0
"""So often the watched process is looked for where the system does not say that it has ended."""

FIRST_LOOK_SECONDS = 1.0
"""A run shorter than this is not watched for a cancellation."""

OVER = b"!"
"""What the watched process says on the channel of a run that is done, and on its own when nothing is to be watched."""

ENDING = b"e"
"""What it says on the channel of a run whose tasks are over, and which it is about to settle."""

LOGS = b"l"
"""What it says on its own when log records wait to be sent after there were none."""

RUN = b"+"
"""What it says on its own, with a channel for a run to be watched and, up to the end of the line, its ``Watch``."""

STUCK_SECONDS = 1.0
"""Records that have waited so long without a try to send them are sent from here."""

STUCK_SENDING_SECONDS = 5.0
"""The same, when a try has begun: the server may be slow."""

TERMINATE_SECONDS = 5.0
"""How long a process that is ended by force may take to end by itself after SIGTERM."""

JOURNAL_LOOK_SECONDS = 0.5
LAST_LOGS_SECONDS = 10.0
"""How long after the end of the process its last records are tried to be sent."""


class Watch(NamedTuple):
    """What is to be watched.

    Attributes:
        flow_run_id: the run that the process works on.
        pid: the process; it has started the one that watches.
        interval_seconds: between two heartbeats; the first is sent after half of it, so that short runs cost nothing.
        grace_seconds: how long after its run is to stop the process may go on; then it is ended. 0: for ever.
        run_process: the name under which the process works on the run; may be empty.
    """

    flow_run_id: str
    pid: int
    interval_seconds: float
    grace_seconds: float
    run_process: str = ""


class WatcherProcess:
    """The watch over one process, and the runs that it works on.

    Args:
        pid: of the process.
        channel: where it says which runs are to be watched, and that none is any more.
        journal_fd: where it keeps log records that it has not yet sent (``JournalReader``).
    """

    def __init__(self, pid: int, channel: socket.socket, journal_fd: int) -> None:
        self._pid = pid
        self._channel: socket.socket | None = channel
        self._said = b""
        self._given: deque[int] = deque()
        self.runs: list[RunWatch] = []
        self._logs = LastLogs(journal_fd)

    def run(self) -> None:
        """Watch until the process has ended or has nothing more to be watched."""
        with _pidfd(self._pid) as pidfd:
            while True:
                for run in self.runs:
                    run.begin_what_is_due()
                ended = self._wait(pidfd)
                if ended is not None:
                    break
                self._logs.look()
        if ended == "without a word":
            self._logs.send_all()
            for run in self.runs:
                run.settle()

    def _wait(self, pidfd: int | None) -> str | None:
        """Wait until there is something to do; says how the watch has ended if it has."""
        poll = select.poll()
        for found in (self._channel, pidfd, *self.runs):
            if found is not None and (not isinstance(found, RunWatch) or found.is_heard):
                poll.register(found, select.POLLIN)
        ready = {fd for fd, _ in poll.poll(self._longest_wait_ms(pidfd))}
        if self._channel is not None and self._channel.fileno() in ready and self._hear(self._channel):
            return "in order"
        for run in [run for run in self.runs if run.is_heard and run.fileno() in ready]:
            if run.hear():
                self.runs.remove(run)
        if (pidfd is None and os.getppid() != self._pid) or pidfd in ready:
            return "without a word"
        return None

    def _hear(self, channel: socket.socket) -> bool:
        """Read what the process says; True when nothing is to be watched any more."""
        try:
            said, given, _, _ = socket.recv_fds(channel, 4096, 16)
        except OSError:
            said, given = b"", []
        self._given.extend(given)
        if not said:
            # The process has ended, or has become another program (exec) and lives on.
            self._channel = None
        self._said += said
        while self._said:
            word, rest = self._said[:1], self._said[1:]
            if word == OVER:
                return True
            if word == LOGS:
                self._logs.begin()
            elif word == RUN:
                told, end, rest = rest.partition(b"\n")
                if not end:
                    return False  # the rest is on its way
                channel_of_run = socket.socket(fileno=self._given.popleft())
                self.runs.append(RunWatch(Watch(*json.loads(told)), channel_of_run))
            self._said = rest
        return False

    def _longest_wait_ms(self, pidfd: int | None) -> float | None:
        waits = [max(0.0, due_at - time.monotonic()) for run in self.runs for due_at, _ in run.due]
        if pidfd is None:
            waits.append(LOOK_SECONDS)
        if self._logs.are_waiting:
            waits.append(JOURNAL_LOOK_SECONDS)
        return min(waits) * 1000 + 1 if waits else None


class RunWatch:
    """The watch over one run.

    Args:
        channel: where the process says how far the run is, and is told that it is to stop: ``cancelling <version>``.

    Attributes:
        due: what is to be done, and when by the monotonic clock.
        is_heard: the process may still say something of it.
    """

    def __init__(self, watch: Watch, channel: socket.socket) -> None:
        self._watch = watch
        self._channel = channel
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._is_ending = threading.Event()
        self._forced: ForcedEnd | None = None
        self.is_heard = True
        now = time.monotonic()
        self.due: list[tuple[float, Callable[[Client], None]]] = [
            (now + FIRST_LOOK_SECONDS, self._see_that_it_stops),
            (now + watch.interval_seconds / 2, self._beat),
        ]

    def fileno(self) -> int:
        return self._channel.fileno()

    def begin_what_is_due(self) -> None:
        now = time.monotonic()
        for due_at, work in [entry for entry in self.due if entry[0] <= now]:
            self.due.remove((due_at, work))
            # With the settings of the watched process, which a new thread does not have of itself.
            threading.Thread(
                target=contextvars.copy_context().run, args=(self._do, work), name=work.__name__, daemon=True
            ).start()

    def hear(self) -> bool:
        """Read what the process says of the run; True when that is done."""
        try:
            said = self._channel.recv(64)
        except OSError:  # closed, and what it was told last was not read
            said = b""
        if ENDING in said:
            self._is_ending.set()
        # Without a word it has ended, or has become another program (exec) and lives on.
        self.is_heard = bool(said)
        if OVER not in said:
            return False
        self._over.set()
        with self._lock:
            self._channel.close()
        return True

    def settle(self) -> None:
        """Do what a process has not that was ended by force."""
        if self._forced is not None:
            self._forced.settle()

    # ----- in threads of their own: a request may wait long for a server that is away

    def _do(self, work: Callable[[Client], None]) -> None:
        from prefect.client.client import Client

        with context(flow_run_id=self._watch.flow_run_id, run_process=self._watch.run_process or None):
            work(Client())

    def _beat(self, client: Client) -> None:
        from prefect.engine.cloud.beating import beat_on

        beat_on(client, self._watch.flow_run_id, self._watch.interval_seconds, self._over)

    def _see_that_it_stops(self, client: Client) -> None:
        """Tell the process when its run is to stop; end it when it does not."""
        from prefect.engine.cloud.cancellation import wait_for_cancellation

        while True:
            version = wait_for_cancellation(client, self._watch.flow_run_id, self._over)
            if version is None:
                return
            self._tell(b"cancelling %d\n" % version)
            if not self._watch.grace_seconds:
                return
            self._over.wait(self._watch.grace_seconds)
            forced = ForcedEnd(client, self._watch, is_ending=self._is_ending.is_set())
            if forced.is_called_for():
                self._forced = forced
                forced.end_process()
                return

    def _tell(self, what: bytes) -> None:
        # A process that does not read must not hold up the others' watch, nor may one whose run is over.
        with self._lock, contextlib.suppress(OSError):
            self._channel.send(what, socket.MSG_DONTWAIT)


class LastLogs:
    """The log records that the watched process has not sent, and whether it still may.

    Usually it sends them itself, within a second: then this only looks on.
    """

    def __init__(self, journal_fd: int) -> None:
        self._journal = JournalReader(journal_fd)
        self._progress = self._journal.progress()
        self._changed_at = time.monotonic()
        self.are_waiting = not self._journal.is_empty()

    def begin(self) -> None:
        """Look after the records from now on, until there are none."""
        if not self.are_waiting:
            self.are_waiting = True
            self._note(self._journal.progress())

    def look(self) -> None:
        """Send the records of a process that cannot."""
        if not self.are_waiting:
            return
        progress = self._journal.progress()
        if progress != self._progress:
            self._note(progress)
            self.are_waiting = not self._journal.is_empty()
            return
        patience = STUCK_SENDING_SECONDS if progress.is_sending else STUCK_SECONDS
        if time.monotonic() - self._changed_at >= patience:
            self._send(self._journal.unsettled())

    def send_all(self) -> None:
        """Send what is left, without waiting long for a server that is away."""
        self._send(self._journal.unsettled())
        LOG_MANAGER.flush(LAST_LOGS_SECONDS)

    def _note(self, progress: Progress) -> None:
        self._progress, self._changed_at = progress, time.monotonic()

    @staticmethod
    def _send(records: list[Record]) -> None:
        for record in records:
            LOG_MANAGER.enqueue(record)


class ForcedEnd:
    """Ending a process that goes on although its run is to stop."""

    def __init__(self, client: Client, watch: Watch, *, is_ending: bool) -> None:
        self._client = client
        self._watch = watch
        self._is_ending = is_ending

    def is_called_for(self) -> bool:
        """Whether the run is still to stop, and its process not about to settle it."""
        from prefect.exceptions import ClientError

        try:
            name = self._state_name()
        except ClientError:
            return False
        return name == "Cancelling" or (not self._is_ending and self._stops(name))

    def end_process(self) -> None:
        """Ask it to terminate, with all that it has started, and kill it when it does not."""
        self._tell()
        self._send(signal.SIGTERM)
        time.sleep(min(TERMINATE_SECONDS, self._watch.grace_seconds))
        # This process has ended, too, if that one has.
        self._send(signal.SIGKILL)

    def settle(self) -> None:
        """Set the run Cancelled, if that is what was wanted of its process."""
        from prefect.exceptions import ClientError
        from prefect.model.state import Cancelled

        self._client.retry_seconds = LAST_LOGS_SECONDS
        # Otherwise the server does it, once the run has been silent for long enough.
        with contextlib.suppress(ClientError, ValueError):
            if self._state_name() == "Cancelling":
                self._client.set_flow_run_state(self._watch.flow_run_id, Cancelled(self._message))

    @property
    def _message(self) -> str:
        return (
            f"Flow run is cancelled; its process did not stop within {self._watch.grace_seconds:g} seconds and was "
            "ended by force"
        )

    def _tell(self) -> None:
        from prefect.exceptions import ClientError

        text = (
            f"The process of this flow run did not stop within {self._watch.grace_seconds:g} seconds after it was told "
            "to (cloud.cancellation_grace_seconds); it is ended by force."
        )
        line = {"flow_run_id": self._watch.flow_run_id, "name": "prefect.watcher", "level": "WARNING", "message": text}
        with contextlib.suppress(ClientError, ValueError):
            self._client.write_run_logs([line])

    def _state_name(self) -> str | None:
        from prefect.contract import operations

        run = self._client.ask(operations.FLOW_RUN_STATUS, id=self._watch.flow_run_id)["flow_run_by_pk"]
        return ((run or {}).get("serialized_state") or {}).get("type")

    @staticmethod
    def _stops(name: str | None) -> bool:
        from prefect.engine.cloud.cancellation import stops

        return stops(name)

    def _send(self, number: signal.Signals) -> None:
        pid = self._watch.pid
        with contextlib.suppress(OSError):
            # What the run has started goes with it, where it has a group of its own.
            if os.getpgid(pid) == pid:
                os.killpg(pid, number)
            else:
                os.kill(pid, number)


@contextlib.contextmanager
def _pidfd(pid: int) -> Iterator[int | None]:
    """Give a descriptor that becomes readable when the process ends; None where the system has none."""
    try:
        fd = os.pidfd_open(pid)
    except (AttributeError, OSError):
        yield None
        return
    try:
        yield fd
    finally:
        os.close(fd)


def watch_as_fork(process: Callable[[], WatcherProcess], keep: set[int]) -> None:
    """Be the watcher, in a process that was forked from the watched one a moment ago; does not return.

    Args:
        keep: the descriptors that it needs; of the others none is held open.
    """
    try:
        _leave_terminal()
        _let_go_of_descriptors(keep)
        _spare_shared_memory()
        process().run()
    finally:
        # Nothing of what the parent has prepared for its own end.
        os._exit(0)


def _leave_terminal() -> None:
    # Neither Ctrl-C at the run's terminal nor a signal to its group is meant for the watcher, and who ends every
    # process of a machine gives the run time to end: so long it must not be silent.
    with contextlib.suppress(OSError):
        os.setsid()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def _let_go_of_descriptors(keep: set[int]) -> None:
    null = os.open(os.devnull, os.O_RDWR)
    for name in os.listdir("/proc/self/fd"):
        fd = int(name)
        # Replaced and not closed: an object of the parent that still knows the number would later close another's.
        if fd not in keep and fd != null:
            with contextlib.suppress(OSError):
                os.fstat(fd)
                os.dup2(null, fd, inheritable=False)
    os.close(null)


def _spare_shared_memory() -> None:
    import gc

    # A collection would write into every object that is shared with the parent.
    gc.freeze()


def main(pid: int, journal_fd: int) -> None:
    """Watch the process that started this one, and talks to it through its standard input."""
    _leave_terminal()
    WatcherProcess(pid, socket.socket(fileno=0), journal_fd).run()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
    os._exit(0)
