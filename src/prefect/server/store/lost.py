"""Finding runs whose process fell silent.

A run that never beat is measured by the time of its last state, so that it is found as well.  Each statement takes two
times: ``limit_time`` for processes that beat often, and the earlier ``long_limit_time`` for all others.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, ColumnElement, and_, exists, func, literal_column, or_, select, update
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from prefect.model.state_facts import ALIVE, RUNNING, STARTED_AGAIN, STILL_TO_COME
from prefect.server.catalogue import agent, flow, flow_group, flow_run, task, task_run
from prefect.server.store.phrases import among, value_of

__all__ = [
    "beats_often",
    "bring_back",
    "flow_run_now",
    "flow_run_of_process",
    "flow_run_with_pending_work",
    "flow_runs_ahead",
    "has_pending_work",
    "is_switched_off",
    "lost_flow_runs",
    "silent",
    "silent_cancelling_runs",
    "silent_task_runs",
    "task_run_now",
    "task_runs_in_work",
]


class is_switched_off(FunctionElement[bool]):
    """A JSON object holds false under this name."""

    type = Boolean()
    inherit_cache = True


@compiles(is_switched_off, "postgresql")
def _is_switched_off_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    settings, key = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"(COALESCE({settings} ->> {key}, '') = 'false')"


@compiles(is_switched_off, "sqlite")
def _is_switched_off_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    settings, key = (compiler.process(clause, **kw) for clause in element.clauses)
    # A text that is no JSON would end the statement with an error, for all rows.
    is_off = f"COALESCE(json_type({settings}, '$.' || {key}), '') = 'false'"
    return f"(CASE WHEN json_valid({settings}) THEN {is_off} ELSE 0 END)"


def _off(name: str) -> ColumnElement[bool]:
    return is_switched_off(flow_group.c.settings, literal_column(f"'{name}'"))


silent_since = func.coalesce(flow_run.c.heartbeat, flow_run.c.state_timestamp, flow_run.c.created)
# A process that names itself is ours, and one that has beaten since its run began keeps our short interval.  A wish to
# cancel is no beat: it leaves the heartbeat as it was.
beats_often = flow_run.c.process_id.is_not(None) & (
    (flow_run.c.heartbeat > flow_run.c.state_timestamp)
    | ((flow_run.c.state == "Cancelling") & (flow_run.c.heartbeat > flow_run.c.start_time))
)
silent = (silent_since <= value_of("limit_time", flow_run.c.heartbeat)) & or_(
    silent_since <= value_of("long_limit_time", flow_run.c.heartbeat), beats_often
)
_limit = value_of("limit", flow_run.c.version)
# An order and no more: by the index over it SQLite would walk through all runs there are.
_changed = func.coalesce(flow_run.c.updated, flow_run.c.created)
_of_group = flow_run.join(flow, flow.c.id == flow_run.c.flow_id).join(
    flow_group, flow_group.c.id == flow.c.flow_group_id
)


def _off_for_run(name: str) -> ColumnElement[bool]:
    """Tell whether a run's flow group has switched something off.

    A subquery and not a join: flows are few, and a planner that begins with them reads the runs of each.
    """
    of_run = flow.join(flow_group, flow_group.c.id == flow.c.flow_group_id)
    found: ColumnElement[bool] = (
        select(_off(name)).select_from(of_run).where(flow.c.id == flow_run.c.flow_id).scalar_subquery()
    )
    return found


# Something that will still happen to the run of itself, or that the other finder ends first.
has_pending_work = exists().where(and_(task_run.c.flow_run_id == flow_run.c.id, among(task_run.c.state, STILL_TO_COME)))

# An image may take minutes to be pulled, and whoever has to start the run is there: not yet lost.  A local agent's
# process begins, or beats, at once.
_is_being_started = (
    (flow_run.c.state == "Submitted")
    & (silent_since > value_of("submitted_limit_time", flow_run.c.heartbeat))
    & exists()
    .where(agent.c.id == flow_run.c.agent_id)
    .where(agent.c.type != "LocalAgent")
    .where(agent.c.last_queried > value_of("long_limit_time", flow_run.c.heartbeat))
)

lost_flow_runs = (
    select(flow_run.c.id, flow_run.c.version, flow_run.c.state, flow_run.c.times_resurrected)
    .where(among(flow_run.c.state, STARTED_AGAIN))
    .where(silent)
    .where(~_is_being_started)
    .where(~_off_for_run("heartbeat_enabled"))
    .where(~_off_for_run("lazarus_enabled"))
    .where(~has_pending_work)
    .order_by(_changed)
    .limit(_limit)
)

silent_cancelling_runs = (
    select(flow_run.c.id, flow_run.c.version)
    .where(flow_run.c.state == "Cancelling")
    .where(silent)
    .where(~_off_for_run("heartbeat_enabled"))
    .order_by(_changed)
    .limit(_limit)
)


# A heartbeat from before the clock was set back: it would keep a dead run alive until the clock gets there.
_is_ahead = flow_run.c.heartbeat > value_of("future_time", flow_run.c.heartbeat)
flow_runs_ahead = (
    select(flow_run.c.id).where(among(flow_run.c.state, ALIVE)).where(_is_ahead).order_by(_changed).limit(_limit)
)
bring_back = (
    update(flow_run)
    .where(flow_run.c.id == value_of("flow_run_id", flow_run.c.id))
    .where(_is_ahead)
    .values(heartbeat=value_of("now", flow_run.c.heartbeat))
)


def _of_its_run(value: ColumnElement[Any]) -> Any:
    """Give a value of a task run's flow run.

    A subquery and not a join: there are few running task runs and many flow runs, and a planner that misjudges how many
    of those are silent would read them all.
    """
    return select(value).where(flow_run.c.id == task_run.c.flow_run_id).scalar_subquery()


_left_task_runs = select(
    task_run.c.id,
    task_run.c.version,
    task_run.c.flow_run_id,
    _of_its_run(flow_run.c.state).label("flow_run_state"),
    task.c.max_retries,
    task.c.retry_delay,
).select_from(
    task_run.join(task, task.c.id == task_run.c.task_id)
    .join(flow, flow.c.id == task.c.flow_id)
    .join(flow_group, flow_group.c.id == flow.c.flow_group_id)
)
silent_task_runs = (
    _left_task_runs.where(among(task_run.c.state, RUNNING))
    .where(_of_its_run(silent))
    .where(~_off("heartbeat_enabled"))
    .order_by(task_run.c.updated)
    .limit(_limit)
)

# For a process that was seen to end.
task_runs_in_work = (
    _left_task_runs.where(task_run.c.flow_run_id == value_of("flow_run_id", task_run.c.flow_run_id))
    .where(among(task_run.c.state, RUNNING))
    .order_by(task_run.c.id)
)
flow_run_of_process = (
    select(
        flow_run.c.id,
        flow_run.c.state,
        flow_run.c.process_id,
        flow_run.c.agent_id,
        flow_run.c.times_resurrected,
        _off("lazarus_enabled").label("lazarus_is_off"),
    )
    .select_from(_of_group)
    .where(flow_run.c.id == value_of("flow_run_id", flow_run.c.id))
    .with_for_update(of=flow_run)
)
flow_run_with_pending_work = (
    select(flow_run.c.id).where(flow_run.c.id == value_of("flow_run_id", flow_run.c.id)).where(has_pending_work)
)

# What the finder looks at again inside its transaction.
flow_run_now = (
    select(flow_run.c.version, silent.label("is_silent"))
    .where(flow_run.c.id == value_of("flow_run_id", flow_run.c.id))
    .with_for_update()
)
task_run_now = (
    select(task_run.c.version, silent.label("is_silent"))
    .select_from(task_run.join(flow_run, flow_run.c.id == task_run.c.flow_run_id))
    .where(task_run.c.id == value_of("task_run_id", task_run.c.id))
    .with_for_update(of=task_run)
)
