"""A loop of the server: does its work again and again, never twice at one time."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from prefect.server.services.steadiness import Steadiness
from prefect.server.services.stop import Stop
from prefect.server.store.database import DatabaseUnavailable

__all__ = ["Service"]

logger = logging.getLogger("prefect.server.services")

# Several replicas that were started together should not all look at the same moment.
JITTER = 0.1
#: So long a turn may go on after the stop.
LAST_TURN_SECONDS = 1.0


class Service:
    """Calls ``run_once`` every so many seconds, the next time after the last has ended; errors are logged.

    Its turn looks at ``stop``, which all services of a server share, and ends soon after that is set; what it awaits
    then may be broken off, by a cancellation.  It is not called
    while ``steady`` has seconds left; an announcement of ``topic`` ends a pause at once.
    """

    def __init__(
        self,
        name: str,
        run_once: Callable[[datetime], Awaitable[object]],
        seconds: float,
        steady: Steadiness | None = None,
        topic: str | None = None,
        stop: Stop | None = None,
    ):
        self.name = name
        self.run_once = run_once
        self.seconds = seconds
        self.steady = steady
        self.topic = topic
        self.turns = self.failures = 0
        self.last_end = self.last_seconds = 0.0
        self._woken = asyncio.Event()
        self._stop = Stop() if stop is None else stop  # one that is not set is false
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to loop, in the running event loop."""
        self._task = asyncio.create_task(self._loop(), name=f"service {self.name}")

    def wake(self) -> None:
        """Look at once instead of at the end of the pause."""
        self._woken.set()

    async def stop(self) -> None:
        """End after the turn that is under way, which is broken off when it does not look at its sign soon."""
        self._stop.set()
        self._woken.set()
        if self._task is None:
            return
        _, at_work = await asyncio.wait({self._task}, timeout=LAST_TURN_SECONDS)
        if at_work:
            logger.info("Service %s: its last turn is broken off", self.name)
            self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _loop(self) -> None:
        while not self._stop:
            if self.steady is not None and (left := self.steady.seconds_left()):
                await self._pause(left)
                continue
            begun = time.monotonic()
            try:
                await self.run_once(datetime.now(UTC))
            except DatabaseUnavailable as error:  # told in one line, for as long as it lasts
                self.failures += 1
                logger.error("Service %s: this turn failed, the next comes in %g s: %s", self.name, self.seconds, error)
            except Exception:
                self.failures += 1
                logger.exception("Service %s: this turn failed, the next comes in %g s", self.name, self.seconds)
            self.turns += 1
            self.last_end, self.last_seconds = time.time(), time.monotonic() - begun
            await self._pause(self.seconds * random.uniform(1 - JITTER, 1 + JITTER))  # noqa: S311 - guards nothing

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            return
        self._woken.clear()
