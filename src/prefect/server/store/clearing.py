"""Statements that delete large things a part at a time: children first, so that nothing is taken along uncounted."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Table, and_, delete, select, true
from sqlalchemy.sql.dml import Delete

from prefect.server.catalogue import (
    edge,
    flow,
    flow_group,
    flow_run,
    flow_run_state,
    log,
    message,
    outbox,
    project,
    task,
    task_run,
    task_run_artifact,
    task_run_state,
)
from prefect.server.store.phrases import value_of

__all__ = [
    "flows_of_group",
    "flows_of_project",
    "groups_of_tenant",
    "of_flow",
    "of_flow_run",
    "of_tenant",
    "projects_of_tenant",
    "runs_of_flow",
    "waiting_auto_scheduled_of_flow",
    "waiting_auto_scheduled_of_group",
]

_most = value_of("most", flow_run.c.version)
_run = value_of("flow_run_id", flow_run.c.id)
_flow = value_of("flow_id", flow.c.id)
_tenant = value_of("tenant_id", flow.c.tenant_id)


def _some(table: Table, which: Any) -> Delete:
    return delete(table).where(table.c.id.in_(which.limit(_most)))


#: All that a flow run may have much of, in the order in which it can go.
of_flow_run: tuple[Delete, ...] = (
    _some(log, select(log.c.id).where(log.c.flow_run_id == _run)),
    _some(
        task_run_state,
        select(task_run_state.c.id)
        .select_from(task_run.join(task_run_state, task_run_state.c.task_run_id == task_run.c.id))
        .where(task_run.c.flow_run_id == _run),
    ),
    _some(
        task_run_artifact,
        select(task_run_artifact.c.id)
        .select_from(task_run.join(task_run_artifact, task_run_artifact.c.task_run_id == task_run.c.id))
        .where(task_run.c.flow_run_id == _run),
    ),
    _some(task_run, select(task_run.c.id).where(task_run.c.flow_run_id == _run)),
    _some(flow_run_state, select(flow_run_state.c.id).where(flow_run_state.c.flow_run_id == _run)),
)
#: All that a flow without runs may have much of.
of_flow: tuple[Delete, ...] = (
    _some(edge, select(edge.c.id).where(edge.c.flow_id == _flow)),
    _some(task, select(task.c.id).where(task.c.flow_id == _flow)),
)
#: All that a tenant without flows may have much of.
of_tenant: tuple[Delete, ...] = (
    _some(message, select(message.c.id).where(message.c.tenant_id == _tenant)),
    _some(outbox, select(outbox.c.id).where(outbox.c.tenant_id == _tenant)),
)

runs_of_flow = select(flow_run.c.id).where(flow_run.c.flow_id == _flow).limit(_most)
flows_of_project = (
    select(flow.c.id).where(flow.c.project_id == value_of("project_id", flow.c.project_id)).order_by(flow.c.id)
)
flows_of_group = (
    select(flow.c.id)
    .where(flow.c.flow_group_id == value_of("flow_group_id", flow.c.flow_group_id))
    .order_by(flow.c.version)
)
projects_of_tenant = select(project.c.id).where(project.c.tenant_id == _tenant).order_by(project.c.id)
groups_of_tenant = select(flow_group.c.id).where(flow_group.c.tenant_id == _tenant).order_by(flow_group.c.id)
flows_of_project, flows_of_group, projects_of_tenant, groups_of_tenant = (
    found.limit(_most) for found in (flows_of_project, flows_of_group, projects_of_tenant, groups_of_tenant)
)

# Runs that a schedule made and that have not begun; those made later belong to what came after it.
_waiting_auto_scheduled = and_(
    flow_run.c.auto_scheduled == true(),
    flow_run.c.state == "Scheduled",
    flow_run.c.created <= value_of("made_until", flow_run.c.created),
)
waiting_auto_scheduled_of_flow = (
    select(flow_run.c.id).where(flow_run.c.flow_id == _flow, _waiting_auto_scheduled).limit(_most)
)
waiting_auto_scheduled_of_group = (
    select(flow_run.c.id)
    .where(
        flow_run.c.flow_id.in_(
            select(flow.c.id).where(flow.c.flow_group_id == value_of("flow_group_id", flow.c.flow_group_id))
        ),
        _waiting_auto_scheduled,
    )
    .limit(_most)
)
