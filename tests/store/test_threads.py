"""Threads: each piece of work is answered once, no more of them than asked for, and none is left behind."""

from __future__ import annotations

import asyncio
import threading

import pytest

from prefect.server.store.database import AnswerTooLarge, DatabaseUnavailable, TookTooLong
from prefect.server.store.opening import open_database
from prefect.server.threads import Threads

SECONDS = 30.0


@pytest.fixture(autouse=True)
def no_thread_is_left():
    """Those of databases that other tests share stay."""
    before = {*threading.enumerate()}
    yield
    assert not [
        one for one in threading.enumerate() if one.name.startswith(("sqlite-reader", "worker")) and one not in before
    ]


def test_as_many_read_at_one_time_as_there_are_threads_and_each_gets_its_own_answer(run_async):
    meeting = threading.Barrier(3)
    at_work: set[str] = set()

    def meet(number: int) -> int:
        at_work.add(threading.current_thread().name)
        meeting.wait(SECONDS)
        return number

    async def run():
        threads = Threads(3, "worker", asyncio.get_running_loop())
        found = await asyncio.gather(*(threads.do(lambda n=n: meet(n)) for n in range(9)))
        await threads.stop()
        return found

    assert run_async(run()) == [*range(9)]
    assert len(at_work) == 3


def test_one_after_the_other_needs_one_thread(run_async):
    async def run():
        threads = Threads(4, "worker", asyncio.get_running_loop())
        used = {await threads.do(lambda: threading.current_thread().name) for _ in range(20)}
        await threads.stop()
        return used

    assert len(run_async(run())) == 1


def test_after_much_that_went_one_by_one_as_many_work_together_as_before(run_async):
    async def run():
        threads, together = Threads(2, "worker", asyncio.get_running_loop()), threading.Barrier(2, timeout=SECONDS)
        for _ in range(5):
            await threads.do(lambda: None)
        met = await asyncio.gather(threads.do(together.wait), threads.do(together.wait))
        await threads.stop()
        return met

    assert sorted(run_async(run())) == [0, 1]


def test_an_error_is_told_to_who_asked_and_the_thread_goes_on(run_async):
    async def run():
        threads = Threads(1, "worker", asyncio.get_running_loop())
        for error in (ValueError("no"), SystemExit(3)):

            def fail(error: BaseException = error) -> None:
                raise error

            with pytest.raises(type(error)):
                await threads.do(fail)
        answer = await threads.do(lambda: "still here")
        await threads.stop()
        return answer

    assert run_async(run()) == "still here"


def test_what_nobody_waits_for_any_more_is_left_out(run_async):
    goes_on, done = threading.Event(), []

    async def run():
        threads = Threads(1, "worker", asyncio.get_running_loop())
        first = threads.do(lambda: goes_on.wait(SECONDS))
        second = asyncio.ensure_future(threads.do(lambda: done.append("second")))
        second.cancel()
        goes_on.set()
        await first
        await threads.do(lambda: done.append("third"))
        await threads.stop()

    run_async(run())
    assert done == ["third"]


def test_a_stop_waits_for_the_reads_under_way(databases, run_async):
    begun, goes_on = threading.Event(), threading.Event()

    def work(tx):
        begun.set()
        goes_on.wait(SECONDS)
        return tx.raw("SELECT 1")

    async def run():
        database = open_database(databases.fresh("sqlite"))
        await database.start()
        reading = asyncio.ensure_future(database.read(work))
        await asyncio.to_thread(begun.wait, SECONDS)
        stopping = asyncio.ensure_future(database.stop())
        await asyncio.sleep(0)
        goes_on.set()
        await asyncio.wait_for(stopping, SECONDS)
        with pytest.raises(DatabaseUnavailable):
            await database.read(work)
        return await reading

    assert run_async(run()) == [(1,)]


def test_threads_that_are_left_end_by_themselves(run_async):
    goes_on = threading.Event()

    async def run():
        threads = Threads(1, "worker", asyncio.get_running_loop())
        waiting = threads.do(lambda: goes_on.wait(SECONDS))
        threads.leave()
        assert not waiting.done()
        goes_on.set()
        assert await waiting
        [thread] = threads._threads
        await asyncio.to_thread(thread.join, SECONDS)
        return thread.daemon, thread.is_alive()

    assert run_async(run()) == (True, False)


def test_a_read_without_end_ends_soon_after_the_stop(database_url, run_async):
    begun = threading.Event()
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"

    def work(tx):
        begun.set()
        return tx.raw(endless)

    async def run():
        database = open_database(database_url)
        await database.start()
        reading = asyncio.ensure_future(database.read(work))
        await asyncio.to_thread(begun.wait, SECONDS)
        await asyncio.wait_for(database.stop(), SECONDS)
        with pytest.raises(TookTooLong):
            await reading

    run_async(run())


def test_the_bound_of_one_read_is_not_that_of_the_next(databases, run_async):
    long = "SELECT hex(zeroblob(? / 2))"

    async def run():
        database = open_database(databases.fresh("sqlite"), readers=1)
        await database.start()
        try:
            for act in (database.read, database.write):
                for most in (1_000_000, 3_000_000, 1_000_000):
                    with pytest.raises(AnswerTooLarge):
                        await act(lambda tx, most=most: tx.texts(long, [most + 2], most, is_short=True))
                    found = await act(lambda tx, most=most: tx.texts(long, [most // 2], most, is_short=True))
                    assert len(found[0]) == most // 2
                    [(text,)] = await act(lambda tx: tx.raw(long, [4_000_000]))
                    assert len(text) == 4_000_000
        finally:
            await database.stop()

    run_async(run())
