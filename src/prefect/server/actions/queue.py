"""Handing due runs to agents."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple

from prefect.server.actions.checks import object_in
from prefect.server.store import agents, offers, queue, tenants
from prefect.server.store.database import Transaction
from prefect.server.store.label_sets import leads_of
from prefect.server.waiters import Labels, labels_in, queue_topic

__all__ = [
    "PAUSED",
    "Due",
    "QueueRow",
    "due_and_held",
    "due_runs",
    "mark_queried",
    "named",
    "parts",
    "pause",
]

#: Key of a tenant's settings: its queue hands out nothing while this is true.
PAUSED = "work_queue_paused"
#: So many runs that others hold are passed by; beyond, some attempts to take one are refused.
MOST_HELD = 1000
#: So long after others were quicker with a run it is looked for again.
LOST_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Due:
    """What a look at the queue saw: the runs that are due, and when the next one will be.

    Attributes:
        labels: those of each run of ``ids``.
        held: for how many seconds others hold runs with these labels.
        left: the labels of runs that are due as well and that nobody is about to take, but are not among ``ids``.
        nexts: when the next run is due, by its labels; None for a Running run, to be gone on with.  What is further
            ahead than the horizon of a look is left out.
    """

    ids: list[str]
    next_start: datetime | None
    labels: Mapping[str, Labels] = field(default_factory=dict, compare=False)
    held: Mapping[Labels, float] = field(default_factory=dict, compare=False)
    left: frozenset[Labels] = field(default=frozenset(), compare=False)
    nexts: Mapping[Labels | None, datetime] = field(default_factory=dict, compare=False)


class QueueRow(NamedTuple):
    """The runs of one set of labels and one priority that wait: a row of the queue."""

    lead: str
    key: Any
    priority: int
    labels: Labels = ()
    start: datetime = datetime.max

    @property
    def place(self) -> tuple[int, datetime]:
        """Say whose turn it is: the lower one's."""
        return -self.priority, self.start


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
    values: dict[str, Any] = {"tenant_id": tenant_id, **({"labels": list(labels)} if labels else {})}
    leads = leads_of(labels, unlabelled=taker != queue.LABELLED)
    rows = _rows(tx.all(queue.waiting_sets[taker], leads=leads, **values))
    begun = [row for row in rows if row.start <= before]
    widened = limit + len(exclude) + len(avoid)
    values["before"] = before
    found = _due(tx, taker, begun, values, widened)
    if len(found) < widened:
        found += tx.all(queue.due_again[taker], limit=widened - len(found), **values)
    labels_of = {one["id"]: labels_in(one["labels"]) for one in found}
    free = [run_id for run_id in labels_of if run_id not in exclude]
    ids = ([run_id for run_id in free if run_id not in avoid] or free)[:limit]
    given = frozenset(ids)
    left = {of_run for run_id, of_run in labels_of.items() if run_id not in given and run_id not in avoid}
    if len(found) >= widened:  # there may be more of each
        left.update(row.labels for row in begun)
    nexts = {} if ids else _nexts(tx, taker, rows, values)
    labels_of = {run_id: labels_of[run_id] for run_id in ids}
    return Due(ids, min(nexts.values(), default=None), labels_of, {}, frozenset(left), nexts)


def _rows(sets: Iterable[Mapping[str, Any]]) -> list[QueueRow]:
    rows = [
        QueueRow(one["lead"], one["key"], priority, labels_in(one["labels"]), start)
        for one in sets
        for priority in queue.PRIORITIES
        if (start := one[queue.start_column(priority)]) is not None
    ]
    return sorted(rows, key=lambda row: row.place)


def _due(
    tx: Transaction, taker: str, rows: Sequence[QueueRow], values: Mapping[str, Any], most: int
) -> list[Mapping[str, Any]]:
    """Take so many due runs from rows of the queue that have some, in the order in which they are handed out."""
    found: list[Mapping[str, Any]] = []
    for part, count in parts(rows):
        if len(found) >= most and _place(found[most - 1]) < part[0].place:
            break
        found += tx.all(queue.due_runs[taker, count], limit=most, **named(part, count), **values)
        found.sort(key=lambda one: (*_place(one), one["created"]))
    return found[:most]


def _place(run: Mapping[str, Any]) -> tuple[int, datetime]:
    return -run["priority"], run["state_start_time"]


def parts(rows: Sequence[QueueRow]) -> Iterator[tuple[Sequence[QueueRow], int]]:
    """Give so many rows at a time as one statement takes, and for how many it is made."""
    most = queue.MOST_ROWS_AT_ONCE[-1]
    for begin in range(0, len(rows), most):
        part = rows[begin : begin + most]
        yield part, next(count for count in queue.MOST_ROWS_AT_ONCE if count >= len(part))


def named(rows: Sequence[QueueRow], count: int) -> dict[str, Any]:
    """Name the values of rows for a statement that takes so many: of a row without a key there are no runs."""
    values: dict[str, Any] = {}
    for place in range(count):
        row = rows[min(place, len(rows) - 1)]
        values[f"lead_{place}"] = row.lead
        values[f"key_{place}"] = row.key if place < len(rows) else None
        values[f"priority_{place}"] = row.priority
    return values


def _nexts(
    tx: Transaction, taker: str, rows: Sequence[QueueRow], values: Mapping[str, Any]
) -> dict[Labels | None, datetime]:
    """Find when the next run of each set of labels is due."""
    nexts: dict[Labels | None, datetime] = {}
    before = values["before"]
    horizon = before + queue.HORIZON

    def note(labels: Labels | None, start: datetime | None) -> None:
        if start is not None and start <= horizon and (labels not in nexts or start < nexts[labels]):
            nexts[labels] = start

    for row in rows:
        if row.start > before:
            note(row.labels, row.start)
        else:
            of_tenant = {"tenant_id": values["tenant_id"], "before": before}
            for one in tx.all(queue.next_due, **named([row], 1), **of_tenant):
                note(row.labels, one["start"])
    # One row, unless its time is none that can be read.
    for one in tx.all(queue.next_again[taker], horizon=horizon, **values):
        note(None, one["start"])
    return nexts


def due_and_held(
    tx: Transaction,
    look: Callable[[frozenset[str]], Callable[[Transaction], Due]],
    *,
    agent_id: str,
    moved: Collection[str],
    seconds: float,
    spent: float,
) -> tuple[Due, bool]:
    """Look at the queue for an agent, and keep what it is shown from all others, whichever replica they ask.

    Args:
        look: makes the look that leaves these runs to others.
        moved: runs that were offered and have moved on.
        seconds, spent: so long what it is shown is kept for it; so long after that not again.

    Returns:
        What is due, and whether all of it is held for others, with the time until then.
    """
    others = offers.held_by_others(tx, agent_id, MOST_HELD)
    while True:
        due = look(frozenset(others))(tx)
        if not due.ids or not others.keys().isdisjoint(due.ids):
            held = {due.labels[run_id]: others[run_id] for run_id in due.ids}
            return replace(due, held=held), bool(due.ids)
        kept = offers.hold(tx, agent_id, due.ids, moved=moved, seconds=seconds, spent=spent)
        if kept:
            return replace(due, ids=[run_id for run_id in due.ids if run_id in kept]), False
        # Others were quicker with all of them; and what has just been taken may be back.
        others |= dict.fromkeys(due.ids, LOST_SECONDS)


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
