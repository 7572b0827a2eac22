"""Limits on runs, the pause of a tenant's queue, and the lock on versions: which action each mutation calls."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from prefect.server.actions import flows, queue, slots, why
from prefect.server.graphql.operations import ID, SUCCESS, Operation, Request, tenant_of

__all__ = ["LIMIT_MUTATIONS", "LIMIT_QUERIES", "writing"]

Inputs = dict[str, Any]
Run = Callable[[Request, Inputs], Awaitable[Mapping[str, Any]]]


def writing(field: str, action: Callable[..., Any], **fixed: Any) -> Run:
    """Call an action in a transaction, for the tenant; its answer is this field of the payload."""

    async def run(request: Request, inputs: Inputs) -> Mapping[str, Any]:
        given = {**inputs, **fixed, "tenant_id": tenant_of(request, inputs)}
        answer = await request.app.database.write(lambda tx: action(tx, request.now, **given))
        return {field: answer if field == "id" else bool(answer)}

    return run


def _set_limit(kind: str, name: str) -> Run:
    async def run(request: Request, inputs: Inputs) -> Mapping[str, Any]:
        tenant_id = tenant_of(request, inputs)
        given = {"kind": kind, "name": inputs[name], "limit": inputs["limit"], "tenant_id": tenant_id}
        return {"id": await request.app.database.write(lambda tx: slots.set_limit(tx, request.now, **given))}

    return run


def _switch(locked: bool) -> Run:
    async def run(request: Request, inputs: Inputs) -> Mapping[str, Any]:
        changes = {"version_locking_enabled": locked}
        flow_id = inputs["flow_id"]
        done = await request.app.database.write(
            lambda tx: flows.switch_setting(tx, request.now, flow_id=flow_id, changes=changes)
        )
        return {"success": bool(done)}

    return run


def _usage(kind: str, argument: str, word: str) -> Callable[[Request, Inputs], Awaitable[Any]]:
    async def run(request: Request, inputs: Inputs) -> Any:
        names, tenant_id = inputs.get(argument), tenant_of(request, {})
        found = await request.app.database.read(
            lambda tx: slots.usages(tx, kind=kind, tenant_id=tenant_id, names=names)
        )
        return [{word: name, "usage": count} for name, count in found]

    return run


async def _holders(request: Request, inputs: Inputs) -> Any:
    tenant_id = tenant_of(request, {})
    labels, tags = inputs.get("labels"), inputs.get("tags")
    # Naming some of one kind asks for no others; naming none asks for all.
    wanted = {slots.FLOW: [] if labels is None and tags is not None else labels}
    wanted[slots.TASK] = [] if tags is None and labels is not None else tags
    rows = await request.app.database.read(
        lambda tx: [
            row
            for kind, names in wanted.items()
            for row in slots.holders(tx, kind=kind, tenant_id=tenant_id, names=names)
        ]
    )
    return [dict(row) for row in rows]


async def _why_not_running(request: Request, inputs: Inputs) -> Any:
    flow_run_id, settings = inputs["flow_run_id"], request.app.settings
    return await request.app.database.read(
        lambda tx: why.why_not_running(tx, request.now, settings=settings, flow_run_id=flow_run_id)
    )


_LIMIT = {"limit_id": "UUID!"}
_TENANT = {"tenant_id": "UUID"}
_FLOW = {"flow_id": "UUID!"}

LIMIT_MUTATIONS: tuple[Operation, ...] = (
    Operation("update_task_concurrency_limit", {"name": "String!", "limit": "Int!"}, ID, _set_limit("task", "name")),
    Operation(
        "delete_task_concurrency_limit", _LIMIT, SUCCESS, writing("success", slots.delete_limit, kind=slots.TASK)
    ),
    Operation("update_flow_concurrency_limit", {"label": "String!", "limit": "Int!"}, ID, _set_limit("flow", "label")),
    Operation(
        "delete_flow_concurrency_limit", _LIMIT, SUCCESS, writing("success", slots.delete_limit, kind=slots.FLOW)
    ),
    Operation("pause_tenant_work_queue", _TENANT, SUCCESS, writing("success", queue.pause, paused=True)),
    Operation("resume_tenant_work_queue", _TENANT, SUCCESS, writing("success", queue.pause, paused=False)),
    Operation("enable_flow_version_lock", _FLOW, SUCCESS, _switch(True)),
    Operation("disable_flow_version_lock", _FLOW, SUCCESS, _switch(False)),
)

LIMIT_QUERIES: tuple[Operation, ...] = (
    Operation(
        "flow_concurrency",
        {"labels": "[String!]"},
        "[flow_concurrency_usage!]",
        _usage(slots.FLOW, "labels", "label"),
        is_mutation=False,
    ),
    Operation(
        "task_concurrency",
        {"names": "[String!]"},
        "[task_concurrency_usage!]",
        _usage(slots.TASK, "names", "name"),
        is_mutation=False,
    ),
    Operation(
        "slot_holders", {"labels": "[String!]", "tags": "[String!]"}, "[slot_holder!]", _holders, is_mutation=False
    ),
    Operation("why_not_running", {"flow_run_id": "UUID!"}, "why_not_running", _why_not_running, is_mutation=False),
)
