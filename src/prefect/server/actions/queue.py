"""Handing due runs to agents."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple

from prefect.server.actions.checks import object_in
from prefect.server.live import Turns
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
#: Of so many rows of the queue that are longer than what is asked for, a look goes over the flows.
MOST_LONG_ROWS = 4
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
        served, went: the flows of the runs, and how far the flows of a long row were looked at, for ``Turns``.
    """

    ids: list[str]
    next_start: datetime | None
    labels: Mapping[str, Labels] = field(default_factory=dict, compare=False)
    held: Mapping[Labels, float] = field(default_factory=dict, compare=False)
    left: frozenset[Labels] = field(default=frozenset(), compare=False)
    nexts: Mapping[Labels | None, datetime] = field(default_factory=dict, compare=False)
    served: Collection[str] = field(default=(), compare=False)
    went: Mapping[Hashable, str] = field(default_factory=dict, compare=False)


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
    turns: Turns | None = None,
) -> Due:
    """Find the runs that an agent with these labels may start, earliest start first.

    When more are due than it takes, each flow has one of them before any has two: the flows that were served longest
    ago come first, so that one with a long row keeps no other from its turn.  A higher priority comes before that.
    Running runs whose process left because a task waits for its time come last.  Reading takes nothing from the
    queue: the agent's Submitted does.

    Args:
        before: start times up to and including this one.
        unlabelled: runs without labels too, although the agent has some.
        exclude: ids that the agent has in hand already.
        avoid: ids that are given only when no others are due: another agent is about to take them.
        limit: at most this many; labels, ``exclude`` and ``avoid`` are matched before.
        turns: which flows were served before.

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
    seen = _Seen(found, begun, exclude, avoid)
    is_long = len(found) >= widened
    if begun and (is_long or len(seen.open) > limit):
        if is_long:
            seen.add(*_firsts(tx, taker, begun, values, turns or Turns()))
        seen.take_turns(turns or Turns(), limit)
    ids = seen.open[:limit]
    nexts = {} if ids else _nexts(tx, taker, rows, values)
    return Due(
        ids,
        min(nexts.values(), default=None),
        labels={run_id: seen.labels[run_id] for run_id in ids},
        left=seen.left(ids, begun if is_long else ()),
        nexts=nexts,
        served={seen.flows[run_id] for run_id in ids if run_id in seen.flows},
        went=seen.went,
    )


class _Seen:
    """The due runs that a look has found, and in which order they are handed out.

    Attributes:
        open: those that may be given, in order.
    """

    def __init__(
        self,
        found: Sequence[Mapping[str, Any]],
        rows: Sequence[QueueRow],
        exclude: Collection[str],
        avoid: Collection[str],
    ) -> None:
        self.labels = {one["id"]: labels_in(one["labels"]) for one in found}
        self.flows = {one["id"]: one["flow_id"] for one in found if "flow_id" in one}
        self.went: Mapping[Hashable, str] = {}
        self._exclude, self._avoid = exclude, avoid
        # What is gone on with is of no priority.
        self._lower = {one["id"] for one in found if rows and one.get("priority", 0) < rows[0].priority}
        free = [run_id for run_id in self.labels if run_id not in exclude]
        self.open = [run_id for run_id in free if run_id not in avoid] or free

    def add(self, firsts: Iterable[Mapping[str, Any]], went: Mapping[Hashable, str]) -> None:
        """Take in the first runs of flows that are further behind."""
        self.went = went
        for one in firsts:
            run_id = one["id"]
            if run_id not in self.labels and run_id not in self._exclude and run_id not in self._avoid:
                self.labels[run_id], self.flows[run_id] = one["labels"], one["flow_id"]
                self.open.append(run_id)

    def take_turns(self, turns: Turns, most: int) -> None:
        """Put the first run of each flow before all others, the flow first that was served longest ago."""
        firsts: dict[str, str] = {}
        for run_id in self.open:
            if run_id in self.flows and run_id not in self._lower:
                firsts.setdefault(self.flows[run_id], run_id)
        chosen = dict.fromkeys([firsts[flow_id] for flow_id in sorted(firsts, key=turns.served)][:most])
        others = [run_id for run_id in self.open if run_id not in chosen]
        self.open = [
            *chosen,
            *(run_id for run_id in others if run_id not in self._lower),
            *(run_id for run_id in others if run_id in self._lower),
        ]

    def left(self, ids: Collection[str], rows: Iterable[QueueRow]) -> frozenset[Labels]:
        """Give the labels of what is due beside these and that nobody is about to take.

        Args:
            rows: of which more may be due than was seen.
        """
        given = frozenset(ids)
        left = {labels for run_id, labels in self.labels.items() if run_id not in given and run_id not in self._avoid}
        return frozenset(left.union(row.labels for row in rows))


def _firsts(
    tx: Transaction, taker: str, rows: Sequence[QueueRow], values: Mapping[str, Any], turns: Turns
) -> tuple[list[Mapping[str, Any]], dict[Hashable, str]]:
    """Find the first due run of flows that have some in the foremost rows of the queue, whatever is before it there.

    Returns:
        The runs, and by row where the next look goes on.
    """
    firsts: list[Mapping[str, Any]] = []
    went: dict[Hashable, str] = {}
    for row in [row for row in rows if row.priority == rows[0].priority][:MOST_LONG_ROWS]:
        key = values["tenant_id"], row.lead, row.key, row.priority
        found = tx.all(queue.turns[taker], after=turns.after(key), **named([row], 1), **values)
        went[key] = found[-1]["flow_id"] if len(found) >= queue.MOST_TURNS else Turns.BEGINNING
        firsts += [{**one, "labels": row.labels} for one in found if one["id"] is not None]
    return firsts, went


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
