"""A row that holds what this software never writes stops no service from its work on the others, and is named."""

from __future__ import annotations

import os
from random import Random
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import JSON, BigInteger, Boolean, Column, DateTime, Integer, Interval, Text, Uuid

from prefect.server import catalogue
from prefect.server.actions import automations, events
from prefect.server.services import chores, outbox
from prefect.server.store import chores as chores_store
from prefect.server.store.database import DatabaseError
from support.families import ALL, begun, turn_all
from support.world import World

#: All of them when asked for: ``SPOILED_ROWS=all``; or another sample: ``SPOILED_ROWS=7``.
CHOSEN = os.environ.get("SPOILED_ROWS", "1")
SAMPLE = 12  # of each table
LARGEST = "2147483647"
#: By kind of column and database: what somebody may have put there by hand.
GARBAGE: dict[type[Any], dict[str, tuple[str, ...]]] = {
    JSON: {"sqlite": ("{broken", '"text"', "[1, {}]", "5"), "postgresql": ('"text"', "[1, {}]", "5")},
    DateTime: {
        "sqlite": ("yesterday", "", "9999-99-99"),
        "postgresql": ("infinity", "-infinity", "9999-12-31T23:59:59Z"),
    },
    Interval: {"sqlite": ("long",), "postgresql": ("-1000 years",)},
    Integer: {"sqlite": ("many", "-5"), "postgresql": ("-5", LARGEST)},
    BigInteger: {"sqlite": ("many", "-5"), "postgresql": ("-5",)},
    Boolean: {"sqlite": ("maybe",), "postgresql": ()},
    Text: {"sqlite": ("\u0001 ?", ""), "postgresql": ("\u0001 ?", "")},
    Uuid: {"sqlite": ("no id",), "postgresql": ()},
}
#: All that a service reads of its own accord.
TABLES = (
    *("tenant", "flow_group", "flow", "flow_run", "task", "task_run", "flow_run_state", "task_run_state"),
    *("hook", "action", "cloud_hook", "outbox", "chore", "flow_sla_config", "flow_group_sla", "agent", "message"),
    *("slot", "alarm", "run_key", "flow_concurrency_limit"),
)


#: By these a row is looked for: with another value it is another row, or one whose time has not come.
SOUGHT_BY = {"state", "event_type"}


def type_of(column: Column[Any]) -> type[Any] | None:
    return next((kind for kind in GARBAGE if isinstance(column.type, kind)), None)


def columns_of(name: str) -> list[Column[Any]]:
    """All columns of a table but those that say which row it is: a new one is tried as well."""
    table = catalogue.metadata.tables[name]
    return [column for column in table.columns if column.name != "id" and type_of(column) is not None]


def spoil(world: World, column: Column[Any], key: dict[str, str], value: str) -> bool:
    """Write the value past everything that checks; False when the database does not take it."""
    is_sqlite = world.database.dialect.name == "sqlite"
    mark, cast = ("?", "") if is_sqlite else ("%s", f"::{column.type.compile(world.database.dialect.compiler)}")
    where = " AND ".join(f"{name} = {mark}" for name in key)
    sql = f'UPDATE {column.table.name} SET "{column.name}" = {mark}{cast} WHERE {where} RETURNING 1'
    try:
        return bool(world.run_async(world.database.write(lambda tx: tx.raw(sql, (value, *key.values())))))
    except DatabaseError:
        return False


def cases(table: str, kind: str) -> list[tuple[Column[Any], str]]:
    found = [(column, value) for column in columns_of(table) for value in GARBAGE[type_of(column) or Text][kind]]
    return found if CHOSEN == "all" else Random(CHOSEN).sample(found, min(SAMPLE, len(found)))


def test_there_is_something_to_be_done_for_each_service_and_it_is_done(world: World) -> None:
    (family,) = begun(world, ["only"])
    assert family.undone() >= ALL - {"it is scheduled"}  # its first runs were made with it
    turn_all(world)
    assert family.undone() == set()


@pytest.mark.spoils
@pytest.mark.parametrize("table", TABLES)
def test_no_value_of_a_row_stops_a_service(world: World, table: str, caplog: pytest.LogCaptureFixture) -> None:
    tried = cases(table, world.database.dialect.name)
    # Each bad row has a family of its own, beside one that is good.
    good, *bad = begun(world, ["good", *(f"bad {number}" for number in range(len(tried)))])
    spoiled = []
    for family, (column, value) in zip(bad, tried, strict=True):
        for key, left in family.rows_of(table):
            if spoil(world, column, key, value):
                spoiled.append((family, column, value, key, left))

    turn_all(world)

    assert good.undone() == set()
    unnamed = [
        (column.name, value, sorted(undone))
        for family, column, value, key, left in spoiled
        if (undone := family.undone() & left)
        and column.name not in SOUGHT_BY
        and not isinstance(column.type, DateTime | Uuid)
        and value != LARGEST  # that means something
        and not any(name in caplog.text for name in (*key.values(), *family.names))
    ]
    assert unnamed == []


@pytest.mark.spoils
@pytest.mark.parametrize("column", ["payload", "kind", "attempts", "created"])
def test_many_spoiled_rows_at_the_front_of_the_outbox_keep_none_behind_them(world: World, column: str) -> None:
    """More than are looked for at once."""
    action_id = world.do(
        automations.create_action, tenant_id=world.tenant_id, action_type="MESSAGE", action_config={"message": "said"}
    )
    payload = {"action_id": action_id, "event": {}}
    for _ in range(outbox.MOST_SENT + 5):
        world.do(events.enter, tenant_id=world.tenant_id, kind=events.DO_ACTION, payload=payload)
    (table,) = {catalogue.metadata.tables["outbox"].c[column]}
    for row in world.rows("outbox"):
        spoil(world, table, {"id": row["id"]}, GARBAGE[type_of(table) or Text][world.database.dialect.name][0])
    world.pass_time(1)
    last = {"action_id": action_id, "event": {"id": "the last"}}
    world.do(events.enter, tenant_id=world.tenant_id, kind=events.DO_ACTION, payload=last)

    for _ in range((outbox.MOST_SENT + 5) // outbox.MOST_OF_TENANT + 1):
        world.run_async(outbox.run_once(world.database, world.settings, world.now))

    assert "the last" in {row["content"]["event"].get("id") for row in world.rows("message")}


@pytest.mark.spoils
@pytest.mark.parametrize("column", ["created", "position", "kind", "attempts", "due_time"])
def test_many_spoiled_rows_of_large_work_keep_none_behind_them(world: World, column: str) -> None:
    run_id = world.create(world.register())
    chore = {"kind": "delete_flow_run", "subject_id": str(uuid4()), "position": ""}

    def enter(tx: Any, now: Any) -> None:
        for _ in range(chores.MOST + 5):
            tx.run(chores_store.enter, id=str(uuid4()), due_time=now, created=now, updated=now, **chore)

    world.do(enter)
    spoiled = catalogue.metadata.tables["chore"].c[column]
    value = GARBAGE[type_of(spoiled) or Text][world.database.dialect.name][-2]
    for row in world.rows("chore"):
        spoil(world, spoiled, {"id": row["id"]}, value)
    world.pass_time(1)
    mine = {**chore, "subject_id": run_id}
    world.do(
        lambda tx, now: tx.run(chores_store.enter, id=str(uuid4()), due_time=now, created=now, updated=now, **mine)
    )

    world.run_async(chores.run_once(world.database, world.settings, world.now))

    assert run_id not in {row["id"] for row in world.rows("flow_run")}
