"""A small request beside a large one: whoever sends a lot must not keep the others waiting."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

__all__ = ["PROMISED_SECONDS", "not_held_up"]

T = TypeVar("T")
#: Within which a small request is answered, 99 times of 100.
PROMISED_SECONDS = 0.25
#: What counting to 300,000 takes on a machine of the year 2026 that does nothing else.
_QUIET_SECONDS = 0.008


async def not_held_up(large: Awaitable[T], small: Callable[[], Awaitable[Any]]) -> T:
    """Do what is large, and small things beside it; fails when those are held up.

    What is measured is the processor time that this process takes while a small one waits: that of the large one, as
    far as it stands in the way. How busy the machine is with other things does not matter, and how slow it is at the
    moment (a virtual one that shares its processors) is measured and allowed for.
    """
    await small()
    slowness = _slowness()
    # What the tests before have made is no business of a server's: looking through all of it takes most of a second.
    gc.freeze()
    turns: list[float] = []
    watching = asyncio.ensure_future(_watch_turns(turns))
    doing = asyncio.ensure_future(large)
    try:
        beside = [await _seconds(small)]
        while not doing.done():
            beside.append(await _seconds(small))
            await asyncio.sleep(0.002)
        beside.append(await _seconds(small))
    except BaseException:
        doing.cancel()
        await asyncio.gather(doing, return_exceptions=True)
        raise
    finally:
        gc.unfreeze()
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
    bound = PROMISED_SECONDS * max(slowness, _slowness())
    assert max(turns, default=0.0) < bound, f"one turn of the event loop took {max(turns):.2f} s, of {bound:.2f}"
    assert _late(beside) < bound, f"a small request waited {_late(beside):.2f} s, of {bound:.2f}"
    return await doing


def _slowness() -> float:
    """Say how many times slower this machine is now than one that keeps the promise; at least 1."""
    begun = time.process_time()
    for number in range(300_000):
        _ = number & 7
    return max(1.0, (time.process_time() - begun) / _QUIET_SECONDS)


async def _seconds(small: Callable[[], Awaitable[Any]]) -> float:
    begun = time.process_time()
    await small()
    return time.process_time() - begun


async def _watch_turns(turns: list[float]) -> None:
    before = time.thread_time()
    while True:
        await asyncio.sleep(0.005)
        after = time.thread_time()
        turns.append(after - before)
        before = after


def _late(seconds: list[float]) -> float:
    return sorted(seconds)[int(len(seconds) * 0.99) - 1 if len(seconds) >= 100 else -1]
