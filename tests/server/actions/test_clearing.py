"""Deleting what is too large for one transaction: in as many parts as it takes, all of it, and nothing beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from prefect.server.actions import artifacts, automations, flows, runs, tenants
from prefect.server.catalogue import metadata
from prefect.server.services import chores
from prefect.server.store import transaction
from support.world import World, flow_document

Found = Mapping[str, str]
DELETED: dict[str, tuple[Callable[..., Any], str]] = {
    "flow run": (runs.delete_flow_run, "flow_run_id"),
    "flow": (flows.delete_flow, "flow_id"),
    "flow group": (flows.delete_flow_group, "flow_group_id"),
    "project": (tenants.delete_project, "project_id"),
    "tenant": (tenants.delete_tenant, "tenant_id"),
}


def fill(world: World, tenant_id: str, project: str, document: Mapping[str, Any]) -> Found:
    """Make two versions of a flow with two runs each, and lines, artifacts and messages."""
    project_id = world.do(tenants.create_project, tenant_id=tenant_id, name=project)
    for version in ("older", "newer"):
        flow_id = world.register({**document, "description": version}, project_id=project_id, version_group_id=project)
        for _ in range(2):
            run_id = world.running(flow_id)
            world.log(run_id, "first")
            world.log(run_id, "second")
            task_run = world.task_run(run_id)
            world.set_task_run(task_run["id"], "Running")
            given = {"task_run_id": task_run["id"], "kind": "link", "data": {"a": 1}}
            world.do(artifacts.create_artifact, settings=world.settings, **given)
    for text in ("a", "b", "c"):
        world.do(automations.keep_message, tenant_id=tenant_id, text=text, content={})
    group_id = world.row("flow", id=flow_id)["flow_group_id"]
    return {
        "tenant_id": tenant_id, "project_id": project_id, "flow_id": flow_id, "flow_group_id": group_id,
        "flow_run_id": run_id,
    }  # fmt: skip


def ids(world: World) -> set[str]:
    return {row["id"] for name, table in metadata.tables.items() if "id" in table.c for row in world.rows(name)}


@pytest.mark.parametrize("most", [1, 4, 1000])
@pytest.mark.parametrize("what", DELETED)
def test_it_goes_whole_in_however_many_parts_and_takes_nothing_along(
    world: World, monkeypatch: pytest.MonkeyPatch, what: str, most: int
) -> None:
    mine, other = (world.do(tenants.create_tenant, name=name, slug=name) for name in ("mine", "other"))
    before = ids(world)
    found = fill(world, mine, "mine", flow_document("mine"))
    of_mine = ids(world) - before
    fill(world, other, "other", flow_document("other"))
    theirs = ids(world) - of_mine
    monkeypatch.setattr(transaction, "MOST_ROWS", most)
    action, field = DELETED[what]
    more = {"confirm": True} if what == "tenant" else {}

    assert world.do(action, **{field: found[field]}, **more) is True
    begun = len(world.rows("chore"))
    assert begun == (most < 1000)
    assert world.run_async(chores.run_once(world.database, world.settings, world.now)) == begun

    assert world.rows("chore") == []
    assert world.rows(field.removesuffix("_id"), id=found[field]) == []
    for name, table in metadata.tables.items():
        assert field not in table.c or world.rows(name, **{field: found[field]}) == [], name
    left = ids(world)
    if what == "tenant":
        assert left == theirs - {mine}
    else:
        assert left >= theirs
        assert len(world.rows("message", tenant_id=mine)) == 3
    assert world.do(action, **{field: found[field]}, **more) is False
