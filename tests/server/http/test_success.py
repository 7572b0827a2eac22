"""Every mutation that answers by ``success`` says true of what is there, and false or why not of what is not."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from prefect.server.graphql import mutations
from support.access import Keyed, inputs_of

#: These send something somewhere: their own tests receive it.
SENT = {"test_cloud_hook", "test_action"}
SUCCESS = [
    operation for operation in mutations.MUTATIONS if "success" in operation.output and operation.name not in SENT
]
#: These answer so whatever they name, as in 1.x.
ALWAYS = {"update_flow_run_heartbeat", "update_task_run_heartbeat"}
SCALARS = {"UUID", "String", "Int", "Boolean", "JSON", "DateTime"}
UNKNOWN = "00000000-0000-0000-0000-00000000abcd"
#: What fits the operation, where any value does not.
GIVEN: dict[str, dict[str, Any]] = {
    "delete_tenant": {"confirm": True},
    "register_tasks": {"serialized_tasks": []},
    "register_edges": {"serialized_edges": []},
    "set_flow_group_schedule": {"cron_clocks": [{"cron": "0 3 * * *"}]},
    "delete_secret": {"name": "secret"},
    "delete_document": {"kind": "view", "name": "mine"},
    "set_task_run_name": {"name": "other"},
    "update_agent_config": {"settings": {"b": 2}},
    "update_cloud_hook": {"name": "other"},
}


@pytest.fixture
def keyed(shared_database: Any, tmp_path: Path) -> Keyed:
    return Keyed(*shared_database, tmp_path)


def ids_of(keyed: Keyed) -> dict[str, str]:
    ids = keyed.fill(keyed.admin)
    keyed.run_async(keyed.database.write(lambda tx: _add_message(tx, keyed.tenant_id)))
    ids["message_id"] = keyed.admin.data("{ message { id } }")["message"][0]["id"]
    ids["flow_group_sla_id"] = keyed.admin.do(
        "create_flow_group_sla", sla_config_id=ids["sla_config_id"], flow_group_id=ids["flow_group_id"]
    )["id"]
    clocks = [{"cron": "0 3 * * *"}]
    keyed.admin.do("set_flow_group_schedule", "success", flow_group_id=ids["flow_group_id"], cron_clocks=clocks)
    return ids


def _add_message(tx: Any, tenant_id: str) -> None:
    from datetime import UTC, datetime

    from prefect.server.actions import automations

    automations.keep_message(tx, datetime.now(UTC), tenant_id=tenant_id, text="t", content={})


def ask(keyed: Keyed, operation: Any, ids: dict[str, str]) -> Any:
    if operation.name == "delete_flow_concurrency_limit":
        limit = keyed.admin.do("update_flow_concurrency_limit", label="label", limit=5)["id"]
        ids = {**ids, "limit_id": limit if ids["limit_id"] != UNKNOWN else UNKNOWN}
    given = {**inputs_of(operation, ids, keyed.tenant_id), **GIVEN.get(operation.name, {})}
    holder = keyed.server if operation.name == "delete_tenant" else keyed.admin
    return holder.try_to(operation.name, "success error", **given)


@pytest.mark.parametrize("operation", SUCCESS, ids=lambda operation: operation.name)
def test_what_is_there_succeeds_and_what_is_not_does_not(keyed: Keyed, operation: Any) -> None:
    ids = ids_of(keyed)

    done = ask(keyed, operation, ids)
    assert done.data[operation.name] == {"success": True, "error": None}, done.body

    if operation.name in ALWAYS or not any(field in ids for field in operation.inputs):
        return
    assert_said_why_not(operation, ask(keyed, operation, dict.fromkeys(ids, UNKNOWN)))


def assert_said_why_not(operation: Any, answer: Any) -> None:
    told = json.loads(answer.body)
    if "errors" in told:
        for error in told["errors"]:  # what nobody has foreseen is no reason
            assert not error["message"].startswith("Unable to complete operation"), error
    else:
        assert told["data"][operation.name]["success"] is False
        assert told["data"][operation.name]["error"]


@pytest.mark.parametrize(
    "operation", [one for one in SUCCESS if "tenant_id" in one.inputs], ids=lambda operation: operation.name
)
def test_nothing_is_done_in_a_tenant_that_is_not_there(keyed: Keyed, operation: Any) -> None:
    given = inputs_of(operation, ids_of(keyed), UNKNOWN)

    answer = keyed.server.try_to(operation.name, "success error", **{**given, **GIVEN.get(operation.name, {})})

    assert_said_why_not(operation, answer)


# ----- mutations that answer by something else

FLOW = {"name": "another", "tasks": [], "edges": [], "parameters": [], "type": "prefect.core.flow.Flow"}
PACKED = base64.b64encode(gzip.compress(json.dumps(FLOW).encode())).decode()
#: What fits the operation, where any value does not.
OTHERS: dict[str, dict[str, Any]] = {
    "create_tenant": {"slug": "another"},
    "create_flow": {"serialized_flow": FLOW},
    "create_flow_from_compressed_string": {"serialized_flow": PACKED},
    "create_flow_run": {"version_group_id": None, "flow_group_id": None},
    "get_or_create_mapped_task_runs": {"first": 0, "count": 2},
    "report_process_end": {"process": "p", "how": "exit code 1"},
    "create_api_key": {"role": "read"},
    "create_action": {"action_type": "MESSAGE"},
    "set_project_name": {"name": "renamed"},
    "restart_flow_runs": {"task_run_ids": None},
    "set_flow_runs_state": {"state": {"type": "Success"}},
}
#: What a rehearsal alone says.
OF_DRY_RUNS = {
    f"{name}.{field}"
    for name in ("cancel_flow_runs", "delete_flow_runs", "set_flow_runs_state")
    for field in ("count", "states", "examples")
}


def test_every_other_mutation_answers_with_all_that_it_says(keyed: Keyed) -> None:
    ids = ids_of(keyed)
    others = [one for one in mutations.MUTATIONS if "success" not in one.output]
    empty: dict[str, Any] = {}
    for operation in sorted(others, key=lambda one: one.name.startswith(("cancel", "delete", "set_flow_runs"))):
        given = {**inputs_of(operation, ids, keyed.tenant_id), **OTHERS.get(operation.name, {})}
        selected = " ".join(name for name, kind in operation.output.items() if kind.strip("[]!") in SCALARS)
        holder = keyed.server if operation.name == "create_tenant" else keyed.admin
        answer = json.loads(holder.try_to(operation.name, selected or "__typename", **given).body)
        if "errors" in answer:
            empty[operation.name] = answer["errors"][0]["message"]
            continue
        payload = answer["data"][operation.name]
        nothing = [field for field, value in (payload or {"": None}).items() if value is None]
        empty |= {f"{operation.name}.{field}": None for field in nothing}
    assert {name: why for name, why in empty.items() if name not in OF_DRY_RUNS} == {}
