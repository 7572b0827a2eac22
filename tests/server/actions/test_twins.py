"""The fixtures hold a twin of everything, and notice when a statement forgets whose row it is about."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update

from prefect.server import catalogue
from prefect.server.actions import agents, flows, hooks, runs
from support.twins import Family, Twins
from support.world import World, flow_document

#: Tables whose rows come and go with work under way.
EMPTY = {"alarm", "chore", "delivery", "flow_group_sla", "message", "outbox", "queue_offer", "slot"}


def test_there_is_a_twin_in_every_table(family: Family) -> None:
    tables = {table.name for table in catalogue.metadata.sorted_tables}

    assert {name for name in tables if not family[name]} == EMPTY
    assert len(family["flow"]) > 1
    assert len(family["flow_run"]) > 1


@pytest.mark.parametrize(
    "statement",
    [
        update(catalogue.flow_run).values(name="changed"),
        catalogue.agent_config.delete(),
        update(catalogue.task_run).values(state="Failed"),
    ],
    ids=["changed", "deleted", "moved"],
)
def test_a_change_of_theirs_is_noticed(shared_database: Any, family: Family, statement: Any) -> None:
    database, run_async = shared_database
    twins = Twins(database, run_async)
    twins.add(family, twin=World(database, run_async).tenant_id)
    twins.check()

    run_async(database.write(lambda tx: tx.run(statement)))

    with pytest.raises(AssertionError, match="rows of others in"):
        twins.check()


def test_an_agents_config_goes_alone(world: World) -> None:
    kept, gone = (
        world.do(agents.create_agent_config, tenant_id=world.tenant_id, name=name, settings={}) for name in ("a", "b")
    )

    assert world.do(agents.delete_agent_config, agent_config_id=gone)
    assert [row["id"] for row in world.rows("agent_config")] == [kept]


def test_children_of_another_task_do_not_count(world: World) -> None:
    run_id = world.running()
    other_run = world.running(world.flow_run(run_id)["flow_id"])
    for slug, count, of in (("one-1", 2, run_id), ("two-1", 3, run_id), ("one-1", 4, other_run)):
        task_id = world.task_run(of, slug)["task_id"]
        for index in range(count):
            child = world.do(runs.get_or_create_task_run, flow_run_id=of, task_id=task_id, map_index=index)
            world.set_task_run(child["id"], "Running")

    found = world.see(runs.mapped_children, task_run_id=world.task_run(run_id)["id"])

    assert found["state_counts"] == {"Running": 2}


def test_a_name_goes_on_in_the_version_group_that_it_had_last(world: World) -> None:
    first = world.register(version_group_id="old")
    world.pass_time(1)
    second = world.register(version_group_id="new")
    world.pass_time(1)

    third = world.register(flow_document("flow", description="changed"))

    groups = [world.row("flow", id=flow_id)["version_group_id"] for flow_id in (first, second, third)]
    assert groups == ["old", "new", "new"]
    assert world.row("flow", id=third)["version"] == 2


def test_what_is_deleted_goes_alone(world: World) -> None:
    kept, gone = (world.register(flow_document(name)) for name in ("kept", "gone"))
    runs_of = {flow_id: [world.running(flow_id) for _ in range(2)] for flow_id in (kept, gone)}
    hook = {"type": "WEBHOOK", "states": ["FAILED"], "config": {"url": "http://127.0.0.1:1/"}}
    hook_ids = [world.do(hooks.create_hook, tenant_id=world.tenant_id, **hook) for _ in range(2)]

    assert world.do(runs.delete_flow_run, flow_run_id=runs_of[kept][0])
    assert world.do(flows.delete_flow, flow_id=gone)
    assert world.do(hooks.delete_hook, cloud_hook_id=hook_ids[0])

    assert [row["id"] for row in world.rows("flow_run")] == [runs_of[kept][1]]
    assert {row["flow_run_id"] for row in world.rows("task_run")} == {runs_of[kept][1]}
    assert {row["flow_id"] for row in world.rows("task")} == {kept}
    assert [row["id"] for row in world.rows("cloud_hook")] == [hook_ids[1]]


def test_of_flows_of_one_name_and_one_moment_the_newest_version_tells_where_it_goes_on(world: World) -> None:
    """Their clock stands: what was made later is told by its version alone."""
    of_b, gone, of_a = (world.register(flow_document("again"), version_group_id=group) for group in ("b", "a", "a"))
    world.do(flows.delete_flow, flow_id=gone)
    rows = {row["id"]: row for row in world.rows("flow")}
    assert [(rows[i]["version_group_id"], rows[i]["version"]) for i in (of_b, of_a)] == [("b", 1), ("a", 2)]

    next_id = world.register(flow_document("again"))

    assert (world.row("flow", id=next_id)["version_group_id"], world.row("flow", id=next_id)["version"]) == ("a", 3)
    world.pass_time(1)
    world.register(flow_document("again"), version_group_id="b")
    last_id = world.register(flow_document("again"))
    assert world.row("flow", id=last_id)["version_group_id"] == "b"
