"""A flow run ends as what it is: cancelled at once where nobody works on it, and as somebody decided where one does."""

from __future__ import annotations

from datetime import timedelta

import pytest

from prefect.model.state_facts import ENDED, FINISHED, OPEN, STORABLE
from prefect.server.actions import runs
from prefect.server.actions.set_state import Caller
from prefect.server.errors import ApiError
from prefect.server.services import lazarus, zombie_killer

SILENCE = 91
SHORT_SILENCE = 46
PERSON = Caller()
PERSON_OF_1_X = OF_1_X = Caller(is_of_1_x=True)
WORDS = {"type": "Success", "message": "by hand"}


def process(run_id, name="working"):
    return Caller(None, name, run_id)


def run_once(world, service):
    return world.run_async(service.run_once(world.database, world.settings, world.now))


def open_task_runs(world, run_id):
    return [row["state"] for row in world.rows("task_run", flow_run_id=run_id) if row["state"] not in ENDED]


def begin(world, caller, flow_id=None):
    run_id = world.running(flow_id)
    version = world.flow_run(run_id)["version"]
    world.set_flow_run(run_id, "Running", version=version, caller=caller and caller(run_id))
    return run_id


# ---------------------------------------------------------------------------------------- nobody works on it


@pytest.mark.parametrize("road", ["cancel_flow_run", "set_flow_run_states"])
@pytest.mark.parametrize(
    "waits",
    [
        {"type": "Paused", "start_time": None},
        {"type": "Retrying", "start_time": "2040-01-01T00:00:00+00:00"},
        {"type": "Resume"},
        {"type": "Scheduled", "start_time": "2040-01-01T00:00:00+00:00"},
    ],
    ids=lambda state: state["type"],
)
def test_a_run_whose_process_went_home_is_cancelled_at_once(world, waits, road):
    run_id = begin(world, process)
    world.set_task_run(world.task_run(run_id, "one-1")["id"], waits)

    if road == "cancel_flow_run":
        assert world.cancel(run_id) == "Cancelled"
    else:
        world.set_flow_run(run_id, "Cancelling", caller=OF_1_X)

    assert world.history(run_id)[-1] == "Cancelled"
    assert {row["state"] for row in world.rows("task_run", flow_run_id=run_id)} == {"Cancelled"}


@pytest.mark.parametrize("road", ["cancel_flow_run", "set_flow_run_states"])
def test_a_run_in_a_state_without_a_process_is_cancelled_at_once(world, road):
    flow_id = world.register()
    for state in [name for name in OPEN if name not in ("Running", "Cancelling")]:
        run_id = world.create(flow_id)
        world.set_flow_run(run_id, state)

        if road == "cancel_flow_run":
            assert world.cancel(run_id) == "Cancelled"
        else:
            world.set_flow_run(run_id, "Cancelling", caller=PERSON)

        assert world.history(run_id)[-1] == "Cancelled"
        assert open_task_runs(world, run_id) == []


def test_a_run_with_a_task_under_way_beside_one_that_waits_is_asked_to_stop(world):
    run_id = begin(world, process)
    world.set_task_run(world.task_run(run_id, "one-1")["id"], "Running")
    world.set_task_run(world.task_run(run_id, "two-1")["id"], {"type": "Paused"})

    assert world.cancel(run_id) == "Cancelling"
    assert world.task_run(run_id, "one-1")["state"] == "Running"


def test_a_run_that_has_ended_does_not_become_cancelling(world):
    flow_id = world.register()
    for state in FINISHED:
        run_id = world.running(flow_id)
        world.set_flow_run(run_id, state)

        with pytest.raises(ApiError, match="has ended already"):
            world.set_flow_run(run_id, "Cancelling", caller=OF_1_X)


@pytest.mark.parametrize("killed", ["before the wish", "after the wish"])
@pytest.mark.parametrize("caller", [process, None], ids=["own", "1.x"])
def test_a_killed_run_that_was_to_be_cancelled_is_cancelled_and_nothing_stays_open(world, caller, killed):
    run_id = begin(world, caller)
    task_run_id = world.task_run(run_id, "two-1")["id"]  # may be tried again twice
    world.set_task_run(task_run_id, "Running")
    world.pass_time(1)
    world.do(runs.beat_flow_run, flow_run_id=run_id)
    child = world.do(runs.get_or_create_task_run, flow_run_id=run_id, task_id=_task(world, task_run_id), map_index=3)
    world.set_task_run(child["id"], "Running")
    world.set_task_run(world.task_run(run_id, "one-1")["id"], {"type": "Looped", "loop_count": 2})
    if killed == "before the wish":
        world.pass_time(30)
    world.cancel(run_id)
    limit = SHORT_SILENCE if caller else SILENCE
    world.pass_time(limit - 30 if killed == "before the wish" else limit)

    assert run_once(world, zombie_killer) == 1
    assert run_once(world, lazarus) == 0

    run = world.flow_run(run_id)
    assert (run["state"], "cancelled" in run["state_message"]) == ("Cancelled", True)
    assert {row["state"] for row in world.rows("task_run", flow_run_id=run_id)} == {"Cancelled"}
    assert world.rows("slot", flow_run_id=run_id) == []


def _task(world, task_run_id):
    return world.row("task_run", id=task_run_id)["task_id"]


# ---------------------------------------------------------------------------------- somebody decided meanwhile


@pytest.mark.parametrize("decided", ["Success", "Failed", "Cancelled"])
@pytest.mark.parametrize("caller", [process, lambda run_id: OF_1_X], ids=["own", "1.x"])
def test_what_a_person_decided_about_a_running_run_stays(world, caller, decided):
    run_id = begin(world, caller)
    task_run_id = world.task_run(run_id, "one-1")["id"]
    world.set_task_run(task_run_id, "Running", caller=caller(run_id))
    world.set_flow_run(run_id, {"type": decided, "message": "by hand"}, caller=PERSON)
    history = world.history(run_id)

    for late in ("Failed", "Success", "Running", "Cancelled", "TimedOut", "Retrying"):
        for set_late, id_ in ((world.set_flow_run, run_id), (world.set_task_run, task_run_id)):
            with pytest.raises(ApiError, match="State update failed") as refused:
                set_late(id_, late, caller=caller(run_id))
            assert refused.value.code == "VERSION_LOCKING_ERROR"

    assert world.history(run_id) == history
    assert world.flow_run(run_id)["state_message"] == "by hand"
    assert world.task_run(run_id, "one-1")["state"] == "Cancelled"


@pytest.mark.parametrize("caller", [process, lambda run_id: OF_1_X], ids=["own", "1.x"])
def test_a_run_that_was_ended_by_hand_can_be_set_going_again(world, caller):
    run_id = begin(world, caller)
    done, other = (world.task_run(run_id, slug)["id"] for slug in ("one-1", "two-1"))
    world.set_task_run(done, "Success", caller=caller(run_id))
    world.set_task_run(other, "Running", caller=caller(run_id))
    world.set_flow_run(run_id, "Failed", caller=PERSON)
    assert world.history(other, "task_run_state")[-2:] == ["Running", "Cancelled"]

    world.set_flow_run(run_id, "Scheduled", caller=OF_1_X)
    assert [world.task_run(run_id, slug)["state"] for slug in ("one-1", "two-1")] == ["Success", "Pending"]
    world.set_flow_run(run_id, "Submitted")
    again = process(run_id, "next") if caller is process else OF_1_X
    world.set_flow_run(run_id, "Running", version=world.flow_run(run_id)["version"], caller=again)
    world.set_task_run(other, "Running", version=world.task_run(run_id, "two-1")["version"], caller=again)
    world.set_task_run(other, "Success", caller=again)
    world.set_flow_run(run_id, "Success", caller=again)

    assert world.flow_run(run_id)["state"] == "Success"


def test_a_person_may_change_their_mind(world):
    run_id = begin(world, process)
    for state in ("Success", "Failed", "Success"):
        world.set_flow_run(run_id, state, caller=PERSON)

    assert world.history(run_id)[-3:] == ["Success", "Failed", "Success"]


@pytest.mark.parametrize("decided", ["Success", "Failed", "Skipped"])
@pytest.mark.parametrize("caller", [process, lambda run_id: OF_1_X], ids=["own", "1.x"])
def test_what_a_person_decided_about_a_running_task_run_stays(world, caller, decided):
    run_id = begin(world, caller)
    task_run_id = world.task_run(run_id, "one-1")["id"]
    world.set_task_run(task_run_id, "Running", caller=caller(run_id))
    world.set_task_run(task_run_id, {"type": decided, "message": "by hand"}, caller=PERSON)

    for late in ("Failed", "Success", "Retrying", "Running", "Cached"):
        with pytest.raises(ApiError, match=f"set to {decided} meanwhile") as refused:
            world.set_task_run(task_run_id, late, caller=caller(run_id))
        assert refused.value.code == "VERSION_LOCKING_ERROR"
    assert world.task_run(run_id, "one-1")["state_message"] == "by hand"

    world.set_task_run(world.task_run(run_id, "two-1")["id"], "Running", caller=caller(run_id))
    world.set_flow_run(run_id, "Success", caller=caller(run_id))
    assert world.history(run_id)[-1] == "Success"


def test_a_script_with_the_client_of_1_x_decides_as_well(world):
    run_id = begin(world, lambda run_id: OF_1_X)
    task_run_id = world.task_run(run_id, "one-1")["id"]
    world.set_task_run(task_run_id, "Running", caller=OF_1_X)
    world.set_task_run(task_run_id, "Success", caller=PERSON_OF_1_X)

    with pytest.raises(ApiError, match="set to Success meanwhile"):
        world.set_task_run(task_run_id, "Failed", caller=OF_1_X)


@pytest.mark.parametrize("caller", [process, lambda run_id: OF_1_X], ids=["own", "1.x"])
@pytest.mark.parametrize(
    "way",
    [
        ["Running", "Success", "Cached"],
        ["Running", "Failed", "Retrying", "Running", "Success"],
        ["Running", {"type": "Looped", "loop_count": 2}, "Running", "Success"],
        ["Mapped"],
        ["Paused", "Resume", "Running", "Failed"],
    ],
    ids=["cached", "retried", "looped", "mapped", "approved"],
)
def test_the_ways_of_a_task_run_are_as_before(world, caller, way):
    run_id = begin(world, caller)
    task_run_id = world.task_run(run_id, "one-1")["id"]
    for state in way:
        running = {"version": world.task_run(run_id, "one-1")["version"]} if state == "Running" else {}
        world.set_task_run(task_run_id, state, caller=PERSON if state == "Resume" else caller(run_id), **running)

    assert world.history(task_run_id, "task_run_state")[1:] == [
        state if isinstance(state, str) else state["type"] for state in way
    ]


# ----------------------------------------------------------------------------------------- nothing stays open


@pytest.mark.parametrize("by", ["process", "person", "server"])
def test_no_task_run_stays_open_in_a_run_that_has_ended(world, by):
    flow_id = world.register()
    left_open = [name for name in STORABLE if name not in ENDED]
    for place in range(max(len(FINISHED), len(left_open))):
        end, left = FINISHED[place % len(FINISHED)], left_open[place % len(left_open)]
        run_id = begin(world, process, flow_id)
        task_run_id = world.task_run(run_id, "one-1")["id"]
        if left == "Submitted":
            world.set_task_run(task_run_id, "Scheduled")
        world.set_task_run(task_run_id, left)
        caller = {"process": process(run_id), "person": PERSON, "server": None}[by]

        world.set_flow_run(run_id, end, caller=caller)

        assert open_task_runs(world, run_id) == []
        closed = world.task_run(run_id, "one-1")
        assert (closed["state"], closed["end_time"]) == ("Cancelled", world.now)


def test_a_lost_run_that_was_given_up_leaves_nothing_open_and_can_be_started_again(world):
    run_id = begin(world, process)
    world.set_task_run(world.task_run(run_id, "one-1")["id"], "Success", caller=process(run_id))
    for _ in range(world.settings.resurrection_attempt_limit + 1):
        world.pass_time(SILENCE)
        run_once(world, lazarus)
        if world.flow_run(run_id)["state"] == "Scheduled":
            world.set_flow_run(run_id, "Running")
    assert world.flow_run(run_id)["state"] == "Failed"
    assert open_task_runs(world, run_id) == []

    world.set_flow_run(run_id, {"type": "Scheduled"}, caller=PERSON)

    assert [world.task_run(run_id, slug)["state"] for slug in ("one-1", "two-1")] == ["Success", "Pending"]
    assert world.look_at_queue(before=world.now + timedelta(seconds=1)).ids == [run_id]


@pytest.mark.parametrize("end", ["Success", "Cancelled"])
def test_a_task_run_made_in_a_run_that_has_ended_is_not_open(world, end):
    run_id = world.running()
    task_id = world.task_run(run_id, "one-1")["task_id"]
    world.set_flow_run(run_id, end)

    child = world.do(runs.get_or_create_task_run, flow_run_id=run_id, task_id=task_id, map_index=1)

    assert (child["state"], child["serialized_state"]["type"]) == ("Cancelled", "Cancelled")
    assert open_task_runs(world, run_id) == []
