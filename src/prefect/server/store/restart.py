"""What a flow run is set going again with: its task runs, and the edges that tell what comes after them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BindParameter, bindparam, select

from prefect.model.state_facts import FAILED
from prefect.server.catalogue import edge, flow, flow_run, task, task_run
from prefect.server.store.phrases import among, updating, value_of

__all__ = [
    "edges_of_flow",
    "failed_places",
    "owners_of_task_runs",
    "places_of_task_runs",
    "run_as_it_is",
    "run_to_restart",
    "set_parameters",
    "task_runs_of_tasks",
    "tasks_by_slug",
    "tasks_of_run",
]

run_as_it_is = (
    select(
        flow_run.c.id,
        flow_run.c.flow_id,
        flow_run.c.state,
        flow_run.c.parameters,
        flow.c.archived,
        flow.c.parameters.label("flow_parameters"),
    )
    .select_from(flow_run.join(flow, flow.c.id == flow_run.c.flow_id))
    .where(flow_run.c.id == value_of("flow_run_id", flow_run.c.id))
)
run_to_restart = run_as_it_is.with_for_update(of=flow_run, key_share=True)
set_parameters = updating(flow_run, "parameters", row="flow_run_id")

_of_run = task_run.c.flow_run_id == value_of("flow_run_id", task_run.c.flow_run_id)
_task_run_ids: BindParameter[Any] = bindparam("task_run_ids")
_task_ids: BindParameter[Any] = bindparam("task_ids")

failed_places = (
    select(task_run.c.task_id, task_run.c.map_index)
    .where(_of_run)
    .where(among(task_run.c.state, (*FAILED, "Cancelled")))
)
owners_of_task_runs = select(task_run.c.id, task_run.c.flow_run_id).where(task_run.c.id.in_(_task_run_ids))
places_of_task_runs = (
    select(task_run.c.task_id, task_run.c.map_index, task_run.c.state)
    .where(_of_run)
    .where(task_run.c.id.in_(_task_run_ids))
)
tasks_of_run = select(task_run.c.task_id).where(_of_run).distinct()
edges_of_flow = select(edge.c.upstream_task_id, edge.c.downstream_task_id, edge.c.mapped).where(
    edge.c.flow_id == value_of("flow_id", edge.c.flow_id)
)
tasks_by_slug = select(task.c.id, task.c.slug).where(
    task.c.flow_id == value_of("flow_id", task.c.flow_id),
    task.c.slug.in_(bindparam("slugs")),
)

#: In the order of an index: two who set task runs of one flow run back do not wait for each other.
task_runs_of_tasks = (
    select(
        task_run.c.id,
        task_run.c.version,
        task_run.c.tenant_id,
        task_run.c.task_id,
        task_run.c.map_index,
        task_run.c.state,
    )
    .where(_of_run)
    .where(task_run.c.task_id.in_(_task_ids))
    .where(task_run.c.state != "Pending")
    .order_by(task_run.c.task_id, task_run.c.map_index)
)
