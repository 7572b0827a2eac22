"""Deleting what may be large: as much as one transaction may, and what is left in further ones.

Each function deletes a part and tells whether the whole is gone.  What is on its way out starts no more: a flow is
archived first, a run is not handed out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from prefect.server.store import clearing, flows, runs, tenants
from prefect.server.store.database import MOST_ROWS, Transaction

__all__ = ["clear_flow", "clear_flow_group", "clear_flow_run", "clear_project", "clear_runs", "clear_tenant"]

#: Looked up at one time; a transaction has no room for many more.
PAGE = 100


def clear_flow_run(tx: Transaction, flow_run_id: str, most: int = MOST_ROWS) -> bool:
    """Delete a flow run with its task runs, states and logs, in all so many rows."""
    for some in clearing.of_flow_run:
        room = min(most, tx.room())
        deleted = tx.run(some, most=room, flow_run_id=flow_run_id) if room > 0 else 0
        if deleted >= room:
            return False
        most -= deleted
    tx.run(runs.delete_flow_run, flow_run_id=flow_run_id)
    return True


def clear_runs(tx: Transaction, find: Any, **which: Any) -> bool:
    """Delete all runs that a statement finds."""
    return _each(tx, find, clear_flow_run, **which)


def clear_flow(tx: Transaction, flow_id: str) -> bool:
    """Delete a flow with its runs, tasks and edges."""
    tx.run(flows.retire, flow_id=flow_id)
    if not clear_runs(tx, clearing.runs_of_flow, flow_id=flow_id):
        return False
    if not all(_empty(tx, some, flow_id=flow_id) for some in clearing.of_flow):
        return False
    tx.run(flows.delete_flow, flow_id=flow_id)
    return True


def clear_flow_group(tx: Transaction, flow_group_id: str) -> bool:
    """Delete a group with all versions and their runs."""
    if not _each(tx, clearing.flows_of_group, clear_flow, flow_group_id=flow_group_id):
        return False
    tx.run(flows.delete_flow_group, flow_group_id=flow_group_id)
    return True


def clear_project(tx: Transaction, project_id: str) -> bool:
    """Delete a project with its flows and their runs."""
    if not _each(tx, clearing.flows_of_project, clear_flow, project_id=project_id):
        return False
    tx.run(tenants.delete_project, project_id=project_id)
    return True


def clear_tenant(tx: Transaction, tenant_id: str) -> bool:
    """Delete a tenant and everything in it."""
    for find, clear in (
        (clearing.projects_of_tenant, clear_project),
        (clearing.groups_of_tenant, clear_flow_group),
    ):
        if not _each(tx, find, clear, tenant_id=tenant_id):
            return False
    if not all(_empty(tx, some, tenant_id=tenant_id) for some in clearing.of_tenant):
        return False
    tx.run(tenants.delete_tenant, tenant_id=tenant_id)
    return True


def _each(tx: Transaction, find: Any, clear: Callable[[Transaction, str], bool], **which: Any) -> bool:
    while tx.room():
        ids: list[str] = [row["id"] for row in tx.all(find, most=PAGE, **which)]
        for some_id in ids:
            if not tx.room() or not clear(tx, some_id):
                return False
        if len(ids) < PAGE:
            return True
    return False


def _empty(tx: Transaction, some: Any, **which: Any) -> bool:
    """Delete what there is room for; True when nothing is left."""
    room = tx.room()
    return room > 0 and tx.run(some, most=room, **which) < room
