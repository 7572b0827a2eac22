"""Many flow runs made in one transaction: each as one alone would be, and all or none."""

import asyncio

import pytest

from prefect.server.actions import create_run, hooks
from prefect.server.errors import ApiError
from prefect.server.waiters import queue_topic
from support.world import START, flow_document


def create_all(world, *given, **inputs):
    return world.do(create_run.create_flow_runs, flow_runs=list(given), **inputs)


def test_each_is_made_as_one_alone_would_be(world):
    one = world.register(flow_document("one", parameters=[{"name": "x", "required": False, "default": 0}]))
    two = world.register(flow_document("two"), version_group_id="two")

    first, second, third = create_all(
        world,
        {"flow_id": one, "parameters": {"y": 1}, "labels": ["b", "a"], "flow_run_name": "first"},
        {"version_group_id": "two", "context": '{"k": "v"}', "run_config": {"type": "LocalRun", "labels": ["c"]}},
        {"flow_id": one, "scheduled_start_time": START.replace(year=2031)},
    )

    alone = world.create(one, parameters={"y": 1}, labels=["b", "a"], flow_run_name="first")
    ignored = {"id", "seq", "flow_run_id", "task_run_id"}

    def shown(rows):
        return [{key: value for key, value in row.items() if key not in ignored} for row in rows]

    assert shown([world.flow_run(first)]) == shown([world.flow_run(alone)])
    for table in ("flow_run_state", "task_run"):
        assert shown(world.rows(table, flow_run_id=first)) == shown(world.rows(table, flow_run_id=alone))
    assert world.flow_run(second)["flow_id"] == two
    assert (world.flow_run(second)["labels"], world.flow_run(second)["context"]) == (["c"], {"k": "v"})
    assert world.flow_run(third)["state_start_time"].year == 2031
    assert [world.history(run) for run in (first, second, third)] == [["Scheduled"]] * 3
    assert world.history(world.task_run(third)["id"], "task_run_state") == ["Pending"]
    assert set(world.queue("a", "b", "c")) == {first, alone, second}


def test_one_that_cannot_be_made_is_named_and_none_is_made(world):
    flow_id = world.register()

    with pytest.raises(ApiError, match=r"^flow_runs\[1\]: Invalid label in labels: expected ") as error:
        create_all(world, {"flow_id": flow_id}, {"flow_id": flow_id, "labels": [""]})
    assert error.value.code == "BAD_USER_INPUT"
    with pytest.raises(ApiError, match=r"^flow_runs\[0\]: A flow id or version group ID must be provided\."):
        create_all(world, {"parameters": {}}, {"flow_id": flow_id})

    assert world.rows("flow_run") == world.rows("task_run") == []


def test_keys_lead_to_their_runs_by_whichever_road(world):
    flow_id = world.register(version_group_id="group")
    known = world.create(flow_id, idempotency_key="known")

    ids = create_all(
        world,
        {"flow_id": flow_id, "idempotency_key": "known"},
        {"flow_id": flow_id, "idempotency_key": "new"},
        {"version_group_id": "group", "idempotency_key": "new"},
        {"flow_id": flow_id},
    )

    assert ids[0] == known
    assert ids[1] == ids[2]
    assert len({*ids}) == len(world.rows("flow_run")) == 3
    world.register(version_group_id="group")
    assert world.create(version_group_id="group", idempotency_key="new") == ids[1]


def test_32_lists_with_the_same_keys_make_each_run_once(world):
    flow_id = world.register()
    runs = [{"flow_id": flow_id, "idempotency_key": f"k{number}"} for number in range(5)]

    async def one(turn):
        given = runs if turn % 2 else runs[::-1]
        while True:
            try:
                made = await world.database.write(
                    lambda tx: create_run.create_flow_runs(tx, world.now, flow_runs=given)
                )
            except create_run.KeyTaken:
                continue
            return made if turn % 2 else made[::-1]

    async def all_of_them():
        return await asyncio.gather(*(one(turn) for turn in range(32)))

    answers = world.run_async(all_of_them())

    assert len({tuple(answer) for answer in answers}) == 1
    assert len(world.rows("flow_run")) == 5
    assert len(world.rows("task_run")) == 10


def test_agents_hear_of_them_and_hooks_are_told_of_each(world):
    flow_id = world.register()
    world.do(
        hooks.create_hook, tenant_id=world.tenant_id, type="WEBHOOK", states=["Scheduled"], config={"url": "http://x"}
    )

    made = create_all(world, {"flow_id": flow_id}, {"flow_id": flow_id})

    assert queue_topic(world.tenant_id, ()) in world.announced
    assert {row["payload"]["event"]["flow_run"]["id"] for row in world.rows("outbox")} == set(made)


def test_too_many_at_once_are_refused(world, monkeypatch):
    flow_id = world.register()
    monkeypatch.setattr(create_run, "RUNS_MAX", 3)
    monkeypatch.setattr(create_run, "TASK_RUNS_MAX", 4)

    with pytest.raises(ApiError, match="Invalid flow_runs: expected at most 3 runs at once, got '4 runs'"):
        create_all(world, *[{"flow_id": flow_id}] * 4)
    with pytest.raises(ApiError, match="Invalid flow_runs: expected at most 4 task runs at once"):
        create_all(world, *[{"flow_id": flow_id}] * 3)
    assert create_all(world) == []
    assert world.rows("flow_run") == []
