"""Keys that only start runs, and whose word a run config is, on both databases."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from prefect.contract import operations
from prefect.server.graphql import access, mutations
from support.access import Keyed
from support.world import flow_document

ENV = {"type": "UniversalRun", "env": {"PYTHONPATH": "/theirs"}, "labels": []}


@pytest.fixture
def keyed(shared_database: Any, tmp_path: Path) -> Keyed:
    return Keyed(*shared_database, tmp_path)


@pytest.fixture
def flow_id(keyed: Keyed) -> str:
    project_id = keyed.admin.do("create_project", name="project")["id"]
    given = {"project_id": project_id, "serialized_flow": flow_document(), "version_group_id": "group"}
    return str(keyed.admin.do("create_flow", **given)["id"])


def giver_of(keyed: Keyed, run_id: str) -> str | None:
    variables = {"ids": [run_id], "before": "2100-01-01T00:00:00Z", "states": ["Scheduled"]}
    [run] = keyed.run.data(operations.AGENT_FLOW_RUNS_AND_GIVERS, variables)["flow_run"]
    role: str | None = run["run_config_role"]
    return role


def test_a_key_for_starting_runs_gives_what_a_run_is_about(keyed: Keyed, flow_id: str) -> None:
    trigger = keyed.holder("trigger")
    given = {
        "parameters": {"x": 1},
        "labels": ["a"],
        "flow_run_name": "named",
        "scheduled_start_time": "2040-01-01T00:00:00+00:00",
        "idempotency_key": "once",
        "context": {},
        "run_config": None,
    }

    run_id = trigger.do("create_flow_run", flow_id=flow_id, **given)["id"]

    assert trigger.do("create_flow_run", flow_id=flow_id, **given)["id"] == run_id
    for choice in ({"version_group_id": "group"}, {"flow_group_id": _group(keyed, flow_id)}):
        assert trigger.do("create_flow_run", **choice)["id"]
    more = [{"flow_id": flow_id, "parameters": {"x": 2}}, {"flow_id": flow_id, **given}]
    assert trigger.do("create_flow_runs", "flow_run_ids", flow_runs=more)["flow_run_ids"][1] == run_id
    found = trigger.data(
        "query($id: uuid!) { flow_run_by_pk(id: $id) { name labels parameters state } }", {"id": run_id}
    )
    row = found["flow_run_by_pk"]
    assert row == {"name": "named", "labels": ["a"], "parameters": {"x": 1}, "state": "Scheduled"}


def _group(keyed: Keyed, flow_id: str) -> str:
    row = keyed.admin.data("query($id: uuid!) { flow_by_pk(id: $id) { flow_group_id } }", {"id": flow_id})
    return str(row["flow_by_pk"]["flow_group_id"])


@pytest.mark.parametrize(("field", "value"), [("run_config", ENV), ("context", {"config": {"a": 1}}), ("priority", 1)])
def test_a_key_for_starting_runs_does_not_say_how(keyed: Keyed, flow_id: str, field: str, value: Any) -> None:
    trigger = keyed.holder("trigger")

    one = trigger.try_to("create_flow_run", flow_id=flow_id, **{field: value})
    several = [{"flow_id": flow_id}, {"flow_id": flow_id, field: value}]
    many = trigger.try_to("create_flow_runs", "flow_run_ids", flow_runs=several)

    for answer in (one, many):
        [error] = answer.json["errors"]
        assert error["extensions"]["code"] == "FORBIDDEN"
        assert f"{field} needs an API key with the role run; this one has trigger" in error["message"]
    assert keyed.admin.data("{ flow_run { id } }")["flow_run"] == []


def test_every_input_of_a_new_run_is_allowed_or_refused_on_purpose() -> None:
    [create] = [m for m in mutations.MUTATIONS if m.name == "create_flow_run"]

    assert set(create.inputs) == access.TRIGGER_FIELDS | {"run_config", "context", "priority"}


def test_a_key_for_starting_runs_may_do_nothing_else(keyed: Keyed) -> None:
    trigger = keyed.holder("trigger")

    allowed = {m.name for m in mutations.MUTATIONS if access.needed_role(m) in ("read", "trigger")}
    assert allowed == {"create_flow_run", "create_flow_runs"}
    for name in ("set_flow_run_states", "cancel_flow_run", "write_run_logs", "get_runs_in_queue", "set_key_value"):
        [operation] = [m for m in mutations.MUTATIONS if m.name == name]
        inputs = {key: _any(kind) for key, kind in operation.inputs.items() if kind.endswith("!")}
        [error] = trigger.try_to(name, "__typename", **inputs).json["errors"]
        assert f"{name} needs an API key with the role run; this one has trigger." in error["message"]
    [error] = trigger.ask('{ secret_value(name: "x") }').json["errors"]
    assert error["extensions"]["code"] == "FORBIDDEN"
    [error] = trigger.ask("{ auth_api_key { id } }").json["errors"]
    assert error["extensions"]["code"] == "FORBIDDEN"
    info = trigger.data("{ auth_info { role permissions } }")["auth_info"]
    assert info == {"role": "trigger", "permissions": ["read", "trigger"]}


def _any(kind: str) -> Any:
    if kind.startswith("["):
        return []
    return {"UUID!": "00000000-0000-0000-0000-00000000abcd", "JSON!": {}}.get(kind, "x")


def test_a_run_remembers_with_which_role_its_run_config_was_given(keyed: Keyed, flow_id: str) -> None:
    for holder, role in ((keyed.run, "run"), (keyed.admin, "admin"), (keyed.server, "admin")):
        run_id = holder.do("create_flow_run", flow_id=flow_id, run_config=ENV)["id"]
        assert giver_of(keyed, run_id) == role
        more = [{"flow_id": flow_id, "run_config": ENV}, {"flow_id": flow_id}]
        ids = holder.do("create_flow_runs", "flow_run_ids", flow_runs=more)["flow_run_ids"]
        assert [giver_of(keyed, one) for one in ids] == [role, None]

    own = keyed.run.do("create_flow_run", flow_id=flow_id)["id"]
    assert giver_of(keyed, own) is None
    keyed.admin.do("set_flow_group_run_config", "success", flow_group_id=_group(keyed, flow_id), run_config=ENV)
    of_group = keyed.run.do("create_flow_run", flow_id=flow_id)["id"]
    assert giver_of(keyed, of_group) is None
    refused = keyed.run.try_to(
        "set_flow_group_run_config", "success", flow_group_id=_group(keyed, flow_id), run_config=ENV
    )
    assert refused.json["errors"][0]["extensions"]["code"] == "FORBIDDEN"


def test_without_keys_a_run_config_is_anybodys(shared_database: Any, tmp_path: Path) -> None:
    open_to_all = Keyed(*shared_database, tmp_path, require_keys=False)
    project_id = open_to_all.admin.do("create_project", name="p")["id"]
    flow_id = open_to_all.admin.do("create_flow", project_id=project_id, serialized_flow=flow_document())["id"]

    run_id = open_to_all.with_key(None).do("create_flow_run", flow_id=flow_id, run_config=ENV)["id"]

    assert giver_of(open_to_all, run_id) == "any"
