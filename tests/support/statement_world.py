"""A few rows of two tenants, in which named statements are tried: each trial is undone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from prefect.server.store.opening import open_database
from support.databases import NoPostgres
from support.rows import insert, uid

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
MINE, OTHERS = uid(1), uid(2)
GROUP, OTHER_GROUP, OFF_GROUP = uid(21), uid(22), uid(23)
FLOW, OTHER_FLOW, THEIR_FLOW, OFF_FLOW = uid(31), uid(32), uid(33), uid(34)
TASK, OTHER_TASK, OFF_TASK = uid(41), uid(42), uid(43)
RUN, OTHER_RUN = uid(51), uid(52)


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def base(tx: Any) -> None:
    for tenant, slug in ((MINE, "mine"), (OTHERS, "others")):
        insert(tx, "tenant", id=tenant, name=slug, slug=slug, created=at(-1000))
        insert(tx, "project", id=uid(10 + int(tenant[-1])), tenant_id=tenant, name="p")
    switched_off = {"heartbeat_enabled": False}
    for group, tenant, settings in ((GROUP, MINE, {}), (OTHER_GROUP, OTHERS, {}), (OFF_GROUP, MINE, switched_off)):
        insert(tx, "flow_group", id=group, tenant_id=tenant, name=group, settings=settings)
    places = (
        (FLOW, MINE, GROUP),
        (OTHER_FLOW, MINE, GROUP),
        (THEIR_FLOW, OTHERS, OTHER_GROUP),
        (OFF_FLOW, MINE, OFF_GROUP),
    )
    for number, (flow, tenant, group) in enumerate(places):
        flow_row(tx, flow, tenant=tenant, group=group, version=number + 1, archived=True)
    for task, flow in ((TASK, FLOW), (OTHER_TASK, OTHER_FLOW), (OFF_TASK, OFF_FLOW)):
        insert(tx, "task", id=task, tenant_id=MINE, flow_id=flow, name="a task", slug=f"{task}-1")
    run(tx, RUN, state="Success")
    run(tx, OTHER_RUN, state="Success")


def flow_row(tx: Any, flow: str, *, tenant: str = MINE, group: str = GROUP, **more: Any) -> None:
    values = {"name": "f", "version_group_id": "vg", "version": 1, "archived": False, "is_schedule_active": False}
    project = uid(10 + int(tenant[-1]))
    insert(tx, "flow", id=flow, tenant_id=tenant, project_id=project, flow_group_id=group, **{**values, **more})


def run(tx: Any, run_id: str, *, tenant: str = MINE, flow: str = FLOW, **more: Any) -> None:
    values = {"name": "r", "version": 1, "created": at(-5000), "state_timestamp": at(-5000), "state": "Scheduled"}
    insert(tx, "flow_run", id=run_id, tenant_id=tenant, flow_id=flow, **{**values, **more})


def task_run(tx: Any, task_run_id: str, *, run_id: str = RUN, task: str = TASK, **more: Any) -> None:
    number = int(task_run_id[-4:], 16)
    values = {"version": 1, "map_index": number, "state": "Running", "state_timestamp": at(-5000)}
    insert(tx, "task_run", id=task_run_id, tenant_id=MINE, flow_run_id=run_id, task_id=task, **{**values, **more})


class Undone(Exception):
    """Nothing of a trial is kept."""


@contextmanager
def opened_world(databases: Any, kind: str) -> Iterator[Callable[[Callable[[Any], Any]], Any]]:
    """Give what does work in a transaction that is undone, and gives its answer."""
    try:
        url = databases.fresh(kind)
    except NoPostgres as error:
        pytest.skip(str(error))
    with asyncio.Runner() as runner:
        database = open_database(url, readers=1)
        runner.run(database.start())
        runner.run(database.write(base))

        def inside(work: Callable[[Any], Any]) -> Any:
            answer: list[Any] = []

            def undone(tx: Any) -> None:
                answer.append(work(tx))
                raise Undone

            with pytest.raises(Undone):
                runner.run(database.write(undone))
            return answer[0]

        yield inside
        runner.run(database.stop())
    databases.drop(url)
