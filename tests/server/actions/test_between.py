"""A service looks, then acts, each run in a transaction of its own: what happened in between is respected."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from prefect.server.actions import flows, runs, schedules, slots
from prefect.server.actions.set_state import set_flow_run_state
from prefect.server.services import lazarus, scheduler, slot_keeper, zombie_killer
from support.world import World, flow_document

LONG = 3600
EVERY_HOUR = {
    "type": "IntervalClock",
    "start_date": {"dt": "2030-01-01T00:00:00", "tz": "UTC"},
    "interval": 3_600_000_000,
}
HOURLY = {"type": "Schedule", "clocks": [EVERY_HOUR], "filters": []}


class Between:
    """A database beside which something happens once, after it was read and before it is written."""

    def __init__(self, world: World, happens: Callable[[Any], Any]):
        self._world, self._happens, self._is_done = world, happens, False
        self.dialect = world.database.dialect

    async def read(self, work: Any, **how: Any) -> Any:
        return await self._world.database.read(work, **how)

    async def write(self, work: Any) -> Any:
        if not self._is_done:
            self._is_done = True
            await self._world.database.write(self._happens)
        return await self._world.database.write(work)


def go(world: World, service: Any, happens: Callable[[Any], Any]) -> Any:
    database: Any = Between(world, happens)
    return world.run_async(service.run_once(database, world.settings, world.now))


def beats(world: World, run_id: str) -> Callable[[Any], Any]:
    return lambda tx: runs.beat_flow_run(tx, world.now, flow_run_id=run_id)


def moves(world: World, run_id: str, state: str) -> Callable[[Any], Any]:
    return lambda tx: set_flow_run_state(tx, world.now, flow_run_id=run_id, proposed=world.propose(state))


def goes(world: World, run_id: str) -> Callable[[Any], Any]:
    return lambda tx: runs.delete_flow_run(tx, world.now, flow_run_id=run_id)


@pytest.mark.parametrize("happens", [beats, lambda w, r: moves(w, r, "Success"), goes], ids=["beats", "ends", "goes"])
def test_a_run_that_was_lost_and_shows_itself_is_left_alone(world: World, happens: Any) -> None:
    run_id = world.running()
    world.pass_time(LONG)

    assert go(world, lazarus, happens(world, run_id)) == 0
    assert world.rows("log") == []
    for row in world.rows("flow_run"):
        assert row["state"] in ("Running", "Success")
        assert not row["times_resurrected"]


@pytest.mark.parametrize("happens", [beats, lambda w, r: moves(w, r, "Cancelled"), goes], ids=["beats", "ends", "goes"])
def test_a_cancelled_run_that_shows_itself_is_left_to_end_by_itself(world: World, happens: Any) -> None:
    run_id = world.running()
    world.cancel(run_id)
    world.pass_time(LONG)

    assert go(world, zombie_killer, happens(world, run_id)) == 0
    assert world.rows("log") == []


@pytest.mark.parametrize("happens", [beats, goes], ids=["beats", "goes"])
def test_a_task_run_whose_process_shows_itself_is_left_alone(world: World, happens: Any) -> None:
    run_id = world.running()
    world.set_task_run(world.task_run(run_id)["id"], "Running")
    world.pass_time(LONG)

    # The first write of a turn is that of the task run: nothing is being cancelled.
    assert go(world, zombie_killer, happens(world, run_id)) == 0
    assert world.rows("log") == []
    assert {row["state"] for row in world.rows("task_run", flow_run_id=run_id)} <= {"Running", "Pending", None}


@pytest.fixture(autouse=True)
def nobody_complains(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """What has moved meanwhile is no fault of a row."""
    yield
    assert "could not be dealt with" not in caplog.text


@pytest.mark.parametrize("state", ["Cancelled", "Scheduled", "Success"])
def test_a_queued_run_that_moved_is_not_started_anew(world: World, state: str) -> None:
    limit = {"tenant_id": world.tenant_id, "kind": slots.FLOW, "name": "gpu", "limit": 0}
    world.do(slots.set_limit, **limit)
    run_id = world.create(world.register(), labels=["gpu"])
    world.set_flow_run(run_id, "Running")
    world.pass_time(LONG)

    assert go(world, slot_keeper, moves(world, run_id, state)) == 0
    assert world.history(run_id) == ["Scheduled", "Queued", state]


def test_a_queued_run_that_asked_again_waits_on(world: World) -> None:
    world.do(slots.set_limit, tenant_id=world.tenant_id, kind=slots.FLOW, name="gpu", limit=0)
    run_id = world.create(world.register(), labels=["gpu"])
    world.set_flow_run(run_id, "Running")
    world.pass_time(LONG)

    assert go(world, slot_keeper, moves(world, run_id, "Running")) == 0
    assert world.history(run_id) == ["Scheduled", "Queued"]


def test_a_queued_run_that_is_gone_is_no_error(world: World) -> None:
    world.do(slots.set_limit, tenant_id=world.tenant_id, kind=slots.FLOW, name="gpu", limit=0)
    run_id = world.create(world.register(), labels=["gpu"])
    world.set_flow_run(run_id, "Running")
    world.pass_time(LONG)

    assert go(world, slot_keeper, goes(world, run_id)) == 0


def _off(world: World, flow_id: str) -> Callable[[Any], Any]:
    return lambda tx: schedules.set_schedule_inactive(tx, world.now, flow_id=flow_id)


def _archived(world: World, flow_id: str) -> Callable[[Any], Any]:
    return lambda tx: flows.archive_flow(tx, world.now, flow_id=flow_id)


def _deleted(world: World, flow_id: str) -> Callable[[Any], Any]:
    return lambda tx: flows.delete_flow(tx, world.now, flow_id=flow_id)


def _changed(world: World, flow_id: str) -> Callable[[Any], Any]:
    group_id = world.row("flow", id=flow_id)["flow_group_id"]
    return lambda tx: schedules.set_group_schedule(
        tx, world.now, flow_group_id=group_id, cron_clocks=[{"cron": "30 3 * * *"}], settings=world.settings
    )


@pytest.mark.parametrize(
    "happens", [_off, _archived, _deleted, _changed], ids=["off", "archived", "deleted", "changed"]
)
def test_a_schedule_that_was_changed_meanwhile_makes_no_run_of_the_old_one(world: World, happens: Any) -> None:
    flow_id = world.register(flow_document(schedule=HOURLY))
    world.pass_time(LONG)
    change = happens(world, flow_id)

    def times() -> list[Any]:
        return sorted(row["scheduled_start_time"] for row in world.rows("flow_run"))

    before = times()
    assert before
    assert go(world, scheduler, change) == 0
    if happens is _changed:
        assert {(time.hour, time.minute) for time in times()} == {(3, 30)}
    else:
        assert set(times()) <= set(before)
