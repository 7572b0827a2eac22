"""What is committed comes into the database's own file beside the writer, which never waits for that."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from prefect.server.store import sqlite, sqlite_checkpoints
from prefect.server.store.opening import open_database
from support.rows import insert

LONG = "x" * 2_000
PATIENCE_SECONDS = 60.0


class Opened:
    """A database that is written to, and its own file, read without the log."""

    def __init__(self, url: str, run_async: Any) -> None:
        self.path = Path(url.removeprefix("sqlite:///"))
        self.database = open_database(url, readers=1)
        self.run_async = run_async
        self.written = 0
        run_async(self.database.start())

    def write(self, rows: int) -> None:
        """Write so many rows of half a page, all in a commit."""

        def work(tx: Any) -> None:
            for _ in range(rows):
                insert(tx, "tenant", id=str(uuid4()), name=LONG, slug=str(uuid4()))

        self.run_async(self.database.write(work))
        self.written += rows

    def in_file(self) -> int:
        """Count the rows that the file holds without its log."""
        with closing(sqlite3.connect(f"file:{self.path}?immutable=1", uri=True)) as connection:
            try:
                return int(connection.execute("SELECT count(*) FROM tenant").fetchone()[0])
            except sqlite3.DatabaseError:  # in the middle of a copy, which nobody else may look at
                return -1

    def comes_into_file(self, rows: int) -> bool:
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            if self.in_file() >= rows:
                return True
            time.sleep(0.02)  # another thread's file: there is no event to wait for
        return False


@pytest.fixture
def opened(databases: Any, run_async: Any) -> Iterator[Callable[[], Opened]]:
    made: list[Opened] = []

    def make() -> Opened:
        made.append(Opened(databases.fresh("sqlite"), run_async))
        return made[-1]

    yield make
    for one in made:
        run_async(one.database.stop())


def _threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "sqlite-checkpoints"]


def test_the_log_is_copied_while_the_database_is_open(opened: Callable[[], Opened]) -> None:
    one = opened()
    one.write(sqlite_checkpoints.ROWS_BETWEEN)
    assert one.comes_into_file(sqlite_checkpoints.ROWS_BETWEEN)
    one.write(sqlite_checkpoints.ROWS_BETWEEN)
    assert one.comes_into_file(2 * sqlite_checkpoints.ROWS_BETWEEN)


def test_no_commit_copies_the_log_or_waits_for_who_does(opened: Callable[[], Opened], monkeypatch: Any) -> None:
    go_on = threading.Event()
    connect = sqlite.SqliteDatabase._connect
    monkeypatch.setattr(
        sqlite.SqliteDatabase, "_connect", lambda database: go_on.wait(PATIENCE_SECONDS) and connect(database)
    )
    one = opened()
    before = one.in_file()
    try:
        # Several thousand pages: SQLite by itself copies its log with the commit that comes to a thousand.
        for _ in range(12):
            one.write(sqlite_checkpoints.ROWS_BETWEEN)
        assert one.in_file() == before
    finally:
        go_on.set()
    assert one.comes_into_file(one.written)


def test_a_log_that_nobody_copies_does_not_grow_for_ever(opened: Callable[[], Opened], monkeypatch: Any) -> None:
    monkeypatch.setattr(sqlite, "LARGEST_LOG_PAGES", 200)

    def refuse(database: Any) -> sqlite3.Connection:
        raise sqlite3.OperationalError("unable to open database file")

    monkeypatch.setattr(sqlite.SqliteDatabase, "_connect", refuse)
    one = opened()
    sizes = []
    for _ in range(12):
        one.write(sqlite_checkpoints.ROWS_BETWEEN)
        sizes.append(Path(f"{one.path}-wal").stat().st_size)
    assert one.in_file() > 0
    assert max(sizes) == sizes[1] or max(sizes) < 4 * sizes[0]


def test_who_cannot_copy_now_copies_later(
    opened: Callable[[], Opened], monkeypatch: Any, caplog: pytest.LogCaptureFixture
) -> None:
    refused = threading.Event()
    connect = sqlite.SqliteDatabase._connect

    def refuse_once(database: Any) -> sqlite3.Connection:
        if not refused.is_set():
            refused.set()
            raise sqlite3.OperationalError("disk I/O error")
        return connect(database)

    monkeypatch.setattr(sqlite.SqliteDatabase, "_connect", refuse_once)
    caplog.set_level(logging.DEBUG, "prefect.server.store")
    one = opened()
    one.write(sqlite_checkpoints.ROWS_BETWEEN)
    assert refused.wait(PATIENCE_SECONDS)
    # Each commit gives it another try; none is lost meanwhile.
    assert any(_write_and_look(one) for _ in range(50))
    assert "disk I/O error" in caplog.text


def _write_and_look(one: Opened) -> bool:
    one.write(sqlite_checkpoints.ROWS_BETWEEN)
    end = time.monotonic() + 1
    while time.monotonic() < end:
        if one.in_file() >= one.written:
            return True
        time.sleep(0.02)  # as above
    return False


def test_its_thread_ends_with_the_database(databases: Any, run_async: Any) -> None:
    before = len(_threads())
    one = Opened(databases.fresh("sqlite"), run_async)
    assert len(_threads()) == before + 1
    one.write(10)
    run_async(one.database.stop())
    assert len(_threads()) == before
    # The last connection that is closed copies the rest, and takes the log away.
    assert not Path(f"{one.path}-wal").exists()
    assert one.in_file() == 10
