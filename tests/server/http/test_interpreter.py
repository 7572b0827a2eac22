"""Threads change often while something large is worked on, and no longer than that."""

from __future__ import annotations

import asyncio
import sys
import threading

import pytest

from prefect.server.interpreter import QUICK_SECONDS, aside, sharing


@pytest.fixture
def usual():
    before = sys.getswitchinterval()
    assert before > QUICK_SECONDS, "whoever shared it before has left it as it was"
    yield before
    assert sys.getswitchinterval() == before


def test_threads_change_often_until_the_last_large_work_is_done(usual):
    with sharing():
        with pytest.raises(ZeroDivisionError), sharing():
            raise ZeroDivisionError
        assert sys.getswitchinterval() == pytest.approx(QUICK_SECONDS)
    assert sys.getswitchinterval() == usual


def test_what_is_done_aside_is_done_in_a_thread_that_shares(usual, run_async):
    def work(first, second):
        return threading.current_thread() is threading.main_thread(), sys.getswitchinterval(), first + second

    in_loop, seconds, total = run_async(aside(None, work, 2, 3))
    assert (in_loop, total) == (False, 5)
    assert seconds == pytest.approx(QUICK_SECONDS)


def test_many_at_a_time_leave_everything_as_it_was(usual, run_async):
    async def run():
        await asyncio.gather(*(aside(None, lambda: None) for _ in range(200)))

    run_async(run())
