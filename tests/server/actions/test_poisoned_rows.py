"""A row that holds what this software never writes stops no service from its work on the others, and is named."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import JSON, DateTime, Integer, Interval, Text, Uuid

from prefect.server import catalogue
from prefect.server.actions import automations
from prefect.server.services import chores, lazarus, outbox, retention, scheduler, sla, slot_keeper, zombie_killer
from prefect.server.store.database import DatabaseError
from support.world import flow_document

SERVICES = (scheduler, lazarus, zombie_killer, slot_keeper, sla, outbox, retention, chores)
HOURLY = {"type": "Schedule", "clocks": [{"type": "IntervalClock", "interval": 3_600_000_000}]}
#: By kind of column and database: what somebody may have put there by hand.
GARBAGE: dict[type[Any], dict[str, tuple[str, ...]]] = {
    JSON: {"sqlite": ("{broken", '"text"', "[1, {}]", "5"), "postgresql": ('"text"', "[1, {}]", "5")},
    DateTime: {
        "sqlite": ("yesterday", "", "9999-99-99"),
        "postgresql": ("infinity", "-infinity", "9999-12-31T23:59:59Z"),
    },
    Interval: {"sqlite": ("long",), "postgresql": ("-1000 years",)},
    Integer: {"sqlite": ("many", "-5"), "postgresql": ("-5", "2147483647")},
    Text: {"sqlite": ("\u0001 ?", ""), "postgresql": ("\u0001 ?", "")},
}
TABLES = ("tenant", "flow_group")


def columns() -> list[Any]:
    """All columns of these tables but ids: a new one is tried as well."""
    return [
        column
        for name in TABLES
        for column in catalogue.metadata.tables[name].columns
        if not isinstance(column.type, Uuid) and type_of(column) is not None
    ]


def type_of(column: Any) -> type[Any] | None:
    return next((kind for kind in GARBAGE if isinstance(column.type, kind)), None)


def family(world: Any, name: str) -> dict[str, str]:
    """Make one of everything that services look at; gives the id of a row in each table."""
    flow_id = world.register(flow_document(name, schedule=HOURLY))
    run_id = world.running(flow_id)
    world.set_task_run(world.task_run(run_id)["id"], "Running")
    action_id = world.do(
        automations.create_action, tenant_id=world.tenant_id, action_type="MESSAGE", action_config={"message": "x"}
    )
    world.do(
        automations.create_flow_run_state_changed_hook,
        tenant_id=world.tenant_id,
        action_id=action_id,
        states=["Scheduled"],
    )
    flow = world.row("flow", id=flow_id)
    return {
        "tenant": world.tenant_id,
        "flow_group": flow["flow_group_id"],
        "flow": flow_id,
        "task": world.rows("task", flow_id=flow_id)[0]["id"],
        "flow_run": run_id,
        "task_run": world.task_run(run_id)["id"],
        "action": action_id,
        "hook": world.row("hook", action_id=action_id)["id"],
    }


def poison(world: Any, column: Any, row_id: str, value: str) -> bool:
    """Write the value past everything that checks; False when the database does not take it."""
    is_sqlite = world.database.dialect.name == "sqlite"
    mark, cast = ("?", "") if is_sqlite else ("%s", f"::{column.type.compile(world.database.dialect.compiler)}")
    sql = f'UPDATE {column.table.name} SET "{column.name}" = {mark}{cast} WHERE id = {mark}'
    try:
        world.run_async(world.database.write(lambda tx: tx.raw(sql + " RETURNING 1", (value, row_id))))
    except DatabaseError:
        return False
    return True


@pytest.mark.parametrize("table", TABLES)
def test_no_value_of_a_row_stops_a_service(world, table):
    for column in columns():
        if column.table.name != table:
            continue
        for value in GARBAGE[type_of(column)][world.database.dialect.name]:
            bad, good = family(world, f"bad {column.name} {value}"), family(world, f"good {column.name} {value}")
            if not poison(world, column, bad[table], value):
                continue
            world.pass_time(200)
            for service in SERVICES:
                world.run_async(service.run_once(world.database, world.settings, world.now))

            assert state_of(world, good["task_run"]) == "Failed", (column.name, value)
            for kind in ("flow", "action"):
                delete = f"DELETE FROM {kind} WHERE id = '{bad[kind]}' RETURNING 1"
                world.run_async(world.database.write(lambda tx, sql=delete: tx.raw(sql)))


def state_of(world: Any, task_run_id: str) -> Any:
    sql = f"SELECT state FROM task_run WHERE id = '{task_run_id}'"
    return world.run_async(world.database.read(lambda tx: tx.raw(sql)))[0][0]
