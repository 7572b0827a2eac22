"""Statements about flow runs and task runs, but their states: those are set in one place only."""

from __future__ import annotations

from sqlalchemy import case, delete, func, or_, select, update

from prefect.server.catalogue import flow, flow_run, run_key, task, task_run
from prefect.server.store.phrases import inserting, quietly, updating, value_of

__all__ = [
    "beat_flow_run",
    "beat_of_process",
    "beat_task_run",
    "delete_flow_run",
    "flow_run_by_id",
    "flow_run_to_change",
    "flow_run_to_fill",
    "insert_new_flow_run",
    "insert_new_run_key",
    "insert_run_key",
    "insert_task_run",
    "insert_task_run_once",
    "retire_flow_run",
    "run_of_key",
    "run_of_key_in_scopes",
    "set_flow_run_labels",
    "set_flow_run_name",
    "set_flow_run_priority",
    "set_resurrections",
    "set_task_run_name",
    "take_event_numbers",
    "task_run_by_id",
    "task_run_by_place",
    "task_runs_by_places",
]

insert_new_flow_run = inserting(
    flow_run,
    "id",
    "tenant_id",
    "flow_id",
    "flow_group_id",
    "parameters",
    "labels",
    "run_config",
    "run_config_role",
    "context",
    "name",
    "idempotency_key",
    "scheduled_start_time",
    "auto_scheduled",
    "priority",
    "version",
    "state",
    "state_timestamp",
    "state_message",
    "state_start_time",
    "serialized_state",
    "event_seq",
    "created",
    "updated",
)
insert_task_run = inserting(
    task_run,
    "id",
    "tenant_id",
    "flow_run_id",
    "task_id",
    "map_index",
    "cache_key",
    "version",
    "state",
    "state_timestamp",
    "state_message",
    "serialized_state",
    "created",
    "updated",
)
insert_task_run_once = insert_task_run.on_conflict_do_nothing(index_elements=["flow_run_id", "task_id", "map_index"])

# --------------------------------------------------------------------------------- idempotency keys

insert_new_run_key = inserting(run_key, "scope", "key", "flow_run_id")
insert_run_key = insert_new_run_key.on_conflict_do_nothing(index_elements=["scope", "key"])
run_of_key = select(run_key.c.flow_run_id).where(
    run_key.c.scope == value_of("scope", run_key.c.scope), run_key.c.key == value_of("key", run_key.c.key)
)

# In the wider of two scopes, if it is known there.
run_of_key_in_scopes = (
    select(run_key.c.flow_run_id, run_key.c.scope)
    .where(run_key.c.scope.in_([value_of("wider", run_key.c.scope), value_of("scope", run_key.c.scope)]))
    .where(run_key.c.key == value_of("key", run_key.c.key))
    .order_by(case((run_key.c.scope == value_of("wider", run_key.c.scope), 0), else_=1))
    .limit(1)
)

# ----------------------------------------------------------------------------------------- flow runs

flow_run_by_id = select(flow_run.c.id, flow_run.c.tenant_id, flow_run.c.state, flow_run.c.version).where(
    flow_run.c.id == value_of("flow_run_id", flow_run.c.id)
)
# Locked as a change of state locks it: what is decided from this row still holds when it is written.
flow_run_to_change = flow_run_by_id.with_for_update(key_share=True)
# The whole row: who makes a task run meanwhile, at whatever place, waits until those that are missing are made.
flow_run_to_fill = (
    select(flow_run.c.id, flow_run.c.tenant_id, flow_run.c.flow_id, flow_run.c.state)
    .where(flow_run.c.id == value_of("flow_run_id", flow_run.c.id))
    .with_for_update()
)
set_flow_run_name = updating(flow_run, "name", row="flow_run_id")
set_flow_run_labels = updating(flow_run, "labels", row="flow_run_id")
set_flow_run_priority = updating(flow_run, "priority", row="flow_run_id")
set_resurrections = updating(flow_run, "times_resurrected", row="flow_run_id")
# A beat, and a line of a log, are no change of the run: who asks for what has changed would get every run at work.
_quiet = quietly(flow_run)
beat_flow_run = (
    update(_quiet)
    .where(_quiet.c.id == value_of("flow_run_id", flow_run.c.id))
    .values(heartbeat=value_of("now", flow_run.c.heartbeat))
)
# A process that the run was taken from does not keep it alive.
beat_of_process = beat_flow_run.where(
    or_(_quiet.c.process_id.is_(None), _quiet.c.process_id == value_of("beating_process", flow_run.c.process_id))
)
retire_flow_run = (
    update(flow_run).where(flow_run.c.id == value_of("flow_run_id", flow_run.c.id)).values(state_start_time=None)
)
delete_flow_run = delete(flow_run).where(flow_run.c.id == value_of("flow_run_id", flow_run.c.id))

# Events of a run (states, logs) are numbered in the order of their commits: taking numbers locks the run's row.
take_event_numbers = (
    update(_quiet)
    .where(_quiet.c.id == value_of("flow_run_id", flow_run.c.id))
    .values(event_seq=_quiet.c.event_seq + value_of("count", flow_run.c.event_seq))
    .returning(_quiet.c.event_seq, _quiet.c.tenant_id)
)

# ----------------------------------------------------------------------------------------- task runs

task_run_by_id = (
    select(
        task_run.c.id,
        task_run.c.tenant_id,
        task_run.c.flow_run_id,
        task_run.c.version,
        task_run.c.state,
        task_run.c.serialized_state,
        flow_run.c.tenant_id.label("owner_id"),
    )
    .select_from(task_run.join(flow_run, flow_run.c.id == task_run.c.flow_run_id))
    .where(task_run.c.id == value_of("task_run_id", task_run.c.id))
)
task_run_by_place = select(task_run.c.id, task_run.c.version, task_run.c.state, task_run.c.serialized_state).where(
    task_run.c.flow_run_id == value_of("flow_run_id", task_run.c.flow_run_id),
    task_run.c.task_id == value_of("task_id", task_run.c.task_id),
    task_run.c.map_index == value_of("map_index", task_run.c.map_index),
)
task_runs_by_places = (
    select(task_run.c.id, task_run.c.map_index, task_run.c.version, task_run.c.serialized_state)
    .where(task_run.c.flow_run_id == value_of("flow_run_id", task_run.c.flow_run_id))
    .where(task_run.c.task_id == value_of("task_id", task_run.c.task_id))
    .where(
        task_run.c.map_index.between(value_of("first", task_run.c.map_index), value_of("last", task_run.c.map_index))
    )
    .order_by(task_run.c.map_index)
)
set_task_run_name = updating(task_run, "name", row="task_run_id")
beat_task_run = (
    update(task_run)
    .where(task_run.c.id == value_of("task_run_id", task_run.c.id))
    .values(heartbeat=value_of("now", task_run.c.heartbeat), updated=value_of("now", task_run.c.updated))
)

# Of the children of a mapped task run: when the first began, when the last ended, how many are in which state.
_parent = task_run.alias("parent")
children_by_state = (
    select(
        task_run.c.state,
        func.count().label("count"),
        func.min(task_run.c.start_time).label("min_start_time"),
        func.max(task_run.c.end_time).label("max_end_time"),
    )
    .select_from(
        _parent.join(
            task_run, (task_run.c.flow_run_id == _parent.c.flow_run_id) & (task_run.c.task_id == _parent.c.task_id)
        )
    )
    .where(_parent.c.id == value_of("task_run_id", _parent.c.id))
    .where(_parent.c.map_index < 0)
    .where(task_run.c.map_index >= 0)
    .group_by(task_run.c.state)
)

# What a message about a run tells.
run_with_flow = (
    select(
        flow_run.c.id,
        flow_run.c.name,
        flow_run.c.version,
        flow_run.c.state,
        flow_run.c.state_message,
        flow_run.c.tenant_id,
        flow.c.id.label("flow_id"),
        flow.c.name.label("flow_name"),
        flow.c.flow_group_id,
        flow.c.version_group_id,
    )
    .select_from(flow_run.join(flow, flow.c.id == flow_run.c.flow_id))
    .where(flow_run.c.id == value_of("flow_run_id", flow_run.c.id))
)

# The place of a new task run: its task must be one of the run's own flow.
flow_run_and_task = (
    select(
        flow_run.c.id,
        flow_run.c.tenant_id,
        flow_run.c.flow_id,
        flow_run.c.state,
        task.c.id.label("task_id"),
        task.c.flow_id.label("task_flow_id"),
        task.c.cache_key,
    )
    .select_from(flow_run.outerjoin(task, task.c.id == value_of("task_id", task.c.id)))
    .where(flow_run.c.id == value_of("flow_run_id", flow_run.c.id))
)
