"""Automations, and trying out hooks: which action each mutation calls."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from prefect.server.actions import automations, trial
from prefect.server.actions.delivery import Undeliverable, deliver
from prefect.server.errors import ApiError
from prefect.server.graphql.mutations_limits import Inputs, writing
from prefect.server.graphql.operations import ID, SUCCESS, Operation, Request, tenant_of

__all__ = ["AUTOMATION_MUTATIONS"]


async def _try(request: Request, prepare: Callable[[Any], Any]) -> Mapping[str, Any]:
    """Send now; what goes wrong is the answer, not an error of the call."""
    settings = request.app.settings
    try:
        deliveries = await request.app.database.write(prepare)
        for delivery in deliveries:
            await asyncio.to_thread(deliver, delivery, settings)
    except (ApiError, Undeliverable) as error:
        return {"success": False, "error": str(error)}
    return {"success": True, "error": None}


async def _test_cloud_hook(request: Request, inputs: Inputs) -> Mapping[str, Any]:
    settings = request.app.settings
    return await _try(request, lambda tx: trial.try_hook(tx, request.now, settings=settings, **inputs))


async def _test_action(request: Request, inputs: Inputs) -> Mapping[str, Any]:
    given = {**inputs, "tenant_id": tenant_of(request, inputs), "settings": request.app.settings}
    return await _try(request, lambda tx: trial.try_action(tx, request.now, **given))


_TENANT = {"tenant_id": "UUID"}
_ACTION = {"action_id": "UUID!", **_TENANT}

AUTOMATION_MUTATIONS: tuple[Operation, ...] = (
    Operation(
        "test_cloud_hook",
        {"cloud_hook_id": "UUID!", "flow_run_id": "UUID", "state_type": "test_cloud_hook_state_type"},
        SUCCESS,
        _test_cloud_hook,
    ),
    Operation(
        "create_action",
        {"name": "String", "action_type": "action_type!", "action_config": "JSON", **_TENANT},
        ID,
        writing("id", automations.create_action),
    ),
    Operation("delete_action", _ACTION, SUCCESS, writing("success", automations.delete_action)),
    Operation("test_action", {**_ACTION, "flow_run_id": "UUID"}, SUCCESS, _test_action),
    Operation(
        "create_flow_run_state_changed_hook",
        {"states": "[String!]!", "flow_group_ids": "[UUID!]", **_ACTION},
        ID,
        writing("id", automations.create_flow_run_state_changed_hook),
    ),
    Operation(
        "create_agent_sla_failed_hook",
        {"duration_seconds": "Int!", "agent_ids": "[UUID!]", **_ACTION},
        ID,
        writing("id", automations.create_agent_sla_failed_hook),
    ),
    Operation(
        "create_flow_sla_failed_hook",
        {"sla_config_id": "UUID!", **_ACTION},
        ID,
        writing("id", automations.create_flow_sla_failed_hook),
    ),
    Operation("delete_hook", {"hook_id": "UUID!", **_TENANT}, SUCCESS, writing("success", automations.delete_hook)),
    Operation(
        "create_flow_sla_config",
        {"name": "String", "kind": "flow_sla_kind!", "duration_seconds": "Int!", **_TENANT},
        ID,
        writing("id", automations.create_flow_sla_config),
    ),
    Operation(
        "create_flow_group_sla",
        {"sla_config_id": "UUID!", "flow_group_id": "UUID!", **_TENANT},
        ID,
        writing("id", automations.create_flow_group_sla),
    ),
)
