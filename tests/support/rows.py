# ruff: noqa: E501 - a row stands in a line
"""A small set of rows for tests of reading: tenants, projects, flows, tasks, runs, states and logs."""

from __future__ import annotations

import functools
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from prefect.server import catalogue
from prefect.server.store.database import Database, Transaction
from prefect.server.store.dialect import upsert


def uid(number: int) -> str:
    """Give the id with this number."""
    return str(UUID(int=number))


def at(hour: int, minute: int = 0) -> datetime:
    """Give a time of the day on which everything happens."""
    return datetime(2026, 1, 1, hour, minute, tzinfo=UTC)


@functools.cache
def _insert(table: str) -> Any:
    return upsert(catalogue.metadata.tables[table])


def insert(transaction: Transaction, table: str, **values: Any) -> str:
    """Insert one row and give its id."""
    transaction.run(_insert(table), **values)
    return str(values.get("id", ""))


TENANT, OTHER_TENANT = uid(1), uid(2)
DEMO, LATE = uid(11), uid(12)
GROUP, OTHER_GROUP = uid(21), uid(22)
ETL_1, ETL_2, REPORT = uid(31), uid(32), uid(33)
EXTRACT, TRANSFORM, LOAD, CHECK = uid(41), uid(42), uid(43), uid(44)
RUN = {name: uid(100 + number) for number, name in enumerate(("alpha", "beta", "gamma", "delta", "epsilon"))}


def build(tx: Transaction) -> None:
    """Insert everything."""
    insert(tx, "tenant", id=TENANT, name="Default", slug="default", created=at(0), settings={"a": {"b": [1, "two"]}})
    insert(tx, "tenant", id=OTHER_TENANT, name="Another", slug="another", created=at(1))
    insert(tx, "project", id=DEMO, tenant_id=TENANT, name="demo", description='say "hé"\n\t\\')
    insert(tx, "project", id=LATE, tenant_id=TENANT, name="late")
    for group, name in ((GROUP, "g1"), (OTHER_GROUP, "g2")):
        insert(tx, "flow_group", id=group, tenant_id=TENANT, name=name, labels=["x", "y"] if group == GROUP else None)
    for flow, version, archived in ((ETL_1, 1, True), (ETL_2, 2, False)):
        insert(
            tx, "flow", id=flow, tenant_id=TENANT, project_id=DEMO, flow_group_id=GROUP, name="etl", version=version,
            archived=archived, version_group_id="vg", storage={"type": "Local", "flows": {"etl": "/x"}, "n": version},
        )  # fmt: skip
    insert(
        tx, "flow", id=REPORT, tenant_id=TENANT, project_id=LATE, flow_group_id=OTHER_GROUP, name="report", version=1
    )
    for number, task in enumerate((EXTRACT, TRANSFORM, LOAD, CHECK)):
        insert(
            tx, "task", id=task, tenant_id=TENANT, flow_id=ETL_2, name=f"task {number}", slug=f"task-{number}",
            max_retries=number, retry_delay=timedelta(days=number - 1, seconds=30 * number) if number else None,
            tags=["slow", f"t{number}"] if number < 2 else [],
        )  # fmt: skip
    # extract -> transform -> load, extract -> load, transform -> check
    pairs = ((EXTRACT, TRANSFORM), (TRANSFORM, LOAD), (EXTRACT, LOAD), (TRANSFORM, CHECK))
    for number, (up, down) in enumerate(pairs):
        insert(tx, "edge", id=uid(50 + number), flow_id=ETL_2, upstream_task_id=up, downstream_task_id=down, key=None)
    _runs(tx)


def _runs(tx: Transaction) -> None:
    states = ("Success", "Failed", "Running", "Scheduled", "Success")
    for number, (name, run) in enumerate(RUN.items()):
        insert(
            tx, "flow_run", id=run, tenant_id=TENANT, flow_id=REPORT if name == "epsilon" else ETL_2, name=name,
            state=states[number], version=number, parameters={"n": number, "deep": {"list": [1, {"x": None}]}},
            labels=["b", "a"][:number], scheduled_start_time=at(number), start_time=at(number, 1) if number < 3 else None,
            context={} if number else None, auto_scheduled=number == 3,
        )  # fmt: skip
        insert(
            tx, "flow_run_state", id=uid(200 + number), flow_run_id=run, state=states[number], version=1,
            timestamp=at(number), serialized_state={"type": states[number]},
        )  # fmt: skip
    for number, task in enumerate((EXTRACT, TRANSFORM)):
        for index in (-1, 0) if number else (-1,):
            insert(
                tx, "task_run", id=uid(300 + 10 * number + index + 1), flow_run_id=RUN["gamma"], task_id=task,
                map_index=index, state="Running" if index else "Success", version=2,
            )  # fmt: skip
    for number in range(4):
        insert(
            tx, "log", id=uid(400 + number), flow_run_id=RUN["gamma"], task_run_id=uid(300) if number == 3 else None,
            timestamp=at(2, 10 - number), level="INFO" if number % 2 else "ERROR", message=f"line {number} 100%_",
        )  # fmt: skip


async def make(database: Database) -> None:
    """Fill an empty database."""
    await database.write(build)
