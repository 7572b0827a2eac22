"""Which action each mutation calls: unpack, call one action, pack.  Nothing is decided here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from prefect.server.actions import (
    agents,
    artifacts,
    create_run,
    flows,
    hooks,
    limits,
    logs,
    lost_runs,
    registration,
    runs,
    schedules,
    set_state,
    tenants,
)
from prefect.server.errors import ApiError
from prefect.server.graphql.mutations_access import ACCESS_MUTATIONS
from prefect.server.graphql.mutations_automations import AUTOMATION_MUTATIONS
from prefect.server.graphql.mutations_documents import DOCUMENT_MUTATIONS
from prefect.server.graphql.mutations_limits import LIMIT_MUTATIONS
from prefect.server.graphql.mutations_runs import RUN_MUTATIONS
from prefect.server.graphql.operations import ID, SUCCESS, Operation, Request, tenant_of
from prefect.server.graphql.waiting import runs_in_queue
from prefect.server.graphql.writing import agent_of, caller_of, write
from prefect.server.interpreter import aside
from prefect.server.store.audit import recording
from prefect.server.store.database import MOST_ROWS, Transaction

__all__ = ["MUTATIONS"]

Inputs = dict[str, Any]
Run = Callable[[Request, Inputs], Awaitable[Mapping[str, Any]]]

#: So many states are set in one transaction, whatever follows from them.
FEW_STATES = 50


# ---------------------------------------------------------------------------------------------- tools


def _success(action: Callable[..., Any], *, with_settings: bool = False, **fixed: Any) -> Run:
    async def run(request: Request, inputs: Inputs) -> Mapping[str, Any]:
        given = {**inputs, **fixed, **({"settings": request.app.settings} if with_settings else {})}
        return {"success": bool(await write(request, action, **given))}

    return run


def _id(action: Callable[..., Any], *, with_settings: bool = False, of_tenant: bool = False) -> Run:
    async def run(request: Request, inputs: Inputs) -> Mapping[str, Any]:
        given = {**inputs, **({"settings": request.app.settings} if with_settings else {})}
        if of_tenant:
            given["tenant_id"] = tenant_of(request, inputs)
        return {"id": await write(request, action, **given)}

    return run


def _operation(name: str, run: Run, output: Mapping[str, str] = SUCCESS, /, **inputs: str) -> Operation:
    return Operation(name, inputs, output, run)


# ------------------------------------------------------------------------------------- longer unpackings


async def _create_flow(request: Request, inputs: Inputs, *, is_compressed: bool = False) -> Mapping[str, Any]:
    settings, given = request.app.settings, inputs.pop("serialized_flow")
    prepare = partial(registration.prepare, given, settings, is_compressed=is_compressed)
    if is_compressed and await aside(None, registration.is_large, given):
        prepared = await request.app.large_flows.do(prepare)
    else:
        prepared = await aside(None, prepare)
    if prepared.is_large:
        return {"id": await _create_large_flow(request, prepared, inputs)}
    inputs["serialized_flow"] = prepared
    return {"id": await write(request, registration.create_flow, settings=settings, **inputs)}


async def _create_large_flow(request: Request, prepared: registration.Prepared, inputs: Inputs) -> str:
    """Register a flow whose rows are more than one transaction may write."""
    activate = inputs.pop("set_schedule_active", True)
    common = {"prepared": prepared, **inputs}
    with recording(None):  # the last transaction is the one that counts
        begun = await write(request, registration.begin_large_flow, **common)
        if begun.undoing_id is not None:
            place = {"flow_id": begun.flow_id, "tenant_id": begun.tenant_id}
            for kind, rows in (("tasks", prepared.tasks), ("edges", prepared.edges)):
                for first in range(0, len(rows), MOST_ROWS // 2):
                    part = {kind: rows[first : first + MOST_ROWS // 2]}
                    await write(request, registration.add_rows, **place, **part)
    inputs.pop("version_group_id", None)
    given = {"begun": begun, "prepared": prepared, "settings": request.app.settings, **inputs}
    flow_id: str = await write(request, registration.complete_large_flow, set_schedule_active=activate, **given)
    return flow_id


async def _create_flow_run(request: Request, inputs: Inputs) -> Mapping[str, Any]:
    run_id, is_new = await write(request, create_run.create_or_find, **_creator(request), **inputs)
    return {"id": run_id, "created": is_new}


async def _create_flow_runs(request: Request, inputs: Inputs) -> Mapping[str, Any]:
    return {"flow_run_ids": await write(request, create_run.create_flow_runs, **_creator(request), **inputs)}


def _creator(request: Request) -> dict[str, str | None]:
    """Tell who creates runs: with a key, in which tenant and by which role."""
    caller = request.caller
    return {"tenant_id": request.tenant_id, "role": caller.role} if caller.is_held else {}


async def _update_cloud_hook(request: Request, inputs: Inputs) -> Mapping[str, Any]:
    # What is absent stays, and null takes away: so what was given is handed on as it came.
    named = {key: inputs.pop(key) for key in ("cloud_hook_id", "seen_updated") if key in inputs}
    return {"success": bool(await write(request, hooks.update_hook, changes=inputs, **named))}


async def _get_or_create_task_run_info(request: Request, inputs: Inputs) -> Mapping[str, Any]:
    found = await write(request, runs.get_or_create_task_run, **inputs)
    return dict(found)


async def _get_or_create_mapped_task_runs(request: Request, inputs: Inputs) -> Mapping[str, Any]:
    found = await write(request, runs.get_or_create_mapped_task_runs, **inputs)
    return {
        "ids": [row["id"] for row in found],
        "versions": [row["version"] for row in found],
        # Of most, nothing has to be told.
        "serialized_states": {str(row["map_index"]): row["serialized_state"] for row in found if row["version"] > 1},
    }


async def _get_or_create_task_run(request: Request, inputs: Inputs) -> Mapping[str, Any]:
    try:
        found = await write(request, runs.get_or_create_task_run, **inputs)
    except ApiError:
        raise ApiError("Invalid ID", "BAD_USER_INPUT") from None
    return {"id": found["id"]}


async def _get_runs_in_queue(request: Request, inputs: Inputs) -> Mapping[str, Any]:
    return {"flow_run_ids": await runs_in_queue(request, inputs, tenant_of(request, inputs), agent_of(request))}


def _set_states(kind: str, set_some: Callable[..., list[set_state.Outcome]]) -> Run:
    """Make the mutation that moves runs of a kind: all of them or none, as long as one transaction has room for them.

    A longer list is read as a whole before anything is changed, and set in several transactions, each whole or not
    at all.
    """

    async def run(request: Request, inputs: Inputs) -> Mapping[str, Any]:
        given, caller = inputs["states"], caller_of(request)
        is_long = len(given) > FEW_STATES
        read = partial(_read_states, kind, given, request.now, request.app.settings.state_max_payload_bytes)
        changes = await aside(None, read) if is_long else read()
        answers: list[dict[str, Any]] = []

        def work(tx: Transaction, now: datetime) -> list[dict[str, Any]]:
            part = set_some(tx, now, changes=changes[len(answers) :], caller=caller, is_long=is_long)
            return [{"id": one.id, "status": one.status, "message": one.message} for one in part]

        while True:
            answers += await write(request, work)
            if len(answers) >= len(given):
                return {"states": answers}

    return run


def _read_states(kind: str, given: list[Inputs], now: datetime, max_bytes: int) -> list[set_state.Change]:
    run_id = f"{kind}_run_id"
    return [
        set_state.Change(
            one[run_id],
            set_state.read_state(kind, one[run_id], one["state"], now, max_bytes),
            one.get("version"),
            one.get("id"),
        )
        for one in given
    ]


async def _update_flow_run_heartbeat(request: Request, inputs: Inputs) -> Mapping[str, Any]:
    process_id = caller_of(request).about(inputs["flow_run_id"]).process_id
    return {"success": await write(request, runs.beat_flow_run, process_id=process_id, **inputs)}


async def _report_process_end(request: Request, inputs: Inputs) -> Mapping[str, Any]:
    agent_id = caller_of(request).agent_id
    given = {**inputs, "process_id": inputs["process"], "settings": request.app.settings, "agent_id": agent_id}
    del given["process"]
    return {"settled": await write(request, lost_runs.report_process_end, **given)}


async def _cancel_flow_run(request: Request, inputs: Inputs) -> Mapping[str, Any]:
    return {"state": await write(request, runs.cancel_flow_run, **inputs)}


async def _register_agent(request: Request, inputs: Inputs) -> Mapping[str, Any]:
    inputs["tenant_id"] = tenant_of(request, inputs)
    version = request.headers.get("x-prefect-core-version")
    return {"id": await write(request, agents.register_agent, core_version=version, **inputs)}


async def _write_run_logs(request: Request, inputs: Inputs) -> Mapping[str, Any]:
    return {"success": await write(request, logs.write_run_logs, logs_given=inputs["logs"])}


def _of_tenant(action: Callable[..., Any]) -> Run:
    async def run(request: Request, inputs: Inputs) -> Mapping[str, Any]:
        return {"success": bool(await write(request, action, **{**inputs, "tenant_id": tenant_of(request, inputs)}))}

    return run


# ------------------------------------------------------------------------------------------ the mutations

_FLOW_INPUTS = {
    "project_id": "UUID!",
    "version_group_id": "String",
    "set_schedule_active": "Boolean",
    "description": "String",
    "idempotency_key": "String",
}
_STATES = {"states": "[set_flow_run_state_payload!]"}
_TASK_STATES = {"states": "[set_task_run_state_payload!]"}
_TASK_RUN = {"flow_run_id": "UUID!", "task_id": "UUID!", "map_index": "Int"}
_TASK_RUN_INFO = {"id": "UUID", "version": "Int", "state": "String", "serialized_state": "JSON"}
_FLOW_RUN = {
    "flow_id": "UUID",
    "version_group_id": "String",
    "flow_group_id": "UUID",
    "parameters": "JSON",
    "labels": "[String!]",
    "run_config": "JSON",
    "context": "JSON",
    "scheduled_start_time": "DateTime",
    "idempotency_key": "String",
    "flow_run_name": "String",
    "priority": "Int",
}
_HEARTBEAT_OFF = {"disable_heartbeat": True, "heartbeat_enabled": False}
_HEARTBEAT_ON = {"disable_heartbeat": False, "heartbeat_enabled": True}

_TENANTS = (
    _operation("create_tenant", _id(tenants.create_tenant), ID, name="String!", slug="String!"),
    _operation("delete_tenant", _success(tenants.delete_tenant), confirm="Boolean!", tenant_id="UUID!"),
    _operation(
        "update_tenant_name", _id(tenants.update_tenant_name, of_tenant=True), ID, tenant_id="UUID", name="String!"
    ),
    _operation(
        "update_tenant_slug", _id(tenants.update_tenant_slug, of_tenant=True), ID, tenant_id="UUID", slug="String!"
    ),
    _operation(
        "update_tenant_settings",
        _id(tenants.update_tenant_settings, of_tenant=True),
        ID,
        tenant_id="UUID",
        settings="JSON",
    ),
    _operation(
        "create_project",
        _id(tenants.create_project, of_tenant=True),
        ID,
        tenant_id="UUID",
        name="String!",
        description="String",
    ),
    _operation("delete_project", _success(tenants.delete_project), project_id="UUID!"),
    _operation("set_project_name", _id(tenants.set_project_name), ID, project_id="UUID!", name="String!"),
    _operation(
        "set_project_description", _id(tenants.set_project_description), ID, project_id="UUID!", description="String"
    ),
)

_FLOWS = (
    Operation(
        "create_flow",
        {"serialized_flow": "JSON!", **_FLOW_INPUTS},
        ID,
        _create_flow,
    ),
    Operation(
        "create_flow_from_compressed_string",
        {"serialized_flow": "String!", **_FLOW_INPUTS},
        ID,
        partial(_create_flow, is_compressed=True),
    ),
    _operation("register_tasks", _success(registration.register_tasks), flow_id="UUID!", serialized_tasks="JSON!"),
    _operation("register_edges", _success(registration.register_edges), flow_id="UUID!", serialized_edges="JSON!"),
    _operation("delete_flow", _success(flows.delete_flow), flow_id="UUID!"),
    _operation("archive_flow", _success(flows.archive_flow), flow_id="UUID!"),
    _operation("update_flow_project", _id(flows.move_flow), ID, flow_id="UUID!", project_id="UUID!"),
    _operation("set_schedule_active", _success(schedules.set_schedule_active, with_settings=True), flow_id="UUID!"),
    _operation("set_schedule_inactive", _success(schedules.set_schedule_inactive), flow_id="UUID!"),
    _operation("enable_flow_heartbeat", _success(flows.switch_setting, changes=_HEARTBEAT_ON), flow_id="UUID!"),
    _operation("disable_flow_heartbeat", _success(flows.switch_setting, changes=_HEARTBEAT_OFF), flow_id="UUID!"),
    _operation(
        "enable_flow_lazarus_process",
        _success(flows.switch_setting, changes={"lazarus_enabled": True}),
        flow_id="UUID!",
    ),
    _operation(
        "disable_flow_lazarus_process",
        _success(flows.switch_setting, changes={"lazarus_enabled": False}),
        flow_id="UUID!",
    ),
)

_FLOW_GROUPS = (
    _operation("delete_flow_group", _success(flows.delete_flow_group), flow_group_id="UUID!"),
    _operation(
        "set_flow_group_default_parameters",
        _success(flows.set_group_default_parameters),
        flow_group_id="UUID!",
        parameters="JSON!",
    ),
    _operation("set_flow_group_priority", _success(flows.set_group_priority), flow_group_id="UUID!", priority="Int"),
    _operation("set_flow_group_labels", _success(flows.set_group_labels), flow_group_id="UUID!", labels="[String!]"),
    _operation(
        "set_flow_group_description", _success(flows.set_group_description), flow_group_id="UUID!", description="String"
    ),
    _operation(
        "set_flow_group_run_config", _success(flows.set_group_run_config), flow_group_id="UUID!", run_config="JSON"
    ),
    _operation(
        "set_flow_group_schedule",
        _success(schedules.set_group_schedule, with_settings=True),
        flow_group_id="UUID!",
        cron_clocks="[cron_clock_input!]",
        interval_clocks="[interval_clock_input!]",
        timezone="String",
    ),
    _operation(
        "delete_flow_group_schedule",
        _success(schedules.delete_group_schedule, with_settings=True),
        flow_group_id="UUID!",
    ),
)

_RUNS = (
    Operation("create_flow_run", _FLOW_RUN, {**ID, "created": "Boolean"}, _create_flow_run),
    _operation(
        "create_flow_runs",
        _create_flow_runs,
        {"flow_run_ids": "[UUID!]"},
        flow_runs="[create_flow_run_input!]!",
    ),
    _operation("set_flow_run_name", _success(runs.set_flow_run_name), flow_run_id="UUID!", name="String!"),
    _operation("set_flow_run_priority", _success(runs.set_flow_run_priority), flow_run_id="UUID!", priority="Int!"),
    _operation("set_flow_run_labels", _success(runs.set_flow_run_labels), flow_run_id="UUID!", labels="[String!]!"),
    _operation("set_task_run_name", _success(runs.set_task_run_name), task_run_id="UUID!", name="String!"),
    _operation("get_or_create_task_run", _get_or_create_task_run, ID, **_TASK_RUN),
    _operation("get_or_create_task_run_info", _get_or_create_task_run_info, _TASK_RUN_INFO, **_TASK_RUN),
    _operation(
        "get_or_create_mapped_task_runs",
        _get_or_create_mapped_task_runs,
        {"ids": "[UUID!]!", "versions": "[Int!]!", "serialized_states": "JSON!"},
        flow_run_id="UUID!",
        task_id="UUID!",
        first="Int!",
        count="Int!",
    ),
    _operation("update_flow_run_heartbeat", _update_flow_run_heartbeat, flow_run_id="UUID!"),
    _operation("update_task_run_heartbeat", _success(runs.beat_task_run), task_run_id="UUID!"),
    _operation("delete_flow_run", _success(runs.delete_flow_run), flow_run_id="UUID!"),
    _operation(
        "get_runs_in_queue",
        _get_runs_in_queue,
        {"flow_run_ids": "[String!]"},
        tenant_id="UUID",
        before="DateTime",
        labels="[String!]",
        unlabelled="Boolean",
        wait_seconds="Float",
        exclude="[String!]",
        limit="Int",
    ),
    _operation(
        "set_flow_run_states",
        _set_states("flow", set_state.set_flow_run_states),
        _STATES,
        states="[set_flow_run_state_input!]!",
    ),
    _operation(
        "set_task_run_states",
        _set_states("task", set_state.set_task_run_states),
        _TASK_STATES,
        states="[set_task_run_state_input!]!",
    ),
    _operation(
        "report_process_end",
        _report_process_end,
        {"settled": "Boolean"},
        flow_run_id="UUID!",
        process="String!",
        how="String!",
    ),
    _operation("cancel_flow_run", _cancel_flow_run, {"state": "String"}, flow_run_id="UUID!"),
    _operation("write_run_logs", _write_run_logs, logs="[write_run_log_input!]!"),
)

_OTHERS = (
    _operation(
        "create_task_run_artifact",
        _id(artifacts.create_artifact, with_settings=True),
        ID,
        task_run_id="UUID!",
        kind="String!",
        data="JSON!",
        tenant_id="UUID",
    ),
    _operation(
        "update_task_run_artifact",
        _success(artifacts.update_artifact, with_settings=True),
        task_run_artifact_id="UUID!",
        data="JSON!",
    ),
    _operation("delete_task_run_artifact", _success(artifacts.delete_artifact), task_run_artifact_id="UUID!"),
    _operation(
        "register_agent",
        _register_agent,
        ID,
        type="String!",
        tenant_id="UUID",
        name="String",
        labels="[String!]",
        agent_config_id="UUID",
    ),
    _operation("delete_agent", _success(agents.delete_agent), agent_id="UUID!"),
    _operation(
        "create_agent_config",
        _id(agents.create_agent_config, of_tenant=True),
        ID,
        tenant_id="UUID",
        name="String",
        settings="JSON",
    ),
    _operation(
        "update_agent_config",
        _success(agents.update_agent_config),
        agent_config_id="UUID!",
        name="String",
        settings="JSON",
    ),
    _operation("delete_agent_config", _success(agents.delete_agent_config), agent_config_id="UUID!"),
    _operation(
        "create_cloud_hook",
        _id(hooks.create_hook, of_tenant=True),
        ID,
        tenant_id="UUID",
        type="cloud_hook_type!",
        name="String",
        version_group_id="String",
        states="[String!]!",
        config="JSON",
    ),
    _operation(
        "update_cloud_hook",
        _update_cloud_hook,
        cloud_hook_id="UUID!",
        name="String",
        version_group_id="String",
        states="[String!]",
        config="JSON",
        seen_updated="DateTime",
    ),
    _operation("delete_cloud_hook", _success(hooks.delete_hook), cloud_hook_id="UUID!"),
    _operation("set_cloud_hook_active", _success(hooks.set_hook_active, active=True), cloud_hook_id="UUID!"),
    _operation("set_cloud_hook_inactive", _success(hooks.set_hook_active, active=False), cloud_hook_id="UUID!"),
    _operation("mark_message_as_read", _success(hooks.set_message_read, read=True), message_id="UUID!"),
    _operation("mark_message_as_unread", _success(hooks.set_message_read, read=False), message_id="UUID!"),
    _operation("delete_message", _success(hooks.delete_message), message_id="UUID!"),
)

# Of the hosted product, for its client.
_HOSTED = (
    _operation("set_key_value", _id(limits.set_key_value, of_tenant=True), ID, key="String!", value="JSON!"),
    _operation("delete_key_value", _of_tenant(limits.delete_key_value), key_value_id="UUID!"),
    _operation(
        "update_task_tag_limit", _id(limits.update_task_tag_limit, of_tenant=True), ID, tag="String!", limit="Int!"
    ),
    _operation("delete_task_tag_limit", _of_tenant(limits.delete_task_tag_limit), limit_id="UUID!"),
)

_HOSTED_TOO = LIMIT_MUTATIONS + ACCESS_MUTATIONS + AUTOMATION_MUTATIONS

MUTATIONS: tuple[Operation, ...] = (
    *_TENANTS,
    *_FLOWS,
    *_FLOW_GROUPS,
    *_RUNS,
    *RUN_MUTATIONS,
    *_OTHERS,
    *_HOSTED,
    *_HOSTED_TOO,
    *DOCUMENT_MUTATIONS,
)
