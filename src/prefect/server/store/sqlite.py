"""SQLite: one writer thread with group commit, and a pool of readers.

SQLite has one writer at a time, and a durable commit costs a wait for the disk. So all writes go through
one thread: what waits while a commit is under way is done together in the next transaction, each piece
of work behind its own savepoint, and one commit makes all of it durable. An answer leaves only after it.
"""

from __future__ import annotations

import asyncio
import logging
import math
import shutil
import sqlite3
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from prefect.server.threads import Threads, ended

from . import migrations
from .addresses import file_of
from .bells import Bells
from .database import (
    LAST_READ_SECONDS,
    LONGEST_READ_SECONDS,
    MOST_ROWS,
    AnswerTooLarge,
    DatabaseError,
    DatabaseUnavailable,
    ForeignKeyViolation,
    IntegrityViolation,
    InvalidValue,
    TookTooLong,
    UniquenessViolation,
)
from .dialect import SQLITE, Dialect
from .sqlite_checkpoints import LARGEST_LOG_PAGES, Checkpoints
from .sqlite_file import LONGEST_VALUE, FileWatch, ValueBound, check_writable, connect, unavailable
from .sqlite_functions import reading
from .statements import Row, Statements
from .transaction import OpenTransaction, within

T = TypeVar("T")
logger = logging.getLogger("prefect.server.store")

#: At most so many pieces of work share a commit: bounds how long the first of them waits.
LARGEST_BATCH = 500
#: So often the query planner gets new statistics, where they are missing or stale; takes milliseconds.
WORKS_BETWEEN_OPTIMIZING = 20_000
#: The least bound of one value that is asked for: stored values have bounds of their own.
SHORTEST_LIMIT = 1_000_000
#: Steps of SQLite's machine between two looks at the clock: a few milliseconds, more where the disk is asked.
STEPS_BETWEEN_LOOKS = 100_000
#: Between two attempts to open the file anew for writing.
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.1, 2.0

_UNIQUE = ("SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY", "SQLITE_CONSTRAINT_ROWID")


#: How SQLite begins to say that a statement is beyond what it can read.
_TOO_LARGE = ("parser stack overflow", "Expression tree is too large", "at most 64 tables", "too many")


def _optimize(conn: sqlite3.Connection) -> None:
    """Give the query planner statistics; nothing depends on it."""
    try:
        conn.execute("PRAGMA optimize")
    except sqlite3.Error as error:
        # Where another process writes just now it is this one's next turn, or that one's.
        is_busy = getattr(error, "sqlite_errorname", "").startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))
        logger.log(
            logging.DEBUG if is_busy else logging.WARNING, "The query planner got no new statistics", exc_info=True
        )


def _close(conn: sqlite3.Connection) -> None:
    try:
        conn.close()
    except sqlite3.Error as error:
        logger.warning("A connection could not be closed: %s", error)


def _translate(error: sqlite3.Error, path: Path) -> DatabaseError:
    name = getattr(error, "sqlite_errorname", "")
    if name in _UNIQUE:
        return UniquenessViolation()
    if name == "SQLITE_INTERRUPT":
        return TookTooLong()
    if name == "SQLITE_CONSTRAINT_FOREIGNKEY":
        return ForeignKeyViolation()
    if name.startswith("SQLITE_CONSTRAINT"):
        return IntegrityViolation(str(error))
    if "user-defined function raised" in str(error) and reading.refusal:
        reason, reading.refusal = reading.refusal, ""
        return InvalidValue(reason)
    if "user-defined function raised" in str(error) or name in ("SQLITE_MISMATCH", "SQLITE_TOOBIG"):
        return InvalidValue(f"The database refused a value: {error}")
    return unavailable(path, error)


class SqliteTransaction(OpenTransaction):
    """The open transaction of one connection."""

    dialect: Dialect = SQLITE
    _statements = Statements(SQLITE)
    _conn: sqlite3.Connection

    def __init__(self, conn: sqlite3.Connection, path: Path, bound: ValueBound) -> None:
        self._conn = conn
        self._bound = bound
        self._path = path
        super().__init__()

    def _execute(self, text: str, values: Any, longest: int = LONGEST_VALUE) -> sqlite3.Cursor:
        if self._bound.longest != longest:
            self._bound.set(longest)
        try:
            return self._conn.execute(text, values)
        except sqlite3.Error as error:
            raise self._translate(error) from error
        except (OverflowError, UnicodeEncodeError) as error:
            raise InvalidValue(f"A value can not be stored: {error}") from error

    def _translate(self, error: sqlite3.Error) -> Exception:
        if str(error).startswith(_TOO_LARGE):
            return InvalidValue("The query is too large or nested too deeply for the database.")
        # A fault in one of our own SQL texts is no fault of the database, and keeps its trace.
        if getattr(error, "sqlite_errorname", "") == "SQLITE_ERROR" and "user-defined" not in str(error):
            return RuntimeError(f"SQLite: {error}")
        if isinstance(error, sqlite3.ProgrammingError):
            return RuntimeError(f"SQLite: {error}")
        return _translate(error, self._path)

    def one(self, statement: Any, /, **values: Any) -> Row | None:
        prepared = self._prepare(statement, values)
        cursor = self._execute(*prepared.bind(values))
        stored = cursor.fetchone()
        # A statement that returns rows is done only when it has been stepped to its end.
        row = None if stored is None else prepared.load(stored, () if prepared.columns else _names(cursor))
        cursor.close()
        if prepared.changes:
            self.rows_written += row is not None
        return row

    def look(self, statement: Any, /, **values: Any) -> Row | None:
        return self.one(statement, **values)

    def all(self, statement: Any, /, **values: Any) -> list[Mapping[str, Any]]:
        prepared = self._prepare(statement, values)
        cursor = self._execute(*prepared.bind(values))
        names = () if prepared.columns else _names(cursor)
        return prepared.load_all(cursor.fetchall(), names)

    def run(self, statement: Any, /, **values: Any) -> int:
        prepared = self._prepare(statement, values)
        cursor = self._execute(*prepared.bind(values))
        count = max(cursor.rowcount, 0) if cursor.description is None else len(cursor.fetchall())
        if prepared.changes:
            self.rows_written += count
        return count

    def later(self, statement: Any, values: Mapping[str, Any], *, taken: Exception | None = None) -> None:
        try:
            self.run(statement, **values)
        except UniquenessViolation:
            if taken is None:
                raise
            raise taken from None

    def run_many(self, statement: Any, rows: Sequence[Mapping[str, Any]]) -> None:
        if not rows:
            return
        prepared = self._prepare(statement, *rows)
        bound = [prepared.bind(row) for row in rows]
        self.rows_written += len(rows)
        try:
            self._conn.executemany(bound[0][0], [values for _, values in bound])
        except sqlite3.Error as error:
            raise self._translate(error) from error
        except (OverflowError, UnicodeEncodeError) as error:
            raise InvalidValue(f"A value can not be stored: {error}") from error

    def raw(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        try:
            return self._execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise self._translate(error) from error

    def texts(self, sql: str, values: Sequence[Any], most: int, *, is_short: bool) -> list[str]:
        try:
            # One row may hold lists of others: SQLite itself gives up where its text grows beyond the bound.
            return within(self._execute(sql, values, max(most, SHORTEST_LIMIT)), most)
        except sqlite3.DataError as error:
            if getattr(error, "sqlite_errorname", "") == "SQLITE_TOOBIG":
                raise AnswerTooLarge(most) from None
            raise self._translate(error) from error
        except InvalidValue as error:
            cause = error.__cause__
            if getattr(cause, "sqlite_errorname", "") == "SQLITE_TOOBIG":
                raise AnswerTooLarge(most) from None
            raise
        except sqlite3.Error as error:
            raise self._translate(error) from error

    def _is_open(self) -> bool:
        return self._conn.in_transaction


def _names(cursor: sqlite3.Cursor) -> list[str]:
    return [column[0] for column in cursor.description or ()]


@dataclass
class _Work:
    """One accepted piece of work and how it came out."""

    do: Callable[[SqliteTransaction], Any]
    future: asyncio.Future[Any]
    result: Any = None
    error: BaseException | None = None
    topics: Collection[str] = ()
    tallied: Sequence[str] = ()


class SqliteDatabase:
    """One SQLite file, used by this process; others of this machine may use it as well.

    Args:
        readers: connections that read at the same time.
        durable: a commit waits for the disk; without, a power cut may cost the last ones.
    """

    dialect: Dialect = SQLITE

    def __init__(self, url: str, *, readers: int = 4, durable: bool = True) -> None:
        self.url = url
        self._durable = durable
        self._bells: Bells | None = None
        self.on_announce: Callable[[Collection[str]], None] | None = None
        self.on_commit: Callable[[int, float, Collection[str]], None] | None = None
        self._path = file_of(url)
        self._temporary: Path | None = None
        self._reader_count = readers
        self._reader_connections: list[sqlite3.Connection] = []
        self._local = threading.local()
        self._queue: SimpleQueue[_Work | None] = SimpleQueue()
        #: What had no room in the last transaction.
        self._left: deque[_Work] = deque()
        self._ends = False
        #: When reads that are under way at the stop are given up, by the monotonic clock.
        self._ends_at = math.inf
        self._loop: asyncio.AbstractEventLoop | None = None
        self._readers: Threads | None = None
        self._writer: threading.Thread | None = None
        self._checkpoints: Checkpoints | None = None

    async def start(self) -> None:
        if self._writer is not None:
            return
        self._loop = asyncio.get_running_loop()
        conn = await self._loop.run_in_executor(None, self._open)
        self._readers = Threads(self._reader_count, "sqlite-reader", self._loop)
        self._ends, self._ends_at = False, math.inf
        self._checkpoints = Checkpoints(self._connect)
        self._writer = threading.Thread(
            target=self._write_until_stopped, args=(conn,), name="sqlite-writer", daemon=True
        )
        self._writer.start()
        if self._temporary is None and self._path is not None:
            self._bells = Bells(self._path, self._heard)
            self._bells.start()

    def _heard(self, topics: Collection[str]) -> None:
        if self.on_announce is not None:
            self.on_announce(topics)

    def _open(self) -> sqlite3.Connection:
        if self._path is None:
            self._temporary = Path(tempfile.mkdtemp(prefix="proctor-"))
            self._path = self._temporary / "proctor.db"
            self._durable = False
            migrations.upgrade(f"sqlite:///{self._path}")
        conn = connect(self._path, durable=self._durable)
        try:
            check_writable(conn, self._path)
            migrations.check_at_head(migrations.sqlite_revision(conn), str(self._path))
            self._watch = FileWatch(self._path)
        except BaseException:
            conn.close()
            raise
        return conn

    async def stop(self) -> None:
        if self._writer is None or self._loop is None or self._readers is None:
            return
        writer, self._writer = self._writer, None
        if self._bells is not None:
            self._bells.stop()
            self._bells = None
        self._ends_at = time.monotonic() + LAST_READ_SECONDS
        self._queue.put(None)
        await ended(writer)
        if self._checkpoints is not None:
            await ended(self._checkpoints.stop())
            self._checkpoints = None
        await self._readers.stop()
        for conn in self._reader_connections:
            conn.close()
        self._reader_connections.clear()
        self._readers = None
        if self._temporary is not None:
            shutil.rmtree(self._temporary, ignore_errors=True)
            self._path = self._temporary = None

    async def read(self, work: Callable[[SqliteTransaction], T], *, is_single: bool = False) -> T:
        if self._readers is None:
            raise DatabaseUnavailable("The database is not started.")
        return await self._readers.do(partial(self._read, work))

    def _read(self, work: Callable[[SqliteTransaction], T]) -> T:
        assert self._path is not None  # noqa: S101 - a started database has a file
        conn: sqlite3.Connection | None = getattr(self._local, "conn", None)
        if conn is None:
            conn = self._local.conn = connect(self._path)
            self._local.bound = ValueBound(conn)
            conn.execute("PRAGMA query_only = ON")
            # What is not kept here comes from the system's cache of the file.
            conn.execute("PRAGMA cache_size = -4096")
            conn.set_progress_handler(self._is_late, STEPS_BETWEEN_LOOKS)
            self._reader_connections.append(conn)
        self._watch.check_file()
        self._local.deadline = reading.deadline = time.monotonic() + LONGEST_READ_SECONDS
        try:
            conn.execute("BEGIN")
            try:
                return work(SqliteTransaction(conn, self._path, self._local.bound))
            finally:
                if conn.in_transaction:  # some errors end it, and are what is to be told
                    conn.execute("ROLLBACK")
        except sqlite3.Error as error:
            raise _translate(error, self._path) from error

    def _is_late(self) -> bool:
        deadline: float = min(self._local.deadline, self._ends_at)
        return time.monotonic() > deadline

    async def check(self) -> None:
        # Asks the writer's thread, and whether another process holds the file; nothing is written.
        await self.write(lambda tx: None)

    async def write(self, work: Callable[[SqliteTransaction], T]) -> T:
        if self._loop is None or self._writer is None:
            raise DatabaseUnavailable("The database is not started.")
        future: asyncio.Future[T] = self._loop.create_future()
        self._queue.put(_Work(work, future))
        return await future

    def _write_until_stopped(self, conn: sqlite3.Connection | None) -> None:
        """Be the writer's thread: it ends at the stop and never before, and whoever waits for it gets an answer."""
        pause = FIRST_PAUSE_SECONDS
        while not (self._ends and not self._left):
            try:
                if conn is None:
                    conn = self._open_again()
                pause = FIRST_PAUSE_SECONDS
                self._write_batches(conn)
            except BaseException as error:
                told = isinstance(error, DatabaseError | sqlite3.Error)
                logger.error("The writer begins anew: %s", error, exc_info=None if told else error)
                self._refuse_waiting(error, pause if conn is None else 0.0)
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
                if conn is not None:
                    _close(conn)
                conn = None
        if conn is not None:
            _close(conn)

    def _connect(self) -> sqlite3.Connection:
        assert self._path is not None  # noqa: S101 - a started database has a file
        self._watch.check_before_opening()
        return connect(self._path, durable=self._durable)

    def _open_again(self) -> sqlite3.Connection:
        assert self._path is not None  # noqa: S101 - a started database has a file
        conn = self._connect()
        try:
            check_writable(conn, self._path)
            self._watch.look_anew()
        except BaseException:
            _close(conn)
            raise
        return conn

    def _refuse_waiting(self, error: BaseException, seconds: float) -> None:
        """Answer all who wait, and those who come within these seconds, with the reason why nothing is written."""
        until = time.monotonic() + seconds
        while True:
            batch = self._take_batch(max(0.0, until - time.monotonic()))
            if not batch and (self._ends or time.monotonic() >= until):
                return
            self._fail(batch, error)
            self._settle(batch)

    def _write_batches(self, conn: sqlite3.Connection) -> None:
        conn.execute("PRAGMA analysis_limit = 400")
        conn.execute(f"PRAGMA wal_autocheckpoint = {LARGEST_LOG_PAGES}")
        self._bound = ValueBound(conn)
        since_optimized = 0
        while batch := self._take_batch():
            since_optimized += len(batch)
            try:
                self._write_batch(conn, batch)
            except BaseException as error:
                # Whatever is wrong with the file, whoever waits must hear of it.
                told = isinstance(error, DatabaseError | sqlite3.Error)  # a full disk needs no stack
                logger.error("A commit failed: %s", error, exc_info=None if told else error)
                self._fail(batch, error)
                if conn.in_transaction:
                    conn.execute("ROLLBACK")
            finally:
                self._settle(batch)
            if since_optimized >= WORKS_BETWEEN_OPTIMIZING:
                _optimize(conn)
                since_optimized = 0
        _optimize(conn)

    def _take_batch(self, seconds: float | None = None) -> list[_Work]:
        """Wait for work and take all that waits; nothing at the stop, or when none came within these seconds."""
        batch = list(self._left)
        self._left.clear()
        if not batch and not self._ends:
            try:
                self._put(batch, self._queue.get(timeout=seconds))
            except Empty:
                return batch
        while len(batch) < LARGEST_BATCH and not self._ends:
            try:
                self._put(batch, self._queue.get_nowait())
            except Empty:
                break
        return batch

    def _put(self, batch: list[_Work], work: _Work | None) -> None:
        if work is None:
            self._ends = True
        else:
            batch.append(work)

    def _write_batch(self, conn: sqlite3.Connection, batch: list[_Work]) -> None:
        assert self._path is not None  # noqa: S101 - a started database has a file
        # Alone, the transaction itself is what is rolled back.
        alone = len(batch) == 1
        begun = time.monotonic()
        # All are looked at before anything is acknowledged; and before that, so that nothing is written in vain.
        self._watch.check_file()
        conn.execute("BEGIN IMMEDIATE")
        rows = 0
        for place, work in enumerate(batch):
            if rows >= MOST_ROWS:
                # Those who wait longest are answered now, the others after the next commit.
                self._left.extendleft(reversed(batch[place:]))
                del batch[place:]
                break
            transaction = SqliteTransaction(conn, self._path, self._bound)
            if not alone:
                conn.execute("SAVEPOINT work")
            try:
                work.result = work.do(transaction)
                rows += transaction.rows_written
                work.topics = transaction.changed.union(transaction.topics)
                work.tallied = transaction.tallied
            except BaseException as error:
                work.error = error
                if not conn.in_transaction:
                    # SQLite gave up the whole transaction (disk full, I/O error): nobody's work is in it.
                    self._fail(batch, error)
                    return
                if not alone:
                    conn.execute("ROLLBACK TO work")
            if not alone:
                conn.execute("RELEASE work")
        if alone and batch[0].error is not None:
            conn.execute("ROLLBACK")
            return
        conn.execute("COMMIT")
        if self._checkpoints is not None:
            self._checkpoints.note(rows)
        # Not what a file that nobody will find holds: that would be gone with this process.
        self._check_files(conn)
        if self.on_commit is not None:
            tallied = [event for work in batch if work.error is None for event in work.tallied]
            self.on_commit(len(batch), time.monotonic() - begun, tallied)

    def _check_files(self, conn: sqlite3.Connection) -> None:
        try:
            self._watch.check()
        except DatabaseUnavailable:
            if self._watch.keep_log():
                # The log lost its name, and with it all that is not in the database's own file yet.
                conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            raise

    def _fail(self, batch: list[_Work], error: BaseException) -> None:
        assert self._path is not None  # noqa: S101 - a started database has a file
        reason = _translate(error, self._path) if isinstance(error, sqlite3.Error) else error
        if not isinstance(reason, DatabaseError):  # not what was asked for is wrong: it may be sent again
            reason = DatabaseUnavailable(f"Database file {self._path} was not written: {type(error).__name__}")
        for work in batch:
            if work.error is None:
                work.error = reason
                work.topics = work.tallied = ()

    def _settle(self, batch: list[_Work]) -> None:
        assert self._loop is not None  # noqa: S101 - set by start
        try:
            self._loop.call_soon_threadsafe(self._resolve, batch)
        except RuntimeError:
            logger.warning("The event loop ended before %d writes were answered", len(batch))

    def _resolve(self, batch: list[_Work]) -> None:
        topics: set[str] = set()
        for work in batch:
            topics.update(work.topics)
            if work.future.done():  # cancelled by whoever waited
                continue
            if work.error is None:
                work.future.set_result(work.result)
            else:
                work.future.set_exception(work.error)
        if topics:
            self._heard(topics)
            if self._bells is not None:
                self._bells.ring(topics)
