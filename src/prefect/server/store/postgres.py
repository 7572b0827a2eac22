"""PostgreSQL: a pool of connections used in threads, and LISTEN/NOTIFY between replicas.

PostgreSQL groups commits by itself, so each piece of work has its own transaction. What is announced
reaches waiters in this process directly, those of other replicas as a notification sent after the commit.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import random
import threading
import time
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from functools import partial
from typing import Any, TypeVar
from uuid import uuid4

import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict
from psycopg.types.json import set_json_loads
from psycopg.types.string import TextLoader
from psycopg_pool import ConnectionPool, PoolClosed, PoolTimeout

from prefect.server.threads import Threads

from . import migrations
from .addresses import conninfo, shown
from .database import (
    EVERYTHING,
    LAST_READ_SECONDS,
    LONGEST_READ_SECONDS,
    AnswerTooLarge,
    DatabaseError,
    DatabaseUnavailable,
    ForeignKeyViolation,
    IntegrityViolation,
    InvalidValue,
    TookTooLong,
    UniquenessViolation,
)
from .dialect import POSTGRESQL, Dialect, load_json
from .statements import Prepared, Row, Statements
from .transaction import OpenTransaction, within

T = TypeVar("T")
Connection = psycopg.Connection[tuple[Any, ...]]
logger = logging.getLogger("prefect.server.store")

CHANNEL = "proctor"
#: So many rows go into one INSERT, which costs a fourth of what the driver takes for one each.
MOST_TOGETHER = 20
#: Rows of a long answer that come together; libpq before 17 hands them out one by one.
ROWS_AT_ONCE = 500 if psycopg.pq.version() >= 170_000 else 1
#: How often a transaction is tried that PostgreSQL gave up for the sake of another one.
ATTEMPTS = 10
#: Several statements travel in one round trip; libpq before 14 cannot do that.
PIPELINES = psycopg.Pipeline.is_supported()
CONNECT_SECONDS = 10
#: At least so long after one notification the next one is sent; all commits meanwhile share it.
TELLING_SECONDS = 0.03
#: Times and durations are written by the session's settings.
SESSION = (
    "-c TimeZone=UTC -c IntervalStyle=postgres -c client_encoding=UTF8 "
    f"-c statement_timeout={LONGEST_READ_SECONDS * 1000} "
    # A replica that was frozen, or whose machine is gone, holds its locks no longer than this.
    f"-c idle_in_transaction_session_timeout={LONGEST_READ_SECONDS * 1000}"
)

#: How a connection behaves, unless the address says otherwise.  A peer that vanished is noticed within half a minute.
BEHAVIOUR = {
    "connect_timeout": CONNECT_SECONDS,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
    "application_name": "proctor-server",
}

_roll_backs = itertools.count()
_TOO_LARGE = (errors.ProgramLimitExceeded, errors.StatementTooComplex, errors.TooManyColumns, errors.TooManyArguments)
_TRY_AGAIN = (errors.SerializationFailure, errors.DeadlockDetected)
#: What psycopg does not count as a fault of the server, although it is one: a damaged table, rights taken away.
_UNUSABLE = (errors.DataCorrupted, errors.IndexCorrupted, errors.InsufficientPrivilege)


class _LedToReadOnly(DatabaseUnavailable):
    """The connection leads to a server that takes no writes, e.g. the old primary after a failover."""


def _translate(error: psycopg.Error, url: str) -> Exception:
    if isinstance(error, errors.ReadOnlySqlTransaction):
        return _LedToReadOnly(f"Database {shown(url)} is read-only: {error}")
    if isinstance(error, errors.UniqueViolation):
        return UniquenessViolation()
    if isinstance(error, errors.ForeignKeyViolation):
        return ForeignKeyViolation()
    if isinstance(error, psycopg.IntegrityError):
        return IntegrityViolation(str(error))
    if isinstance(error, errors.QueryCanceled):
        return TookTooLong()
    if isinstance(error, _TOO_LARGE):
        return InvalidValue("The query is too large or nested too deeply for the database.")
    if isinstance(error, psycopg.DataError):
        return InvalidValue(f"The database refused a value: {error}")
    if isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout, PoolClosed, *_UNUSABLE)):
        return DatabaseUnavailable(f"Database {shown(url)} does not answer: {error}")
    # A fault in one of our own SQL texts is no fault of the database, and keeps its trace.
    return RuntimeError(f"PostgreSQL: {error}")


class PostgresTransaction(OpenTransaction):
    """The open transaction of one connection."""

    dialect: Dialect = POSTGRESQL
    _statements = Statements(POSTGRESQL)
    _conn: Connection

    def __init__(self, conn: Connection, url: str, begin: str = "") -> None:
        self._conn = conn
        self._url = url
        #: What begins the transaction, which nothing that came so far has needed.
        self._begin = begin
        self._is_begun = False
        #: A round trip of several statements failed, so that those after the one that did were left out.
        self._is_cut_short = False
        self.is_used = False
        self._may_look_before = begin == "BEGIN"  # else it gives one snapshot of everything
        # One for all statements: making one costs as much as a small statement, and each answer is read at once.
        self.cursor = conn.cursor()
        super().__init__()

    def _execute(self, text: str, values: Any, *, is_look: bool = False) -> psycopg.Cursor[tuple[Any, ...]]:
        self.is_used = True
        if (self._begin or self._put_off) and not (is_look and not self._put_off):
            self._settle()
        try:
            return self.cursor.execute(text, values)
        except _TRY_AGAIN:
            raise
        except psycopg.Error as error:
            if self._conn.broken:
                raise
            raise _translate(error, self._url) from error
        except UnicodeEncodeError as error:
            raise InvalidValue(f"A value can not be stored: {error}") from error

    def _settle(self) -> None:
        begin, self._begin = self._begin, ""
        if begin:
            self._execute(begin, None)
            self._is_begun = True
        put_off, self._put_off = self._put_off, []
        for text, values, taken in put_off:
            with _told_as(taken):
                self._execute(text, values)

    def commit(self) -> None:
        """Make durable what was done, in one round trip together with what was put off.

        Raises:
            psycopg.Error: it may be durable or not when the connection broke, else it is not.
        """
        put_off, self._put_off = self._put_off, []
        taken = next((error for _, _, error in put_off if error is not None), None)
        try:
            with _told_as(taken):
                self._commit([(text, values) for text, values, _ in put_off])
        except UnicodeEncodeError as error:
            raise InvalidValue(f"A value can not be stored: {error}") from error

    def _commit(self, last: Sequence[tuple[str, Any]]) -> None:
        if self._begin and len(last) == 1:  # one statement is a transaction by itself
            self.cursor.execute(*last[0])
        elif last:
            self._is_cut_short = True
            with self._conn.pipeline() if PIPELINES else contextlib.nullcontext():
                for text, values in ((self._begin, None), *last, ("COMMIT", None)):
                    if text:
                        self.cursor.execute(text, values)
            self._is_cut_short = False
        elif self._is_begun:
            self.cursor.execute("COMMIT")

    def roll_back(self) -> None:
        """Undo what was done, as far as it is not durable."""
        if self._conn.broken:
            return
        if self._is_cut_short:
            # psycopg takes for prepared what the server has left out after the statement that failed, and each later
            # use would fail. It forgets all that is prepared at a roll-back, but only at one whose text is new to it.
            self._conn.execute(f"ROLLBACK /* {next(_roll_backs)} */")
        elif self._conn.pgconn.transaction_status != psycopg.pq.TransactionStatus.IDLE:
            self._conn.execute("ROLLBACK")

    def one(self, statement: Any, /, **values: Any) -> Row | None:
        return self._one(self._prepare(statement, values), values)

    def look(self, statement: Any, /, **values: Any) -> Row | None:
        return self._one(self._prepare(statement, values), values, is_look=self._may_look_before)

    def _one(self, prepared: Prepared, values: Mapping[str, Any], *, is_look: bool = False) -> Row | None:
        cursor = self._execute(*prepared.bind(values), is_look=is_look)
        try:
            stored = cursor.fetchone()
        except psycopg.DataError as error:
            cursor = self._execute_leniently(prepared, values, error)
            stored = cursor.fetchone()
        if prepared.changes:
            self.rows_written += stored is not None
        return None if stored is None else prepared.load(stored, () if prepared.columns else _names(cursor))

    def all(self, statement: Any, /, **values: Any) -> list[Mapping[str, Any]]:
        prepared = self._prepare(statement, values)
        cursor = self._execute(*prepared.bind(values))
        names = () if prepared.columns else _names(cursor)
        try:
            stored = cursor.fetchall()
        except psycopg.DataError as error:
            stored = self._execute_leniently(prepared, values, error).fetchall()
        return prepared.load_all(stored, names)

    def _execute_leniently(
        self, prepared: Prepared, values: Mapping[str, Any], error: psycopg.DataError
    ) -> psycopg.Cursor[tuple[Any, ...]]:
        """Read again with the times that Python has none for as texts, so that it is known which rows hold them."""
        if prepared.changes:
            raise _translate(error, self._url) from error
        self.cursor = self._conn.cursor()
        self.cursor.adapters.register_loader("timestamptz", TextLoader)
        try:
            return self._execute(*prepared.bind(values))
        finally:
            self.cursor = self._conn.cursor()

    def run(self, statement: Any, /, **values: Any) -> int:
        prepared = self._prepare(statement, values)
        count = max(self._execute(*prepared.bind(values)).rowcount, 0)
        if prepared.changes:
            self.rows_written += count
        return count

    def later(self, statement: Any, values: Mapping[str, Any], *, taken: Exception | None = None) -> None:
        self.is_used = True
        self.rows_written += 1
        self._put_off.append((*self._prepare(statement, values).bind(values), taken))

    def run_many(self, statement: Any, rows: Sequence[Mapping[str, Any]]) -> None:
        if not rows:
            return
        prepared = self._prepare(statement, *rows)
        self.rows_written += len(rows)
        if len(rows) <= MOST_TOGETHER and (together := prepared.bind_together(rows)) is not None:
            self._execute(*together)
            return
        bound = [prepared.bind(row) for row in rows]
        self._settle()
        try:
            with self._conn.cursor() as cursor:
                cursor.executemany(bound[0][0], [values for _, values in bound])
        except _TRY_AGAIN:
            raise
        except psycopg.Error as error:
            if self._conn.broken:
                raise
            raise _translate(error, self._url) from error
        except UnicodeEncodeError as error:
            raise InvalidValue(f"A value can not be stored: {error}") from error

    def raw(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self._execute(sql, values).fetchall()

    def texts(self, sql: str, values: Sequence[Any], most: int, *, is_short: bool) -> list[str]:
        # One row may hold lists of others: what is too large does not leave the database.
        guarded = (
            f"SELECT CASE WHEN octet_length(j) <= {most} THEN j END "  # noqa: S608 - a number
            f"FROM (SELECT * FROM ({sql}) AS r(j) OFFSET 0) AS s"
        )
        if is_short:
            return within(_present(self._execute(guarded, values), most), most)
        self._settle()
        # Closing ends the query, too.
        with self._conn.cursor() as cursor, closing(_streamed(cursor, guarded, values)) as rows:
            try:
                return within(_present(rows, most), most)
            except psycopg.Error as error:
                if self._conn.broken:
                    raise
                raise _translate(error, self._url) from error
            except UnicodeEncodeError as error:
                raise InvalidValue(f"A value can not be stored: {error}") from error

    def _is_open(self) -> bool:
        return not self._conn.broken


@contextlib.contextmanager
def _told_as(taken: Exception | None) -> Iterator[None]:
    """Raise this in place of what says that a row is there already."""
    try:
        yield
    except (errors.UniqueViolation, UniquenessViolation):
        if taken is None:
            raise
        raise taken from None


def _streamed(cursor: psycopg.Cursor[Any], sql: str, values: Sequence[Any]) -> Generator[tuple[Any, ...]]:
    yield from cursor.stream(sql, values, size=ROWS_AT_ONCE)


def _present(rows: Iterable[tuple[Any, ...]], most: int) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        if row[0] is None:
            raise AnswerTooLarge(most)
        yield row


def _names(cursor: psycopg.Cursor[Any]) -> list[str]:
    return [column.name for column in cursor.description or ()]


def _configure(conn: Connection) -> None:
    """Read ids as texts, and JSON with the fast reader."""
    conn.adapters.register_loader("uuid", TextLoader)
    set_json_loads(load_json, conn)


class PostgresDatabase:
    """One PostgreSQL database, used by this process beside others."""

    dialect: Dialect = POSTGRESQL

    def __init__(self, url: str, *, connections: int = 10) -> None:
        self.url = url
        self.on_announce: Callable[[Collection[str]], None] | None = None
        self.on_commit: Callable[[int, float, Collection[str]], None] | None = None
        self._instance = uuid4().hex
        self._size = connections
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pool: ConnectionPool[Connection] | None = None
        self._threads: Threads | None = None
        #: Connections at work on a read.
        self._reading: set[Connection] = set()
        self._listener: threading.Thread | None = None
        self._stopping = threading.Event()
        self._untold: set[str] = set()
        self._telling: asyncio.TimerHandle | None = None
        self._told_at = 0.0

    async def start(self) -> None:
        if self._pool is not None:
            return
        self._loop = asyncio.get_running_loop()
        self._stopping.clear()
        self._threads = Threads(self._size, "postgres", self._loop)
        try:
            listening = await self._threads.do(self._open)
        except BaseException:
            self._threads.leave()
            raise
        self._listener = threading.Thread(target=self._listen, args=(listening,), name="postgres-listener", daemon=True)
        self._listener.start()

    def _connect(self) -> Connection:
        return psycopg.connect(conninfo(self.url), **self._behaviour())

    def _behaviour(self) -> dict[str, Any]:
        given = conninfo_to_dict(conninfo(self.url))
        chosen = {name: value for name, value in BEHAVIOUR.items() if name not in given}
        return {**chosen, "autocommit": True, "options": " ".join([SESSION, str(given.get("options", ""))]).strip()}

    def _open(self) -> Connection:
        try:
            listening = self._connect()
        except psycopg.Error as error:
            raise DatabaseUnavailable(f"Database {shown(self.url)} can not be reached: {error}") from error
        try:
            migrations.check_at_head(migrations.postgres_revision(listening), shown(self.url))
            listening.execute(f"LISTEN {CHANNEL}")
            self._pool = self._opened_pool()
        except BaseException:
            listening.close()
            raise
        return listening

    def _opened_pool(self) -> ConnectionPool[Connection]:
        pool: ConnectionPool[Connection] = ConnectionPool(
            conninfo(self.url),
            min_size=1,
            max_size=self._size,
            open=False,
            timeout=CONNECT_SECONDS,
            configure=_configure,
            kwargs=self._behaviour(),
        )
        try:
            pool.open(wait=True, timeout=CONNECT_SECONDS)
        except psycopg.Error as error:
            pool.close()
            raise _translate(error, self.url) from error
        return pool

    async def stop(self) -> None:
        if self._pool is None or self._loop is None or self._threads is None:
            return
        pool, threads, listener = self._pool, self._threads, self._listener
        self._stopping.set()
        if self._telling is not None:
            self._telling.cancel()
            self._telling = None
        if self._untold:
            await asyncio.to_thread(self._send, self._untold)
            self._untold = set()
        ending = asyncio.ensure_future(threads.stop())
        _, at_work = await asyncio.wait({ending}, timeout=LAST_READ_SECONDS)
        if at_work:
            await asyncio.to_thread(self._give_up_reads)
        await ending
        await asyncio.to_thread(pool.close)
        if listener is not None:
            await asyncio.to_thread(listener.join)
        self._pool = self._listener = None

    def _give_up_reads(self) -> None:
        for conn in list(self._reading):
            with contextlib.suppress(psycopg.Error):
                conn.cancel_safe(timeout=LAST_READ_SECONDS)

    async def read(self, work: Callable[[PostgresTransaction], T], *, is_single: bool = False) -> T:
        return await self._in_thread("" if is_single else "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", work)

    async def write(self, work: Callable[[PostgresTransaction], T]) -> T:
        return await self._in_thread("BEGIN", work)

    async def check(self) -> None:
        await self.write(self._check_writable)

    def _check_writable(self, tx: PostgresTransaction) -> None:
        if tx.raw("SHOW transaction_read_only") == [("on",)]:
            raise _LedToReadOnly(f"Database {shown(self.url)} is read-only")

    async def _in_thread(self, begin: str, work: Callable[[PostgresTransaction], T]) -> T:
        if self._loop is None or self._threads is None or self._stopping.is_set():
            raise DatabaseUnavailable("The database is not started.")
        return await self._threads.do(partial(self._transact, begin, work))

    def _transact(self, begin: str, work: Callable[[PostgresTransaction], T]) -> T:
        attempt = 1
        while True:
            try:
                return self._attempt(begin, work)
            except (*_TRY_AGAIN, _LostBeforeCommit) as error:
                if attempt >= ATTEMPTS:
                    cause = error.__cause__ if isinstance(error, _LostBeforeCommit) else error
                    raise _translate(cause if isinstance(cause, psycopg.Error) else errors.Error(), self.url) from error
                # The others have to get out of the way; each waits its own time, so that they do not meet again.
                time.sleep(random.uniform(0, 0.01 * 2 ** min(attempt, 6)))  # noqa: S311 - no secret
                attempt += 1

    def _attempt(self, begin: str, work: Callable[[PostgresTransaction], T]) -> T:
        assert self._pool is not None  # noqa: S101 - checked by the caller
        try:
            conn = self._pool.getconn()
        except psycopg.Error as error:
            raise _translate(error, self.url) from error
        begun = time.monotonic()
        if begin != "BEGIN":
            self._reading.add(conn)
        try:
            transaction = PostgresTransaction(conn, self.url, begin)
            try:
                result = work(transaction)
                if begin and not transaction.is_used:
                    # Even a piece of work that only announces something has found out that the database is there.
                    transaction.raw("SELECT 1")
            except BaseException as error:
                if conn.broken and isinstance(error, psycopg.Error):
                    raise _LostBeforeCommit from error
                transaction.roll_back()
                if isinstance(error, _LedToReadOnly):
                    self._leave(conn)
                elif isinstance(error, psycopg.Error) and not isinstance(error, _TRY_AGAIN):
                    raise _translate(error, self.url) from error
                raise
            try:
                transaction.commit()
            except BaseException as error:
                transaction.roll_back()
                if isinstance(error, psycopg.Error) and not isinstance(error, _TRY_AGAIN):
                    raise _translate(error, self.url) from error
                raise
        finally:
            self._reading.discard(conn)
            self._pool.putconn(conn)
        if transaction.changed and self.on_commit is not None:
            self.on_commit(1, time.monotonic() - begun, transaction.tallied)
        topics = transaction.changed.union(transaction.topics)
        if topics and self._loop is not None:
            self._loop.call_soon_threadsafe(self._committed, topics)
        return result

    def _leave(self, conn: Connection) -> None:
        """Give up a connection that led to a server that takes no writes, and all that lead there as well."""
        conn.close()  # a pool of an older version looks for that
        # Those in use elsewhere come to this point by themselves.
        renew = getattr(self._pool, "drain", None) or getattr(self._pool, "check", None)
        if renew is not None:
            with contextlib.suppress(psycopg.Error):
                renew()

    def _committed(self, topics: Collection[str]) -> None:
        """Wake who waits here at once; tell other replicas at once too, but many commits in a row together.

        Not inside the transaction: commits that notify go one after the other, and none shares its wait for the disk.
        When this process dies in between, waiters of other replicas look again by themselves.
        """
        self._heard(topics)
        self._untold.update(topics)
        if self._telling is None and self._loop is not None and not self._stopping.is_set():
            pause = self._told_at + TELLING_SECONDS - self._loop.time()
            self._telling = self._loop.call_later(max(pause, 0.0), self._tell)

    def _tell(self) -> None:
        self._telling = None
        assert self._loop is not None  # noqa: S101 - a timer of this loop has called
        self._told_at = self._loop.time()
        untold, self._untold = self._untold, set()
        if untold and self._loop is not None and self._threads is not None and not self._stopping.is_set():
            self._threads.do(partial(self._send, untold))

    def _send(self, topics: Collection[str]) -> None:
        assert self._pool is not None  # noqa: S101 - a started database has one
        try:
            with self._pool.connection() as conn:
                self._notify(conn, sorted(topics))
        except psycopg.Error as error:
            # Replicas hear of it with the next change; a lost connection makes them look at everything again.
            logger.warning("Other replicas could not be told of a change: %s", error)

    def _notify(self, conn: Connection, topics: Sequence[str]) -> None:
        if topics:
            payloads = [f"{self._instance} {topic}" for topic in dict.fromkeys(topics)]
            conn.execute(f"SELECT pg_notify('{CHANNEL}', said) FROM unnest(%s::text[]) AS said", (payloads,))  # noqa: S608 - a constant

    def _heard(self, topics: Collection[str]) -> None:
        if self.on_announce is not None:
            self.on_announce(topics)

    def _listen(self, conn: Connection | None) -> None:
        """Hand on what other replicas announce, over a new connection when one is lost."""
        delay = 0.1
        while not self._stopping.is_set():
            try:
                if conn is None:
                    conn = self._connect()
                    conn.execute(f"LISTEN {CHANNEL}")
                    logger.info("Listening to %s again", shown(self.url))
                    # Nobody knows what was missed.
                    self._pass_on({EVERYTHING})
                    delay = 0.1
                self._listen_on(conn)
            except psycopg.Error as error:
                if self._stopping.is_set():
                    break
                logger.warning("The connection for announcements was lost: %s", error)
                if conn is not None:
                    conn.close()
                conn = None
                self._stopping.wait(delay)
                delay = min(delay * 2, 5.0)
        if conn is not None:
            conn.close()

    def _listen_on(self, conn: Connection) -> None:
        while not self._stopping.is_set():
            heard = set()
            # A short wait, only so that stopping is noticed.
            for notification in conn.notifies(timeout=0.5, stop_after=1):
                instance, _, topic = notification.payload.partition(" ")
                if instance != self._instance:
                    heard.add(topic)
            if heard:
                self._pass_on(heard)

    def _pass_on(self, topics: set[str]) -> None:
        if self._loop is not None:
            # The loop may end before this thread notices that it should.
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._heard, topics)


class _LostBeforeCommit(DatabaseError):
    """The connection broke before anything could have been committed."""
