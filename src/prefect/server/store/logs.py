"""Statements about log lines and the events of a run."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Table, bindparam, literal, or_, select, union_all

from prefect.server.catalogue import flow_run, flow_run_state, log, task_run
from prefect.server.store.phrases import bytes_of, inserting, value_of

__all__ = [
    "event_sizes",
    "first_sizes_of_file",
    "insert_log",
    "known_logs",
    "last_event",
    "lines_of_file",
    "logs_after",
    "logs_of_levels_after",
    "run_of_file",
    "sizes_of_file",
    "state_sizes",
    "states_after",
    "task_runs_after",
]

# A batch that is sent again after a lost answer brings the same ids.
insert_log = inserting(
    log,
    "id",
    "tenant_id",
    "flow_run_id",
    "task_run_id",
    "timestamp",
    "name",
    "level",
    "message",
    "info",
    "seq",
    "created",
    "updated",
).on_conflict_do_nothing(index_elements=["id"])

known_logs = select(log.c.id).where(log.c.id.in_(bindparam("log_ids")))


def _sizes(table: Table, *more: Any) -> Any:
    size = sum((bytes_of(column) for column in (table.c.message, *more)), literal(0))
    return (
        select(table.c.seq, size.label("size"))
        .where(table.c.flow_run_id == value_of("flow_run_id", table.c.flow_run_id))
        .where(table.c.seq > value_of("after", table.c.seq))
        .order_by(table.c.seq)
        .limit(value_of("limit", flow_run_state.c.version))
        .subquery()
    )


#: The same of its states alone.
state_sizes = select(_sizes(flow_run_state))
_both = union_all(select(_sizes(flow_run_state)), select(_sizes(log, log.c.name))).subquery()
#: The numbers of the next events, and how many bytes their texts have.
event_sizes = select(_both).order_by(_both.c.seq).limit(value_of("limit", flow_run_state.c.version))

states_after = (
    select(
        flow_run_state.c.seq,
        flow_run_state.c.timestamp,
        flow_run_state.c.state,
        flow_run_state.c.message,
    )
    .where(flow_run_state.c.flow_run_id == value_of("flow_run_id", flow_run_state.c.flow_run_id))
    .where(flow_run_state.c.seq > value_of("after", flow_run_state.c.seq))
    .where(flow_run_state.c.seq <= value_of("until", flow_run_state.c.seq))
    .order_by(flow_run_state.c.seq)
)
logs_after = (
    select(log.c.seq, log.c.timestamp, log.c.level, log.c.name, log.c.message, log.c.task_run_id)
    .where(log.c.flow_run_id == value_of("flow_run_id", log.c.flow_run_id))
    .where(log.c.seq > value_of("after", log.c.seq))
    .where(log.c.seq <= value_of("until", log.c.seq))
    .order_by(log.c.seq)
)
logs_of_levels_after = logs_after.where(log.c.level.in_(bindparam("levels")))

last_event = select(flow_run.c.event_seq).where(flow_run.c.id == value_of("flow_run_id", flow_run.c.id))

# By time and id: many task runs are made at one moment.
_since = value_of("since", task_run.c.state_timestamp)
task_runs_after = (
    select(
        task_run.c.id,
        task_run.c.task_id,
        task_run.c.map_index,
        task_run.c.name,
        task_run.c.state,
        task_run.c.state_timestamp.label("timestamp"),
        task_run.c.start_time,
        task_run.c.end_time,
        task_run.c.version,
    )
    .where(task_run.c.flow_run_id == value_of("flow_run_id", task_run.c.flow_run_id))
    .where(task_run.c.state_timestamp >= _since)
    .where(or_(task_run.c.state_timestamp > _since, task_run.c.id > value_of("after_id", task_run.c.id)))
    .order_by(task_run.c.state_timestamp, task_run.c.id)
    .limit(value_of("limit", task_run.c.version))
)

# The log of a run as a file: by time and id, a bounded number of lines at once.
run_of_file = select(flow_run.c.name, flow_run.c.tenant_id).where(
    flow_run.c.id == value_of("flow_run_id", flow_run.c.id)
)
#: What the next lines weigh, and what tells whether they are wanted.
first_sizes_of_file = (
    select(log.c.id, log.c.timestamp, log.c.level, log.c.task_run_id, bytes_of(log.c.message).label("size"))
    .where(log.c.flow_run_id == value_of("flow_run_id", log.c.flow_run_id))
    .order_by(log.c.timestamp, log.c.id)
    .limit(value_of("limit", flow_run_state.c.version))
)
_moment = value_of("timestamp", log.c.timestamp)
sizes_of_file = first_sizes_of_file.where(log.c.timestamp >= _moment).where(  # the index leads to the moment
    or_(log.c.timestamp > _moment, log.c.id > value_of("log_id", log.c.id))
)
lines_of_file = select(log.c.id, log.c.timestamp, log.c.level, log.c.name, log.c.task_run_id, log.c.message).where(
    log.c.id.in_(bindparam("log_ids"))
)
