"""What is told to others of a flow run's states: written to the outbox in the transaction of the state itself."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from prefect.server.actions.checks import new_id, object_in
from prefect.server.catalogue import PUBLIC
from prefect.server.live import OUTBOX_TOPIC
from prefect.server.store import outbox
from prefect.server.store.database import Transaction

__all__ = [
    "CLOUD_HOOK",
    "DO_ACTION",
    "STATE_CHANGED",
    "describe",
    "enter",
    "event_of_run",
    "is_heard",
    "tell_of_flow_run_state",
]

logger = logging.getLogger("prefect.server.events")

#: Kinds of outbox rows: tell a cloud hook, do the action of an automation.
CLOUD_HOOK, DO_ACTION = "cloud_hook", "action"
STATE_CHANGED = "FLOW_RUN_STATE_CHANGED"


def is_heard(tx: Transaction, tenant_id: str) -> bool:
    """Tell whether anything of a tenant listens to states at all."""
    found = tx.one(outbox.anybody_listens, tenant_id=tenant_id)
    return bool(found and found["found"])


def tell_of_flow_run_state(
    tx: Transaction,
    now: datetime,
    *,
    flow_run_id: str,
    flow_id: str,
    tenant_id: str,
    previous: str | None,
    state: Mapping[str, Any],
) -> None:
    """Enter into the outbox whatever wants to hear of this new state; usually nothing does, and nothing is read."""
    if not is_heard(tx, tenant_id):
        return
    name = state["state"].upper()
    told = [
        row
        for row in tx.all(outbox.cloud_hooks_of_tenant, tenant_id=tenant_id)
        if _names(row["states"], name, row["id"])
    ]
    wished = [
        row
        for row in tx.all(outbox.hooks_of_tenant, tenant_id=tenant_id, event_type=STATE_CHANGED)
        if _names(object_in(row["event_tags"]).get("states"), name, row["id"])
    ]
    if not told and not wished:
        return
    flow = tx.one(outbox.flow_of_event, flow_id=flow_id) or {}
    event: dict[str, Any] | None = None
    for kind, row in (*((CLOUD_HOOK, row) for row in told), *((DO_ACTION, row) for row in wished)):
        if kind == CLOUD_HOOK and row["version_group_id"] not in (None, flow.get("version_group_id")):
            continue
        groups = object_in(row["event_tags"]).get("flow_group_ids") if kind == DO_ACTION else None
        if groups and not _names(groups, flow.get("flow_group_id"), row["id"]):
            continue
        if event is None:
            event = event_of_run(tx, now, flow_run_id=flow_run_id, flow=flow, previous=previous, state=state)
        named = {"hook_id": row["id"]} if kind == CLOUD_HOOK else {"hook_id": row["id"], "action_id": row["action_id"]}
        enter(tx, now, tenant_id=tenant_id, kind=kind, payload={**named, "event": event})


def _names(listed: Any, name: str | None, hook_id: str) -> bool:
    """Tell whether a stored list of a hook names this; by one that somebody spoiled nothing is heard."""
    if isinstance(listed, list):
        return name in listed
    logger.warning("Hook %s hears nothing: what it wants to hear of is no list.", hook_id)
    return False


def enter(tx: Transaction, now: datetime, *, tenant_id: str, kind: str, payload: Mapping[str, Any]) -> None:
    """Enter a row into the outbox; it is due at once."""
    values = {"tenant_id": tenant_id, "kind": kind, "payload": dict(payload), "due_time": now}
    tx.run(outbox.enter, id=new_id(), created=now, updated=now, **values)
    tx.announce(OUTBOX_TOPIC)


def event_of_run(
    tx: Transaction,
    now: datetime,
    *,
    flow_run_id: str,
    flow: Mapping[str, Any] | None = None,
    previous: str | None = None,
    state: Mapping[str, Any] | None = None,
    event_type: str = "FlowRunStateChange",
    is_test: bool = False,
) -> dict[str, Any]:
    """Give the JSON document that tells of a flow run; empty when there is no such run.

    Args:
        previous: the state it had before.
        state: the row of its new state; by default what the run shows now.
    """
    run = tx.one(outbox.run_of_event, flow_run_id=flow_run_id)
    if run is None:
        return {}
    if flow is None:
        flow = tx.one(outbox.flow_of_event, flow_id=run["flow_id"]) or {}
    owner = tx.one(outbox.tenant_of_event, tenant_id=run["tenant_id"]) or {}
    shown = {
        "state": run["state"],
        "version": run["version"],
        "timestamp": run["state_timestamp"],
        "message": run["state_message"],
        "serialized_state": run["serialized_state"],
        "start_time": run["state_start_time"],
        "flow_run_id": flow_run_id,
        **(state or {}),
    }
    before = {} if state is None else {"state": previous, "version": state["version"] - 1}
    return {
        "id": new_id(),
        "timestamp": now.isoformat(),
        "type": event_type,
        "is_test_event": is_test,
        "flow_run": describe("flow_run", {**run, **before}),
        "state": describe("flow_run_state", shown),
        "flow": describe("flow", flow),
        "tenant": describe("tenant", owner),
    }


def describe(table: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Give a row as JSON, with null for each column and relation that was not read."""
    public = PUBLIC[table]
    found: dict[str, Any] = dict.fromkeys((*public.columns, *public.relations))
    found |= {key: _plain(value) for key, value in values.items() if key in found}
    return found


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
