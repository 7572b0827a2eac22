"""Limits on flow labels and task tags: a place for each run, never one too many, and none kept by the dead."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from prefect.server.actions import flows, queue, runs, slots
from prefect.server.actions.set_state import set_flow_run_state, set_task_run_state
from prefect.server.errors import ApiError
from prefect.server.rules.transition import QUEUED_FOR
from prefect.server.services import lazarus, slot_keeper, zombie_killer
from prefect.server.waiters import queue_topic
from support.world import flow_document

SILENCE = 91


def limit(world, name, count, kind=slots.FLOW):
    return world.do(slots.set_limit, tenant_id=world.tenant_id, kind=kind, name=name, limit=count)


def usage(world, name, kind=slots.FLOW):
    found = world.see(slots.usages, kind=kind, tenant_id=world.tenant_id, names=[name])
    return found[0][1]


def holders(world, name, kind=slots.FLOW):
    found = world.see(slots.holders, kind=kind, tenant_id=world.tenant_id, names=[name])
    return [row["run_id"] for row in found]


def run_once(world, service):
    return world.run_async(service.run_once(world.database, world.settings, world.now))


def tagged(world, *tags):
    document = flow_document()
    for task in document["tasks"]:
        task["tags"] = list(tags)
    return world.register(document)


def mapped(world, run_id, count, slug="one-1"):
    task_id = world.row("task", flow_id=world.flow_run(run_id)["flow_id"], slug=slug)["id"]
    return [
        world.do(runs.get_or_create_task_run, flow_run_id=run_id, task_id=task_id, map_index=index)["id"]
        for index in range(count)
    ]


def test_a_run_over_the_limit_waits_queued_and_goes_on_when_a_place_is_free(world):
    limit(world, "gpu", 1)
    flow_id = world.register()
    first, second = (world.create(flow_id, labels=["gpu", "big"]) for _ in range(2))

    assert world.set_flow_run(first, "Running").status == "SUCCESS"
    told = world.set_flow_run(second, "Running")

    assert told.status == "QUEUED"
    assert told.message == "Queued: the limit of 1 for flow label 'gpu' is reached."
    run = world.flow_run(second)
    assert (run["state"], run["state_start_time"], run["heartbeat"]) == ("Queued", world.now + QUEUED_FOR, world.now)
    assert holders(world, "gpu") == [first]

    world.set_flow_run(first, "Success")
    assert usage(world, "gpu") == 0
    assert world.set_flow_run(second, "Running", version=2).status == "SUCCESS"
    assert world.history(second) == ["Scheduled", "Queued", "Running"]


def test_asking_again_and_again_adds_nothing_to_the_history(world):
    limit(world, "gpu", 0)
    run_id = world.create(world.register(), labels=["gpu"])
    world.set_flow_run(run_id, "Running", version=1)
    for _ in range(3):
        world.pass_time(30)
        assert world.set_flow_run(run_id, "Running", version=2).status == "QUEUED"

    assert world.history(run_id) == ["Scheduled", "Queued"]
    assert world.flow_run(run_id)["state_start_time"] == world.now + QUEUED_FOR


def test_every_limit_that_a_run_comes_under_must_have_a_place(world):
    limit(world, "a", 5)
    limit(world, "b", 0)
    run_id = world.create(world.register(), labels=["a", "b", "c"])

    assert world.set_flow_run(run_id, "Running").status == "QUEUED"
    assert usage(world, "a") == 0


@pytest.mark.parametrize("ending", ["Success", "Failed", "Scheduled", "Cancelled", "Queued"])
def test_any_state_that_is_not_running_gives_the_place_back(world, ending):
    limit(world, "gpu", 1)
    run_id = world.running(labels=["gpu"])
    world.set_flow_run(run_id, "Cancelling")
    assert usage(world, "gpu") == 1

    world.set_flow_run(run_id, ending)
    assert usage(world, "gpu") == 0


def test_a_deleted_run_leaves_no_place_taken(world):
    limit(world, "gpu", 1)
    run_id = world.running(labels=["gpu"])
    world.do(runs.delete_flow_run, flow_run_id=run_id)

    assert usage(world, "gpu") == 0


@pytest.mark.parametrize("kind", [slots.FLOW, slots.TASK])
def test_what_runs_already_counts_when_a_limit_is_set(world, kind):
    run_id = world.running(tagged(world, "gpu"), labels=["gpu"])
    task_run_id = world.task_run(run_id)["id"]
    world.set_task_run(task_run_id, "Running")
    limit(world, "gpu", 1, kind)
    limit(world, "gpu", 1, kind)

    assert holders(world, "gpu", kind) == [run_id if kind == slots.FLOW else task_run_id]


def test_a_deleted_limit_holds_nobody_back(world):
    limit_id = limit(world, "gpu", 0)
    run_id = world.create(world.register(), labels=["gpu"])
    assert world.set_flow_run(run_id, "Running").status == "QUEUED"

    given = {"tenant_id": world.tenant_id, "kind": slots.FLOW, "limit_id": limit_id}
    assert world.do(slots.delete_limit, **given) is True
    assert world.do(slots.delete_limit, **given) is False
    assert world.set_flow_run(run_id, "Running").status == "SUCCESS"


@pytest.mark.parametrize("count", [-1, 2**31])
def test_a_limit_out_of_bounds_is_refused(world, count):
    with pytest.raises(ApiError, match="limit"):
        limit(world, "gpu", count)


def test_task_runs_share_the_limit_of_their_tag(world):
    limit(world, "db", 2, slots.TASK)
    run_id = world.running(tagged(world, "db", "other"))
    children = mapped(world, run_id, 4)
    told = [world.set_task_run(child, "Running").status for child in children]

    assert told == ["SUCCESS", "SUCCESS", "QUEUED", "QUEUED"]
    assert holders(world, "db", slots.TASK) == sorted(children[:2])
    world.set_task_run(children[0], "Success")
    world.set_task_run(children[1], "Retrying")
    assert [world.set_task_run(child, "Running").status for child in children[2:]] == ["SUCCESS", "SUCCESS"]


def test_a_queued_task_run_is_no_reason_to_start_a_second_process(world):
    limit(world, "db", 0, slots.TASK)
    run_id = world.running(tagged(world, "db"))
    world.set_task_run(world.task_run(run_id)["id"], "Running")

    assert world.queue(before=world.now + timedelta(seconds=60)) == []


def test_cancelling_a_run_frees_the_places_of_its_task_runs(world):
    limit(world, "db", 5, slots.TASK)
    run_id = world.running(tagged(world, "db"))
    for child in mapped(world, run_id, 3):
        world.set_task_run(child, "Running")
    assert usage(world, "db", slots.TASK) == 3
    world.set_flow_run(run_id, "Cancelled")

    assert usage(world, "db", slots.TASK) == 0


def test_a_dead_holder_gives_its_places_back(world):
    limit(world, "gpu", 1)
    limit(world, "db", 1, slots.TASK)
    run_id = world.running(tagged(world, "db"), labels=["gpu"])
    world.set_task_run(world.task_run(run_id)["id"], "Running")
    world.pass_time(SILENCE)

    run_once(world, zombie_killer)
    run_once(world, lazarus)

    assert (usage(world, "gpu"), usage(world, "db", slots.TASK)) == (0, 0)


def test_a_dead_holder_gives_its_place_back_also_where_lost_runs_are_not_started_again(world):
    limit(world, "gpu", 1)
    flow_id = world.register()
    world.do(flows.switch_setting, flow_id=flow_id, changes={"lazarus_enabled": False})
    run_id = world.running(flow_id, labels=["gpu"])
    living = world.running(labels=["other"])
    limit(world, "other", 1)
    world.do(flows.switch_setting, flow_id=world.flow_run(living)["flow_id"], changes={"lazarus_enabled": False})
    world.pass_time(SILENCE)
    world.do(runs.beat_flow_run, flow_run_id=living)

    assert run_once(world, slot_keeper) == 1
    assert (usage(world, "gpu"), usage(world, "other")) == (0, 1)
    assert world.flow_run(run_id)["state"] == "Running"


def test_a_queued_run_whose_process_is_gone_is_started_anew(world):
    limit(world, "gpu", 0)
    run_id = world.create(world.register(), labels=["gpu"])
    world.set_flow_run(run_id, "Running")
    world.pass_time(QUEUED_FOR.total_seconds() - 1)
    assert run_once(world, slot_keeper) == 0

    world.pass_time(1)
    assert run_once(world, slot_keeper) == 1
    assert world.flow_run(run_id)["state"] == "Scheduled"
    assert world.queue("gpu") == [run_id]


def test_another_tenants_limit_is_not_this_ones(world):
    from prefect.server.actions import tenants

    other = world.do(tenants.create_tenant, name="other", slug="other")
    world.do(slots.set_limit, tenant_id=other, kind=slots.FLOW, name="gpu", limit=0)
    run_id = world.create(world.register(), labels=["gpu"])

    assert world.set_flow_run(run_id, "Running").status == "SUCCESS"


@pytest.mark.parametrize("kind", [slots.FLOW, slots.TASK])
def test_many_at_once_never_get_more_places_than_there_are(world, kind):
    """Sixty proposals at one moment, over several connections, for seven places."""
    limit(world, "gpu", 7, kind)
    if kind == slots.FLOW:
        flow_id = world.register()
        ids = [world.create(flow_id, labels=["gpu"]) for _ in range(60)]
    else:
        ids = mapped(world, world.running(tagged(world, "gpu")), 60)

    def propose(run_id):
        state = world.propose("Running")
        if kind == slots.FLOW:
            return lambda tx: set_flow_run_state(tx, world.now, flow_run_id=run_id, proposed=state)
        return lambda tx: set_task_run_state(tx, world.now, task_run_id=run_id, proposed=state)

    async def all_at_once():
        return await asyncio.gather(*(world.database.write(propose(run_id)) for run_id in ids))

    outcomes = world.run_async(all_at_once())

    assert [outcome.status for outcome in outcomes].count("SUCCESS") == 7
    assert usage(world, "gpu", kind) == 7
    running = [row for row in world.rows("flow_run" if kind == slots.FLOW else "task_run") if row["state"] == "Running"]
    assert len([row for row in running if row["id"] in ids]) == 7


def test_places_that_come_free_under_load_are_taken_once_each(world):
    limit(world, "gpu", 3)
    flow_id = world.register()
    ids = [world.create(flow_id, labels=["gpu"]) for _ in range(30)]
    most = 0

    async def live(run_id):
        nonlocal most
        while True:
            state = world.propose("Running")
            outcome = await world.database.write(
                lambda tx, state=state: set_flow_run_state(tx, world.now, flow_run_id=run_id, proposed=state)
            )
            if outcome.status == "SUCCESS":
                break
            await asyncio.sleep(0)
        held = await world.database.read(
            lambda tx: slots.usages(tx, kind=slots.FLOW, tenant_id=world.tenant_id, names=["gpu"])
        )
        most = max(most, held[0][1])
        done = world.propose("Success")
        await world.database.write(lambda tx: set_flow_run_state(tx, world.now, flow_run_id=run_id, proposed=done))

    async def all_at_once():
        await asyncio.gather(*(live(run_id) for run_id in ids))

    world.run_async(all_at_once())

    assert most <= 3
    assert usage(world, "gpu") == 0
    assert {row["state"] for row in world.rows("flow_run")} == {"Success"}


def test_a_paused_queue_hands_out_nothing_until_it_is_resumed(world):
    run_id = world.create(world.register())
    world.announced.clear()
    assert world.do(queue.pause, tenant_id=world.tenant_id, paused=True)
    assert world.look_at_queue() == queue.Due([], None)

    assert world.do(queue.pause, tenant_id=world.tenant_id, paused=False)
    assert world.queue() == [run_id]
    assert queue_topic(world.tenant_id) in world.announced


@pytest.mark.parametrize("off", [[], ["dead"], ["living"], ["heartbeat"]], ids=str)
def test_a_place_is_given_back_by_the_settings_of_its_own_flow(world, off):
    """Where dead runs are started again, that finder gives the place back; without heartbeats nobody knows."""
    dead, living = (world.running(world.register(flow_document(name)), labels=[name]) for name in ("dead", "living"))
    for name, run_id in (("dead", dead), ("living", living)):
        limit(world, name, 1)
        changes = {"lazarus_enabled": name not in off} if "heartbeat" not in off else {
            "lazarus_enabled": False, "heartbeat_enabled": name != "dead"
        }  # fmt: skip
        world.do(flows.switch_setting, flow_id=world.flow_run(run_id)["flow_id"], changes=changes)
    world.pass_time(SILENCE)
    world.do(runs.beat_flow_run, flow_run_id=living)

    assert run_once(world, slot_keeper) == (off == ["dead"])
    assert (usage(world, "dead"), usage(world, "living")) == (int(off != ["dead"]), 1)
