"""What one transaction decides from a row still holds when it writes, although another one changes that row."""

from __future__ import annotations

import uuid

import pytest

from prefect.server.actions import runs, slots
from prefect.server.actions.set_state import set_flow_run_state, set_task_run_state
from prefect.server.rules.transition import QUEUED_FOR
from prefect.server.services import slot_keeper
from support.meeting import meet


def test_a_queued_run_that_asks_again_in_time_is_not_started_anew(world):
    """The keeper of places has seen that the run is overdue; before it decides, the run's process comes back."""
    limit = {"tenant_id": world.tenant_id, "kind": slots.FLOW, "name": "gpu"}
    world.do(slots.set_limit, limit=0, **limit)
    run_id = world.create(world.register(), labels=["gpu"])
    assert world.set_flow_run(run_id, "Running").status == "QUEUED"
    world.do(slots.set_limit, limit=1, **limit)
    world.pass_time(QUEUED_FOR.total_seconds() + 1)

    outcome, rescheduled = world.run_async(
        meet(
            world.database,
            lambda tx: set_flow_run_state(tx, world.now, flow_run_id=run_id, proposed=world.propose("Running")),
            lambda: slot_keeper.run_once(world.database, world.settings, world.now),
        )
    )

    assert (outcome.status, rescheduled) == ("SUCCESS", 0)
    assert world.history(run_id) == ["Scheduled", "Queued", "Running"]


def test_a_run_that_begins_while_it_is_cancelled_is_told_to_stop(world):
    """Cancelling reads the state to choose between Cancelled, at once, and Cancelling."""
    run_id = world.create(world.register())
    world.set_flow_run(run_id, "Submitted")

    outcome, state = world.run_async(
        meet(
            world.database,
            lambda tx: set_flow_run_state(tx, world.now, flow_run_id=run_id, proposed=world.propose("Running")),
            lambda: world.database.write(lambda tx: runs.cancel_flow_run(tx, world.now, flow_run_id=run_id)),
        )
    )

    assert outcome.status == "SUCCESS"
    assert state == "Cancelling"
    assert world.flow_run(run_id)["state"] == "Cancelling"


@pytest.mark.parametrize("knows_version", [True, False], ids=["version", "no version"])
@pytest.mark.parametrize("state", ["Running", "Failed"])
def test_two_copies_of_one_request_at_one_moment_change_a_run_once_and_both_are_told_so(world, state, knows_version):
    """A client that got no answer in time says the same again, while the first copy is not yet at its end."""
    run_id = world.create(world.register())
    world.set_flow_run(run_id, "Running")
    task_run_id = world.task_run(run_id)["id"]
    flow_run_id = world.create(world.register())

    def copies(change, **which):
        known = {"version": 1} if knows_version else {}
        with_id = {"state_id": str(uuid.uuid4()), "proposed": world.propose(state), **known, **which}
        return world.run_async(
            meet(
                world.database,
                lambda tx: change(tx, world.now, **with_id),
                lambda: world.database.write(lambda tx: change(tx, world.now, **with_id)),
            )
        )

    assert [one.status for one in copies(set_task_run_state, task_run_id=task_run_id)] == ["SUCCESS"] * 2
    assert world.history(task_run_id, "task_run_state") == ["Pending", state]
    assert [one.status for one in copies(set_flow_run_state, flow_run_id=flow_run_id)] == ["SUCCESS"] * 2
    assert world.history(flow_run_id) == ["Scheduled", state]
