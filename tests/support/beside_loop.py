"""A server of asyncio in a thread of its own, beside a test that is not asynchronous."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

Serve = Callable[[Callable[[], None], asyncio.Event], Coroutine[Any, Any, None]]


@contextmanager
def serving(serve: Serve) -> Iterator[None]:
    """Run ``serve(ready, stop)`` for the length of a ``with`` block.

    Args:
        serve: calls ``ready`` when it listens, waits for ``stop``, and then closes what it opened.
    """
    ready = threading.Event()
    failed: list[BaseException] = []
    known: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def main() -> None:
        stop = asyncio.Event()
        known.append((asyncio.get_running_loop(), stop))
        await serve(ready.set, stop)

    def work() -> None:
        try:
            with asyncio.Runner() as runner:
                runner.run(main())
        except BaseException as error:
            failed.append(error)
        finally:
            ready.set()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        assert ready.wait(60)
        if not failed:
            yield
    finally:
        if not failed:
            loop, stop = known[0]
            loop.call_soon_threadsafe(stop.set)
        thread.join(60)
    if failed:
        raise failed[0]
