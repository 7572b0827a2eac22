"""Several task runs moved in one transaction end as if one after the other."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from prefect.server.actions import set_state, slots
from prefect.server.errors import ApiError
from support.world import World, flow_document


def together(world: World, *changes: tuple[Any, ...]) -> list[set_state.Outcome]:
    """Move task runs: id, state, and if given version and id of the new state of each."""
    read = [set_state.Change(run_id, world.propose(state), *rest) for run_id, state, *rest in changes]
    return world.do(set_state.set_task_run_states, changes=read, caller=None)


def two(world: World, *tags: str) -> tuple[str, str]:
    document = flow_document()
    for task in document["tasks"]:
        task["tags"] = list(tags)
    run_id = world.running(world.register(document))
    return world.task_run(run_id)["id"], world.task_run(run_id, "two-1")["id"]


def histories(world: World, *ids: str) -> list[list[str]]:
    return [world.history(one, "task_run_state") for one in ids]


def test_the_end_of_one_and_the_beginning_of_the_next(world: World) -> None:
    first, second = two(world)
    world.set_task_run(first, "Running")

    told = together(world, (first, "Success"), (second, "Running", 1))

    assert [(one.id, one.status) for one in told] == [(first, "SUCCESS"), (second, "SUCCESS")]
    assert histories(world, first, second) == [["Pending", "Running", "Success"], ["Pending", "Running"]]
    assert [world.row("task_run", id=one)["state"] for one in (first, second)] == ["Success", "Running"]


def test_one_task_run_may_be_moved_more_than_once(world: World) -> None:
    first, second = two(world)

    together(world, (first, "Running", 1), (second, "Running", 1), (first, "Success"), (second, "Failed", 2))

    assert histories(world, first, second) == [["Pending", "Running", "Success"], ["Pending", "Running", "Failed"]]


def test_none_is_moved_when_the_last_is_refused(world: World) -> None:
    first, second = two(world)

    with pytest.raises(ApiError, match="provided version 7"):
        together(world, (first, "Running", 1), (second, "Running", 7))

    assert histories(world, first, second) == [["Pending"], ["Pending"]]


def test_the_place_that_one_leaves_is_the_nexts(world: World) -> None:
    world.do(slots.set_limit, tenant_id=world.tenant_id, kind=slots.TASK, name="db", limit=1)
    first, second = two(world, "db")
    assert world.set_task_run(first, "Running").status == "SUCCESS"

    told = together(world, (first, "Success"), (second, "Running", 1))

    assert [one.status for one in told] == ["SUCCESS", "SUCCESS"]
    assert [row["run_id"] for row in world.rows("slot")] == [second]


def test_the_place_that_one_takes_is_not_the_nexts(world: World) -> None:
    world.do(slots.set_limit, tenant_id=world.tenant_id, kind=slots.TASK, name="db", limit=1)
    first, second = two(world, "db")

    told = together(world, (first, "Running", 1), (second, "Running", 1))

    assert [one.status for one in told] == ["SUCCESS", "QUEUED"]
    assert histories(world, first, second) == [["Pending", "Running"], ["Pending", "Queued"]]


def test_a_place_is_left_also_when_its_limit_is_of_today(world: World) -> None:
    first, _ = two(world, "db")
    world.set_task_run(first, "Running")
    world.do(slots.set_limit, tenant_id=world.tenant_id, kind=slots.TASK, name="db", limit=1)
    assert len(world.rows("slot")) == 1

    together(world, (first, "Success"))

    assert world.rows("slot") == []


def test_what_is_sent_twice_is_done_once_and_answered_twice(world: World) -> None:
    first, second = two(world)
    world.set_task_run(first, "Running")
    changes = (first, "Success", None, str(uuid.uuid4())), (second, "Running", 1, str(uuid.uuid4()))

    assert together(world, *changes) == together(world, *changes)

    assert histories(world, first, second) == [["Pending", "Running", "Success"], ["Pending", "Running"]]


def test_an_id_that_another_run_has_taken_is_refused(world: World) -> None:
    first, second = two(world)
    taken = str(uuid.uuid4())
    together(world, (first, "Running", 1, taken))

    with pytest.raises(ApiError, match="that no other run's state has"):
        together(world, (second, "Running", 1, taken))


def test_the_same_id_twice_in_one_request_moves_nothing(world: World) -> None:
    first, second = two(world)
    same = str(uuid.uuid4())

    with pytest.raises(Exception, match=r"(?i)unique|that no other run's state has"):
        together(world, (first, "Running", 1, same), (second, "Running", 1, same))

    assert histories(world, first, second) == [["Pending"], ["Pending"]]
