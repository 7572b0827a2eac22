"""Every relation of every table leads from a row to just those that belong to it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from prefect.server.actions import deliveries
from prefect.server.actions.checks import new_id
from prefect.server.catalogue import FUNCTIONS, PUBLIC
from prefect.server.store.database import Transaction
from support.access import Keyed
from support.twins import Family, Twins

#: The names that queries use; those with a star give lists.
RELATIONS = {
    "tenant": "flow_groups* flows* projects*",
    "project": "tenant flows*",
    "flow_group": "tenant flows* flow_runs*",
    "flow": "tenant flow_group project edges* flow_runs* tasks*",
    "task": "flow task_runs* upstream_edges* downstream_edges*",
    "edge": "flow upstream_task downstream_task",
    "flow_run": "tenant agent flow logs* states* task_runs*",
    "task_run": "tenant flow_run task logs* states*",
    "flow_run_state": "flow_run",
    "task_run_state": "task_run",
    "agent": "agent_config flow_runs*",
    "agent_config": "agents*",
    "task_run_artifact": "task_run",
    "utility_traversal": "task",
    "action": "deliveries* hooks*",
    "cloud_hook": "deliveries*",
    "delivery": "action cloud_hook flow_run",
    "hook": "action",
    "flow_sla_config": "flow_groups*",
    "flow_group_sla": "sla_config flow_group",
}
#: Where a relation is not called as the column that it follows.
VIA = {
    ("task", "upstream_edges"): "downstream_task_id",
    ("task", "downstream_edges"): "upstream_task_id",
    ("flow_sla_config", "flow_groups"): "sla_config_id",
}
STORED = [name for name in RELATIONS if name != "utility_traversal"]


@pytest.fixture
def keyed(shared_database: Any, family: Family, tmp_path: Path) -> Keyed:
    """One of each thing, beside those of another tenant and others of the same one."""
    made = Keyed(*shared_database, tmp_path)
    holder, ids = made.admin, made.fill(made.admin)
    Twins(*shared_database).add(family, other_tenant=None, other_project=made.tenant_id)
    agent_id = holder.do("register_agent", type="local", agent_config_id=ids["agent_config_id"])["id"]
    pair = {"sla_config_id": ids["sla_config_id"], "flow_group_id": ids["flow_group_id"]}
    holder.do("create_flow_group_sla", **pair)
    of_task = {"flow_run_id": ids["flow_run_id"], "task_run_id": ids["task_run_id"], "message": "of a task"}
    holder.do("write_run_logs", "success", logs=[of_task])
    run_id = holder.do("create_flow_run", flow_id=ids["flow_id"])["id"]
    made.run_async(made.database.write(partial(deliver_to, tenant_id=made.tenant_id, ids=ids)))
    made.run_async(made.database.write(partial(hand_to, agent_id=agent_id, run_id=run_id)))
    return made


def hand_to(tx: Any, agent_id: str, run_id: str) -> None:
    table = PUBLIC["flow_run"].table
    assert tx.run(table.update().where(table.c.id == run_id).values(agent_id=agent_id))


def test_each_relation_is_listed() -> None:
    found = {
        name: {f"{relation.name}{'*' * relation.is_array}" for relation in table.relations.values()}
        for name, table in PUBLIC.items()
        if table.relations
    }
    assert found == {name: set(text.split()) for name, text in RELATIONS.items()}


def selection(table: str) -> str:
    """All that tells which row belongs to which."""
    return " ".join(name for name in PUBLIC[table].columns if name == "id" or name.endswith("_id"))


def rows(keyed: Keyed, table: str, more: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = keyed.server.data(f"{{ {table} {{ {selection(table)} {more} }} }}")[table]
    return found


def deliver_to(tx: Transaction, *, tenant_id: str, ids: Mapping[str, str]) -> None:
    """Let a hook have told of the run, and an action of nothing."""
    now = datetime.now(UTC)
    told = {"cloud_hook_id": {"flow_run": {"id": ids["flow_run_id"]}}, "action_id": {}}
    for sender, event in told.items():
        given = {"outbox_id": new_id(), "tenant_id": tenant_id, "entered": now, "attempts": 1}
        deliveries.keep(tx, now, sender=sender, sender_id=ids[sender], event=event, outcome="DELIVERED", **given)


def via(table: str, name: str, is_array: bool) -> str:
    return VIA.get((table, name)) or (f"{table}_id" if is_array else f"{name}_id")


@pytest.mark.parametrize("table", STORED)
def test_a_relation_leads_to_what_belongs_to_a_row_and_nothing_else(keyed: Keyed, table: str) -> None:
    for name in RELATIONS[table].split():
        is_array, name = name.endswith("*"), name.rstrip("*")
        target = PUBLIC[table].relations[name].target
        column = via(table, name, is_array)
        others = rows(keyed, target)
        with_relation = rows(keyed, table, f"{name} {{ {selection(target)} }}")
        assert with_relation
        for row in with_relation:
            if is_array:
                mine = [other for other in others if other[column] == row["id"]]
                assert sorted(row[name], key=str) == sorted(mine, key=str), (name, row)
            else:
                (mine,) = [other for other in others if other["id"] == row[column]] or [None]
                assert row[name] == mine, (name, row)
        # It leads somewhere at all, and there is where it could lead besides.
        assert any(row[name] for row in with_relation), name
        assert len(others) > 1 or target in ("tenant", "flow_group_sla"), name


def test_what_a_function_gives_leads_to_its_tasks(keyed: Keyed) -> None:
    runs = "{ flow_run(where: {agent_id: {_is_null: false}}) { flow { tasks(order_by: {slug: asc}) { id } } } }"
    tasks = keyed.admin.data(runs)["flow_run"][0]["flow"]["tasks"]
    for function in FUNCTIONS:
        start = tasks[0 if "downstream" in function else -1]["id"]
        found = keyed.admin.data(
            f'{{ {function}(args: {{start_task_ids: "{{{start}}}"}}) {{ task_id depth task {{ id }} }} }}'
        )[function]
        assert len(found) == 2, function
        assert all(row["task"] == {"id": row["task_id"]} for row in found)
