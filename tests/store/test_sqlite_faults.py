"""What SQLite itself may refuse or give up, at each step: who waits hears of it, and what follows goes on."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from prefect.server.catalogue import tenant
from prefect.server.store import patterns, sqlite_functions
from prefect.server.store import sqlite as store
from prefect.server.store.database import AnswerTooLarge, DatabaseUnavailable, InvalidValue
from prefect.server.store.opening import open_database
from support.rows import insert, uid

SECONDS = 60.0


@pytest.mark.parametrize(
    ("whole", "part", "comparisons"),
    [
        ([1, 2, 3], 2, 3),
        ([1, 2, 3], [2], 4),
        ({"a": [1, 2]}, {"a": [2]}, 4),
        ([[1], [2]], [[2]], 7),
        ([1, 2, [3]], [[3]], 6),
    ],
    ids=str,
)
def test_a_search_in_a_value_ends_after_so_many_comparisons(
    monkeypatch: pytest.MonkeyPatch, whole: Any, part: Any, comparisons: int
) -> None:
    monkeypatch.setattr(sqlite_functions, "MOST_COMPARISONS", comparisons)
    assert sqlite_functions._Containment().holds(whole, part)
    monkeypatch.setattr(sqlite_functions, "MOST_COMPARISONS", comparisons - 1)
    with pytest.raises(sqlite_functions.SearchTooLarge, match="A JSON value is too large"):
        sqlite_functions._Containment().holds(whole, part)


@pytest.fixture
def database(databases: Any, run_async: Any) -> Any:
    opened = open_database(databases.fresh("sqlite"), readers=1)
    run_async(opened.start())
    yield opened
    run_async(opened.stop())


def add(number: int) -> Any:
    return lambda tx: insert(tx, "tenant", id=uid(number), name="x", slug=f"{number}")


def test_a_search_that_is_too_large_is_refused_with_its_reason_and_the_next_goes_on(
    database: Any, run_async: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def found(pattern: str) -> Any:
        return run_async(database.read(lambda tx: tx.one(select(func.p_regex("a text", pattern).label("found")))))

    for _ in range(2):
        with monkeypatch.context() as patch:
            patch.setattr(patterns, "MOST_STEPS", 0)
            with pytest.raises(InvalidValue, match="A pattern is too large for a text that it would be searched in"):
                found("t.*t")
        assert found("t.*t")["found"] == 1


def slugs(tx: Any) -> list[str]:
    return [row["slug"] for row in tx.all(select(tenant.c.slug).order_by(tenant.c.slug))]


# ----- connections


def test_statistics_that_cannot_be_made_are_no_fault(caplog: pytest.LogCaptureFixture) -> None:
    conn = sqlite3.connect(":memory:")
    conn.close()

    store._optimize(conn)

    (record,) = caplog.records
    assert (record.levelno, record.getMessage()) == (logging.WARNING, "The query planner got no new statistics")


def test_a_connection_that_cannot_be_closed_is_no_fault(caplog: pytest.LogCaptureFixture) -> None:
    made: list[sqlite3.Connection] = []
    thread = threading.Thread(target=lambda: made.append(sqlite3.connect(":memory:", check_same_thread=True)))
    thread.start()
    thread.join()

    store._close(made[0])

    (record,) = caplog.records
    assert record.getMessage().startswith("A connection could not be closed: ")


# ----- statements


def test_a_statement_with_too_few_values_is_a_fault_of_ours(database: Any, run_async: Any) -> None:
    with pytest.raises(RuntimeError, match=r"^SQLite: Incorrect number of bindings"):
        run_async(database.read(lambda tx: tx.raw("SELECT ?", ())))
    assert run_async(database.read(lambda tx: tx.raw("SELECT 1"))) == [(1,)]


@pytest.mark.parametrize(
    ("sql", "kind", "said"),
    [
        ("SELECT 'x' UNION ALL SELECT hex(zeroblob(1000000))", AnswerTooLarge, "larger"),
        ("SELECT hex(zeroblob(1000000)) UNION ALL SELECT 'x'", AnswerTooLarge, "larger"),
        ("SELECT 'x' UNION ALL SELECT p_regex('a', '(')", InvalidValue, "user-defined function"),
        ("SELECT p_regex('a', '(')", InvalidValue, "user-defined function"),
        ("SELECT nonsense", RuntimeError, "no such column"),
    ],
)
def test_what_fails_at_the_first_row_of_an_answer_or_a_later_one_is_told_alike(
    database: Any, run_async: Any, sql: str, kind: type[Exception], said: str
) -> None:
    with pytest.raises(kind, match=said):
        run_async(database.read(lambda tx: tx.texts(sql, (), 1_500_000, is_short=True)))
    assert run_async(database.read(lambda tx: tx.texts("SELECT 'x'", (), 10, is_short=True))) == ["x"]


@pytest.mark.parametrize("way", ["one", "all", "run"])
def test_a_plain_text_names_its_columns_and_counts_its_rows(database: Any, run_async: Any, way: str) -> None:
    from sqlalchemy import text

    run_async(database.write(add(1)))
    run_async(database.write(add(2)))
    found = run_async(database.write(lambda tx: getattr(tx, way)(text("SELECT slug AS s, 1 AS n FROM tenant"))))

    assert found == {"one": {"s": "1", "n": 1}, "all": [{"s": "1", "n": 1}, {"s": "2", "n": 1}], "run": 2}[way]
    if way == "run":
        done = text("UPDATE tenant SET name = 'y'")
        assert run_async(database.write(lambda tx: tx.run(done))) == 2


# ----- the writer


class Full(sqlite3.Connection):
    """A connection whose disk is full at one statement: SQLite gives up the whole transaction then."""

    gives_up_at = "nothing"

    def execute(self, sql: str, *more: Any) -> sqlite3.Cursor:  # type: ignore[override]
        if more and self.gives_up_at in str(more):
            super().execute("ROLLBACK")
            raise sqlite3.OperationalError("database or disk is full")
        return super().execute(sql, *more)


def test_a_transaction_that_sqlite_gives_up_is_given_up_for_all_who_share_it(
    databases: Any, run_async: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *given, **more: connect(*given, factory=Full, **more))

    async def scene() -> tuple[list[Any], list[str], list[set[str]]]:
        database = open_database(databases.fresh("sqlite"), readers=1)
        heard: list[set[str]] = []
        database.on_announce = lambda topics: heard.append(set(topics))
        await database.start()
        holds, goes_on = threading.Event(), threading.Event()

        def hold(tx: Any) -> None:
            holds.set()
            goes_on.wait(SECONDS)

        first = asyncio.ensure_future(database.write(hold))
        await asyncio.to_thread(holds.wait, SECONDS)
        # All of these wait for the first, and share the next transaction.
        monkeypatch.setattr(Full, "gives_up_at", uid(2))
        works = [asyncio.ensure_future(database.write(add(number))) for number in (1, 2, 3)]
        await asyncio.sleep(0)
        goes_on.set()
        await first
        answers = await asyncio.gather(*works, return_exceptions=True)
        monkeypatch.setattr(Full, "gives_up_at", "nothing")
        await database.write(add(4))
        found = await database.read(slugs)
        await database.stop()
        return answers, found, heard

    answers, found, heard = run_async(scene())
    assert [type(answer) for answer in answers] == [DatabaseUnavailable] * 3
    assert all("database or disk is full" in str(answer) for answer in answers)
    assert found == ["4"]
    assert len(heard) == 1, "nobody is woken for what is not there"


def test_a_file_that_cannot_be_written_when_it_is_opened_again_is_tried_until_it_can(
    databases: Any, run_async: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusals = [DatabaseUnavailable("not yet"), DatabaseUnavailable("not yet")]
    closed: list[Any] = []
    check, close, write = store.check_writable, store._close, store.SqliteDatabase._write_batch
    broken = [True]

    def check_writable(conn: Any, path: Path) -> None:
        if refusals and not broken:
            raise refusals.pop()
        check(conn, path)

    def write_batch(self: Any, conn: Any, batch: Any) -> None:
        if broken:
            broken.clear()
            conn.close()  # whatever is done with it now fails
        write(self, conn, batch)

    monkeypatch.setattr(store, "FIRST_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(store, "check_writable", check_writable)
    monkeypatch.setattr(store, "_close", lambda conn: closed.append(conn) or close(conn))

    async def scene() -> list[str]:
        database = open_database(databases.fresh("sqlite"), readers=1)
        await database.start()
        monkeypatch.setattr(store.SqliteDatabase, "_write_batch", write_batch)
        async with asyncio.timeout(SECONDS):
            while True:
                try:
                    await database.write(add(1))
                    break
                except (DatabaseUnavailable, RuntimeError):
                    continue
        found = await database.read(slugs)
        await database.stop()
        return found

    assert run_async(scene()) == ["1"]
    assert refusals == []
    # The broken one, the two that could not be written, and the last one at the stop.
    assert len(closed) == 4


def test_a_write_whose_loop_is_gone_is_told_in_the_log(databases: Any, caplog: pytest.LogCaptureFixture) -> None:
    begun, goes_on = threading.Event(), threading.Event()
    url = databases.fresh("sqlite")
    database = open_database(url, readers=1)

    def work(tx: Any) -> None:
        begun.set()
        goes_on.wait(SECONDS)

    async def scene() -> None:
        await database.start()
        writing = asyncio.ensure_future(database.write(work))
        await asyncio.to_thread(begun.wait, SECONDS)
        writing.cancel()

    with asyncio.Runner() as runner:
        runner.run(scene())
    writer = database._writer
    with caplog.at_level(logging.WARNING):
        goes_on.set()
        database._queue.put(None)
        assert writer is not None
        writer.join(SECONDS)

    assert "The event loop ended before 1 writes were answered" in caplog.text
    assert not writer.is_alive()


# ----- functions


@pytest.fixture
def conn() -> Any:
    made = sqlite3.connect(":memory:")
    sqlite_functions.register(made)
    yield made
    made.close()


SEARCHES = ["p_like", "p_ilike", "p_similar", "p_regex", "p_iregex"]


@pytest.mark.parametrize("name", SEARCHES)
def test_a_search_is_not_begun_after_its_time(conn: Any, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    assert conn.execute(f"SELECT {name}('a', 'a')").fetchone() == (1,)

    monkeypatch.setattr(sqlite_functions.reading, "deadline", 0.0)
    with pytest.raises(sqlite3.OperationalError, match="interrupted"):
        conn.execute(f"SELECT {name}('b', 'a')").fetchall()


@pytest.mark.parametrize(
    ("sql", "value"),
    [
        ("p_is_plain('a%')", 1),
        ("p_has_key('{\"a\": 1}', 'a')", 1),
        ("p_has_key('{\"a\": 1}', 'b')", 0),
        ("p_telling('[\"text\"]')", '"text"'),
        ("p_contains('[1, 2]', '[1]')", 1),
    ],
)
def test_what_is_quick_is_answered_whatever_the_time(
    conn: Any, monkeypatch: pytest.MonkeyPatch, sql: str, value: Any
) -> None:
    if "contains" not in sql:  # which may take long
        monkeypatch.setattr(sqlite_functions.reading, "deadline", 0.0)

    assert conn.execute(f"SELECT {sql}").fetchone() == (value,)
