"""A flow with a long row of due runs keeps no other flow from its turn."""

from __future__ import annotations

from datetime import timedelta

import pytest

from prefect.server.live import Turns
from prefect.server.store.queue import MOST_TURNS
from support.world import START, flow_document


@pytest.fixture
def noisy(world):
    """A flow with a long row, all due before anything else."""
    flow_id = world.register(flow_document("noisy"))
    for _ in range(80):
        world.create(flow_id, scheduled_start_time=START - timedelta(hours=1))
    return flow_id


def look(world, turns, **more):
    """Look, and take what was given."""
    seen = world.look_at_queue(turns=turns, **more)
    turns.note(seen.served, seen.went)
    for run_id in seen.ids:
        world.set_flow_run(run_id, "Submitted", version=1)
    return seen.ids


def test_the_run_of_a_quiet_flow_is_in_the_next_look(world, noisy):
    quiet = world.create(world.register(flow_document("quiet")))

    ids = world.queue(limit=25)

    assert quiet in ids
    assert (len(ids), len(set(ids))) == (25, 25)


def test_an_agent_with_one_place_serves_flows_in_turn(world, noisy):
    quiet_id = world.register(flow_document("quiet"))
    quiet = [world.create(quiet_id, scheduled_start_time=START - timedelta(seconds=3 - n)) for n in range(3)]
    turns = Turns()

    given = [run_id for _ in range(6) for run_id in look(world, turns, limit=1)]

    assert [run_id for run_id in given if run_id in quiet] == quiet
    assert [run_id in quiet for run_id in given] in ([True, False] * 3, [False, True] * 3)


def test_each_of_many_flows_has_its_turn(world, noisy):
    others = {world.register(flow_document(f"quiet-{number}")) for number in range(MOST_TURNS + 20)}
    for flow_id in others:
        world.create(flow_id)
    turns = Turns()

    given = [run_id for _ in range(10) for run_id in look(world, turns, limit=10)]

    assert {world.flow_run(run_id)["flow_id"] for run_id in given} >= others


def test_a_run_that_another_agent_is_about_to_take_and_one_in_hand_are_passed_by(world, noisy):
    quiet_id = world.register(flow_document("quiet"))
    quiet = world.create(quiet_id)

    assert quiet not in world.queue(limit=25, avoid=frozenset([quiet]))
    assert quiet not in world.queue(limit=25, exclude=frozenset([quiet]))


def test_a_higher_priority_comes_before_turns(world):
    urgent = world.register(flow_document("urgent"))
    starts = [START - timedelta(seconds=30 - number) for number in range(30)]
    ids = [world.create(urgent, priority=1, scheduled_start_time=start) for start in starts]
    world.create(world.register(flow_document("quiet")))

    assert world.queue(limit=25) == ids[:25]


def test_of_one_flow_runs_come_in_their_order(world):
    flow_id = world.register()
    ids = [world.create(flow_id, scheduled_start_time=START - timedelta(minutes=60 - n)) for n in range(30)]

    assert world.queue(limit=25) == ids[:25]


def test_what_is_remembered_of_turns_has_a_bound(monkeypatch):
    monkeypatch.setattr(Turns, "MOST", 3)
    turns = Turns()
    for number in range(5):
        turns.note([f"flow-{number}"], {("row", number): f"flow-{number}"})

    assert [turns.served(f"flow-{number}") for number in range(5)] == [0, 0, 3, 4, 5]
    assert [turns.after(("row", number)) for number in (1, 4)] == [Turns.BEGINNING, "flow-4"]
