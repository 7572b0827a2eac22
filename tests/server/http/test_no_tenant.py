"""Whatever belongs to a tenant is refused in the same words where there is none."""

from __future__ import annotations

from typing import Any

from prefect.server.graphql.mutations import MUTATIONS
from prefect.server.graphql.queries import QUERIES
from support.access import any_value, inputs_of

NOTHING = "00000000-0000-0000-0000-00000000abcd"
#: All others name a row by its id, which decides whose it is, or belong to nobody.
OF_A_TENANT = {
    *("update_tenant_name", "update_tenant_slug", "update_tenant_settings"),
    *("create_project", "create_agent_config", "register_agent", "create_cloud_hook", "get_runs_in_queue"),
    *("set_key_value", "delete_key_value", "update_task_tag_limit", "delete_task_tag_limit"),
    *("update_task_concurrency_limit", "delete_task_concurrency_limit"),
    *("update_flow_concurrency_limit", "delete_flow_concurrency_limit"),
    *("pause_tenant_work_queue", "resume_tenant_work_queue"),
    *(
        "create_action",
        "delete_action",
        "test_action",
        "delete_hook",
        "create_flow_sla_config",
        "create_flow_group_sla",
    ),
    *("create_flow_run_state_changed_hook", "create_agent_sla_failed_hook", "create_flow_sla_failed_hook"),
    *("set_secret", "delete_secret", "secret_names", "secret_value"),
    *("set_document", "delete_document", "documents"),
    *("flow_concurrency", "task_concurrency", "slot_holders"),
}


def asked(operation: Any) -> tuple[str, dict[str, Any]]:
    """Give a document of the operation that names no tenant, and its variables."""
    if operation.is_mutation:
        given = inputs_of(operation, dict.fromkeys(("flow_run_id", "task_run_id"), NOTHING), NOTHING)
        if operation.inputs.get("tenant_id") == "UUID":
            del given["tenant_id"]
        document = f"mutation($input: {operation.name}_input!) {{ {operation.name}(input: $input) {{ __typename }} }}"
        return document, {"input": given}
    needed = {name: kind for name, kind in operation.inputs.items() if kind.endswith("!")}
    declared = ", ".join(f"${name}: {kind}" for name, kind in needed.items())
    written = ", ".join(f"{name}: ${name}" for name in needed)
    is_plain = isinstance(operation.output, str) and operation.output.strip("[]!") in ("String", "JSON", "Int")
    selected = "" if is_plain else " { __typename }"
    called = f"{operation.name}({written})" if needed else operation.name
    document = f"query({declared}) {{ {called}{selected} }}" if needed else f"{{ {called}{selected} }}"
    return document, {name: any_value(kind) for name, kind in needed.items()}


def test_without_a_tenant_each_says_so(api: Any) -> None:
    api.app.auth.default_tenant_id = None
    said = {}
    for operation in [*MUTATIONS, *QUERIES]:
        answer = api.ask(*asked(operation))
        said[operation.name] = [error["message"] for error in answer.json.get("errors", ())]

    refused = {name for name, messages in said.items() if any("tenant" in message for message in messages)}
    assert refused == OF_A_TENANT
    assert {tuple(said[name]) for name in refused} == {("No tenant found.",)}
