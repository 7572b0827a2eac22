"""What there is to know about a flow run that does not run."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, func, or_, select, union_all

from prefect.model.state_facts import WAITING
from prefect.server.catalogue import agent, flow, flow_run, task, task_run, tenant
from prefect.server.store.label_sets import all_leads, label_sets
from prefect.server.store.lost import beats_often
from prefect.server.store.phrases import among, value_of
from prefect.server.store.queue import MOST_ROWS_AT_ONCE, row_of_queue

__all__ = [
    "agents_of_tenant",
    "count_of_higher",
    "count_of_same",
    "run_with_flow",
    "sets_of_tenant",
    "waiting_task_runs",
]

run_with_flow = (
    select(
        flow_run.c.id,
        flow_run.c.tenant_id,
        flow_run.c.state,
        flow_run.c.state_message,
        flow_run.c.state_timestamp,
        flow_run.c.state_start_time,
        flow_run.c.created,
        flow_run.c.priority,
        flow_run.c.heartbeat,
        beats_often.label("beats_often"),
        flow_run.c.labels,
        flow_run.c.agent_id,
        flow.c.name.label("flow_name"),
        flow.c.archived,
        tenant.c.settings.label("tenant_settings"),
        agent.c.name.label("agent_name"),
        agent.c.type.label("agent_type"),
        agent.c.last_queried.label("agent_last_queried"),
    )
    .select_from(
        flow_run.join(flow, flow.c.id == flow_run.c.flow_id)
        .outerjoin(tenant, tenant.c.id == flow_run.c.tenant_id)
        .outerjoin(agent, agent.c.id == flow_run.c.agent_id)
    )
    .where(flow_run.c.id == value_of("flow_run_id", flow_run.c.id))
)
# The order in which the queue hands runs out, whatever their labels: each of the tenant's rows of the queue is counted.
_sets = label_sets(all_leads())
sets_of_tenant = select(_sets.c.lead, _sets.c.key)
_until = value_of("until", flow_run.c.state_start_time)
_most = value_of("most", flow_run.c.version)


def _count(count: int, *, is_same: bool) -> Select[Any]:
    """Count who comes before a run: of a higher priority who is due by then, of the same who starts before it."""
    parts = []
    for place in range(count):
        part = row_of_queue(place, flow_run.c.id).where(flow_run.c.state_start_time <= _until)
        if is_same:
            is_older = flow_run.c.created < value_of("created", flow_run.c.created)
            part = part.where(or_(flow_run.c.state_start_time < _until, is_older))
        parts.append(part.limit(_most).subquery())
    before = union_all(*(select(*part.c) for part in parts)).limit(_most).subquery("before")
    return select(func.count().label("count")).select_from(before)


#: By the number of rows, bound as for ``queue.due_runs``.
count_of_higher = {count: _count(count, is_same=False) for count in MOST_ROWS_AT_ONCE}
count_of_same = {count: _count(count, is_same=True) for count in MOST_ROWS_AT_ONCE}
agents_of_tenant = (
    select(agent.c.id, agent.c.name, agent.c.type, agent.c.labels, agent.c.last_queried, agent.c.core_version)
    .where(agent.c.tenant_id == value_of("tenant_id", agent.c.tenant_id))
    .order_by(agent.c.last_queried.desc())
    .limit(value_of("most", flow_run.c.version))
)
waiting_task_runs = (
    select(
        task_run.c.id,
        task_run.c.state,
        task_run.c.state_start_time,
        task_run.c.map_index,
        func.coalesce(task.c.name, task.c.slug).label("task_name"),
    )
    .select_from(task_run.join(task, task.c.id == task_run.c.task_id))
    .where(task_run.c.flow_run_id == value_of("flow_run_id", task_run.c.flow_run_id))
    .where(among(task_run.c.state, WAITING))
    .order_by(task_run.c.state_start_time, task_run.c.id)
    .limit(value_of("most", flow_run.c.version))
)
