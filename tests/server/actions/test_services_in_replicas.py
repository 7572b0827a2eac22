"""Services of several replicas over one PostgreSQL look at the same moment, and do everything once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from conftest import fresh_or_skip
from prefect.server.services import lazarus, scheduler, slot_keeper, zombie_killer
from prefect.server.store.opening import open_database
from support.world import World, flow_document

pytestmark = pytest.mark.postgres

HOURLY = {"type": "Schedule", "clocks": [{"type": "IntervalClock", "interval": 3_600_000_000}]}
FLOWS, LOST = 8, 12


@pytest.fixture
def replicas(databases: Any, run_async: Any) -> Iterator[list[Any]]:
    url = fresh_or_skip(databases, "postgres")
    opened = [open_database(url, readers=2) for _ in range(3)]
    for database in opened:
        run_async(database.start())
    yield opened
    for database in opened:
        run_async(database.stop())
    databases.drop(url)


def test_each_deed_is_done_once(replicas: list[Any], run_async: Any) -> None:
    world = World(replicas[0], run_async)
    for number in range(FLOWS):
        world.register(flow_document(f"scheduled-{number}", schedule=HOURLY))
    lost = [world.running(world.register(flow_document(f"lost-{number}"))) for number in range(LOST)]
    silent = [world.running(world.register(flow_document(f"silent-{number}"))) for number in range(LOST)]
    for run_id in silent:
        world.set_task_run(world.task_run(run_id, "two-1")["id"], "Running")
    world.pass_time(200)

    async def all_at_once() -> None:
        await asyncio.gather(
            *(
                service.run_once(database, world.settings, world.now)
                for database in replicas
                for service in (scheduler, lazarus, zombie_killer, slot_keeper)
            )
        )

    run_async(all_at_once())

    scheduled = Counter(
        (run["flow_id"], run["scheduled_start_time"]) for run in world.rows("flow_run", auto_scheduled=True)
    )
    assert len(scheduled) == FLOWS * world.settings.max_scheduled_runs_per_flow
    assert set(scheduled.values()) == {1}
    for run_id in lost:
        run = world.flow_run(run_id)
        assert (run["state"], run["times_resurrected"]) == ("Scheduled", 1)
        assert [log["name"] for log in world.rows("log", flow_run_id=run_id)] == ["Lazarus.FlowRun"]
    for run_id in silent:
        task_run_id = world.task_run(run_id, "two-1")["id"]
        states = Counter(row["state"] for row in world.rows("task_run_state", task_run_id=task_run_id))
        assert states["Retrying"] == 1
