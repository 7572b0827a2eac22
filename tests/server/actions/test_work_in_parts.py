"""Changes that are too large for one transaction: in as many parts as it takes, they end as in one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from prefect.server.actions import flows, lost_runs, schedules
from prefect.server.actions.chores import begin
from prefect.server.errors import ApiError
from prefect.server.services import chores
from prefect.server.store import transaction
from support.families import turn
from support.world import World, flow_document

EVERY = {"type": "IntervalClock", "start_date": {"dt": "2030-01-01T00:00:00", "tz": "UTC"}, "interval": 3_600_000_000}
HOURLY = {"type": "Schedule", "clocks": [EVERY], "filters": []}
PARTS = pytest.mark.parametrize("most", [6, 1000])


def scheduled(world: World, name: str) -> str:
    flow_id: str = world.register(flow_document(name, schedule=HOURLY))
    return flow_id


def do_in_parts(
    world: World, monkeypatch: pytest.MonkeyPatch, most: int, action: Callable[..., Any], **given: Any
) -> None:
    """Call an action with so little room in each transaction, and do what it left until all is done."""
    with monkeypatch.context() as patch:
        patch.setattr(transaction, "MOST_ROWS", most)
        assert world.do(action, **given)
        left = len(world.rows("chore"))
        assert left == int(most < 1000)
        assert turn(world, chores) >= left  # one piece of work may begin another
    assert world.rows("chore") == []


def states(world: World, flow_id: str) -> Counter[str]:
    return Counter(row["state"] for row in world.rows("flow_run", flow_id=flow_id))


@PARTS
def test_a_flow_that_is_put_away_leaves_no_run_that_waits(
    world: World, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    mine, other = scheduled(world, "mine"), scheduled(world, "other")
    begun = world.running(mine)
    by_hand = [world.create(mine) for _ in range(3)]
    before = states(world, other)

    do_in_parts(world, monkeypatch, most, flows.archive_flow, flow_id=mine)

    assert states(world, mine) == {"Running": 1, "Cancelled": 3}
    assert world.flow_run(begun)["state"] == "Running"
    for run_id in by_hand:
        (_, ended) = sorted(world.rows("flow_run_state", flow_run_id=run_id), key=lambda row: row["version"])
        assert ended["message"] == f"Flow {mine} was archived."
    assert states(world, other) == before


def test_an_archived_flow_that_is_wanted_again_meanwhile_keeps_its_runs(world: World) -> None:
    flow_id = scheduled(world, "mine")
    before = states(world, flow_id)

    # It was never archived, or is not any more: there is nothing to do.
    assert world.do(flows.end_waiting_runs, flow_id=flow_id) is True
    assert world.do(flows.end_waiting_runs, flow_id=world.project_id) is True
    assert states(world, flow_id) == before


@PARTS
def test_a_schedule_that_is_switched_off_leaves_none_of_its_runs(
    world: World, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    mine, other = scheduled(world, "mine"), scheduled(world, "other")
    by_hand = world.create(mine)
    before = states(world, other)

    do_in_parts(world, monkeypatch, most, schedules.set_schedule_inactive, flow_id=mine)

    assert [row["id"] for row in world.rows("flow_run", flow_id=mine)] == [by_hand]
    assert states(world, other) == before


def test_a_schedule_that_was_switched_on_again_meanwhile_keeps_its_runs(world: World) -> None:
    flow_id = scheduled(world, "mine")
    before = states(world, flow_id)

    world.do(begin, kind="unschedule_flow", subject_id=flow_id)
    assert turn(world, chores) == 1

    assert states(world, flow_id) == before
    assert world.do(lambda tx, now: schedules.unschedule(tx, flow_id=world.project_id, made_until=now)) is True
    assert world.do(schedules.set_schedule_inactive, flow_id=world.project_id) is False


@PARTS
def test_the_schedule_of_a_group_takes_the_place_of_its_flows_own(
    world: World, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    mine, other = scheduled(world, "mine"), scheduled(world, "other")
    group_id = world.row("flow", id=mine)["flow_group_id"]
    before = states(world, other)
    old = {row["id"] for row in world.rows("flow_run", flow_id=mine)}
    given = {"flow_group_id": group_id, "settings": world.settings}
    if most < 1000:
        # What is made anew is made in one part, which a transaction has room for.
        monkeypatch.setattr(schedules, "schedule_flow_runs", lambda *_, **__: None)

    do_in_parts(world, monkeypatch, most, schedules.set_group_schedule, cron_clocks=[{"cron": "30 3 * * *"}], **given)

    left = world.rows("flow_run", flow_id=mine)
    assert not old & {row["id"] for row in left}
    if most == 1000:
        assert {row["scheduled_start_time"].strftime("%H:%M") for row in left} == {"03:30"}
    assert states(world, other) == before


@pytest.mark.parametrize("end", ["Cancelled", "Failed", "Success"])
@PARTS
def test_all_task_runs_of_a_run_that_ended_are_closed_and_opened_again_with_it(
    world: World, monkeypatch: pytest.MonkeyPatch, most: int, end: str
) -> None:
    tasks = [{"slug": f"t{number}", "name": f"t{number}", "tags": []} for number in range(5)]
    flow_id = world.register(flow_document("mine", tasks=tasks, edges=[]))
    run_id, other = world.running(flow_id), world.running(flow_id)
    done = world.task_run(run_id, slug="t0")["id"]
    world.set_task_run(done, "Running")
    world.set_task_run(done, "Success")

    def of(flow_run_id: str) -> Counter[str]:
        return Counter(row["state"] for row in world.rows("task_run", flow_run_id=flow_run_id))

    with monkeypatch.context() as patch:
        patch.setattr(transaction, "MOST_ROWS", most)
        world.set_flow_run(run_id, end)
        turn(world, chores)
        assert world.rows("chore") == []
        assert of(run_id) == {"Success": 1, "Cancelled": 4}

        world.set_flow_run(run_id, "Scheduled")
        turn(world, chores)
        assert world.rows("chore") == []
    assert of(run_id)["Success"] == 1
    opened = 4 - of(run_id)["Cancelled"]
    assert opened == (0 if end == "Cancelled" else 4)
    assert of(other) == {"Pending": 5}


def test_work_on_a_run_that_moved_on_is_over(world: World) -> None:
    run_id = world.running()
    world.do(begin, kind="close_task_runs", subject_id=run_id)
    world.do(begin, kind="close_task_runs", subject_id=world.project_id)
    world.do(begin, kind="open_task_runs", subject_id=world.project_id)
    assert turn(world, chores) == 3
    assert {row["state"] for row in world.rows("task_run", flow_run_id=run_id)} == {"Pending"}

    world.set_flow_run(run_id, "Cancelled")
    world.do(begin, kind="open_task_runs", subject_id=run_id)
    assert turn(world, chores) == 1
    assert {row["state"] for row in world.rows("task_run", flow_run_id=run_id)} == {"Cancelled"}


# ----- what a rule refuses


def test_a_lost_run_that_a_rule_keeps_as_it_is_is_told_and_not_noted(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    run_id = world.running()
    task_run = world.task_run(run_id)
    world.set_task_run(task_run["id"], "Running")

    def refuse(*_: Any, **__: Any) -> None:
        raise ApiError("not now")

    monkeypatch.setattr(lost_runs, "set_flow_run_state", refuse)
    monkeypatch.setattr(lost_runs, "set_task_run_state", refuse)
    run = {"id": run_id, "times_resurrected": 0}
    row = {**task_run, "flow_run_state": "Running", "max_retries": 0, "retry_delay": None}

    assert world.do(lambda tx, now: lost_runs.restart_flow_run(tx, now, run, 3)) is False
    assert world.do(lambda tx, now: lost_runs.settle_task_run(tx, now, row, "gone")) is False

    assert f"Lost flow run {run_id} could not be settled: not now" in caplog.text
    assert f"Task run {task_run['id']}, which nobody works on, could not be settled: not now" in caplog.text
    assert world.rows("log") == []
