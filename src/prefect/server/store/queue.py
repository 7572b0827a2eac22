"""Which runs may be started now, and when the next one may.

A run belongs to an agent whose labels include all of its own; a run without labels belongs only to an agent without,
or to one that asks for such runs too.  First the sets of labels are found for which a run waits, then the due runs of
those that have any.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal_column, not_, null, select, union_all

from prefect.contract import limits
from prefect.model.state_facts import TAKEABLE, WAITING
from prefect.server.catalogue import flow_run, key_of, lead_of, task_run, tenant
from prefect.server.store.label_sets import given_key, given_leads, label_sets
from prefect.server.store.phrases import among, is_empty_list, is_within, value_of

__all__ = [
    "BOTH",
    "HORIZON",
    "LABELLED",
    "MOST_ROWS_AT_ONCE",
    "MOST_TURNS",
    "PRIORITIES",
    "UNLABELLED",
    "due_again",
    "due_runs",
    "next_again",
    "next_due",
    "row_of_queue",
    "settings_of_tenant",
    "start_column",
    "turns",
    "waiting",
    "waiting_sets",
]

#: The highest comes first. Few, because each is looked for by itself: none can hide the others, however long it is.
PRIORITIES = tuple(range(limits.HIGHEST_PRIORITY, limits.LOWEST_PRIORITY - 1, -1))
#: So far ahead of its time a look knows of a run; who waits looks again before.
HORIZON = timedelta(seconds=120)
#: Of so many rows of the queue, each the runs of one set of labels and one priority, one statement takes the due runs.
MOST_ROWS_AT_ONCE = (1, 4, 16)
#: So many flows are looked at when a row is longer than what is asked for; the next look goes on after them.
MOST_TURNS = 50

_before = value_of("before", flow_run.c.state_start_time)
_horizon = value_of("horizon", flow_run.c.state_start_time)
_limit = value_of("limit", flow_run.c.version)

LABELLED, UNLABELLED, BOTH = "labelled", "unlabelled", "both"


def _fits(labels: ColumnElement[Any]) -> dict[str, ColumnElement[Any]]:
    """Tell, by which runs an agent takes, whether these labels are among them."""
    within = is_within(labels, value_of("labels", flow_run.c.labels))
    # No labels at all are within any.
    return {LABELLED: within & not_(is_empty_list(labels)), UNLABELLED: is_empty_list(labels), BOTH: within}


_TAKERS = _fits(flow_run.c.labels)
_tenant = flow_run.c.tenant_id == value_of("tenant_id", flow_run.c.tenant_id)


def waiting(lead: Any, key: Any, priority: Any, *columns: ColumnElement[Any], rows: Any = flow_run) -> Select[Any]:
    """Find what waits for its start of one set of labels and one priority, in the order of start times."""
    in_row = _in_row(lead, key, priority, *columns, rows=rows)
    return in_row.where(among(rows.c.state, TAKEABLE)).order_by(rows.c.state_start_time)


def _in_row(lead: Any, key: Any, priority: Any, *columns: ColumnElement[Any], rows: Any) -> Select[Any]:
    return (
        select(*columns)
        .where(rows.c.tenant_id == value_of("tenant_id", flow_run.c.tenant_id))
        .where(lead_of(rows.c.labels) == lead)
        .where(key_of(rows.c.labels) == key)
        .where(rows.c.priority == priority)
        .where(rows.c.state_start_time.is_not(None))  # lets the partial index be chosen
    )


def start_column(priority: int) -> str:
    """Name the column of ``waiting_sets`` that holds the earliest start of this priority."""
    return f"start_{PRIORITIES.index(priority)}"


def _waiting_sets(taker: str) -> Select[Any]:
    """Find the sets of labels that belong to the agent and for which a run waits, each with its earliest starts."""
    sets = label_sets(given_leads())
    one = flow_run.alias("one")
    labels = (
        select(one.c.labels)
        .where(one.c.tenant_id == value_of("tenant_id", flow_run.c.tenant_id))
        .where(lead_of(one.c.labels) == sets.c.lead)
        .where(key_of(one.c.labels) == sets.c.key)
        .where(one.c.state_start_time.is_not(None))
        .limit(literal_column("1"))
        .scalar_subquery()
    )
    found = select(sets.c.lead, sets.c.key, labels.label("labels")).subquery("found")
    first = flow_run.alias("first")
    starts = [
        waiting(found.c.lead, found.c.key, literal_column(str(priority)), first.c.state_start_time, rows=first)
        .limit(literal_column("1"))
        .scalar_subquery()
        .label(start_column(priority))
        for priority in PRIORITIES
    ]
    return select(found.c.lead, found.c.key, found.c.labels, *starts).where(_fits(found.c.labels)[taker])


def _bound_row(place: int) -> tuple[Any, Any, Any]:
    lead, priority = value_of(f"lead_{place}", flow_run.c.name), value_of(f"priority_{place}", flow_run.c.priority)
    return lead, given_key(value_of(f"key_{place}", key_of(flow_run.c.labels))), priority


def row_of_queue(place: int, *columns: ColumnElement[Any]) -> Select[Any]:
    """Find what waits in the row of the queue that is bound as ``lead_0``, ``key_0``, ``priority_0``."""
    return waiting(*_bound_row(place), *columns)


def _due(taker: str, count: int) -> Select[Any]:
    """Find due runs, the highest priority first; of each row of the queue only as many as are wanted are looked at."""
    columns = (
        flow_run.c.id,
        flow_run.c.flow_id,
        flow_run.c.labels,
        flow_run.c.priority,
        flow_run.c.state_start_time,
        flow_run.c.created,
    )
    parts = [
        row_of_queue(place, *columns)
        .where(flow_run.c.state_start_time <= _before)
        .where(_TAKERS[taker])  # two sets may have one hash
        .order_by(flow_run.c.created)
        .limit(_limit)
        .subquery()
        for place in range(count)
    ]
    due = union_all(*(select(*part.c) for part in parts)).subquery("due")
    return select(due).order_by(due.c.priority.desc(), due.c.state_start_time, due.c.created).limit(_limit)


def _turns(taker: str) -> Select[Any]:
    """Find flows that have due runs in a row of the queue, from one to the next, and the first run of each."""

    def of_row(rows: Any, *columns: ColumnElement[Any]) -> Select[Any]:
        lead, key, priority = _bound_row(0)
        return _in_row(lead, key, priority, *columns, rows=rows)

    rows = flow_run.alias("of_first_flow")
    after = value_of("after", flow_run.c.flow_id)
    first = of_row(rows, rows.c.flow_id).where(rows.c.flow_id > after).order_by(rows.c.flow_id)
    one: ColumnElement[int] = literal_column("1")
    turns = select(first.limit(one).scalar_subquery().label("flow_id"), one.label("number"))
    turn = turns.cte("turns", recursive=True)
    rows = flow_run.alias("of_next_flow")
    following = of_row(rows, rows.c.flow_id).where(rows.c.flow_id > turn.c.flow_id).order_by(rows.c.flow_id)
    turn = turn.union_all(
        select(following.limit(one).scalar_subquery(), turn.c.number + one)
        .where(turn.c.flow_id.is_not(None))
        .where(turn.c.number < literal_column(str(MOST_TURNS)))
    )
    rows = flow_run.alias("first_of_flow")
    due = (
        of_row(rows, rows.c.id)
        .where(rows.c.flow_id == turn.c.flow_id)
        .where(rows.c.state_start_time <= _before)
        .where(among(rows.c.state, TAKEABLE))
        .where(_fits(rows.c.labels)[taker])
        .order_by(rows.c.state_start_time)
        .limit(one)
    )
    return select(turn.c.flow_id, due.scalar_subquery().label("id")).where(turn.c.flow_id.is_not(None))


# A run whose process went home because a task waits: the task's start time makes the run due again.
# Few task runs wait.  That they can be found by their run is hidden from the planner: it would try that with each run.
_of_running = task_run.join(flow_run, flow_run.c.id == func.coalesce(task_run.c.flow_run_id, null()))
_due_again = (
    select(flow_run.c.id, flow_run.c.labels, func.min(task_run.c.state_start_time).label("start"))
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


# When the next task of a Running run is due; further ahead than its horizon a look sees nothing.
_next_again = (
    select(func.min(task_run.c.state_start_time).label("start"))
    .select_from(_of_running)
    .where(task_run.c.state_start_time.is_not(None))
    .where(task_run.c.state_start_time > _before)
    .where(task_run.c.state_start_time <= _horizon)
    .where(among(task_run.c.state, WAITING))
    .where(flow_run.c.state == "Running")
    .where(_tenant)
)

settings_of_tenant = select(tenant.c.settings).where(tenant.c.id == value_of("tenant_id", tenant.c.id))

#: By which runs an agent takes; ``labels`` is not bound for UNLABELLED.
waiting_sets = {taker: _waiting_sets(taker) for taker in _TAKERS}
due_again = {taker: _due_again.where(fits) for taker, fits in _TAKERS.items()}
next_again = {taker: _next_again.where(fits) for taker, fits in _TAKERS.items()}
#: And by the number of rows of the queue, each bound as ``lead_0``, ``key_0``, ``priority_0``.
due_runs = {(taker, count): _due(taker, count) for taker in _TAKERS for count in MOST_ROWS_AT_ONCE}
#: Which flows have due runs in one row of the queue.
turns = {taker: _turns(taker) for taker in _TAKERS}
#: When the next run of a row of the queue is due that has some already.
next_due = (
    row_of_queue(0, flow_run.c.state_start_time.label("start"))
    .where(flow_run.c.state_start_time > _before)
    .limit(literal_column("1"))
)
