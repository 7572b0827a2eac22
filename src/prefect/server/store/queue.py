"""Which runs may be started now, and when the next one may.

A run belongs to an agent whose labels include all of its own; a run without labels belongs only to an agent without,
or to one that asks for such runs too.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal_column, not_, select, union_all

from prefect.contract import limits
from prefect.model.state_facts import TAKEABLE, WAITING
from prefect.server.catalogue import flow_run, task_run, tenant
from prefect.server.store.phrases import among, is_empty_list, is_within, value_of

__all__ = [
    "BOTH",
    "LABELLED",
    "PRIORITIES",
    "UNLABELLED",
    "due_again",
    "due_runs",
    "next_due",
    "settings_of_tenant",
    "waiting",
]

#: The highest comes first. Few, because each is looked for by itself: none can hide the others, however long it is.
PRIORITIES = tuple(range(limits.HIGHEST_PRIORITY, limits.LOWEST_PRIORITY - 1, -1))

_tenant = flow_run.c.tenant_id == value_of("tenant_id", flow_run.c.tenant_id)
_before = value_of("before", flow_run.c.state_start_time)
_limit = value_of("limit", flow_run.c.version)

_labels = value_of("labels", flow_run.c.labels)
_for_labelled: ColumnElement[Any] = is_within(flow_run.c.labels, _labels) & not_(is_empty_list(flow_run.c.labels))
_for_unlabelled: ColumnElement[Any] = is_empty_list(flow_run.c.labels)
_for_both: ColumnElement[Any] = is_within(flow_run.c.labels, _labels)  # no labels at all are within any

LABELLED, UNLABELLED, BOTH = "labelled", "unlabelled", "both"
_TAKERS: dict[str, ColumnElement[Any]] = {LABELLED: _for_labelled, UNLABELLED: _for_unlabelled, BOTH: _for_both}


def waiting(priority: int, *columns: ColumnElement[Any]) -> Select[Any]:
    """Find what waits for its start with this priority: a part of the queue's index, in the order of start times."""
    return (
        select(*columns)
        .where(_tenant)
        .where(flow_run.c.priority == literal_column(str(priority)))
        .where(flow_run.c.state_start_time.is_not(None))  # lets the partial index be chosen
        .where(among(flow_run.c.state, TAKEABLE))
    )


def _due(fits: ColumnElement[Any]) -> Select[Any]:
    """Find due runs, the highest priority first; of each only as many are looked at as are wanted."""
    columns = (flow_run.c.id, flow_run.c.priority, flow_run.c.state_start_time, flow_run.c.created)
    parts = [
        waiting(priority, *columns)
        .where(flow_run.c.state_start_time <= _before)
        .where(fits)
        .order_by(flow_run.c.state_start_time, flow_run.c.created)
        .limit(_limit)
        .subquery()
        for priority in PRIORITIES
    ]
    due = union_all(*(select(*part.c) for part in parts)).subquery("due")
    return select(due.c.id).order_by(due.c.priority.desc(), due.c.state_start_time, due.c.created).limit(_limit)


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


def _next(fits: ColumnElement[Any]) -> Select[Any]:
    """Find when the next run or the next task of a Running run is due."""
    first = func.min(flow_run.c.state_start_time).label("start")
    parts = [
        waiting(priority, first).where(flow_run.c.state_start_time > _before).where(fits) for priority in PRIORITIES
    ]
    again = (
        select(func.min(task_run.c.state_start_time).label("start"))
        .select_from(_of_running)
        .where(task_run.c.state_start_time.is_not(None))
        .where(task_run.c.state_start_time > _before)
        .where(among(task_run.c.state, WAITING))
        .where(flow_run.c.state == "Running")
        .where(_tenant)
        .where(fits)
    )
    return select(func.min(union_all(*parts, again).subquery("next").c.start).label("start"))


settings_of_tenant = select(tenant.c.settings).where(tenant.c.id == value_of("tenant_id", tenant.c.id))

#: By which runs an agent takes; ``labels`` is not bound for UNLABELLED.
due_runs = {taker: _due(fits) for taker, fits in _TAKERS.items()}
due_again = {taker: _due_again.where(fits) for taker, fits in _TAKERS.items()}
next_due = {taker: _next(fits) for taker, fits in _TAKERS.items()}
