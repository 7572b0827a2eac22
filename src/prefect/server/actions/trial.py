"""Trying out a hook or an action: what it would send, about a run that is named or one that is made up."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from prefect.server.actions import automations, events
from prefect.server.actions.checks import new_id
from prefect.server.actions.delivery import Delivery
from prefect.server.actions.notices import INBOX, notices_of_action, notices_of_hook
from prefect.server.errors import ApiError
from prefect.server.rules.proposal import propose
from prefect.server.settings import Settings
from prefect.server.store import hooks, outbox
from prefect.server.store.database import Transaction

__all__ = ["try_action", "try_hook"]

STATES = {
    "SCHEDULED": "Scheduled",
    "SUBMITTED": "Submitted",
    "SUCCESS": "Success",
    "RUNNING": "Running",
    "FAILED": "Failed",
}


def try_hook(
    tx: Transaction,
    now: datetime,
    *,
    settings: Settings,
    cloud_hook_id: str,
    flow_run_id: str | None = None,
    state_type: str | None = None,
) -> list[Delivery]:
    """Give what a cloud hook would send now; a message is put into the inbox at once."""
    hook = tx.one(hooks.hook_by_id, cloud_hook_id=cloud_hook_id)
    if hook is None:
        raise ApiError("Invalid cloud hook ID.", "NOT_FOUND")
    event = _event(tx, now, hook["tenant_id"], flow_run_id, STATES[state_type or "SUCCESS"], "Cloud Hook Test Flow")
    if hook["type"] == INBOX:
        content = {"event": event, "type": "CLOUD_HOOK"}
        automations.keep_message(tx, now, tenant_id=hook["tenant_id"], text="Test of a cloud hook", content=content)
    return notices_of_hook(hook["type"], hook["config"] or {}, event, settings)


def try_action(
    tx: Transaction,
    now: datetime,
    *,
    tenant_id: str,
    settings: Settings,
    action_id: str,
    flow_run_id: str | None = None,
) -> list[Delivery]:
    """Give what an action would send now; a message is put into the inbox at once.

    Raises:
        ApiError: no such action, or one whose trial would change runs.
    """
    action = tx.one(outbox.action_by_id, action_id=action_id)
    if action is None or action["tenant_id"] != tenant_id:
        raise ApiError("Invalid action ID.", "NOT_FOUND")
    kind = action["action_type"]
    event = _event(tx, now, tenant_id, flow_run_id, "Success", "Action Test Flow")
    if kind == "MESSAGE":
        outbox_id = str(event["id"])
        automations.perform(
            tx, now, tenant_id=tenant_id, outbox_id=outbox_id, action=action, event=event, settings=settings
        )
    elif kind in automations.IN_DATABASE:
        raise ApiError(
            f"A trial of {kind} would change runs or schedules: only actions that tell somebody can be tried."
        )
    return notices_of_action(kind, action["action_config"] or {}, event, settings)


def _event(
    tx: Transaction, now: datetime, tenant_id: str, flow_run_id: str | None, state: str, flow_name: str
) -> dict[str, Any]:
    document = propose(state, f"Test {state.lower()} state").document
    shown = {"id": new_id(), "state": state, "timestamp": now, "message": document["message"]}
    line: Mapping[str, Any] = {**shown, "serialized_state": document, "version": 2}
    if flow_run_id is not None:
        event = events.event_of_run(tx, now, flow_run_id=flow_run_id, is_test=True)
        if not event or event["flow_run"]["tenant_id"] != tenant_id:
            raise ApiError(f"Invalid flow run ID: {flow_run_id}")
        return {**event, "state": events.describe("flow_run_state", {**line, "flow_run_id": flow_run_id})}
    tenant = tx.one(outbox.tenant_of_event, tenant_id=tenant_id) or {}
    run_id, flow_id = new_id(), new_id()
    run = {"id": run_id, "name": "test-run", "state": "Running", "version": 1, "flow_id": flow_id}
    return {
        "id": new_id(),
        "timestamp": now.isoformat(),
        "type": "FlowRunStateChange",
        "is_test_event": True,
        "flow_run": events.describe("flow_run", {**run, "tenant_id": tenant_id}),
        "state": events.describe("flow_run_state", {**line, "flow_run_id": run_id}),
        "flow": events.describe(
            "flow", {"id": flow_id, "name": flow_name, "flow_group_id": new_id(), "version_group_id": new_id()}
        ),
        "tenant": events.describe("tenant", tenant),
    }
