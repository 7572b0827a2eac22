"""Which runs may be started now, and when the next one may.

A run belongs to an agent whose labels include all of its own; a run without labels belongs only to an agent without,
or to one that asks for such runs too.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, func, not_, select

from prefect.model.state_facts import TAKEABLE, WAITING
from prefect.server.catalogue import flow_run, task_run, tenant
from prefect.server.store.phrases import among, is_empty_list, is_within, value_of

__all__ = ["BOTH", "LABELLED", "UNLABELLED", "due_again", "due_runs", "next_again", "next_due", "settings_of_tenant"]

_tenant = flow_run.c.tenant_id == value_of("tenant_id", flow_run.c.tenant_id)
_before = value_of("before", flow_run.c.state_start_time)
_limit = value_of("limit", flow_run.c.version)

_labels = value_of("labels", flow_run.c.labels)
_for_labelled: ColumnElement[Any] = is_within(flow_run.c.labels, _labels) & not_(is_empty_list(flow_run.c.labels))
_for_unlabelled: ColumnElement[Any] = is_empty_list(flow_run.c.labels)
_for_both: ColumnElement[Any] = is_within(flow_run.c.labels, _labels)  # no labels at all are within any

LABELLED, UNLABELLED, BOTH = "labelled", "unlabelled", "both"
_TAKERS: dict[str, ColumnElement[Any]] = {LABELLED: _for_labelled, UNLABELLED: _for_unlabelled, BOTH: _for_both}

_due = (
    select(flow_run.c.id)
    .where(_tenant)
    .where(flow_run.c.state_start_time.is_not(None))  # lets the partial index be chosen
    .where(flow_run.c.state_start_time <= _before)
    .where(among(flow_run.c.state, TAKEABLE))
    .order_by(flow_run.c.state_start_time, flow_run.c.created)
    .limit(_limit)
)
_next = (
    select(func.min(flow_run.c.state_start_time).label("start"))
    .where(_tenant)
    .where(flow_run.c.state_start_time.is_not(None))
    .where(flow_run.c.state_start_time > _before)
    .where(among(flow_run.c.state, TAKEABLE))
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

settings_of_tenant = select(tenant.c.settings).where(tenant.c.id == value_of("tenant_id", tenant.c.id))

#: By which runs an agent takes; ``labels`` is not bound for UNLABELLED.
due_runs = {taker: _due.where(fits) for taker, fits in _TAKERS.items()}
due_again = {taker: _due_again.where(fits) for taker, fits in _TAKERS.items()}
next_due = {taker: _next.where(fits) for taker, fits in _TAKERS.items()}
next_again = {taker: _next_again.where(fits) for taker, fits in _TAKERS.items()}
