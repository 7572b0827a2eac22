"""Statements that move runs from state to state.  Only ``actions.set_state`` may use them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CTE, FromClause, Select, exists, func, literal_column, select, update
from sqlalchemy.dialects.postgresql import insert

from prefect.model.state_facts import ENDED, IN_WORK, TAKEABLE
from prefect.server.catalogue import (
    agent,
    flow,
    flow_run,
    flow_run_state,
    run_key,
    slot,
    task,
    task_run,
    task_run_state,
    task_tag_limit,
)
from prefect.server.store.phrases import TOUCHED, among, inserting, new_uuid, value_of
from prefect.server.store.runs import insert_new_flow_run

__all__ = [
    "agent_exists",
    "close_task_run",
    "count_retries",
    "flow_run_state_by_id",
    "has_only_waiting_task_runs",
    "hold_flow_run",
    "insert_flow_run_state",
    "insert_task_run_state",
    "move_flow_run",
    "move_task_run",
    "new_flow_run",
    "present_flow_run",
    "present_task_run",
    "release_at_once",
    "release_flow_run",
    "set_process",
    "states_of_new_task_runs",
    "task_run_state_by_id",
    "task_runs_closed_with_it",
    "task_runs_of_flow",
    "unfinished_task_runs",
    "versions_are_locked",
    "wait_on_flow_run",
    "wait_on_task_run",
]

present_flow_run = (
    select(
        flow_run.c.id,
        flow_run.c.tenant_id,
        flow_run.c.flow_id,
        flow_run.c.state,
        flow_run.c.version,
        flow_run.c.start_time,
        flow_run.c.agent_id,
        flow_run.c.process_id,
        flow_run.c.lost_processes,
        flow_run.c.times_resurrected,
        flow_run.c.labels,
    )
    .where(flow_run.c.id == value_of("run_id", flow_run.c.id))
    # Not the whole row: who enters a child row (a log, a place under a limit) need not wait.
    .with_for_update(key_share=True)
)
_of_id = task_run_state.c.id == value_of("state_id", task_run_state.c.id)
_as_begun = task_run.alias("as_begun")
# With all that is asked before a task run is moved: what its new state's id stands for, and whether limits count.  What
# is looked up is as it was when the statement began; the row as when it was locked, and ``has_moved`` in between.
present_task_run = (
    select(
        (
            select(_as_begun.c.version).where(_as_begun.c.id == value_of("run_id", _as_begun.c.id)).scalar_subquery()
            != task_run.c.version
        ).label("has_moved"),
        select(task_run_state.c.task_run_id).where(_of_id).scalar_subquery().label("known_run_id"),
        select(task_run_state.c.state).where(_of_id).scalar_subquery().label("known_state"),
        exists().where(task_tag_limit.c.tenant_id == flow_run.c.tenant_id).label("has_limits"),
        exists().where(slot.c.run_id == task_run.c.id).label("has_place"),
        task_run.c.id,
        task_run.c.state,
        task_run.c.version,
        task_run.c.start_time,
        task_run.c.serialized_state,
        task_run.c.is_decided,
        task_run.c.flow_run_id,
        flow_run.c.tenant_id,
        flow_run.c.state.label("flow_run_state"),
        flow_run.c.flow_id,
        flow_run.c.process_id,
        flow_run.c.lost_processes,
        flow_run.c.labels,
    )
    .select_from(task_run.join(flow_run, flow_run.c.id == task_run.c.flow_run_id))
    .where(task_run.c.id == value_of("run_id", task_run.c.id))
    .with_for_update(of=task_run, key_share=True)
)

_MIRRORED = (
    "state",
    "state_timestamp",
    "state_message",
    "state_start_time",
    "serialized_state",
    "start_time",
    "end_time",
)

# Move a run to a new state, if nobody moved it since this transaction looked.
_flow_run_columns = {name: value_of(name, flow_run.c[name]) for name in _MIRRORED}
_move_flow_run = (
    update(flow_run)
    .where(flow_run.c.id == value_of("run_id", flow_run.c.id))
    .where(flow_run.c.version == value_of("seen_version", flow_run.c.version))  # lost race: no row
    .values(
        **_flow_run_columns,
        state_result=None,
        version=flow_run.c.version + 1,
        event_seq=flow_run.c.event_seq + 1,
        updated=value_of("now", flow_run.c.updated),
    )
)
_with_heartbeat = {"heartbeat": value_of("now", flow_run.c.heartbeat)}
_with_agent = {"agent_id": value_of("agent_id", flow_run.c.agent_id)}
_new_numbers = (flow_run.c.version, flow_run.c.event_seq)

#: By what goes with the move: nothing, a first heartbeat, or that and the agent that took the run.
move_flow_run = {
    "": _move_flow_run.returning(*_new_numbers),
    "heartbeat": _move_flow_run.values(**_with_heartbeat).returning(*_new_numbers),
    "agent": _move_flow_run.values(**_with_heartbeat, **_with_agent).returning(*_new_numbers),
}

_move_task_run = (
    update(task_run)
    .where(task_run.c.id == value_of("run_id", task_run.c.id))
    .where(task_run.c.version == value_of("seen_version", task_run.c.version))  # lost race: no row
    .values(
        **{name: value_of(name, task_run.c[name]) for name in _MIRRORED},
        is_decided=value_of("is_decided", task_run.c.is_decided),
        state_result=None,
        version=task_run.c.version + 1,
        updated=value_of("now", task_run.c.updated),
    )
)
move_task_run = {
    "": _move_task_run,
    "heartbeat": _move_task_run.values(heartbeat=value_of("now", task_run.c.heartbeat)),
}

_STATE = (
    "id",
    "tenant_id",
    "timestamp",
    "state",
    "message",
    "start_time",
    "serialized_state",
    "version",
    "created",
    "updated",
)
insert_flow_run_state = inserting(flow_run_state, *_STATE, "flow_run_id", "seq")
insert_task_run_state = inserting(task_run_state, *_STATE, "task_run_id")

# The task runs of a new flow run, one for each task of its flow, and the first line of the history of each.  Mapped
# children get theirs when the run knows how many there are.
_pending = {
    "version": literal_column("1"),
    "state": literal_column("'Pending'"),
    "state_timestamp": value_of("created", task_run.c.created),
    "state_message": value_of("task_run_message", task_run.c.state_message),
    "serialized_state": value_of("task_run_state", task_run.c.serialized_state),
    "created": value_of("created", task_run.c.created),
    "updated": value_of("created", task_run.c.updated),
}
_new_task_run = {
    "id": new_uuid(),
    "tenant_id": func.coalesce(task.c.tenant_id, value_of("tenant_id", task.c.tenant_id)),
    "flow_run_id": value_of("run_id", task_run.c.flow_run_id),
    "task_id": task.c.id,
    "map_index": literal_column("-1"),
    "cache_key": task.c.cache_key,
    **_pending,
}
task_runs_of_flow = insert(task_run).from_select(
    list(_new_task_run),
    select(*_new_task_run.values()).where(task.c.flow_id == value_of("flow_id", task.c.flow_id)).order_by(task.c.slug),
)


def _first_lines(made: FromClause) -> dict[str, Any]:
    return {
        "id": new_uuid(),
        "tenant_id": made.c.tenant_id,
        "task_run_id": made.c.id,
        "timestamp": _pending["state_timestamp"],
        "state": _pending["state"],
        "message": _pending["state_message"],
        "serialized_state": _pending["serialized_state"],
        "version": _pending["version"],
        "created": _pending["created"],
        "updated": _pending["updated"],
    }


_lines = _first_lines(task_run)
states_of_new_task_runs = insert(task_run_state).from_select(
    list(_lines),
    select(*_lines.values()).where(task_run.c.flow_run_id == value_of("run_id", task_run.c.flow_run_id)),
)


def _new_flow_run(scopes: int, *, has_task_runs: bool) -> Select[Any]:
    """Insert a flow run, the first line of its history, its key for each scope, and its task runs, all at once."""
    line = {
        "id": "line_id",
        "timestamp": "state_timestamp",
        "message": "state_message",
        "start_time": "line_start_time",
        "flow_run_id": "id",
        "seq": "event_seq",
    }
    of_line = {name: value_of(line.get(name, name), flow_run_state.c[name]) for name in (*_STATE, "flow_run_id", "seq")}
    parts: list[CTE] = [
        insert_new_flow_run.cte("made"),
        insert(flow_run_state).values(of_line).cte("line"),
    ]
    for place in range(scopes):
        of_key = {
            "scope": value_of(f"scope_{place}", run_key.c.scope),
            "key": value_of("idempotency_key", run_key.c.key),
            "flow_run_id": value_of("id", run_key.c.flow_run_id),
        }
        parts.append(insert(run_key).values(of_key).cte(f"key_{place}"))
    if has_task_runs:
        begun = task_runs_of_flow.returning(task_run.c.id, task_run.c.tenant_id).cte("begun")
        lines = _first_lines(begun)
        parts.append(insert(task_run_state).from_select(list(lines), select(*lines.values())).cte("lines"))
    tables = (flow_run, flow_run_state, run_key, task_run, task_run_state)
    touched = {TOUCHED: tuple(table.name for table in tables)}
    return select(literal_column("1").label("made")).add_cte(*parts).execution_options(**touched)


#: By the number of scopes of its key, and whether its task runs are made with it.
new_flow_run = {
    (n, with_them): _new_flow_run(n, has_task_runs=with_them) for n in range(3) for with_them in (True, False)
}

flow_run_state_by_id = select(flow_run_state.c.flow_run_id.label("run_id"), flow_run_state.c.state).where(
    flow_run_state.c.id == value_of("state_id", flow_run_state.c.id)
)
task_run_state_by_id = select(task_run_state.c.task_run_id.label("run_id"), task_run_state.c.state).where(_of_id)

# What ends with its flow run.
unfinished_task_runs = (
    select(task_run.c.id, task_run.c.version, task_run.c.tenant_id)
    .where(task_run.c.flow_run_id == value_of("run_id", task_run.c.flow_run_id))
    .where(~among(func.coalesce(task_run.c.state, ""), ENDED))
    # The order of an index: a part of them needs no sorting, and two who close them do not wait for each other.
    .order_by(task_run.c.task_id, task_run.c.map_index)
    .limit(value_of("most", task_run.c.version))
    .with_for_update()
)
task_runs_closed_with_it = (
    select(task_run.c.id, task_run.c.version, task_run.c.tenant_id)
    .where(task_run.c.flow_run_id == value_of("run_id", task_run.c.flow_run_id))
    .where(task_run.c.state == "Cancelled")
    .where(task_run.c.state_message.startswith(value_of("beginning", task_run.c.state_message)))
    .order_by(task_run.c.task_id, task_run.c.map_index)
    .limit(value_of("most", task_run.c.version))
    .with_for_update()
)
# Nothing that a process would do now, and something that it has left to an agent or to a person.
_of_this = task_run.c.flow_run_id == value_of("run_id", task_run.c.flow_run_id)
has_only_waiting_task_runs = (
    select(task_run.c.id)
    .where(_of_this)
    .where(among(task_run.c.state, TAKEABLE))
    .where(~exists().where(_of_this).where(among(task_run.c.state, IN_WORK)).correlate(None))
    .limit(1)
)
close_task_run = (
    update(task_run)
    .where(task_run.c.id == value_of("run_id", task_run.c.id))
    .values(
        **{name: value_of(name, task_run.c[name]) for name in _MIRRORED if name != "start_time"},
        is_decided=None,
        state_result=None,
        version=value_of("new_version", task_run.c.version),
        updated=value_of("now", task_run.c.updated),
    )
)

# A new run is handed out when all its task runs are there, unless somebody moved it before.
release_flow_run = (
    update(flow_run)
    .where(flow_run.c.id == value_of("run_id", flow_run.c.id))
    .where(flow_run.c.version == 1)
    .where(flow_run.c.state_start_time.is_(None))
    .values(state_start_time=flow_run.c.scheduled_start_time, updated=value_of("now", flow_run.c.updated))
)

# A run that is started again waits until all that is run again has been set back.
hold_flow_run = (
    update(flow_run)
    .where(flow_run.c.id == value_of("run_id", flow_run.c.id))
    .values(state_start_time=None, updated=value_of("now", flow_run.c.updated))
    .returning(flow_run.c.version)
)
release_at_once = (
    update(flow_run)
    .where(flow_run.c.id == value_of("run_id", flow_run.c.id))
    .where(flow_run.c.version == value_of("seen_version", flow_run.c.version))
    .where(flow_run.c.state_start_time.is_(None))
    .values(state_start_time=flow_run.c.state_timestamp, updated=value_of("now", flow_run.c.updated))
)

# A run that waits for a place asked again and waits on: no new line of its history, but it is alive.
wait_on_flow_run = (
    update(flow_run)
    .where(flow_run.c.id == value_of("run_id", flow_run.c.id))
    .values(
        state_start_time=value_of("until", flow_run.c.state_start_time),
        heartbeat=value_of("now", flow_run.c.heartbeat),
        updated=value_of("now", flow_run.c.updated),
    )
)
wait_on_task_run = (
    update(task_run)
    .where(task_run.c.id == value_of("run_id", task_run.c.id))
    .values(
        state_start_time=value_of("until", task_run.c.state_start_time),
        heartbeat=value_of("now", task_run.c.heartbeat),
        updated=value_of("now", task_run.c.updated),
    )
)

# Which process works on a flow run, and which ones it was taken from.
set_process = (
    update(flow_run)
    .where(flow_run.c.id == value_of("run_id", flow_run.c.id))
    .values(
        process_id=value_of("process_id", flow_run.c.process_id),
        lost_processes=value_of("lost_processes", flow_run.c.lost_processes),
    )
)
versions_are_locked = select(flow.c.settings).where(flow.c.id == value_of("flow_id", flow.c.id))

agent_exists = select(agent.c.id).where(agent.c.id == value_of("agent_id", agent.c.id))

count_retries = select(func.count().label("count")).where(
    task_run_state.c.task_run_id == value_of("task_run_id", task_run_state.c.task_run_id),
    task_run_state.c.state == "Retrying",
)
