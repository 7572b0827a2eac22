"""The loop that asks for due flow runs, again and again, until told to stop.

It knows no server and no way to start a run: both are given as functions, and so is the clock.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection
from typing import Protocol

INTERVALS_SECONDS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 10.0)
"""Pauses between questions that found nothing, when the server cannot hold a question back until something is due."""

LOST_PAUSES_SECONDS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 10.0)
"""Pauses between attempts while the server does not answer."""

BUSY_SECONDS = 0.5
"""How long a question may wait that leaves out runs which are just being started: they may be due again soon."""

SET_ASIDE_SECONDS = 3.0
"""How long a run is not asked for again that the queue offered and that may not be started (yet)."""


class Clock(Protocol):
    def monotonic(self) -> float:
        """Seconds since some fixed instant."""
        ...

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """Wait for an event, at most so long; says whether it came."""
        ...


class SystemClock:
    """The clock of this machine."""

    def monotonic(self) -> float:
        return time.monotonic()

    def wait(self, event: threading.Event, seconds: float) -> bool:
        return event.wait(seconds)


class PollingLoop:
    """Asks for due runs and hands them on.

    Args:
        find: gives the ids of due runs that are not in the collection; may wait for some, at most so many seconds.
        take: starts the runs of these ids and gives those that it took; it must not wait for them.
        busy: the ids of runs that are being started.
        room: how many more runs may be started now; absent: any number.
        can_wait: whether ``find`` waits on the server; else the loop pauses between questions.
        passes: tells of an error whether it will pass: then it is asked again, with pauses; else the loop ends by it.
        on_lost: told of the first of such errors.
        on_found_again: told when it answers again.
        max_polls: how often to ask; absent means until :meth:`stop`.
        wait_seconds: how long one question may wait.
    """

    def __init__(
        self,
        *,
        find: Callable[[Collection[str], float], Collection[str]],
        take: Callable[[Collection[str]], Collection[str]],
        busy: Callable[[], Collection[str]],
        can_wait: Callable[[], bool],
        on_lost: Callable[[Exception], None],
        on_found_again: Callable[[], None],
        max_polls: int | None = None,
        wait_seconds: float = 30.0,
        clock: Clock | None = None,
        room: Callable[[], int | None] = lambda: None,
        passes: Callable[[Exception], bool] = lambda error: isinstance(error, ConnectionError),
    ) -> None:
        self._room = room
        self._passes = passes
        self._find = find
        self._take = take
        self._busy = busy
        self._can_wait = can_wait
        self._on_lost = on_lost
        self._on_found_again = on_found_again
        self._max_polls = max_polls
        self._wait_seconds = wait_seconds
        self._clock = clock or SystemClock()
        self._wake = threading.Event()
        self._stopped = False
        self._set_aside: dict[str, float] = {}
        self._empty_polls = 0

    def run(self) -> None:
        """Ask until stopped, or until all questions were asked."""
        polls = 0
        lost = 0
        while not self._stopped and (self._max_polls is None or polls < self._max_polls):
            try:
                self._wait_for_room()
                polls += 1
                took_some = not self._stopped and self._poll()
            except Exception as error:
                if not self._passes(error):
                    raise
                if lost == 0:
                    self._on_lost(error)
                self._pause(LOST_PAUSES_SECONDS[min(lost, len(LOST_PAUSES_SECONDS) - 1)])
                lost += 1
                continue
            if lost:
                lost = 0
                self._on_found_again()
            self._empty_polls = 0 if took_some else self._empty_polls + 1
            if not self._can_wait() and (self._max_polls is None or polls < self._max_polls):
                self._pause(self._interval())

    def stop(self) -> None:
        """End the loop after the question that is being asked."""
        self._stopped = True
        self._wake.set()

    def set_aside(self, run_id: str) -> None:
        """Do not ask for a run for a while, because it could not be started; may be called from any thread."""
        self._set_aside[run_id] = self._clock.monotonic() + SET_ASIDE_SECONDS

    def poke(self) -> None:
        """Ask now instead of after the pause."""
        self._empty_polls = 0
        self._wake.set()

    def _wait_for_room(self) -> None:
        """Wait until something more may be started; whoever it is of is to call ``poke`` then."""
        while not self._stopped and self._room() == 0:
            if not self._clock.wait(self._wake, self._wait_seconds) and self._can_wait():
                self._find([], 0.0)  # asks for none, and so tells that somebody is here
            self._wake.clear()

    def _poll(self) -> bool:
        busy = self._busy()
        found = self._find([*busy, *self._still_set_aside()], self._patience(bool(busy)))
        if not found:
            return False
        taken = set(self._take(found))
        for run_id in found:
            if run_id not in taken:
                self.set_aside(run_id)
        return bool(taken)

    def _still_set_aside(self) -> list[str]:
        now = self._clock.monotonic()
        over = [run_id for run_id, until in list(self._set_aside.items()) if until <= now]
        for run_id in over:
            del self._set_aside[run_id]
        return list(self._set_aside)

    def _patience(self, is_busy: bool) -> float:
        """How long the next question may wait on the server."""
        # A bounded number of questions shall take the time that they took with pauses between them.
        longest = self._wait_seconds if self._max_polls is None else self._interval()
        if is_busy:
            longest = min(longest, BUSY_SECONDS)
        now = self._clock.monotonic()
        return max(min([longest, *(until - now for until in list(self._set_aside.values()))]), 0.0)

    def _interval(self) -> float:
        return INTERVALS_SECONDS[min(self._empty_polls, len(INTERVALS_SECONDS) - 1)]

    def _pause(self, seconds: float) -> None:
        self._clock.wait(self._wake, seconds)
        self._wake.clear()
