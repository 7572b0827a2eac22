"""What may be done with a flow run or task run, beside moving it to a state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from prefect.contract import limits
from prefect.model.state import Finished
from prefect.model.state_facts import is_kind
from prefect.server.actions import chores
from prefect.server.actions.checks import check_labels, check_priority, found
from prefect.server.actions.clearing import clear_flow_run
from prefect.server.actions.set_state import begin_task_runs, close_new_task_run, set_flow_run_state
from prefect.server.errors import ApiError, BadInput
from prefect.server.live import task_runs_topic
from prefect.server.rules.proposal import propose
from prefect.server.store import runs
from prefect.server.store.database import Transaction
from prefect.utilities.ids import following_id

__all__ = [
    "beat_flow_run",
    "beat_task_run",
    "cancel_flow_run",
    "delete_flow_run",
    "get_or_create_mapped_task_runs",
    "get_or_create_task_run",
    "mapped_children",
    "set_flow_run_labels",
    "set_flow_run_name",
    "set_flow_run_priority",
    "set_task_run_name",
    "task_run_info",
]

MAP_INDEX_MAX = 2**31 - 1


def cancel_flow_run(tx: Transaction, now: datetime, *, flow_run_id: str) -> str:
    """End a flow run, or ask it to end when it has begun; gives the state that it has then."""
    run = found(tx.one(runs.flow_run_to_change, flow_run_id=flow_run_id), f"Invalid flow run ID: {flow_run_id}")
    if is_kind(run["state"], Finished):
        return str(run["state"])
    wanted = propose("Cancelling", "Flow run is cancelling")
    set_flow_run_state(tx, now, flow_run_id=flow_run_id, proposed=wanted)
    changed = found(tx.one(runs.flow_run_by_id, flow_run_id=flow_run_id), f"Invalid flow run ID: {flow_run_id}")
    return str(changed["state"])


def delete_flow_run(tx: Transaction, now: datetime, *, flow_run_id: str) -> bool:
    """Delete a flow run with its task runs, states and logs; what is on its way out is handed to nobody."""
    if tx.one(runs.flow_run_to_change, flow_run_id=flow_run_id) is None:
        return False
    tx.run(runs.retire_flow_run, flow_run_id=flow_run_id)
    if not clear_flow_run(tx, flow_run_id):
        chores.begin(tx, now, "delete_flow_run", flow_run_id)
    return True


def set_flow_run_name(tx: Transaction, now: datetime, *, flow_run_id: str, name: str) -> bool:
    """Rename a flow run."""
    if not name.strip():
        raise ApiError("Invalid name", "BAD_USER_INPUT")
    return tx.run(runs.set_flow_run_name, flow_run_id=flow_run_id, name=limits.short_name(name), now=now) > 0


def set_flow_run_priority(tx: Transaction, now: datetime, *, flow_run_id: str, priority: int) -> bool:
    """Set whose turn it is among the runs that are due: 1 comes first, -1 last; gives whether there is such a run."""
    return tx.run(runs.set_flow_run_priority, flow_run_id=flow_run_id, priority=check_priority(priority), now=now) > 0


def set_flow_run_labels(tx: Transaction, now: datetime, *, flow_run_id: str, labels: Sequence[str]) -> bool:
    """Replace a flow run's labels."""
    return tx.run(runs.set_flow_run_labels, flow_run_id=flow_run_id, labels=check_labels("labels", labels), now=now) > 0


def set_task_run_name(tx: Transaction, now: datetime, *, task_run_id: str, name: str) -> bool:
    """Rename a task run."""
    if not name.strip():
        raise ApiError("Invalid name", "BAD_USER_INPUT")
    return tx.run(runs.set_task_run_name, task_run_id=task_run_id, name=limits.short_name(name), now=now) > 0


def beat_flow_run(tx: Transaction, now: datetime, *, flow_run_id: str, process_id: str | None = None) -> bool:
    """Note that the flow run's process lives; one that names itself must be the one that has the run."""
    if process_id is None:
        tx.run(runs.beat_flow_run, flow_run_id=flow_run_id, now=now)
    else:
        tx.run(runs.beat_of_process, flow_run_id=flow_run_id, beating_process=process_id, now=now)
    return True


def beat_task_run(tx: Transaction, now: datetime, *, task_run_id: str) -> bool:
    """Note that the task run lives."""
    tx.run(runs.beat_task_run, task_run_id=task_run_id, now=now)
    return True


def get_or_create_task_run(
    tx: Transaction, now: datetime, *, flow_run_id: str, task_id: str, map_index: int | None = None
) -> Mapping[str, Any]:
    """Give the task run at this place of a flow run, making it when it is not there: id, version, state.

    Args:
        map_index: which child of a mapped task; -1 or None for a task that is not mapped.
    """
    index = -1 if map_index is None else map_index
    if not -1 <= index <= MAP_INDEX_MAX:
        raise BadInput("map_index", f"a whole number from -1 to {MAP_INDEX_MAX}", map_index)
    place = {"flow_run_id": flow_run_id, "task_id": task_id, "map_index": index}
    known = tx.one(runs.task_run_by_place, **place)
    if known is not None:
        return known
    owner = _owner_of(tx, flow_run_id, task_id)
    row = {"id": following_id(), "tenant_id": owner["tenant_id"], "cache_key": owner["cache_key"], **place}
    if begin_task_runs(tx, now, [row], once=True) and is_kind(owner["state"], Finished):
        close_new_task_run(tx, now, row["id"], owner["state"])
    return found(tx.one(runs.task_run_by_place, **place), "Invalid ID")


def get_or_create_mapped_task_runs(
    tx: Transaction, now: datetime, *, flow_run_id: str, task_id: str, first: int, count: int
) -> list[Mapping[str, Any]]:
    """Give the task runs of children of a mapped task, in order of their indexes, making those that are not there.

    Args:
        first: index of the first of them.
        count: how many, at most 500.

    Returns:
        id, map_index, version and serialized_state of each.
    """
    if not 0 <= first <= MAP_INDEX_MAX:
        raise BadInput("first", f"a whole number from 0 to {MAP_INDEX_MAX}", first)
    most = min(limits.MOST_CHILDREN_TOLD, MAP_INDEX_MAX - first + 1)
    if not 1 <= count <= most:
        raise BadInput("count", f"a whole number from 1 to {most}", count)
    # The whole row is locked: who makes one of them meanwhile waits.
    if tx.one(runs.flow_run_to_fill, flow_run_id=flow_run_id) is None:
        raise ApiError("Foreign key violation.", "BELONGS_TO_NOTHING")
    which = {"flow_run_id": flow_run_id, "task_id": task_id, "first": first, "last": first + count - 1}
    known = tx.all(runs.task_runs_by_places, **which)
    if len(known) == count:
        return list(known)
    owner = _owner_of(tx, flow_run_id, task_id)
    there = {row["map_index"] for row in known}
    common = {"tenant_id": owner["tenant_id"], "cache_key": owner["cache_key"]}
    place = {"flow_run_id": flow_run_id, "task_id": task_id}
    made = [
        {"id": following_id(), "map_index": index, **common, **place}
        for index in range(first, first + count)
        if index not in there
    ]
    begin_task_runs(tx, now, made)
    tx.announce(task_runs_topic(flow_run_id))
    if is_kind(owner["state"], Finished):
        for row in made:
            close_new_task_run(tx, now, row["id"], owner["state"])
    return list(tx.all(runs.task_runs_by_places, **which))


def _owner_of(tx: Transaction, flow_run_id: str, task_id: str) -> Mapping[str, Any]:
    """Give the flow run of a new task run, whose task must be one of its flow."""
    owner = tx.one(runs.flow_run_and_task, flow_run_id=flow_run_id, task_id=task_id)
    if owner is None:
        raise ApiError("Foreign key violation.", "BELONGS_TO_NOTHING")
    if owner["task_id"] is None or owner["task_flow_id"] != owner["flow_id"]:
        raise ApiError("Invalid task ID", "NOT_FOUND")
    return owner


def task_run_info(tx: Transaction, *, task_run_id: str) -> Mapping[str, Any]:
    """Give a task run's version and state."""
    return found(tx.one(runs.task_run_by_id, task_run_id=task_run_id), "Invalid task run ID")


def mapped_children(tx: Transaction, *, task_run_id: str) -> dict[str, Any]:
    """Sum up the children of a mapped task run: first start, last end, number in each state."""
    rows = tx.all(runs.children_by_state, task_run_id=task_run_id)
    starts = [row["min_start_time"] for row in rows if row["min_start_time"] is not None]
    ends = [row["max_end_time"] for row in rows if row["max_end_time"] is not None]
    return {
        "min_start_time": min(starts, default=None),
        "max_end_time": max(ends, default=None),
        "state_counts": {row["state"]: row["count"] for row in rows},
    }
