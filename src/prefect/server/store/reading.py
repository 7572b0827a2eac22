"""Threads that read, each with what it keeps for itself; whoever waits is answered in the event loop.

``concurrent.futures`` costs as much as the rest of a small read: it has a future of its own beside that of the loop,
with a lock, and a chain between the two.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")
logger = logging.getLogger("prefect.server.store")

_Piece = tuple[Callable[[], Any], "asyncio.Future[Any]"]


class Readers:
    """At most so many threads; made when all that are there have work, and kept until ``stop``.

    Everything here but the threads' own work happens in the thread of the event loop.
    """

    def __init__(self, most: int, loop: asyncio.AbstractEventLoop) -> None:
        self._most = most
        self._loop = loop
        self._queue: SimpleQueue[_Piece | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._busy = 0

    def read(self, work: Callable[[], T]) -> asyncio.Future[T]:
        """Do some work in one of the threads; what is cancelled before its turn is left out."""
        future: asyncio.Future[T] = self._loop.create_future()
        self._busy += 1
        if self._busy > len(self._threads) < self._most:
            name = f"sqlite-reader_{len(self._threads)}"
            thread = threading.Thread(target=self._work, name=name, daemon=True)
            self._threads.append(thread)
            thread.start()
        self._queue.put((work, future))
        return future

    async def stop(self) -> None:
        """End what was begun, and the threads."""
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            await self._loop.run_in_executor(None, thread.join)

    def _work(self) -> None:
        while (piece := self._queue.get()) is not None:
            work, future = piece
            result, error = None, None
            if not future.cancelled():
                try:
                    result = work()
                except BaseException as raised:
                    error = raised
            try:
                self._loop.call_soon_threadsafe(self._answer, future, result, error)
            except RuntimeError:
                logger.warning("The event loop ended before a read was answered")
            del piece, work, future, result, error  # nothing is kept until the next read

    def _answer(self, future: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
        self._busy -= 1
        if future.done():  # cancelled by whoever waited
            return
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)
