"""Whoever lost a run changes it no more: agents, processes that name themselves, as far as can be those of 1.4.1."""

from __future__ import annotations

import pytest

from prefect.server.actions import agents, flows, runs
from prefect.server.actions.set_state import Caller
from prefect.server.errors import ApiError
from prefect.server.services import lazarus, zombie_killer

SILENCE = 91
AGENT = Caller


def process(run_id, name):
    return Caller(None, name, run_id)


def agent(world, name):
    given = {"type": "LocalAgent", "name": name, "core_version": "1.5.0"}
    return Caller(world.do(agents.register_agent, tenant_id=world.tenant_id, **given))


def rescue(world):
    world.pass_time(SILENCE)
    for service in (zombie_killer, lazarus):
        world.run_async(service.run_once(world.database, world.settings, world.now))


def begin(world, run_id, caller, by=None):
    version = world.flow_run(run_id)["version"]
    world.set_flow_run(run_id, "Submitted", version=version, caller=by)
    world.set_flow_run(run_id, "Running", version=version + 1, caller=caller)


@pytest.fixture
def rescued(world):
    """A run that the process ``old`` had, and that now the process ``new`` has."""
    run_id = world.create(world.register())
    begin(world, run_id, process(run_id, "old"))
    rescue(world)
    assert world.flow_run(run_id)["state"] == "Scheduled"
    begin(world, run_id, process(run_id, "new"))
    return run_id


@pytest.mark.parametrize("state", ["Success", "Failed", "Cancelled", "Running", "Cancelling", "Scheduled"])
def test_a_process_that_comes_back_cannot_change_the_run(world, rescued, state):
    before = world.history(rescued)
    for version in (None, 3, world.flow_run(rescued)["version"]):
        with pytest.raises(ApiError, match="handed to another process") as refused:
            world.set_flow_run(rescued, state, version=version, caller=process(rescued, "old"))
        assert refused.value.code == "VERSION_LOCKING_ERROR"

    assert world.history(rescued) == before
    world.set_flow_run(rescued, "Success", caller=process(rescued, "new"))


@pytest.mark.parametrize("state", ["Running", "Success", "Failed", "Retrying"])
def test_a_process_that_comes_back_cannot_change_the_task_runs(world, rescued, state):
    task_run_id = world.task_run(rescued)["id"]
    with pytest.raises(ApiError, match="handed to another process"):
        world.set_task_run(task_run_id, state, caller=process(rescued, "old"))

    world.set_task_run(task_run_id, state, caller=process(rescued, "new"))
    assert world.task_run(rescued)["state"] == state


@pytest.mark.parametrize("at", ["Scheduled", "Submitted"])
def test_it_is_refused_from_the_moment_the_run_is_taken_from_it(world, at):
    run_id = world.create(world.register())
    begin(world, run_id, process(run_id, "old"))
    rescue(world)
    if at == "Submitted":
        world.set_flow_run(run_id, "Submitted", version=4)

    with pytest.raises(ApiError, match="handed to another process"):
        world.set_flow_run(run_id, "Success", caller=process(run_id, "old"))
    # The next one may well fail before it begins.
    world.set_flow_run(run_id, "Failed", caller=process(run_id, "new"))


def test_a_process_that_was_lost_twice_removed_is_still_refused(world):
    run_id = world.create(world.register())
    for name in ("first", "second", "third"):
        begin(world, run_id, process(run_id, name))
        rescue(world)
    for name in ("first", "second", "third"):
        with pytest.raises(ApiError, match="handed to another process"):
            world.set_flow_run(run_id, "Failed", caller=process(run_id, name))


def test_beats_of_a_lost_process_do_not_keep_the_run_alive(world, rescued):
    world.pass_time(60)
    world.do(runs.beat_flow_run, flow_run_id=rescued, process_id="old")
    world.pass_time(SILENCE - 60)
    world.do(runs.beat_flow_run, flow_run_id=rescued, process_id="old")

    assert world.run_async(lazarus.run_once(world.database, world.settings, world.now)) == 1


def test_beats_of_the_process_that_has_the_run_or_of_one_without_a_name_count(world, rescued):
    for process_id in ("new", None):
        world.pass_time(60)
        world.do(runs.beat_flow_run, flow_run_id=rescued, process_id=process_id)
        assert world.flow_run(rescued)["heartbeat"] == world.now


def test_a_process_may_set_states_of_another_run(world, rescued):
    other = world.running()
    world.set_flow_run(other, "Cancelled", caller=process(rescued, "new"))

    assert world.flow_run(other)["state"] == "Cancelled"


def test_a_running_run_is_handed_on_by_the_agent_that_takes_its_due_task_run(world):
    """The process went home because of a long retry; whoever then wakes and goes on is not the one that has the run."""
    run_id = world.create(world.register())
    begin(world, run_id, process(run_id, "home"))
    task_run_id = world.task_run(run_id)["id"]
    world.set_task_run(task_run_id, "Running", version=1, caller=process(run_id, "home"))
    world.set_task_run(task_run_id, "Retrying", caller=process(run_id, "home"))
    world.set_task_run(task_run_id, "Submitted", version=3, caller=agent(world, "b"))

    world.set_task_run(task_run_id, "Running", version=4, caller=process(run_id, "next"))
    with pytest.raises(ApiError, match="handed to another process"):
        world.set_flow_run(run_id, "Failed", caller=process(run_id, "home"))
    world.set_flow_run(run_id, "Success", caller=process(run_id, "next"))


def test_a_second_process_of_the_same_running_run_is_refused(world):
    run_id = world.create(world.register())
    begin(world, run_id, process(run_id, "one"))
    with pytest.raises(ApiError, match="handed to another process"):
        world.set_task_run(world.task_run(run_id)["id"], "Running", caller=process(run_id, "two"))


def test_a_stale_agent_cannot_fail_a_run_that_went_to_another(world):
    first, second = agent(world, "a"), agent(world, "b")
    run_id = world.create(world.register())
    world.set_flow_run(run_id, "Submitted", version=1, caller=first)
    rescue(world)
    world.set_flow_run(run_id, "Submitted", version=3, caller=second)

    for version in (1, None):
        with pytest.raises(ApiError, match="handed on since"):
            world.set_flow_run(run_id, "Failed", version=version, caller=first)
    # Its own word that the deployment failed carries the version from before its Submitted.
    world.set_flow_run(run_id, "Failed", version=3, caller=second)


def test_an_agent_cannot_fail_a_run_that_has_begun(world):
    mine = agent(world, "a")
    run_id = world.create(world.register())
    world.set_flow_run(run_id, "Submitted", version=1, caller=mine)
    world.set_flow_run(run_id, "Running", version=2)

    with pytest.raises(ApiError, match="handed on since"):
        world.set_flow_run(run_id, "Failed", version=1, caller=mine)


@pytest.mark.parametrize("at", ["Scheduled", "Submitted"])
def test_an_old_process_of_1_4_1_cannot_end_a_rescued_run_well_before_it_begins_again(world, at):
    """It names itself in nothing and sends its Success without a version."""
    run_id = world.running()
    rescue(world)
    if at == "Submitted":
        world.set_flow_run(run_id, "Submitted")

    with pytest.raises(ApiError, match="has not begun again"):
        world.set_flow_run(run_id, "Success", caller=Caller())
    # A person who knows the version may.
    world.set_flow_run(run_id, "Success", version=world.flow_run(run_id)["version"], caller=Caller())


def test_an_old_process_of_1_4_1_cannot_begin_again_with_the_version_it_knew(world):
    run_id = world.running()
    rescue(world)
    with pytest.raises(ApiError, match="provided version 3"):
        world.set_flow_run(run_id, "Running", version=3, caller=Caller())


def test_a_version_lock_refuses_every_stale_version_but_an_agents_own(world):
    flow_id = world.register()
    world.do(flows.switch_setting, flow_id=flow_id, changes={"version_locking_enabled": True})
    run_id = world.create(flow_id)
    world.set_flow_run(run_id, "Submitted", version=1)
    with pytest.raises(ApiError, match="locks versions"):
        world.set_flow_run(run_id, "Scheduled", version=1)
    world.set_flow_run(run_id, "Failed", version=1)  # the deployment failed
    with pytest.raises(ApiError, match="locks versions"):
        world.set_flow_run(run_id, "Success", version=2)
    with pytest.raises(ApiError, match="locks versions"):
        world.set_task_run(world.task_run(run_id)["id"], "Success", version=7)
    world.set_flow_run(run_id, "Success", version=3)

    world.do(flows.switch_setting, flow_id=flow_id, changes={"version_locking_enabled": False})
    # A late process must not give another end to a run that has one; starting it again is a person's wish.
    with pytest.raises(ApiError, match="provided version 1"):
        world.set_flow_run(run_id, "Failed", version=1)
    world.set_flow_run(run_id, "Scheduled", version=1)
