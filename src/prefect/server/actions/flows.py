"""What may be done with a registered flow and with its group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from prefect.server.actions import chores
from prefect.server.actions.checks import check_labels, check_object, check_priority, check_text, found
from prefect.server.actions.clearing import clear_flow, clear_flow_group, clear_runs
from prefect.server.actions.set_state import set_flow_run_state
from prefect.server.errors import ApiError
from prefect.server.rules.proposal import propose
from prefect.server.store import clearing, flows
from prefect.server.store.database import Transaction

__all__ = [
    "archive_flow",
    "delete_flow",
    "delete_flow_group",
    "end_waiting_runs",
    "flow_settings",
    "move_flow",
    "set_group_default_parameters",
    "set_group_description",
    "set_group_labels",
    "set_group_run_config",
    "switch_setting",
]


def archive_flow(tx: Transaction, now: datetime, *, flow_id: str) -> bool:
    """Put a flow away: it starts no more; runs that have begun go on."""
    flow = tx.one(flows.flow_by_id, flow_id=flow_id)
    if flow is None:
        return False
    tx.run(flows.archive_flow, flow_id=flow_id, archived=True, now=now)
    if not end_waiting_runs(tx, now, flow_id=flow_id):
        chores.begin(tx, now, "archive_flow", flow_id)
    return True


def end_waiting_runs(tx: Transaction, now: datetime, *, flow_id: str) -> bool:
    """Delete or cancel runs of an archived flow that have not begun; True when none is left."""
    flow = tx.one(flows.flow_by_id, flow_id=flow_id)
    if flow is None or not flow["archived"]:
        return True
    if not clear_runs(tx, clearing.waiting_auto_scheduled_of_flow, flow_id=flow_id, made_until=now):
        return False
    message = f"Flow {flow_id} was archived."
    while room := tx.room():
        waiting = tx.all(flows.waiting_runs_of_flow, flow_id=flow_id, most=room)
        for run in waiting:
            if not tx.room():
                return False
            set_flow_run_state(tx, now, flow_run_id=run["id"], proposed=propose("Cancelled", message))
        if len(waiting) < room:
            return True
    return False


def delete_flow(tx: Transaction, now: datetime, *, flow_id: str) -> bool:
    """Delete a flow and its runs; its group stays."""
    if tx.one(flows.flow_by_id, flow_id=flow_id) is None:
        return False
    if not clear_flow(tx, flow_id):
        chores.begin(tx, now, "delete_flow", flow_id)
    return True


def move_flow(tx: Transaction, now: datetime, *, flow_id: str, project_id: str) -> str:
    """Move a flow to another project of its tenant."""
    found(tx.one(flows.move_is_allowed, flow_id=flow_id, project_id=project_id), "Invalid flow or project ID.")
    tx.run(flows.set_flow_project, flow_id=flow_id, project_id=project_id, now=now)
    return flow_id


def switch_setting(tx: Transaction, now: datetime, *, flow_id: str, changes: Mapping[str, bool]) -> bool:
    """Set switches of the flow's group, and show them on its flows, where runners of 1.x look."""
    flow = found(tx.one(flows.flow_by_id, flow_id=flow_id), "Invalid flow ID.")
    group = found(tx.one(flows.group_by_id, flow_group_id=flow["flow_group_id"]), "Invalid flow ID.")
    settings = {**(group["settings"] or {}), **changes}
    tx.run(flows.set_group_column["settings"], flow_group_id=group["id"], settings=settings, now=now)
    tx.run(flows.set_settings_of_group_flows, group_id=group["id"], settings=flow_settings(settings), now=now)
    return True


def flow_settings(group_settings: Mapping[str, Any]) -> dict[str, Any]:
    """Give the part of a group's settings that its flows show."""
    return {key: value for key, value in group_settings.items() if key != "idempotency_key"}


# ---------------------------------------------------------------------------------------------- groups


def delete_flow_group(tx: Transaction, now: datetime, *, flow_group_id: str) -> bool:
    """Delete a group with all versions and their runs."""
    if tx.one(flows.group_by_id, flow_group_id=flow_group_id) is None:
        return False
    if not clear_flow_group(tx, flow_group_id):
        chores.begin(tx, now, "delete_flow_group", flow_group_id)
    return True


def set_group_default_parameters(tx: Transaction, now: datetime, *, flow_group_id: str, parameters: Any) -> bool:
    """Replace the parameters that every run of the group starts with."""
    value = check_object("parameters", parameters)
    return _set(tx, now, flow_group_id, "default_parameters", value)


def set_group_labels(
    tx: Transaction, now: datetime, *, flow_group_id: str, labels: Sequence[str] | None = None
) -> bool:
    """Replace the labels that runs of the group get; none gives way to the flow's own, an empty list does not."""
    value = None if labels is None else check_labels("labels", labels)
    return _set(tx, now, flow_group_id, "labels", value)


def set_group_description(
    tx: Transaction, now: datetime, *, flow_group_id: str, description: str | None = None
) -> bool:
    """Replace the group's description."""
    return _set(tx, now, flow_group_id, "description", check_text("description", description))


def set_group_priority(tx: Transaction, now: datetime, *, flow_group_id: str, priority: int | None = None) -> bool:
    """Set the priority of runs of the group that are given none; runs that there are keep theirs."""
    return _set(tx, now, flow_group_id, "priority", check_priority(priority))


def set_group_run_config(tx: Transaction, now: datetime, *, flow_group_id: str, run_config: Any = None) -> bool:
    """Replace the run config that runs of the group get; none gives way to the flow's own."""
    value = None if run_config is None else check_object("run_config", run_config)
    return _set(tx, now, flow_group_id, "run_config", value)


def _set(tx: Transaction, now: datetime, flow_group_id: str, column: str, value: Any) -> bool:
    changed = tx.run(flows.set_group_column[column], flow_group_id=flow_group_id, now=now, **{column: value})
    if not changed:
        raise ApiError("Invalid flow group ID.", "NOT_FOUND")
    return True
