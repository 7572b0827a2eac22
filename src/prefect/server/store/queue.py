"""Which runs may be started now, and when the next one may.

A run belongs to an agent whose labels include all of its own; a run without labels belongs only to an agent without.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, func, not_, select

from prefect.server.catalogue import flow_run, task_run
from prefect.server.store.phrases import among, is_empty_list, is_within, value_of

__all__ = ["due_again", "due_runs", "next_again", "next_due"]

WAITING = ("Scheduled", "Queued", "Paused", "Resume", "Retrying")

_tenant = flow_run.c.tenant_id == value_of("tenant_id", flow_run.c.tenant_id)
_before = value_of("before", flow_run.c.state_start_time)
_limit = value_of("limit", flow_run.c.version)

_labels = value_of("labels", flow_run.c.labels)
_for_labelled: ColumnElement[Any] = is_within(flow_run.c.labels, _labels) & not_(is_empty_list(flow_run.c.labels))
_for_unlabelled: ColumnElement[Any] = is_empty_list(flow_run.c.labels)

_due = (
    select(flow_run.c.id)
    .where(_tenant)
    .where(flow_run.c.state_start_time.is_not(None))  # lets the partial index be chosen
    .where(flow_run.c.state_start_time <= _before)
    .where(among(flow_run.c.state, WAITING))
    .order_by(flow_run.c.state_start_time, flow_run.c.created)
    .limit(_limit)
)
_next = (
    select(func.min(flow_run.c.state_start_time).label("start"))
    .where(_tenant)
    .where(flow_run.c.state_start_time.is_not(None))
    .where(flow_run.c.state_start_time > _before)
    .where(among(flow_run.c.state, WAITING))
)

# A run whose process went home because a task waits: the task's start time makes the run due again.
_of_running = task_run.join(flow_run, flow_run.c.id == task_run.c.flow_run_id)
_due_again = (
    select(flow_run.c.id, func.min(task_run.c.state_start_time).label("start"))
    .select_from(_of_running)
    .where(task_run.c.state_start_time.is_not(None))
    .where(task_run.c.state_start_time <= _before)
    .where(among(task_run.c.state, WAITING))
    .where(flow_run.c.state == "Running")
    .where(_tenant)
    .group_by(flow_run.c.id)
    .order_by("start", flow_run.c.id)
    .limit(_limit)
)
_next_again = (
    select(func.min(task_run.c.state_start_time).label("start"))
    .select_from(_of_running)
    .where(task_run.c.state_start_time.is_not(None))
    .where(task_run.c.state_start_time > _before)
    .where(among(task_run.c.state, WAITING))
    .where(flow_run.c.state == "Running")
    .where(_tenant)
)

#: By whether the agent has labels; only then is ``labels`` bound.
due_runs = {True: _due.where(_for_labelled), False: _due.where(_for_unlabelled)}
due_again = {True: _due_again.where(_for_labelled), False: _due_again.where(_for_unlabelled)}
next_due = {True: _next.where(_for_labelled), False: _next.where(_for_unlabelled)}
next_again = {True: _next_again.where(_for_labelled), False: _next_again.where(_for_unlabelled)}
