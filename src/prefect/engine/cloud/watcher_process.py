"""What the process does that watches the process of a flow run: it beats for it, and looks whether it is cancelled.

It depends on nothing that the run's own code can hold up: another process, with an interpreter, connections and a
session of its own. It ends when the watched process does, however that came about, and in no case later.
"""

from __future__ import annotations

import contextlib
import contextvars
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from prefect.utilities.log_journal import JournalReader, Progress, Record
from prefect.utilities.log_sending import LOG_MANAGER

if TYPE_CHECKING:
    from prefect.client.client import Client

LOOK_SECONDS = 1.0
"""So often the watched process is looked for where the system does not say that it has ended."""

FIRST_LOOK_SECONDS = 1.0
"""A run shorter than this is not watched for a cancellation."""

OVER = b"!"
"""What the watched process sends when its run is done."""

LOGS = b"l"
"""What it sends when log records wait to be sent after there were none."""

STUCK_SECONDS = 1.0
"""Records that have waited so long without a try to send them are sent from here."""

STUCK_SENDING_SECONDS = 5.0
"""The same, when a try has begun: the server may be slow."""

JOURNAL_LOOK_SECONDS = 0.5
LAST_LOGS_SECONDS = 10.0
"""How long after the end of the process its last records are tried to be sent."""


class WatcherProcess:
    """The watch over one process.

    Args:
        flow_run_id: the run that the process works on.
        watched_pid: the process; it has started this one.
        receive_fd: where it says that it is done.
        journal_fd: where it keeps log records that it has not yet sent (``JournalReader``).
        send_fd: where it is told of a cancellation, as a line ``cancelling <version>``.
        interval_seconds: between two heartbeats; the first is sent after half of it, so that short runs cost nothing.
    """

    def __init__(
        self,
        flow_run_id: str,
        watched_pid: int,
        receive_fd: int,
        send_fd: int,
        journal_fd: int,
        *,
        interval_seconds: float,
    ) -> None:
        self._flow_run_id = flow_run_id
        self._watched_pid = watched_pid
        self._receive_fd: int | None = receive_fd
        self._send_fd = send_fd
        self._interval = interval_seconds
        self._over = threading.Event()
        self._logs = LastLogs(journal_fd)
        now = time.monotonic()
        self._due: list[tuple[float, Callable[[Client], None]]] = [
            (now + FIRST_LOOK_SECONDS, self._watch_for_cancellation),
            (now + interval_seconds / 2, self._beat),
        ]

    def run(self) -> None:
        """Watch until the process has ended or is done with its run."""
        with _pidfd(self._watched_pid) as pidfd:
            while True:
                self._begin_what_is_due()
                ended = self._wait(pidfd)
                if ended is not None:
                    break
                self._logs.look()
        if ended == "without a word":
            self._logs.send_all()

    def _begin_what_is_due(self) -> None:
        now = time.monotonic()
        for due_at, work in [entry for entry in self._due if entry[0] <= now]:
            self._due.remove((due_at, work))
            from prefect.client.client import Client

            # With the settings of the watched process, which a new thread does not have of itself.
            threading.Thread(
                target=contextvars.copy_context().run, args=(work, Client()), name=work.__name__, daemon=True
            ).start()

    def _wait(self, pidfd: int | None) -> str | None:
        """Wait until there is something to do; says how the watch has ended if it has."""
        poll = select.poll()
        for fd in (self._receive_fd, pidfd):
            if fd is not None:
                poll.register(fd, select.POLLIN)
        ready = {fd for fd, _ in poll.poll(self._longest_wait_ms(pidfd))}
        if self._receive_fd in ready:
            said = os.read(self._receive_fd, 64)
            if OVER in said:
                return "in order"
            if LOGS in said:
                self._logs.begin()
            if not said:
                # The process has ended, or has become another program (exec) and lives on.
                self._receive_fd = None
        if (pidfd is None and os.getppid() != self._watched_pid) or pidfd in ready:
            return "without a word"
        return None

    def _longest_wait_ms(self, pidfd: int | None) -> float | None:
        waits = [max(0.0, due_at - time.monotonic()) for due_at, _ in self._due]
        if pidfd is None:
            waits.append(LOOK_SECONDS)
        if self._logs.are_waiting:
            waits.append(JOURNAL_LOOK_SECONDS)
        return min(waits) * 1000 + 1 if waits else None

    # ----- in threads of their own: a request may wait long for a server that is away

    def _beat(self, client: Client) -> None:
        from prefect.engine.cloud.beating import beat_on

        beat_on(client, self._flow_run_id, self._interval, self._over)

    def _watch_for_cancellation(self, client: Client) -> None:
        from prefect.engine.cloud.cancellation import wait_for_cancellation

        version = wait_for_cancellation(client, self._flow_run_id, self._over)
        if version is not None:
            with contextlib.suppress(OSError):
                os.write(self._send_fd, b"cancelling %d\n" % version)


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


def main(flow_run_id: str, interval_seconds: float, watched_pid: int, journal_fd: int) -> None:
    """Watch the process that started this one, and talks to it through its standard streams."""
    _leave_terminal()
    process = WatcherProcess(
        flow_run_id,
        watched_pid,
        receive_fd=0,
        send_fd=1,
        journal_fd=journal_fd,
        interval_seconds=interval_seconds,
    )
    process.run()


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
    os._exit(0)
