"""Whatever becomes of the writer or of its files: who waits is answered, and nothing is acknowledged in vain."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from prefect.server import catalogue
from prefect.server.store import sqlite as store
from prefect.server.store import sqlite_file
from prefect.server.store.addresses import file_of
from prefect.server.store.database import MOST_ROWS, DatabaseUnavailable
from prefect.server.store.opening import open_database
from support.rows import insert, uid

count_tenants = select(func.count().label("n")).select_from(catalogue.tenant)
SECONDS = 30.0


def add(number: int) -> Any:
    return lambda tx: insert(tx, "tenant", id=uid(number), name="x", slug=f"{number}")


def count(tx: Any) -> int:
    return int(tx.one(count_tenants)["n"])


class Opened:
    """An open file, and short ways to it."""

    def __init__(self, url: str):
        self.database = open_database(url)
        self.path = Path(str(file_of(url)))

    async def __aenter__(self) -> Opened:
        await self.database.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.wait_for(self.database.stop(), SECONDS)

    async def write(self, work: Any) -> Any:
        return await asyncio.wait_for(self.database.write(work), SECONDS)

    async def until_written(self, work: Any) -> None:
        async with asyncio.timeout(SECONDS):
            while True:
                try:
                    return await self.database.write(work)
                except DatabaseUnavailable:
                    continue


class Unrulable(sqlite3.Connection):
    """A connection whose ROLLBACK fails, as often as is told."""

    failures = 0

    def execute(self, sql, *more):  # type: ignore[no-untyped-def]
        if sql == "ROLLBACK" and Unrulable.failures:
            Unrulable.failures -= 1
            raise sqlite3.OperationalError("disk I/O error")
        if sql == "COMMIT" and Unrulable.failures:
            raise sqlite3.OperationalError("disk I/O error")
        return super().execute(sql, *more)


def test_a_rollback_that_fails_ends_no_writer(databases, run_async, monkeypatch):
    real = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *given, **more: real(*given, factory=Unrulable, **more))

    async def run():
        async with Opened(databases.fresh("sqlite")) as opened:
            await opened.write(add(1))
            Unrulable.failures = 1
            with pytest.raises(DatabaseUnavailable, match="disk I/O error"):
                await opened.write(add(2))
            await opened.until_written(add(3))
            return await opened.database.read(count)

    assert run_async(run()) == 2


@pytest.mark.parametrize(
    "error", [ValueError("broken"), SystemExit(3), MemoryError()], ids=lambda error: type(error).__name__
)
def test_an_exception_in_the_writer_itself_is_heard_by_who_waits_and_by_nobody_after(
    databases, run_async, monkeypatch, error
):
    async def run():
        async with Opened(databases.fresh("sqlite")) as opened:
            await opened.write(add(1))
            with monkeypatch.context() as patch:
                optimize = lambda conn: (_ for _ in ()).throw(error)  # noqa: E731
                patch.setattr(store, "WORKS_BETWEEN_OPTIMIZING", 1)
                patch.setattr(store, "_optimize", optimize)
                for number in (2, 3):
                    await opened.until_written(add(number))
            await opened.until_written(add(4))
            return await opened.database.read(count)

    assert run_async(run()) == 4


def test_who_waits_while_the_file_cannot_be_opened_is_told_at_once_and_the_stop_waits_for_nothing(
    databases, run_async, monkeypatch
):
    async def run():
        async with Opened(databases.fresh("sqlite")) as opened:
            await opened.write(add(1))
            with monkeypatch.context() as patch:
                patch.setattr(opened.database, "_open_again", lambda: 1 / 0)
                patch.setattr(opened.database, "_write_batch", lambda conn, batch: 1 / 0)
                patch.setattr(opened.database, "_fail", _fail_and_break(opened.database._fail))
                for number in range(5):
                    # Who comes while the thread begins anew is told of that, everybody else of the batch.
                    with pytest.raises(DatabaseUnavailable, match=r"ZeroDivisionError|RuntimeError"):
                        await opened.write(add(10 + number))

    run_async(run())


def _fail_and_break(fail):
    """Make the writer's thread fail once more, after the batch was told."""
    broken = []

    def failing(batch, error):
        fail(batch, error)
        if not broken:
            broken.append(True)
            raise RuntimeError("and again")

    return failing


def gone(path: Path) -> None:
    path.unlink()


def replaced(path: Path) -> None:
    copy = path.with_suffix(".copy")
    copy.write_bytes(path.read_bytes())
    os.replace(copy, path)


@pytest.mark.parametrize("suffix", ["", "-wal", "-shm"], ids=["file", "wal", "shm"])
@pytest.mark.parametrize("change", [gone, replaced])
def test_nothing_is_acknowledged_into_a_file_that_nobody_will_find(databases, run_async, change, suffix):
    async def run():
        async with Opened(databases.fresh("sqlite")) as opened:
            await opened.write(add(1))
            changed = Path(f"{opened.path}{suffix}")
            change(changed)
            what = "is missing" if change is gone else "is not the file that this server opened"
            said = f"^Database file {changed} {what}: nothing is read or written until it is back"
            with pytest.raises(DatabaseUnavailable, match=said):
                await opened.write(add(2))
            with pytest.raises(DatabaseUnavailable):
                await asyncio.wait_for(opened.database.check(), SECONDS)
            if not suffix:
                with pytest.raises(DatabaseUnavailable):
                    await opened.database.read(count)
            return opened.path

    path = run_async(run())
    if suffix or change is replaced:
        # What was acknowledged before is there for the next server.
        with sqlite3.connect(path) as conn:
            rows = conn.execute("SELECT count(*) FROM tenant").fetchone()
        conn.close()
        assert rows[0] >= (1 if suffix else 0)


async def settle(opened: Opened, looks: list[str]) -> None:
    """Write until nothing in the folder has changed for so long that a look at the folder is enough."""
    async with asyncio.timeout(SECONDS):
        for number in range(100, 100_000):
            looks.clear()
            await opened.write(add(number))
            if f"{opened.path}-wal" not in looks:
                return


@pytest.fixture
def looks(monkeypatch):
    """The names that were looked at, as they are looked at."""
    seen: list[str] = []
    real = os.stat

    def stat(name: Any, *given: Any, **more: Any) -> os.stat_result:
        seen.append(str(name))
        return real(name, *given, **more)

    monkeypatch.setattr(sqlite_file, "SETTLED_SECONDS", 0.2)
    monkeypatch.setattr(sqlite_file.os, "stat", stat)
    return seen


@pytest.mark.parametrize("suffix", ["", "-wal", "-shm"], ids=["file", "wal", "shm"])
@pytest.mark.parametrize("change", [gone, replaced])
def test_a_folder_without_changes_is_looked_at_for_all_its_files_until_one_of_them_changes(
    databases, run_async, looks, change, suffix
):
    async def run():
        async with Opened(databases.fresh("sqlite")) as opened:
            await settle(opened, looks)
            looks.clear()
            await opened.write(add(1))
            mine = [name for name in looks if name.startswith(str(opened.path.parent))]
            # After the commit: one look for others who are to be told of it.
            assert mine == [str(opened.path), str(opened.path.parent), f"{opened.path}-bells"]
            change(Path(f"{opened.path}{suffix}"))
            with pytest.raises(DatabaseUnavailable, match="nothing is read or written until it is back"):
                await opened.write(add(2))

    run_async(run())


def test_a_folder_that_holds_only_a_link_is_not_taken_for_the_files(databases, run_async, looks, tmp_path):
    path = Path(str(file_of(databases.fresh("sqlite"))))
    link = tmp_path / "link.db"
    link.symlink_to(path)

    async def run():
        async with Opened(f"sqlite:///{link}") as opened:
            async with asyncio.timeout(SECONDS):
                while os.stat(tmp_path).st_ctime_ns > time.time_ns() - 300_000_000:
                    await opened.until_written(lambda tx: None)
            for number in range(3):
                await opened.write(add(number))
            replaced(path)
            with pytest.raises(DatabaseUnavailable):
                await opened.write(add(9))

    run_async(run())


def test_a_folder_that_is_moved_away_and_back_is_used_again(databases, run_async, tmp_path):
    import shutil

    folder, away = tmp_path / "here", tmp_path / "away"
    folder.mkdir()
    shutil.copy(str(file_of(databases.fresh("sqlite"))), folder / "proctor.db")

    async def run():
        async with Opened(f"sqlite:///{folder}/proctor.db") as opened:
            await opened.write(add(1))
            folder.rename(away)
            for number in (2, 3):
                with pytest.raises(DatabaseUnavailable):
                    await opened.write(add(number))
            assert not folder.exists()
            away.rename(folder)
            await opened.until_written(add(4))
            return await opened.database.read(count)

    assert run_async(run()) == 2


def test_works_of_many_rows_do_not_share_a_commit(databases, run_async, monkeypatch):
    sizes: list[int] = []

    async def run():
        async with Opened(databases.fresh("sqlite")) as opened:
            opened.database.on_commit = lambda works, seconds, tallied: sizes.append(works)

            def many(first: int) -> Any:
                def work(tx: Any) -> None:
                    for number in range(first, first + MOST_ROWS // 2):
                        insert(tx, "tenant", id=uid(number), name="x", slug=f"{number}")

                return work

            await asyncio.gather(*(opened.write(many(turn * MOST_ROWS)) for turn in range(7)))
            return await opened.database.read(count)

    assert run_async(run()) == 7 * MOST_ROWS // 2
    assert max(sizes) <= 2
    assert sum(sizes) == 7


@pytest.mark.parametrize(("written", "commits"), [(MOST_ROWS - 1, [1, 2]), (MOST_ROWS, [1, 1, 1])])
def test_a_commit_takes_works_until_so_many_rows_are_in_it(databases, run_async, written, commits):
    sizes: list[int] = []

    async def run():
        async with Opened(databases.fresh("sqlite")) as opened:
            opened.database.on_commit = lambda works, seconds, tallied: sizes.append(works)
            holds, goes_on = threading.Event(), threading.Event()
            first = asyncio.ensure_future(opened.write(lambda tx: (holds.set(), goes_on.wait(SECONDS))))
            await asyncio.to_thread(holds.wait, SECONDS)

            def write(tx: Any) -> None:
                tx.rows_written += written

            # Both wait for the first one, and are taken together.
            others = [asyncio.ensure_future(opened.write(work)) for work in (write, add(1))]
            await asyncio.sleep(0)
            goes_on.set()
            await asyncio.gather(first, *others)
            return await opened.database.read(count)

    assert run_async(run()) == 1
    assert sizes == commits


def test_a_writer_to_whom_nothing_comes_has_nothing_to_do(databases):
    database = open_database(databases.fresh("sqlite"))
    assert database._take_batch(0.0) == database._take_batch(0.001) == []
