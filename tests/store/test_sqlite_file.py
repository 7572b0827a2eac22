"""What is particular to a SQLite file: group commit, durability, clear refusals."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import func, select

from prefect.server import catalogue
from prefect.server.store.database import DatabaseUnavailable, TookTooLong
from prefect.server.store.opening import migrate, open_database
from prefect.server.store.sqlite_file import connect
from support.rows import insert, uid

count_tenants = select(func.count().label("n")).select_from(catalogue.tenant)


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="files that are open are seen on Linux only")
def test_a_stopped_database_holds_no_file_open(databases, run_async):
    url = databases.fresh("sqlite")

    def is_open():
        path = url.removeprefix("sqlite:///")
        return any(os.readlink(one).startswith(path) for one in Path("/proc/self/fd").iterdir() if one.is_symlink())

    async def run():
        database = open_database(url, readers=2)
        await database.start()
        await database.write(lambda tx: insert(tx, "tenant", id=uid(1), name="x", slug="x"))
        await asyncio.gather(*(database.read(lambda tx: tx.one(count_tenants)) for _ in range(8)))
        assert is_open()
        await database.stop()

    run_async(run())
    assert not is_open()


def test_works_that_wait_together_share_a_commit(databases, run_async, monkeypatch):
    from prefect.server.store.sqlite import SqliteDatabase

    sizes = []
    write_batch = SqliteDatabase._write_batch

    def counting(self, conn, batch):
        sizes.append(len(batch))
        write_batch(self, conn, batch)

    monkeypatch.setattr(SqliteDatabase, "_write_batch", counting)

    async def run():
        database = open_database(databases.fresh("sqlite"))
        await database.start()
        loop, gate = asyncio.get_running_loop(), asyncio.Event()

        def hold(tx):
            asyncio.run_coroutine_threadsafe(gate.wait(), loop).result(60)

        first = asyncio.ensure_future(database.write(hold))
        await asyncio.sleep(0)
        works = [lambda tx, n=n: insert(tx, "tenant", id=uid(n), name="x", slug=f"{n}") for n in range(100)]
        rest = [asyncio.ensure_future(database.write(work)) for work in works]
        await asyncio.sleep(0)
        gate.set()
        await asyncio.gather(first, *rest)
        count = await database.read(lambda tx: tx.one(count_tenants)["n"])
        await database.stop()
        return count

    assert run_async(run()) == 100
    assert sum(sizes) == 101
    assert len(sizes) <= 3


WRITER = """
import asyncio, sys
from sqlalchemy import func, select
from prefect.server import catalogue
from prefect.server.store.opening import open_database
from prefect.server.store.dialect import upsert
from uuid import UUID
add = upsert(catalogue.tenant)

async def main():
    database = open_database(sys.argv[1])
    await database.start()
    async def one(n):
        await database.write(lambda tx: tx.run(add, id=str(UUID(int=n)), name="x", slug=str(n)))
        print(n, flush=True)
    for start in range(0, 10**9, 8):
        await asyncio.gather(*[one(n) for n in range(start, start + 8)])

asyncio.run(main())
"""


def test_what_was_acknowledged_survives_a_kill(databases, run_async):
    url = databases.fresh("sqlite")
    writer = subprocess.Popen([sys.executable, "-c", WRITER, url], stdout=subprocess.PIPE, text=True)
    seen = []
    for line in writer.stdout:
        seen.append(int(line))
        if len(seen) == 100:
            os.kill(writer.pid, signal.SIGKILL)
            break
    seen += [int(line) for line in writer.stdout if line.endswith("\n")]
    writer.wait()
    writer.stdout.close()

    async def stored():
        database = open_database(url)
        await database.start()
        rows = await database.read(lambda tx: tx.all(select(catalogue.tenant.c.slug)))
        await database.stop()
        return {int(row["slug"]) for row in rows}

    assert set(seen) <= run_async(stored())


def test_a_cancelled_caller_does_not_stop_the_others(databases, run_async):
    async def run():
        database = open_database(databases.fresh("sqlite"))
        await database.start()
        works = [
            asyncio.ensure_future(
                database.write(lambda tx, n=n: insert(tx, "tenant", id=uid(n), name="x", slug=f"{n}"))
            )
            for n in range(10)
        ]
        await asyncio.sleep(0)
        works[3].cancel()
        results = await asyncio.gather(*works, return_exceptions=True)
        count = await database.read(lambda tx: tx.one(count_tenants)["n"])
        await database.stop()
        return results, count

    results, count = run_async(run())
    assert isinstance(results[3], asyncio.CancelledError)
    assert [result for result in results if isinstance(result, Exception)] == []
    assert count >= 9


def test_a_read_that_never_ends_is_stopped(databases, run_async, monkeypatch):
    from prefect.server.store import sqlite

    monkeypatch.setattr(sqlite, "LONGEST_READ_SECONDS", 0)
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"

    async def run():
        database = open_database(databases.fresh("sqlite"))
        await database.start()
        try:
            await database.read(lambda tx: tx.raw(endless))
        finally:
            await database.stop()

    with pytest.raises(TookTooLong, match="ask for less"):
        run_async(run())


def test_a_read_that_has_rows_and_never_ends_is_stopped(databases, run_async, monkeypatch):
    from prefect.server.store import sqlite

    monkeypatch.setattr(sqlite, "LONGEST_READ_SECONDS", 0)
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT 'x' FROM n WHERE i < 3 OR i < 0"

    async def run():
        database = open_database(databases.fresh("sqlite"))
        await database.start()
        try:
            await database.read(lambda tx: tx.texts(endless, (), 1000, is_short=False))
        finally:
            await database.stop()

    with pytest.raises(TookTooLong, match="ask for less"):
        run_async(run())


def test_searches_of_many_texts_are_stopped_and_others_go_on(databases, run_async, monkeypatch):
    """SQLite looks at the clock after so many steps of its own that they would take an hour with these searches."""
    from prefect.server.store import sqlite

    monkeypatch.setattr(sqlite, "LONGEST_READ_SECONDS", 1)
    text, pattern = "a" * 100_000, "(a|b){40}c"
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n WHERE "
    endless += "p_regex(? || i, ?)"

    async def run():
        database = open_database(databases.fresh("sqlite"), readers=2)
        await database.start()
        try:
            search = asyncio.ensure_future(database.read(lambda tx: tx.raw(endless, (text, pattern))))
            others = 0
            while not search.done():
                others += len(await database.read(lambda tx: tx.raw("SELECT 1")))
            assert others > 10
            await search
        finally:
            await database.stop()

    with pytest.raises(TookTooLong, match="ask for less"):
        run_async(run())


def test_a_throw_away_database_needs_no_file(run_async):
    async def run():
        database = open_database("sqlite://")
        await database.start()
        count = await database.read(lambda tx: tx.one(count_tenants)["n"])
        await database.stop()
        return count

    assert run_async(run()) == 0


def test_the_folder_is_made(tmp_path):
    migrate(f"sqlite:///{tmp_path}/a/b/proctor.db")
    assert (tmp_path / "a/b/proctor.db").exists()


def test_a_folder_that_can_not_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DatabaseUnavailable, match=f"{tmp_path}/file/proctor.db can not be used: "):
        migrate(f"sqlite:///{tmp_path}/file/proctor.db")


def test_a_file_that_is_no_database_is_named(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("hello " * 1000)
    with pytest.raises(DatabaseUnavailable, match=f"{path} can not be used: file is not a database"):
        migrate(f"sqlite:///{path}")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
def test_a_file_that_can_not_be_written_is_named(databases):
    url = databases.fresh("sqlite")
    path = url.removeprefix("sqlite:///")
    os.chmod(path, 0o444)
    with pytest.raises(DatabaseUnavailable, match=f"{path} can not be used: "):
        migrate(url)


def test_a_file_on_a_read_only_file_system_is_named(databases, monkeypatch):
    """The same for every user: the file is what SQLite calls read-only."""
    url = databases.fresh("sqlite")
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(DatabaseUnavailable, match="no permission to write"):
        migrate(url)


def test_an_address_of_another_database_is_refused():
    with pytest.raises(ValueError, match="mysql"):
        open_database("mysql://x")


def test_a_new_file_is_its_owners_alone(tmp_path):
    path = tmp_path / "new.db"
    migrate(f"sqlite:///{path}")
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(("how", "level"), [({}, 2), ({"durable": True}, 2), ({"durable": False}, 0)], ids=str)
def test_a_commit_is_on_the_disk_unless_the_file_is_thrown_away(tmp_path, how, level):
    conn = connect(tmp_path / "new.db", **how)
    settings = ("synchronous", "foreign_keys", "journal_mode", "mmap_size", "temp_store")
    found = {name: conn.execute(f"PRAGMA {name}").fetchone() for name in settings}
    conn.close()
    assert found["synchronous"] == (level,)  # 2: FULL
    assert found["foreign_keys"] == (1,)
    assert found["journal_mode"] == ("wal",)
    assert found["mmap_size"] in (None, (0,))
    assert found["temp_store"] == (2,)  # no part of an answer lies in a file that is less protected


def test_a_throw_away_database_whose_folder_somebody_threw_away_can_be_stopped(run_async):
    async def run():
        database = open_database("sqlite://")
        await database.start()
        shutil.rmtree(database._temporary)
        await database.stop()
        return database._temporary

    assert run_async(run()) is None
