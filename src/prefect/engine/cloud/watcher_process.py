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

if TYPE_CHECKING:
    from prefect.client.client import Client

LOOK_SECONDS = 1.0
"""So often the watched process is looked for where the system does not say that it has ended."""

FIRST_LOOK_SECONDS = 1.0
"""A run shorter than this is not watched for a cancellation."""

OVER = b"over\n"
"""What the watched process sends when its run is done."""


class WatcherProcess:
    """The watch over one process.

    Args:
        flow_run_id: the run that the process works on.
        watched_pid: the process; it has started this one.
        receive_fd: where it says that it is done.
        send_fd: where it is told of a cancellation, as a line ``cancelling <version>``.
        interval_seconds: between two heartbeats; the first is sent after half of it, so that short runs cost nothing.
    """

    def __init__(
        self,
        flow_run_id: str,
        watched_pid: int,
        receive_fd: int,
        send_fd: int,
        *,
        interval_seconds: float,
    ) -> None:
        self._flow_run_id = flow_run_id
        self._watched_pid = watched_pid
        self._receive_fd: int | None = receive_fd
        self._send_fd = send_fd
        self._interval = interval_seconds
        self._over = threading.Event()
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
                if self._is_over(pidfd, self._seconds_until_due()):
                    return

    def _begin_what_is_due(self) -> None:
        now = time.monotonic()
        for due_at, work in [entry for entry in self._due if entry[0] <= now]:
            self._due.remove((due_at, work))
            from prefect.client.client import Client

            # With the settings of the watched process, which a new thread does not have of itself.
            threading.Thread(
                target=contextvars.copy_context().run, args=(work, Client()), name=work.__name__, daemon=True
            ).start()

    def _seconds_until_due(self) -> float | None:
        return max(0.0, min(due_at for due_at, _ in self._due) - time.monotonic()) if self._due else None

    def _is_over(self, pidfd: int | None, timeout: float | None) -> bool:
        """Wait for the end of the watch, or until there is something to do."""
        if pidfd is None:
            timeout = LOOK_SECONDS if timeout is None else min(timeout, LOOK_SECONDS)
        poll = select.poll()
        for fd in (self._receive_fd, pidfd):
            if fd is not None:
                poll.register(fd, select.POLLIN)
        ready = {fd for fd, _ in poll.poll(None if timeout is None else timeout * 1000 + 1)}
        if (pidfd is None and os.getppid() != self._watched_pid) or pidfd in ready:
            return True
        if self._receive_fd in ready:
            if os.read(self._receive_fd, len(OVER)):
                return True
            # The process has become another program (exec), and lives on.
            self._receive_fd = None
        return False

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


def main(flow_run_id: str, interval_seconds: float, watched_pid: int) -> None:
    """Watch the process that started this one, and talks to it through its standard streams."""
    _leave_terminal()
    process = WatcherProcess(
        flow_run_id,
        watched_pid,
        receive_fd=0,
        send_fd=1,
        interval_seconds=interval_seconds,
    )
    process.run()


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]))
    os._exit(0)
