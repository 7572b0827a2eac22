"""What is particular to PostgreSQL: replicas hear each other, lost connections come back, deadlocks are tried again."""

from __future__ import annotations

import asyncio
import threading

import psycopg
import pytest
from psycopg import errors
from psycopg_pool import PoolClosed, PoolTimeout
from sqlalchemy import select, update

from prefect.server import catalogue
from prefect.server.store import postgres
from prefect.server.store.database import (
    EVERYTHING,
    DatabaseUnavailable,
    ForeignKeyViolation,
    IntegrityViolation,
    InvalidValue,
    TookTooLong,
    UniquenessViolation,
)
from prefect.server.store.opening import migrate, open_database
from prefect.server.store.phrases import inserting, value_of
from support.databases import NoPostgres
from support.rows import insert, uid

pytestmark = pytest.mark.postgres
tenant = catalogue.tenant
rename = update(tenant).where(tenant.c.id == value_of("tenant", tenant.c.id))


@pytest.fixture
def url(databases):
    try:
        made = databases.fresh("postgres")
    except NoPostgres as error:
        pytest.skip(str(error))
    yield made
    databases.drop(made)


@pytest.fixture
def replicas(url, run_async):
    """Two servers' databases over one PostgreSQL, with what each hears."""
    pair = [open_database(url, readers=1), open_database(url, readers=1)]
    for database in pair:
        run_async(database.start())
    yield pair
    for database in pair:
        run_async(database.stop())


def _hear(database):
    heard: asyncio.Queue[str] = asyncio.Queue()

    def on_announce(topics):
        for topic in topics:
            heard.put_nowait(topic)

    database.on_announce = on_announce
    return heard


def test_replicas_hear_what_one_announces_once(replicas, run_async):
    async def run():
        mine, other = (_hear(database) for database in replicas)
        await replicas[0].write(lambda tx: tx.announce("queue:1"))
        await replicas[0].write(lambda tx: tx.announce("queue:2"))
        async with asyncio.timeout(60):
            found = {await other.get(), await other.get()}  # two that tell at once come in any order
        return found, [mine.get_nowait() for _ in range(mine.qsize())]

    assert run_async(run()) == ({"queue:1", "queue:2"}, ["queue:1", "queue:2"])


def test_what_was_not_told_yet_is_told_at_the_stop(replicas, run_async, monkeypatch):
    async def run():
        mine, other = replicas
        heard = _hear(other)
        await mine.write(lambda tx: tx.announce("first"))
        async with asyncio.timeout(60):
            found = [await heard.get()]
            monkeypatch.setattr(postgres, "TELLING_SECONDS", 3600.0)
            await mine.write(lambda tx: tx.announce("last"))
            await mine.stop()
            found.append(await heard.get())
            # Started again it goes on telling.
            await mine.start()
            monkeypatch.undo()
            await mine.write(lambda tx: tx.announce("again"))
            return [*found, await heard.get()]

    assert run_async(run()) == ["first", "last", "again"]


def test_what_a_broken_off_commit_did_not_prepare_is_prepared_later(url, run_async):
    """Statements that are used often are prepared by name; those after a failed one of a round trip are not."""
    add = inserting(tenant, "id", "name", "slug")
    fill = inserting(catalogue.project, "id", "tenant_id", "name")

    def work(number, slug):
        def enter(tx):
            tx.later(add, {"id": uid(number), "name": "x", "slug": slug})
            tx.later(fill, {"id": uid(100 + number), "tenant_id": uid(number), "name": "p"})

        return enter

    async def run(database):
        await database.start()
        try:
            # A roll-back of a connection that has prepared nothing yet.
            with pytest.raises(ZeroDivisionError):
                await database.write(lambda tx: (tx.raw("SELECT 1"), 1 / 0))
            for number in range(1, 6):
                await database.write(work(number, f"s{number}"))
            with pytest.raises(UniquenessViolation):
                await database.write(work(6, "s1"))
            for number in range(7, 9):
                await database.write(work(number, f"s{number}"))
            return await database.read(lambda tx: tx.raw("SELECT count(*) FROM project"))
        finally:
            await database.stop()

    assert run_async(run(postgres.PostgresDatabase(url, connections=1))) == [(7,)]


def test_a_stop_asks_for_the_end_of_a_read_no_longer_than_it_waits_for_one(url, run_async, monkeypatch):
    asked, cancel = [], psycopg.Connection.cancel_safe

    def cancel_safe(conn, **how):
        asked.append(how)
        cancel(conn, timeout=60.0)

    monkeypatch.setattr(postgres, "LAST_READ_SECONDS", 0.25)
    monkeypatch.setattr(psycopg.Connection, "cancel_safe", cancel_safe)

    async def run():
        database, begun = open_database(url, readers=1), threading.Event()
        await database.start()
        reading = asyncio.ensure_future(database.read(lambda tx: (begun.set(), tx.raw("SELECT pg_sleep(600)"))))
        await asyncio.to_thread(begun.wait, 60)
        await database.stop()
        with pytest.raises((TookTooLong, DatabaseUnavailable)):
            await reading

    run_async(run())
    assert asked == [{"timeout": 0.25}]


def test_after_lost_connections_everybody_looks_again_and_work_goes_on(url, replicas, run_async):
    async def run():
        heard = _hear(replicas[0])
        await replicas[0].write(lambda tx: insert(tx, "tenant", id=uid(1), name="x", slug="x"))
        with psycopg.connect(url, autocommit=True) as conn:
            conn.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        names = await replicas[0].read(lambda tx: tx.all(select(tenant.c.name)))
        async with asyncio.timeout(60):
            while await heard.get() != EVERYTHING:
                pass
        await replicas[1].write(lambda tx: tx.announce("again"))
        async with asyncio.timeout(60):
            return names, await heard.get()

    assert run_async(run()) == ([{"name": "x"}], "again")


def test_a_connection_that_is_lost_while_the_server_stops_is_no_news(url, run_async, caplog):
    database = open_database(url, readers=1)

    def end_all():
        with psycopg.connect(url, autocommit=True) as conn:
            text = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'proctor-server'"
            conn.execute(f"{text} AND datname = current_database()")

    async def run():
        await database.start()
        stopping = asyncio.ensure_future(database.stop())
        await asyncio.sleep(0)  # it has begun
        await asyncio.to_thread(end_all)
        await asyncio.wait_for(stopping, 60)

    run_async(run())
    assert [one.getMessage() for one in caplog.records if one.name == "prefect.server.store"] == []


def test_a_deadlock_is_tried_again(replicas, run_async):
    both_hold_one = threading.Barrier(2)
    tries = []

    def work(first, second):
        def write(tx):
            tries.append(first)
            tx.run(rename, tenant=uid(first), name=f"by {first}")
            if len(tries) <= 2:
                both_hold_one.wait(60)
            tx.run(rename, tenant=uid(second), name=f"by {first}")

        return write

    async def run():
        for n in (1, 2):
            await replicas[0].write(lambda tx, n=n: insert(tx, "tenant", id=uid(n), name="x", slug=f"{n}"))
        await asyncio.gather(replicas[0].write(work(1, 2)), replicas[1].write(work(2, 1)))
        return {row["name"] for row in await replicas[0].read(lambda tx: tx.all(select(tenant.c.name)))}

    assert len(run_async(run())) == 1
    assert len(tries) == 3


def test_a_statement_that_never_ends_is_stopped(url, run_async, monkeypatch):
    monkeypatch.setattr(postgres, "SESSION", "-c statement_timeout=50")

    async def run():
        database = open_database(url)
        await database.start()
        try:
            await database.read(lambda tx: tx.raw("SELECT pg_sleep(60)"))
        finally:
            await database.stop()

    with pytest.raises(TookTooLong):
        run_async(run())


def test_a_nul_in_a_text_is_an_invalid_value(replicas, run_async):
    with pytest.raises(InvalidValue, match="NUL"):
        run_async(replicas[0].write(lambda tx: insert(tx, "tenant", id=uid(1), name="a\0b", slug="x")))


def test_a_server_that_is_not_there_is_named_without_its_password(run_async):
    url = "postgresql://me:secret@127.0.0.1:1/nothing"
    with pytest.raises(DatabaseUnavailable, match=r"me:\*\*\*@127\.0\.0\.1:1/nothing") as told:
        migrate(url)
    assert "secret" not in str(told.value)
    with pytest.raises(DatabaseUnavailable, match=r"me:\*\*\*@"):
        run_async(open_database(url).start())


def test_a_connection_lost_in_the_middle_of_a_transaction_is_no_loss(url, replicas, run_async):
    tries = []

    def work(tx):
        tries.append(1)
        insert(tx, "tenant", id=uid(1), name="x", slug="x")
        if len(tries) == 1:
            ((pid,),) = tx.raw("SELECT pg_backend_pid()")
            with psycopg.connect(url, autocommit=True) as conn:
                conn.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
        return tx.raw("SELECT count(*) FROM tenant")

    assert run_async(replicas[0].write(work)) == [(1,)]
    assert len(tries) == 2


def test_more_work_than_connections_waits_for_its_turn(url, run_async):
    """The database lets this server have fewer connections than its pool may hold."""
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("DROP ROLE IF EXISTS few")
        conn.execute("CREATE ROLE few LOGIN CONNECTION LIMIT 3")
        conn.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO few")
    database = open_database(url.replace("postgres@", "few@"), readers=4)

    async def run():
        await database.start()
        try:
            await asyncio.gather(
                *(
                    database.write(lambda tx, n=n: insert(tx, "tenant", id=uid(n), name="x", slug=f"{n}"))
                    for n in range(1, 41)
                )
            )
            return await database.read(lambda tx: tx.raw("SELECT count(*) FROM tenant"))
        finally:
            await database.stop()

    try:
        assert run_async(run()) == [(40,)]
    finally:
        with psycopg.connect(url, autocommit=True) as conn:
            conn.execute("DROP OWNED BY few")
            conn.execute("DROP ROLE few")


def test_a_replica_that_stands_still_in_a_transaction_holds_its_locks_for_a_while_only(url, run_async, monkeypatch):
    monkeypatch.setattr(postgres, "SESSION", postgres.SESSION.replace("timeout=60000", "timeout=200"))
    assert "idle_in_transaction_session_timeout=200" in postgres.SESSION
    frozen, other = open_database(url), open_database(url)
    stands, goes_on = threading.Event(), threading.Event()

    def stand(tx):
        if not stands.is_set():
            tx.run(rename, tenant=uid(1), name="frozen")
            stands.set()
            assert goes_on.wait(20)
        tx.run(rename, tenant=uid(1), name="thawed")

    async def run():
        for database in (frozen, other):
            await database.start()
        try:
            await other.write(lambda tx: insert(tx, "tenant", id=uid(1), name="x", slug="x"))
            standing = asyncio.ensure_future(frozen.write(stand))
            await asyncio.to_thread(stands.wait, 20)
            async with asyncio.timeout(60):
                while True:  # its statements are stopped early here as well, and are tried again by clients
                    try:
                        await other.write(lambda tx: tx.run(rename, tenant=uid(1), name="other"))
                        break
                    except TookTooLong:
                        continue
            goes_on.set()
            await standing  # what it had done is gone, so all of it was done again
            return await other.read(lambda tx: tx.all(select(tenant.c.name)))
        finally:
            goes_on.set()
            for database in (frozen, other):
                await database.stop()

    assert run_async(run()) == [{"name": "thawed"}]


def test_a_server_that_became_read_only_is_left_for_one_that_takes_writes(replicas, url, run_async):
    """As after a failover: connections lead to the old primary for a while, and 503 tells clients to come again."""
    database = replicas[0]
    name = url.rpartition("/")[2]

    def set_read_only(value):
        with psycopg.connect(url, autocommit=True, options="-c default_transaction_read_only=off") as conn:
            conn.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = {value}")

    async def run():
        set_read_only("on")
        # New connections meet it; those that are open do not know yet.
        database._pool.drain()
        for _ in range(2):
            with pytest.raises(DatabaseUnavailable, match="read-only"):
                await database.write(lambda tx: insert(tx, "tenant", id=uid(1), name="x", slug="x"))
            with pytest.raises(DatabaseUnavailable, match="read-only"):
                await database.check()
        set_read_only("off")
        async with asyncio.timeout(60):
            while True:
                try:
                    await database.write(lambda tx: insert(tx, "tenant", id=uid(1), name="x", slug="x"))
                    break
                except DatabaseUnavailable:
                    continue
        await database.check()
        return await database.read(lambda tx: tx.one(select(tenant.c.slug))["slug"])

    assert run_async(run()) == "x"


# ----- what is tried again, how often, and what is told then


class NoPause:
    """Chance without chance: nobody waits."""

    @staticmethod
    def uniform(least, most):
        return least


@pytest.fixture
def no_pause(monkeypatch):
    monkeypatch.setattr(postgres, "random", NoPause)


@pytest.mark.parametrize("kind", [errors.SerializationFailure, errors.DeadlockDetected])
def test_what_is_given_up_for_others_each_time_is_tried_so_often_and_told(replicas, run_async, no_pause, kind):
    tries = []

    def work(tx):
        tries.append(1)
        raise kind("again")

    with pytest.raises(DatabaseUnavailable, match="does not answer: again"):
        run_async(replicas[0].write(work))

    assert len(tries) == postgres.ATTEMPTS


def test_a_connection_that_is_lost_each_time_is_made_anew_so_often_and_told(url, replicas, run_async, no_pause):
    tries = []

    def work(tx):
        tries.append(1)
        ((pid,),) = tx.raw("SELECT pg_backend_pid()")
        with psycopg.connect(url, autocommit=True) as conn:
            conn.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
        return tx.raw("SELECT 1")

    with pytest.raises(DatabaseUnavailable, match=r"does not answer: .*terminat"):
        run_async(replicas[0].write(work))

    assert len(tries) == postgres.ATTEMPTS
    assert run_async(replicas[0].read(lambda tx: tx.raw("SELECT 1"))) == [(1,)]


@pytest.mark.parametrize("error", [ValueError("mine"), KeyboardInterrupt()], ids=lambda error: type(error).__name__)
def test_an_error_of_the_work_itself_is_told_as_it_is_and_nothing_is_kept(replicas, run_async, error):
    def work(tx):
        insert(tx, "tenant", id=uid(1), name="x", slug="x")
        raise error

    async def write():
        try:
            await replicas[0].write(work)
        except BaseException as told:
            return told

    assert run_async(write()) is error
    assert run_async(replicas[0].read(lambda tx: tx.all(select(tenant.c.id)))) == []


SHOWN = "postgresql://me:***@here/it"


@pytest.mark.parametrize(
    ("error", "kind", "said"),
    [
        (errors.UniqueViolation(), UniquenessViolation, "Uniqueness violation."),
        (errors.ForeignKeyViolation(), ForeignKeyViolation, "Foreign key violation."),
        (errors.NotNullViolation("no null"), IntegrityViolation, "no null"),
        (errors.CheckViolation("no check"), IntegrityViolation, "no check"),
        (errors.QueryCanceled(), TookTooLong, None),
        *(
            (error(), InvalidValue, "The query is too large or nested too deeply for the database.")
            for error in (
                errors.ProgramLimitExceeded,
                errors.StatementTooComplex,
                errors.TooManyColumns,
                errors.TooManyArguments,
            )
        ),
        (errors.NumericValueOutOfRange("large"), InvalidValue, "The database refused a value: large"),
        (errors.InvalidRegularExpression("brackets"), InvalidValue, "The database refused a value: brackets"),
        *(
            (error("why"), DatabaseUnavailable, f"Database {SHOWN} does not answer: why")
            for error in (
                *(errors.AdminShutdown, errors.TooManyConnections, errors.DiskFull, psycopg.OperationalError),
                *(psycopg.InterfaceError, PoolTimeout, PoolClosed),
                *(errors.DataCorrupted, errors.IndexCorrupted, errors.InsufficientPrivilege),
            )
        ),
        (errors.ReadOnlySqlTransaction("why"), DatabaseUnavailable, f"Database {SHOWN} is read-only: why"),
        (errors.UndefinedTable("no t"), RuntimeError, "PostgreSQL: no t"),
        (psycopg.NotSupportedError("no"), RuntimeError, "PostgreSQL: no"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_each_error_of_the_driver_is_one_of_ours(error, kind, said):
    told = postgres._translate(error, "postgresql://me:hush@here/it")

    assert isinstance(told, kind)
    assert said is None or str(told) == said
    assert "hush" not in str(told)


def test_a_notification_that_cannot_be_sent_is_told_in_the_log(url, run_async, caplog):
    database = open_database(url)

    async def run():
        await database.start()
        database._pool.close()
        database._send({"topic"})
        await database.stop()

    run_async(run())
    assert "Other replicas could not be told of a change" in caplog.text


def test_a_start_that_finds_no_room_for_its_connections_says_so_and_leaves_none(url, run_async, monkeypatch):
    monkeypatch.setattr(postgres, "CONNECT_SECONDS", 0.5)
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("DROP ROLE IF EXISTS one")
        conn.execute("CREATE ROLE one LOGIN CONNECTION LIMIT 1")
        conn.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO one")
    before = {*threading.enumerate()}
    database = open_database(url.replace("postgres@", "one@"), readers=4)
    try:
        with pytest.raises(DatabaseUnavailable, match="does not answer"):
            run_async(database.start())

        with psycopg.connect(url, autocommit=True) as conn:
            left = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'one'"
            for _ in range(1000):  # the server needs a moment to see that a connection is closed
                if conn.execute(left).fetchone() == (0,):
                    break
            assert conn.execute(left).fetchone() == (0,)
        for thread in {*threading.enumerate()} - before:
            thread.join(30)
            assert not thread.is_alive(), thread.name
    finally:
        with psycopg.connect(url, autocommit=True) as conn:
            conn.execute("DROP OWNED BY one")
            conn.execute("DROP ROLE one")
