"""Doing something small beside something large leaves nothing behind, also where it fails."""

from __future__ import annotations

import asyncio
import gc
from typing import Any

import pytest

from support.beside import not_held_up


@pytest.mark.parametrize("calls", [1, 2, 4], ids=["at once", "in the second", "later"])
def test_a_small_thing_that_fails_ends_the_large_one_and_the_freeze(run_async: Any, calls: int) -> None:
    left, ended = [calls], []

    async def small() -> None:
        if not left[0]:
            raise LookupError("small")
        left[0] -= 1

    async def large() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            ended.append(True)

    async def run() -> int:
        before = gc.get_freeze_count()
        with pytest.raises(LookupError):
            await not_held_up(large(), small)
        # What has begun is at its end; nothing else goes on in the loop.
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return gc.get_freeze_count() - before

    assert run_async(run()) == 0
    assert len(ended) == (calls > 2)  # before, it has not begun


def test_what_the_large_thing_gives_is_given(run_async: Any) -> None:
    async def small() -> None: ...

    async def large() -> int:
        await asyncio.sleep(0)
        return 5

    assert run_async(not_held_up(large(), small)) == 5
    assert gc.get_freeze_count() == 0
