"""Handing due runs to agents."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from prefect.server.actions.checks import object_in
from prefect.server.live import queue_topic
from prefect.server.store import agents, queue, tenants
from prefect.server.store.database import Transaction

__all__ = ["PAUSED", "Due", "due_runs", "mark_queried", "pause"]

#: Key of a tenant's settings: its queue hands out nothing while this is true.
PAUSED = "work_queue_paused"


@dataclass(frozen=True, slots=True)
class Due:
    """What a look at the queue saw: the runs that are due, and when the next one will be."""

    ids: list[str]
    next_start: datetime | None


def due_runs(
    tx: Transaction,
    *,
    tenant_id: str,
    before: datetime,
    labels: Sequence[str],
    unlabelled: bool = False,
    exclude: Collection[str] = (),
    avoid: Collection[str] = (),
    limit: int = 25,
) -> Due:
    """Find the runs that an agent with these labels may start, earliest start first.

    Running runs whose process left because a task waits for its time come last.  Reading takes nothing from the
    queue: the agent's Submitted does.

    Args:
        before: start times up to and including this one.
        unlabelled: runs without labels too, although the agent has some.
        exclude: ids that the agent has in hand already.
        avoid: ids that are given only when no others are due: another agent is about to take them.
        limit: at most this many; labels, ``exclude`` and ``avoid`` are matched before.

    Returns:
        The ids, and, when there are none, the time at which to look again even if nobody announces anything.
    """
    # A row that cannot be read is left out of a list, and named in the log: it does not keep the others from work.
    if any(object_in(owner["settings"]).get(PAUSED) for owner in tx.all(queue.settings_of_tenant, tenant_id=tenant_id)):
        return Due([], None)
    taker = (queue.BOTH if unlabelled else queue.LABELLED) if labels else queue.UNLABELLED
    values = {"tenant_id": tenant_id, "before": before, **({"labels": list(labels)} if labels else {})}
    widened = limit + len(exclude) + len(avoid)
    ids = [row["id"] for row in tx.all(queue.due_runs[taker], limit=widened, **values)]
    if len(ids) < widened:
        ids += [row["id"] for row in tx.all(queue.due_again[taker], limit=widened - len(ids), **values)]
    ids = [run_id for run_id in ids if run_id not in exclude]
    if ids:
        return Due(([run_id for run_id in ids if run_id not in avoid] or ids)[:limit], None)
    # One row, unless its time is none that can be read.
    starts = [row["start"] for row in tx.all(queue.next_due[taker], **values)]
    return Due([], min((start for start in starts if start is not None), default=None))


def pause(tx: Transaction, now: datetime, *, tenant_id: str, paused: bool) -> bool:
    """Let a tenant's queue hand out nothing, or hand out again; who waits at the queue hears of it at once."""
    owner = tx.one(tenants.tenant_by_id, tenant_id=tenant_id)
    if owner is None:
        return False
    settings = {**object_in(owner["settings"]), PAUSED: paused}
    tx.run(tenants.set_tenant_settings, tenant_id=tenant_id, settings=settings, now=now)
    tx.announce(queue_topic(tenant_id))
    return True


def mark_queried(tx: Transaction, now: datetime, *, agent_id: str) -> None:
    """Note that this agent asked for work."""
    tx.run(agents.mark_queried, agent_id=agent_id, now=now)
