"""What both databases promise."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import bindparam, func, select, update

from prefect.server import catalogue
from prefect.server.store.database import (
    DatabaseUnavailable,
    ForeignKeyViolation,
    InvalidValue,
    UniquenessViolation,
)
from prefect.server.store.dialect import upsert
from prefect.server.store.opening import open_database
from prefect.server.store.transaction import MOST_ROWS
from support.rows import insert, uid

tenant, project, task = catalogue.tenant, catalogue.project, catalogue.task

tenant_by_id = select(tenant).where(tenant.c.id == bindparam("id", type_=tenant.c.id.type))
count_tenants = select(func.count().label("n")).select_from(tenant)
rename = update(tenant).where(tenant.c.id == bindparam("tenant", type_=tenant.c.id.type))
tenants_named = (
    select(tenant.c.name).where(tenant.c.name.in_(bindparam("names", expanding=True))).order_by(tenant.c.name)
)
add_tenant = upsert(tenant)
add_if_new = upsert(tenant).on_conflict_do_nothing()
add_or_rename = (
    upsert(tenant).on_conflict_do_update(index_elements=["slug"], set_={"name": "renamed"}).returning(tenant.c.id)
)
all_flows = select(catalogue.flow.c.id)


def _tenant(number, **more):
    return {"id": uid(number), "name": f"tenant {number}", "slug": f"t{number}", **more}


def test_values_come_back_as_they_were_written(database, run_async):
    now = datetime(2026, 3, 29, 1, 30, 0, 123, tzinfo=timezone(timedelta(hours=2)))
    info = {"a": [1, 2.5, None, True, "é\U0001f600"], "big": 2**70}

    async def run():
        await database.write(lambda tx: tx.run(add_tenant, **_tenant(1, created=now, info=info)))
        return await database.read(lambda tx: tx.one(tenant_by_id, id=uid(1)))

    row = run_async(run())
    assert row["created"] == now
    assert row["created"].tzinfo is UTC
    assert row["info"] == info
    assert row["settings"] == {}
    assert row["id"] == uid(1)
    assert row["updated"].tzinfo is UTC


def test_intervals_and_booleans_come_back(database, run_async):
    delay = timedelta(days=2, hours=3, seconds=4)

    def write(tx):
        insert(tx, "tenant", **_tenant(1))
        insert(tx, "project", id=uid(2), tenant_id=uid(1), name="p")
        insert(tx, "flow_group", id=uid(3), tenant_id=uid(1))
        insert(tx, "flow", id=uid(4), project_id=uid(2), flow_group_id=uid(3), name="f")
        insert(tx, "task", id=uid(5), flow_id=uid(4), slug="s", retry_delay=delay, mapped=True)
        return tx.one(select(task))

    row = run_async(database.write(write))
    assert (row["retry_delay"], row["mapped"], row["is_root_task"]) == (delay, True, False)


def test_what_is_put_off_comes_before_what_follows_and_with_the_commit(database, run_async):
    def write(tx):
        tx.later(add_tenant, _tenant(1))
        tx.later(rename, {"tenant": uid(1), "name": "renamed"})
        seen = tx.one(tenant_by_id, id=uid(1))["name"]
        tx.later(add_tenant, _tenant(2))
        tx.later(add_tenant, _tenant(3))
        return seen

    assert run_async(database.write(write)) == "renamed"
    run_async(database.write(lambda tx: tx.later(add_tenant, _tenant(4))))

    assert run_async(database.read(lambda tx: tx.one(count_tenants))) == {"n": 4}


def test_what_is_put_off_is_undone_with_the_rest(database, run_async):
    def broken(tx):
        tx.later(add_tenant, _tenant(1))
        raise LookupError

    def broken_inside(tx):
        tx.later(add_tenant, _tenant(2))
        with suppress(LookupError), tx.savepoint():
            tx.later(add_tenant, _tenant(3))
            raise LookupError
        with suppress(UniquenessViolation), tx.savepoint():
            tx.later(add_tenant, _tenant(2))

    with pytest.raises(LookupError):
        run_async(database.write(broken))
    run_async(database.write(broken_inside))

    assert run_async(database.read(lambda tx: [row["id"] for row in tx.all(select(tenant.c.id))])) == [uid(2)]


@pytest.mark.parametrize("place", range(4), ids=["alone", "among others", "before a statement", "after a statement"])
def test_who_comes_second_is_told_in_the_words_that_were_given(database, run_async, place):
    class Second(Exception):
        pass

    run_async(database.write(lambda tx: tx.run(add_tenant, **_tenant(1))))

    def write(tx):
        if place == 3:
            tx.run(add_tenant, **_tenant(4))
        if place == 1:
            tx.later(add_tenant, _tenant(5))
        tx.later(add_tenant, _tenant(1), taken=Second())
        if place == 2:
            tx.one(count_tenants)

    with pytest.raises(Second):
        run_async(database.write(write))
    with pytest.raises(UniquenessViolation):
        run_async(database.write(lambda tx: tx.later(add_tenant, _tenant(1))))

    # The connection is as good as new.
    assert run_async(database.write(lambda tx: tx.one(count_tenants))) == {"n": 1}


def test_what_is_put_off_and_cannot_be_stored_is_told(database, run_async):
    for together in (1, 2):
        rows = [_tenant(number, name="\ud800") for number in range(1, together + 1)]
        with pytest.raises(InvalidValue, match=r"^A value can not be stored: .*surrogates not allowed"):
            run_async(database.write(lambda tx, rows=rows: [tx.later(add_tenant, row) for row in rows]))

    assert run_async(database.read(lambda tx: tx.one(count_tenants))) == {"n": 0}


def test_a_look_sees_what_the_transaction_has_done(database, run_async):
    def write(tx):
        before = tx.look(tenant_by_id, id=uid(1))
        tx.later(add_tenant, _tenant(1))
        return before, tx.look(tenant_by_id, id=uid(1))["name"]

    assert run_async(database.write(write)) == (None, "tenant 1")
    assert run_async(database.read(lambda tx: tx.look(count_tenants))) == {"n": 1}


def test_updated_is_refreshed_by_an_update(database, run_async):
    old = datetime(2000, 1, 1, tzinfo=UTC)

    def write(tx):
        insert(tx, "tenant", **_tenant(1, updated=old))
        assert tx.run(rename, tenant=uid(1), name="new") == 1
        return tx.one(tenant_by_id, id=uid(1))

    row = run_async(database.write(write))
    assert row["name"] == "new"
    assert row["updated"] > old


def test_an_exception_rolls_back_only_its_own_work(database, run_async):
    def fail(tx):
        tx.run(add_tenant, **_tenant(0))
        raise LookupError("mine")

    async def run():
        works = [lambda tx, n=n: tx.run(add_tenant, **_tenant(n)) for n in range(1, 20)]
        results = await asyncio.gather(
            *[database.write(work) for work in works[:10]],
            database.write(fail),
            *[database.write(work) for work in works[10:]],
            return_exceptions=True,
        )
        return results, await database.read(lambda tx: tx.one(count_tenants))

    results, count = run_async(run())
    assert count == {"n": 19}
    assert [type(result) for result in results if result != 1] == [LookupError]


def test_a_taken_key_is_a_uniqueness_violation(database, run_async):
    async def run():
        await database.write(lambda tx: tx.run(add_tenant, **_tenant(1)))
        await database.write(lambda tx: tx.run(add_tenant, **_tenant(1)))

    with pytest.raises(UniquenessViolation, match=r"^Uniqueness violation\.$"):
        run_async(run())


def test_a_missing_parent_is_a_foreign_key_violation(database, run_async):
    with pytest.raises(ForeignKeyViolation, match=r"^Foreign key violation\.$"):
        run_async(database.write(lambda tx: insert(tx, "project", id=uid(1), tenant_id=uid(9), name="p")))


def test_work_goes_on_after_a_violation_inside_a_savepoint(database, run_async):
    def write(tx):
        tx.run(add_tenant, **_tenant(1))

        def change_and_fail():
            with tx.savepoint():
                tx.run(rename, tenant=uid(1), name="undone")
                tx.run(add_tenant, **_tenant(1))

        with pytest.raises(UniquenessViolation):
            change_and_fail()
        tx.run(add_tenant, **_tenant(2))
        return tx.one(tenant_by_id, id=uid(1))["name"], tx.one(count_tenants)["n"]

    assert run_async(database.write(write)) == ("tenant 1", 2)


def test_upserts_mean_the_same(database, run_async):
    def write(tx):
        first = tx.run(add_if_new, **_tenant(1))
        second = tx.run(add_if_new, **_tenant(1))
        row = tx.one(add_or_rename, **_tenant(5, slug="t1"))
        return first, second, row, tx.one(tenant_by_id, id=uid(1))["name"]

    assert run_async(database.write(write)) == (1, 0, {"id": uid(1)}, "renamed")


def test_many_rows_and_lists_of_values(database, run_async):
    def write(tx):
        tx.run_many(add_tenant, [_tenant(n) for n in range(1, 6)])
        tx.run_many(add_tenant, [])
        return [row["name"] for row in tx.all(tenants_named, names=["tenant 4", "tenant 2", "nobody"])]

    assert run_async(database.write(write)) == ["tenant 2", "tenant 4"]


def test_a_value_that_no_statement_knows_is_refused(database, run_async):
    with pytest.raises(TypeError, match="no value named colour"):
        run_async(database.read(lambda tx: tx.one(tenant_by_id, id=uid(1), colour="red")))
    with pytest.raises(TypeError, match="needs a value named id"):
        run_async(database.read(lambda tx: tx.one(tenant_by_id)))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"name": "\ud800"}, r"^A value can not be stored: .*surrogates not allowed"),
        ({"created": datetime(2026, 1, 1)}, r"^Time without a zone"),
        ({"info": {"x": object()}}, r"JSON"),
    ],
    ids=["half a character", "a time without a zone", "an object in JSON"],
)
def test_what_can_not_be_stored_is_an_invalid_value(database, run_async, values, said):
    with pytest.raises(InvalidValue, match=said):
        run_async(database.write(lambda tx: tx.run(add_tenant, **_tenant(1, **values))))


def test_announcements_come_after_the_commit_and_not_after_a_rollback(database, run_async):
    heard = []
    database.on_announce = heard.append

    def fail(tx):
        tx.announce("lost")
        raise LookupError

    def write(tx):
        tx.run(add_tenant, **_tenant(1))
        tx.announce("queue")
        with pytest.raises(LookupError), tx.savepoint():
            fail(tx)

    async def run():
        await database.write(write)
        with pytest.raises(LookupError):
            await database.write(fail)
        await asyncio.sleep(0)

    run_async(run())
    assert heard == [{"queue", "table:tenant"}]


def test_a_read_sees_one_snapshot(database, run_async):
    loop_ready = asyncio.Event()

    async def run():
        loop = asyncio.get_running_loop()

        def read(tx):
            before = tx.one(count_tenants)["n"]
            asyncio.run_coroutine_threadsafe(
                database.write(lambda inner: inner.run(add_tenant, **_tenant(1))), loop
            ).result(60)
            return before, tx.one(count_tenants)["n"]

        loop_ready.set()
        seen = await database.read(read)
        return seen, await database.read(lambda tx: tx.one(count_tenants)["n"])

    assert run_async(run()) == ((0, 0), 1)


def test_a_read_can_not_write(database, run_async):
    with pytest.raises(Exception, match=r"(?i)read.?only|query_only"):
        run_async(database.read(lambda tx: tx.run(add_tenant, **_tenant(1))))


def test_a_single_question_is_answered_also_after_one_that_failed(database, run_async):
    def fail(tx):
        tx.one(count_tenants)
        raise KeyError("nothing to do with the database")

    run_async(database.write(lambda tx: tx.run(add_tenant, **_tenant(1))))
    for _ in range(12):  # more than there are connections: none of them stays behind in a transaction
        with pytest.raises(KeyError):
            run_async(database.read(fail, is_single=True))

    assert run_async(database.read(lambda tx: tx.one(count_tenants)["n"], is_single=True)) == 1
    run_async(database.write(lambda tx: tx.run(add_tenant, **_tenant(2))))
    assert run_async(database.read(lambda tx: tx.one(count_tenants)["n"], is_single=True)) == 2


@pytest.mark.parametrize("way", ["read", "write"])
def test_a_database_that_is_not_started_or_was_stopped_says_so(database_url, run_async, way):
    database = open_database(database_url)

    async def use():
        return await getattr(database, way)(lambda tx: tx.one(count_tenants)["n"])

    async def turn():
        await database.start()
        await database.start()  # a second time changes nothing
        found = await use()
        await database.stop()
        await database.stop()
        return found

    for _ in range(2):  # it can be started again
        with pytest.raises(DatabaseUnavailable, match=r"^The database is not started\.$"):
            run_async(use())
        assert run_async(turn()) == 0
    with pytest.raises(DatabaseUnavailable, match=r"^The database is not started\.$"):
        run_async(use())


def test_stop_finishes_what_was_accepted(database_url, run_async):
    async def run():
        database = open_database(database_url)
        await database.start()
        writes = [
            asyncio.ensure_future(database.write(lambda tx, n=n: tx.run(add_tenant, **_tenant(n)))) for n in range(50)
        ]
        await asyncio.sleep(0)
        await database.stop()
        done = await asyncio.gather(*writes)
        with pytest.raises(DatabaseUnavailable):
            await database.read(lambda tx: tx.one(count_tenants))
        await database.start()
        count = await database.read(lambda tx: tx.one(count_tenants))
        await database.stop()
        return done, count

    assert run_async(run()) == ([1] * 50, {"n": 50})


def test_deleting_a_tenant_takes_everything_with_it(database, run_async):
    from prefect.server.catalogue import metadata
    from support.rows import TENANT, make

    async def run():
        await make(database)
        await database.write(lambda tx: tx.run(tenant.delete().where(tenant.c.id == TENANT)))
        return await database.read(
            lambda tx: {
                name: tx.one(select(func.count().label("n")).select_from(table))["n"]
                for name, table in metadata.tables.items()
            }
        )

    left = run_async(run())
    assert left.pop("tenant") == 1
    assert set(left.values()) == {0}


def test_deleting_an_agent_leaves_its_runs(database, run_async):
    from support.rows import RUN, TENANT, make

    flow_run, agent = catalogue.flow_run, catalogue.agent

    def write(tx):
        insert(tx, "agent", id=uid(900), tenant_id=TENANT)
        tx.run(flow_run.update().where(flow_run.c.id == RUN["beta"]).values(agent_id=uid(900)))
        tx.run(agent.delete())
        return tx.one(select(flow_run.c.agent_id).where(flow_run.c.id == RUN["beta"]))

    run_async(make(database))
    assert run_async(database.write(write)) == {"agent_id": None}


def test_the_clock_of_the_database_is_told_as_a_time(database, run_async):
    told = run_async(database.read(lambda tx: tx.one(select(catalogue.current_time().label("at")))))["at"]
    assert told.utcoffset() == timedelta(0)
    assert told.year > 2020


def test_every_row_that_is_written_is_counted_and_takes_its_room(database, run_async):
    counts = []

    def write(tx):
        def note(*_):
            assert tx.room() == MOST_ROWS - tx.rows_written
            counts.append(tx.rows_written)

        note(tx.run(add_tenant, **_tenant(1)))
        note(tx.later(add_tenant, _tenant(2)))
        note(tx.later(add_tenant, _tenant(3)))
        note(tx.run_many(add_tenant, [_tenant(n) for n in (4, 5, 6)]))
        note(tx.run_many(add_tenant, []))
        note(tx.run(update(tenant).values(name="all")))
        note(tx.one(add_or_rename, **_tenant(7)))
        note(tx.one(tenant_by_id, id=uid(1)))
        note(tx.all(tenants_named, names=["all"]))
        note(tx.run(rename, tenant=uid(99), name="nobody"))

    run_async(database.write(write))
    assert counts == [1, 2, 3, 6, 6, 12, 13, 13, 13, 13]


def test_there_is_no_room_beyond_the_last(database, run_async, monkeypatch):
    monkeypatch.setattr("prefect.server.store.transaction.MOST_ROWS", 2)

    def write(tx):
        rooms = [tx.room()]
        for number in (1, 2, 3):
            tx.run(add_tenant, **_tenant(number))
            rooms.append(tx.room())
        return rooms

    assert run_async(database.write(write)) == [2, 1, 0, 0]
