"""A process that we started and all that it has started: ended together, though they have no group of their own."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import ExitStack, suppress
from typing import Any

# So long what was told to end may take until it is killed.
END_SECONDS = 5.0


def descendants_of(pid: int) -> list[int]:
    """List the processes below one, those nearest to it first; none where there is no ``/proc``."""
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc") if os.path.isdir("/proc/self") else ():
        if entry.isdigit():
            with suppress(OSError), open(f"/proc/{entry}/stat", encoding="utf-8", errors="replace") as file:
                # Behind the name, which can hold anything, also brackets: the state, then the parent.
                children.setdefault(int(file.read().rpartition(")")[2].split()[1]), []).append(int(entry))
    found, todo = [], [pid]
    while todo:
        below = children.get(todo.pop(0), [])
        found += below
        todo += below
    return found


def end_with_descendants(process: subprocess.Popen[Any]) -> None:
    """End a process, and what it has started, with SIGTERM.

    It is killed when it does not end within ``END_SECONDS``; what it started, when it has ended itself.
    """
    with ExitStack() as stack:
        others = [_Handle(pid, stack) for pid in descendants_of(process.pid)]
        process.terminate()
        for other in others:
            other.send(signal.SIGTERM)
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
        for other in others:
            other.send(signal.SIGKILL)


class _Handle:
    """A process that keeps its meaning when its number goes to another one, where the system can do that."""

    def __init__(self, pid: int, stack: ExitStack) -> None:
        self._pid = pid
        self._fd: int | None = None
        with suppress(AttributeError, OSError):
            self._fd = os.pidfd_open(pid)
            stack.callback(os.close, self._fd)

    def send(self, number: signal.Signals) -> None:
        with suppress(OSError):
            if self._fd is not None:
                signal.pidfd_send_signal(self._fd, number)
