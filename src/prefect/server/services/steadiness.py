"""For how long nothing has kept living runs from beating.

A run is taken for dead because its heartbeat is old. It is old as well after this process was frozen or its machine
asleep, after a jump of the clock, and after the database took no writes: then the living first get the time to beat.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime

from prefect.server.store import figures
from prefect.server.store.database import Database, DatabaseUnavailable

__all__ = ["Steadiness"]

logger = logging.getLogger("prefect.server.services")

#: Shorter stand-stills and jumps are those of a busy machine.
LEAST_SECONDS = 1.0


class Steadiness:
    """Watches clock, process and database of one server.

    Args:
        grace_seconds: so long all must have been well before a silent run is taken for dead.
        failures: how often the database has failed somebody up to now.
        monotonic: seconds that never jump, and stand still while nobody could beat anyway.
        wall: seconds of the clock that heartbeats are measured with.
    """

    def __init__(
        self,
        database: Database,
        grace_seconds: float,
        failures: Callable[[], int],
        *,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ):
        self.look_seconds = grace_seconds / 10
        self._database = database
        self._grace_seconds = grace_seconds
        self._failures = failures
        self._monotonic = monotonic
        self._wall = wall
        self._seen_failures = failures()
        self._looked_at, self._offset = monotonic(), wall() - monotonic()
        # Nobody could beat before this server began.
        self._steady_since = monotonic()

    def seconds_left(self) -> float:
        """Give how long silent runs must still be spared; 0: not any more."""
        self._notice()
        return max(0.0, self._steady_since + self._grace_seconds - self._monotonic())

    async def run_once(self, now: datetime) -> None:
        """Notice what has gone wrong since the last look."""
        self._notice()
        try:
            await self._database.read(lambda tx: tx.one(figures.anything))
        except DatabaseUnavailable as error:
            self._trouble(f"the database cannot be reached: {error}")

    def _notice(self) -> None:
        looked_at, offset = self._looked_at, self._offset
        self._looked_at, self._offset = self._monotonic(), self._wall() - self._monotonic()
        if self._looked_at - looked_at > self.look_seconds + max(self._grace_seconds / 3, LEAST_SECONDS):
            self._trouble(f"this process stood still for {self._looked_at - looked_at:.0f} s")
        if abs(self._offset - offset) > max(self._grace_seconds / 10, LEAST_SECONDS):
            self._trouble(f"the clock jumped by {self._offset - offset:+.0f} s")
        failures = self._failures()
        if failures != self._seen_failures:
            self._seen_failures = failures
            self._trouble("the database failed")

    def _trouble(self, what: str) -> None:
        logger.warning("Silent runs are given %g s to beat again: %s", self._grace_seconds, what)
        self._steady_since = self._monotonic()
