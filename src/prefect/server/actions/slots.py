"""Limits on how many runs may be Running at one time, and the places under them.

A flow run takes a place under the limit of each of its labels, a task run under that of each of its task's tags.  It
gives the place back with any state that is not Running or Cancelling; the finders of silent runs see to it that a dead
holder does so too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from prefect.server.actions.checks import check_name, found, new_id
from prefect.server.errors import BadInput
from prefect.server.store import limits, slots
from prefect.server.store.database import Transaction
from prefect.server.store.slots import FLOW, TASK

__all__ = [
    "FLOW",
    "LIMIT_MAX",
    "TASK",
    "WORD",
    "Places",
    "delete_limit",
    "full_limits",
    "holders",
    "look",
    "release",
    "release_all",
    "set_limit",
    "usage",
    "usages",
]

LIMIT_MAX = 2**31 - 1
MOST_HOLDERS = 1000
WORD = {slots.FLOW: "flow label", slots.TASK: "task tag"}


@dataclass(frozen=True, slots=True)
class Places:
    """What a run that wants to begin found: the limits it comes under, and a sentence about the one that is full."""

    kind: str
    tenant_id: str
    names: tuple[str, ...] = ()
    full: str | None = None

    def take(self, tx: Transaction, now: datetime, *, run_id: str, flow_run_id: str) -> None:
        """Take a place under each limit; their rows are locked since ``look``."""
        for name in self.names:
            tx.run(
                slots.take,
                kind=self.kind,
                tenant_id=self.tenant_id,
                name=name,
                run_id=run_id,
                flow_run_id=flow_run_id,
                taken_time=now,
            )


def look(tx: Transaction, kind: str, tenant_id: str, run_id: str) -> Places:
    """Find the limits that this run comes under, lock them in order of name, and see whether one is full."""
    limited = {row["name"] for row in tx.all(slots.limits_of_tenant[kind], tenant_id=tenant_id)}
    if not limited:
        return Places(kind, tenant_id)
    names = tuple(sorted(limited & _words(tx, kind, run_id)))
    for name in names:
        limit = tx.one(slots.locked_limit[kind], tenant_id=tenant_id, name=name)
        if limit is not None and usage(tx, kind, tenant_id, name) >= limit["limit"]:
            return Places(kind, tenant_id, names, f"the limit of {limit['limit']} for {WORD[kind]} {name!r} is reached")
    return Places(kind, tenant_id, names)


def full_limits(tx: Transaction, kind: str, tenant_id: str, run_id: str) -> list[tuple[str, int]]:
    """Name the limits that a run comes under and that are full, without locking anything."""
    found_limits = {row["name"]: row["limit"] for row in tx.all(slots.limits_of_tenant[kind], tenant_id=tenant_id)}
    names = sorted(found_limits.keys() & _words(tx, kind, run_id)) if found_limits else []
    return [(name, found_limits[name]) for name in names if usage(tx, kind, tenant_id, name) >= found_limits[name]]


def _words(tx: Transaction, kind: str, run_id: str) -> set[str]:
    """Give a flow run's labels, or the tags of a task run's task."""
    row = tx.one(slots.labels_of_flow_run if kind == slots.FLOW else slots.tags_of_task_run, run_id=run_id)
    words = None if row is None else row["labels" if kind == slots.FLOW else "tags"]
    return {str(word) for word in words} if isinstance(words, list) else set()


def release(tx: Transaction, *, run_id: str) -> None:
    """Give back the places of a run."""
    tx.later(slots.release, {"run_id": run_id})


def release_all(tx: Transaction, *, flow_run_id: str) -> None:
    """Give back the places of a flow run and of all its task runs."""
    tx.run(slots.release_of_flow_run, flow_run_id=flow_run_id)


def usage(tx: Transaction, kind: str, tenant_id: str, name: str) -> int:
    """Count the places that are taken under a limit."""
    row = tx.one(slots.usage, kind=kind, tenant_id=tenant_id, name=name)
    return int(row["count"]) if row else 0


def holders(tx: Transaction, *, kind: str, tenant_id: str, names: Sequence[str] | None) -> list[Mapping[str, Any]]:
    """Tell who holds the places under these limits, or under all, longest first; at most 1,000 of each."""
    wanted = _known(tx, kind, tenant_id) if names is None else list(dict.fromkeys(names))
    return [
        row
        for name in wanted
        for row in tx.all(slots.holders, kind=kind, tenant_id=tenant_id, name=name, most=MOST_HOLDERS)
    ]


def usages(tx: Transaction, *, kind: str, tenant_id: str, names: Sequence[str] | None) -> list[tuple[str, int]]:
    """Count the places taken under these limits, or under all."""
    wanted = _known(tx, kind, tenant_id) if names is None else list(dict.fromkeys(names))
    return [(name, usage(tx, kind, tenant_id, name)) for name in wanted]


def _known(tx: Transaction, kind: str, tenant_id: str) -> list[str]:
    return sorted(row["name"] for row in tx.all(slots.limits_of_tenant[kind], tenant_id=tenant_id))


def set_limit(tx: Transaction, now: datetime, *, tenant_id: str, kind: str, name: str, limit: int) -> str:
    """Set how many runs with this label or tag may be Running at one time; gives the limit's id.

    What runs already counts, and is not stopped when the limit is lower.
    """
    check_name("label" if kind == slots.FLOW else "tag", name)
    if not 0 <= limit <= LIMIT_MAX:
        raise BadInput("limit", f"a whole number from 0 to {LIMIT_MAX}", limit)
    values = {"id": new_id(), "tenant_id": tenant_id, "limit": limit, "created": now, "updated": now}
    if kind == slots.FLOW:
        row = tx.one(slots.put_flow_limit, name=name, **values)
    else:
        row = tx.one(limits.put_task_tag_limit, tag=name, **values)
    tx.run(slots.enter_running[kind], tenant_id=tenant_id, name=name, member=[name])
    return str(found(row, "The limit could not be kept.")["id"])


def delete_limit(tx: Transaction, now: datetime, *, tenant_id: str, kind: str, limit_id: str) -> bool:
    """Take a limit away, and the places under it."""
    row = tx.one(slots.limit_by_id[kind], tenant_id=tenant_id, limit_id=limit_id)
    if row is None:
        return False
    statement = slots.delete_flow_limit if kind == slots.FLOW else limits.delete_task_tag_limit
    tx.run(statement, tenant_id=tenant_id, limit_id=limit_id)
    tx.run(slots.delete_slots_of_limit, tenant_id=tenant_id, kind=kind, name=row["name"])
    return True
