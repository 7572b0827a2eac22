from datetime import UTC, datetime, timedelta

import pytest

from prefect.model.state_facts import STATE_CLASSES
from prefect.server.rules import flow_run, task_run
from prefect.server.rules.proposal import propose, read_proposal
from prefect.server.rules.task_run import TaskTransition
from prefect.server.rules.transition import ALREADY_SUBMITTED, QUEUED_FOR, Accept, Reject, Transition, mirror

NOW = datetime(2030, 1, 1, tzinfo=UTC)
NAMES = sorted(name for name in STATE_CLASSES if name != "State" and not name.startswith("_"))
WAITING = {"Scheduled", "Paused", "Resume", "Retrying", "Queued"}


def proposal(name):
    return read_proposal({"type": name}, NOW)


def flow_step(current, name, version=3, seen=None):
    return flow_run.decide(Transition("run", current, version, proposal(name), seen))


def task_step(current, name, version=3, seen=None, flow_run_state="Running"):
    return task_run.decide(TaskTransition("run", current, version, proposal(name), seen, "parent", flow_run_state))


@pytest.mark.parametrize("current", NAMES)
def test_a_flow_run_is_submitted_only_while_it_waits(current):
    verdict = flow_step(current, "Submitted")

    assert verdict == (Accept(proposal("Submitted")) if current in WAITING else Reject(ALREADY_SUBMITTED))


def test_an_agent_that_saw_an_older_version_does_not_get_the_run():
    assert flow_step("Scheduled", "Submitted", version=3, seen=1) == Reject(ALREADY_SUBMITTED)
    assert isinstance(flow_step("Scheduled", "Submitted", version=3, seen=3), Accept)


@pytest.mark.parametrize("name", ["Running", "Cancelling"])
@pytest.mark.parametrize("step", [flow_step, task_step])
def test_running_is_refused_to_who_saw_an_older_version(step, name):
    refused = step("Submitted", name, version=3, seen=2)

    assert isinstance(refused, Reject)
    assert refused.code == "VERSION_LOCKING_ERROR"
    assert isinstance(step("Submitted", name, version=3, seen=3), Accept)
    assert isinstance(step("Submitted", name, version=3, seen=None), Accept)


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"Running", "Cancelling", "Submitted"}))
def test_other_states_are_not_held_to_a_version(name):
    """A 1.x agent tells that its deployment failed with the version from before its own Submitted."""
    assert isinstance(flow_step("Submitted", name, version=3, seen=2), Accept)


@pytest.mark.parametrize("flow_run_state", [*(name for name in NAMES if name != "Running"), None])
@pytest.mark.parametrize("name", ["Running", "Cancelling"])
def test_a_task_runs_only_inside_a_running_flow(name, flow_run_state):
    refused = task_step("Pending", name, flow_run_state=flow_run_state)

    assert refused == Reject(
        "State update failed for task run ID run: provided a running state but associated flow run parent is not in "
        "a running state."
    )


def test_agents_compete_for_the_due_task_of_a_running_flow():
    assert isinstance(task_step("Retrying", "Submitted"), Accept)
    assert task_step("Submitted", "Submitted") == Reject(ALREADY_SUBMITTED)


def test_the_agent_that_won_the_flow_run_marks_its_task_runs_freely():
    assert isinstance(task_step("Running", "Submitted", flow_run_state="Submitted"), Accept)


def test_cached_inputs_are_carried_from_attempt_to_attempt():
    kept = {"x": {"type": "LocalResult", "location": "a"}}

    carried = task_run.carry_cached_inputs(proposal("Running"), {"type": "Retrying", "cached_inputs": kept})

    assert carried.document["cached_inputs"] == kept


def test_new_cached_inputs_win_over_old_ones():
    new = read_proposal({"type": "Retrying", "cached_inputs": {"y": {}}}, NOW)

    assert task_run.carry_cached_inputs(new, {"cached_inputs": {"x": {}}}) is new
    assert task_run.carry_cached_inputs(new, None) is new


def test_the_start_of_a_run_is_its_first_running():
    earlier = NOW - timedelta(hours=1)

    assert mirror(proposal("Running"), NOW, None)["start_time"] == NOW
    assert mirror(proposal("Running"), NOW, earlier)["start_time"] == earlier
    assert mirror(proposal("Submitted"), NOW, None)["start_time"] is None


@pytest.mark.parametrize("name", NAMES)
def test_a_run_has_an_end_exactly_while_it_is_finished(name):
    assert (mirror(proposal(name), NOW, None)["end_time"] is not None) == proposal(name).is_finished()


def test_the_mirror_repeats_the_state():
    columns = mirror(propose("Scheduled", "soon", start_time=NOW), NOW, None)

    assert columns["state"] == "Scheduled"
    assert columns["state_message"] == "soon"
    assert columns["state_start_time"] == NOW
    assert columns["serialized_state"]["start_time"] == NOW.isoformat()


@pytest.mark.parametrize("step", [flow_step, task_step])
@pytest.mark.parametrize(("seen", "accepted"), [(2, False), (3, True), (None, True)])
def test_a_run_that_ended_gets_another_end_only_from_who_knows_that(step, seen, accepted):
    """A process that was taken for dead may wake up and tell its own end."""
    assert isinstance(step("Failed", "Success", version=3, seen=seen), Accept) == accepted
    assert isinstance(step("Failed", "Pending", version=3, seen=seen), Accept)  # somebody wants it to run again


def test_a_run_that_finds_no_place_is_queued_for_a_while_and_holds_no_state():
    step = Transition("run", "Submitted", 3, proposal("Running"), None, full="2 of 2 places are held", now=NOW)

    verdict = flow_run.decide(step)

    assert isinstance(verdict, Accept)
    assert (verdict.status, verdict.message) == ("QUEUED", "Queued: 2 of 2 places are held.")
    queued = verdict.proposal
    assert (queued.name, queued.start_time, queued.message) == ("Queued", NOW + QUEUED_FOR, verdict.message)
    assert queued.document["state"] is None
