"""One interpreter for all threads: how long one of them keeps it while others want it.

Python's own 5 ms add up in a small request, which needs the interpreter some ten times, each time from another thread.
Changing more often has a price as well: who waits for the interpreter sets a clock, and one that is due before the
kernel's next tick is a fifth of the cost of a small read. So it is changed often only while somebody keeps it long.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

__all__ = ["aside", "sharing"]

T = TypeVar("T")

#: So long a thread keeps the interpreter to itself while something large is worked on.
QUICK_SECONDS = 0.0005

_lock = threading.Lock()
_large = 0
_usual_seconds = sys.getswitchinterval()


@contextmanager
def sharing() -> Iterator[None]:
    """Change threads often, in all of this process, while what is inside works on something large."""
    _count(1)
    try:
        yield
    finally:
        _count(-1)


def _count(more: int) -> None:
    global _large, _usual_seconds
    with _lock:
        if not _large:
            _usual_seconds = sys.getswitchinterval()
        _large += more
        sys.setswitchinterval(QUICK_SECONDS if _large else _usual_seconds)


async def aside(executor: Executor | None, work: Callable[..., T], *arguments: object) -> T:
    """Do something large in a thread of an executor, beside the event loop."""
    return await asyncio.get_running_loop().run_in_executor(executor, partial(_shared, work, *arguments))


def _shared(work: Callable[..., T], *arguments: object) -> T:
    with sharing():
        return work(*arguments)
