"""What is done when the process of a flow run was seen to end before its work was done."""

from __future__ import annotations

import pytest

from prefect.contract import limits
from prefect.server.actions import agents, flows, lost_runs
from prefect.server.errors import ApiError
from prefect.server.rules.transition import Caller
from support.world import flow_document

KILLED = "The process of this flow run was killed by SIGKILL"


def with_retries(count):
    document = flow_document()
    for task in document["tasks"]:
        task |= {"max_retries": count, "retry_delay": 60}
    return document


@pytest.fixture
def report(world):
    def report(run_id, process_id="p", **more):
        given = {"flow_run_id": run_id, "process_id": process_id, "how": KILLED, **more}
        return world.do(lost_runs.report_process_end, settings=world.settings, **given)

    return report


def running(world, process_id="p", **inputs):
    run_id = world.create(world.register(with_retries(inputs.pop("retries", 0))))
    caller = Caller(process_id=process_id, process_of=run_id)
    world.set_flow_run(run_id, "Submitted", version=1)
    world.set_flow_run(run_id, "Running", version=2, caller=caller)
    world.set_task_run(world.task_run(run_id)["id"], "Running", caller=caller)
    return run_id


def test_its_run_is_started_again_at_once_and_tells_why(world, report):
    run_id = running(world)

    assert report(run_id)

    run = world.flow_run(run_id)
    assert (run["state"], run["times_resurrected"]) == ("Scheduled", 1)
    assert run["state_message"] == f"Rescheduled by a Lazarus process. {KILLED}."
    assert world.queue() == [run_id]
    task_run = world.task_run(run_id)
    assert (task_run["state"], task_run["state_message"]) == ("Failed", f"{KILLED}; marking the run as failed.")
    assert f"{KILLED}. It sends no heartbeat any more." in [row["message"] for row in world.rows("log")]


def test_a_task_run_with_a_retry_left_is_retried_and_its_run_waits_for_that(world, report):
    run_id = running(world, retries=1)

    assert report(run_id)

    assert world.flow_run(run_id)["state"] == "Running"
    task_run = world.task_run(run_id)
    assert task_run["state"] == "Retrying"
    assert task_run["state_message"] == f"{KILLED}; retrying the run.This will be retry 1 of 1."
    assert world.queue() == []
    world.pass_time(61)
    assert world.queue() == [run_id]


def test_a_run_that_was_to_be_cancelled_is_cancelled(world, report):
    run_id = running(world, retries=1)
    assert world.cancel(run_id) == "Cancelling"

    assert report(run_id)

    assert world.flow_run(run_id)["state"] == world.task_run(run_id)["state"] == "Cancelled"
    assert KILLED in world.flow_run(run_id)["state_message"]


def test_a_run_that_is_never_started_again_fails(world, report):
    run_id = running(world)
    world.do(flows.switch_setting, flow_id=world.flow_run(run_id)["flow_id"], changes={"lazarus_enabled": False})

    assert report(run_id)

    assert world.flow_run(run_id)["state"] == "Failed"
    assert world.flow_run(run_id)["state_message"] == KILLED


def test_a_run_whose_processes_end_again_and_again_fails_in_the_end(world, report):
    run_id = running(world)
    for number in range(3):
        assert report(run_id, f"p{number}" if number else "p")
        world.set_flow_run(run_id, "Submitted")
        world.set_flow_run(run_id, "Running", caller=Caller(process_id=f"p{number + 1}", process_of=run_id))

    assert report(run_id, "p3")

    assert world.flow_run(run_id)["state"] == "Failed"
    assert world.flow_run(run_id)["state_message"].endswith(f"Marking as failed. {KILLED}.")


@pytest.mark.parametrize("end", ["Success", "Failed"])
def test_a_run_that_has_ended_stays_as_it_is(world, report, end):
    run_id = running(world)
    world.set_flow_run(run_id, end, caller=Caller(process_id="p", process_of=run_id))

    assert not report(run_id)

    assert world.flow_run(run_id)["state"] == end
    assert world.rows("log") == []


def test_the_end_of_a_process_that_the_run_was_taken_from_says_nothing(world, report):
    run_id = running(world, "another")

    assert not report(run_id)

    assert world.flow_run(run_id)["state"] == "Running"
    assert world.task_run(run_id)["state"] == "Running"


def test_an_agent_speaks_for_a_run_that_it_has_taken_and_that_has_not_begun(world, report):
    mine, other = (
        world.do(agents.register_agent, tenant_id=world.tenant_id, type="LocalAgent", name=name) for name in "ab"
    )
    run_id = world.create(world.register())
    world.set_flow_run(run_id, "Submitted", version=1, caller=Caller(mine))

    assert not report(run_id)
    assert not report(run_id, agent_id=other)
    assert world.flow_run(run_id)["state"] == "Submitted"
    assert report(run_id, agent_id=mine)
    assert world.flow_run(run_id)["state"] == "Scheduled"


def test_an_unknown_run_is_no_error(report):
    assert not report("00000000-0000-0000-0000-000000000000")


@pytest.mark.parametrize("how", ["", " ", "x" * (limits.NAME_BYTES + 1)])
def test_how_it_ended_is_said_in_so_many_words(world, report, how):
    with pytest.raises(ApiError, match="how"):
        report(running(world), how=how)
