"""Threads that work for the event loop: whoever waits is answered there.

``concurrent.futures`` costs as much as the rest of a small read: it has a future of its own beside that of the loop,
with a lock, and a chain between the two.  And at the end of the process it waits for its threads, as long as they take.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, TypeVar

__all__ = ["Threads", "ended"]

T = TypeVar("T")
logger = logging.getLogger("prefect.server.threads")

_Piece = tuple[Callable[[], Any], "asyncio.Future[Any]"]


#: Between two looks whether a thread has ended: it happens at the stop alone.
LOOK_SECONDS = 0.002


async def ended(thread: threading.Thread) -> None:
    """Wait for the end of a thread without another one to wait in, which the end of the process does not allow."""
    while thread.is_alive():  # noqa: ASYNC110 - a thread's end sets no event
        await asyncio.sleep(LOOK_SECONDS)


class Threads:
    """At most so many threads; made when all that are there have work, and kept until ``stop`` or ``leave``.

    Everything here but the threads' own work happens in the thread of the event loop.
    """

    def __init__(self, most: int, name: str, loop: asyncio.AbstractEventLoop) -> None:
        self._most = most
        self._name = name
        self._loop = loop
        self._queue: SimpleQueue[_Piece | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._busy = 0

    def do(self, work: Callable[[], T]) -> asyncio.Future[T]:
        """Do some work in one of the threads; what is cancelled before its turn is left out."""
        future: asyncio.Future[T] = self._loop.create_future()
        self._busy += 1
        if self._busy > len(self._threads) < self._most:
            name = f"{self._name}_{len(self._threads)}"
            thread = threading.Thread(target=self._work, name=name, daemon=True)
            self._threads.append(thread)
            thread.start()
        self._queue.put((work, future))
        return future

    async def stop(self) -> None:
        """End what was begun, and the threads."""
        self.leave()
        for thread in self._threads:
            await ended(thread)

    def leave(self) -> None:
        """Let the threads end after what they were given, without waiting for that: nor does the process' end."""
        for _ in self._threads:
            self._queue.put(None)

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
                logger.warning("The event loop ended before the thread %s answered", threading.current_thread().name)
            del piece, work, future, result, error  # nothing is kept until the next comes

    def _answer(self, future: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
        self._busy -= 1
        if future.done():  # cancelled by whoever waited
            return
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)
