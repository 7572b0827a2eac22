"""What the process does that watches the process of a flow run: it beats for it, and looks whether it is cancelled.

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
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

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

ENDING = b"e"
"""What it sends when its tasks are over, and it is about to settle its run."""

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
    """

    flow_run_id: str
    pid: int
    interval_seconds: float
    grace_seconds: float


class WatcherProcess:
    """The watch over one process.

    Args:
        receive_fd: where it says that it is done.
        send_fd: where it is told that its run is to stop, as a line ``cancelling <version>``.
        journal_fd: where it keeps log records that it has not yet sent (``JournalReader``).
    """

    def __init__(self, watch: Watch, receive_fd: int, send_fd: int, journal_fd: int) -> None:
        self._watch = watch
        self._receive_fd: int | None = receive_fd
        self._send_fd = send_fd
        self._over = threading.Event()
        self._is_ending = threading.Event()
        self._forced: ForcedEnd | None = None
        self._logs = LastLogs(journal_fd)
        now = time.monotonic()
        self._due: list[tuple[float, Callable[[Client], None]]] = [
            (now + FIRST_LOOK_SECONDS, self._see_that_it_stops),
            (now + watch.interval_seconds / 2, self._beat),
        ]

    def run(self) -> None:
        """Watch until the process has ended or is done with its run."""
        with _pidfd(self._watch.pid) as pidfd:
            while True:
                self._begin_what_is_due()
                ended = self._wait(pidfd)
                if ended is not None:
                    break
                self._logs.look()
        if ended == "without a word":
            self._logs.send_all()
            if self._forced is not None:
                self._forced.settle()

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
            if ENDING in said:
                self._is_ending.set()
            if not said:
                # The process has ended, or has become another program (exec) and lives on.
                self._receive_fd = None
        if (pidfd is None and os.getppid() != self._watch.pid) or pidfd in ready:
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

        beat_on(client, self._watch.flow_run_id, self._watch.interval_seconds, self._over)

    def _see_that_it_stops(self, client: Client) -> None:
        """Tell the process when its run is to stop; end it when it does not."""
        from prefect.engine.cloud.cancellation import wait_for_cancellation

        while True:
            version = wait_for_cancellation(client, self._watch.flow_run_id, self._over)
            if version is None:
                return
            with contextlib.suppress(OSError):
                os.write(self._send_fd, b"cancelling %d\n" % version)
            if not self._watch.grace_seconds:
                return
            self._over.wait(self._watch.grace_seconds)
            forced = ForcedEnd(client, self._watch, is_ending=self._is_ending.is_set())
            if forced.is_called_for():
                self._forced = forced
                forced.end_process()
                return


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


def main(watch: Watch, journal_fd: int) -> None:
    """Watch the process that started this one, and talks to it through its standard streams."""
    _leave_terminal()
    WatcherProcess(watch, receive_fd=0, send_fd=1, journal_fd=journal_fd).run()


if __name__ == "__main__":
    main(Watch(sys.argv[1], *json.loads(sys.argv[2])), int(sys.argv[3]))
    os._exit(0)
