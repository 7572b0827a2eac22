"""What happens in a flow run, to be told as it happens.

Its states and log lines are numbered in the order of their commits: whoever goes on after a number misses nothing.  The
states of its task runs are told as they are now, in the order of their times: numbering them would have all task runs
of one flow run wait for each other.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Any
from uuid import UUID

from prefect.contract import limits
from prefect.server.errors import ApiError, BadInput
from prefect.server.store import logs
from prefect.server.store.database import Transaction

__all__ = [
    "BEGINNING",
    "FROM_NOW",
    "KINDS",
    "LATE",
    "LOG",
    "STATE",
    "TASK_RUN",
    "Events",
    "Place",
    "events_after",
    "last_event",
]

LOG, STATE, TASK_RUN = "log", "state", "task_run"
KINDS = (LOG, STATE, TASK_RUN)
#: Instead of a number: only what happens from now on.
FROM_NOW = -1
#: So long after its time the state of a task run is committed at the latest, unless the database is in trouble.
LATE = timedelta(seconds=10)
NO_ID = str(UUID(int=0))
BEGINNING = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """How far the states of task runs were told: the time of the last one, and its id."""

    time: datetime = BEGINNING
    id: str = NO_ID

    def __str__(self) -> str:
        return f"{self.time.isoformat()}/{self.id}"

    def before(self, duration: timedelta) -> Place:
        """Give the place that lies so much earlier."""
        return Place(max(self.time, BEGINNING + duration) - duration)

    @classmethod
    def read(cls, field_name: str, text: str) -> Place:
        """Read what ``str`` gave; a time alone will do."""
        written, _, run_id = text.partition("/")
        try:
            time = datetime.fromisoformat(written)
            time = time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
            return cls(time, str(UUID(run_id)) if run_id else NO_ID)
        except (ValueError, OverflowError):
            raise BadInput(field_name, "a time, or the task_run_cursor of an earlier answer", text) from None


@dataclass(frozen=True, slots=True)
class Events:
    """Events of a flow run.

    Attributes:
        cursor: the number of the last state or line that was looked at: what to ask with next.
        has_more: there may be more right now.
        place: the same for the states of task runs.
    """

    cursor: int
    events: list[dict[str, Any]]
    has_more: bool
    place: Place = field(default_factory=Place)


def last_event(tx: Transaction, *, flow_run_id: str) -> int:
    """Give the number of the newest state or line of a flow run.

    Raises:
        ApiError: no such flow run.
    """
    row = tx.one(logs.last_event, flow_run_id=flow_run_id)
    if row is None:
        raise ApiError(f"Flow run {flow_run_id} not found", "NOT_FOUND")
    return int(row["event_seq"])


def events_after(
    tx: Transaction,
    *,
    flow_run_id: str,
    after: int,
    limit: int,
    most_bytes: int = limits.EVENTS_BYTES,
    kinds: Collection[str] = (STATE, LOG),
    levels: Sequence[str] | None = None,
    place: Place | None = None,
) -> Events:
    """Give the events with a number above ``after``, in order; then the states of task runs after ``place``.

    Args:
        limit: how many at most, of numbered events and of task runs each.
        most_bytes: fewer come when their texts are larger than this together, but always one.
        kinds: which; what is left out is passed over.
        levels: of log lines; None: all.

    Raises:
        ApiError: no such flow run.
    """
    numbered = _numbered(tx, flow_run_id, after, limit, most_bytes, kinds, levels)
    place = place or Place()
    if TASK_RUN not in kinds:
        return Events(numbered.cursor, numbered.events, numbered.has_more, place)
    rows = tx.all(logs.task_runs_after, flow_run_id=flow_run_id, since=place.time, after_id=place.id, limit=limit)
    if rows:
        place = Place(rows[-1]["timestamp"], rows[-1]["id"])
    events = numbered.events + [_event(TASK_RUN, row) for row in rows]
    return Events(numbered.cursor, events, numbered.has_more or len(rows) == limit, place)


def _numbered(
    tx: Transaction,
    flow_run_id: str,
    after: int,
    limit: int,
    most_bytes: int,
    kinds: Collection[str],
    levels: Sequence[str] | None,
) -> Events:
    if LOG not in kinds and STATE not in kinds:
        return Events(max(after, last_event(tx, flow_run_id=flow_run_id)), [], False)
    sizes = tx.all(
        logs.event_sizes if LOG in kinds else logs.state_sizes, flow_run_id=flow_run_id, after=after, limit=limit
    )
    if not sizes:
        last_event(tx, flow_run_id=flow_run_id)
        return Events(after, [], False)
    # Texts are read only when it is known that they are not too many.
    totals = accumulate(row["size"] for row in sizes)
    fitting = max(sum(total <= most_bytes for total in totals), 1)
    between = {"flow_run_id": flow_run_id, "after": after, "until": sizes[fitting - 1]["seq"]}
    events: list[dict[str, Any]] = []
    if STATE in kinds:
        events += [_event(STATE, row) for row in tx.all(logs.states_after, **between)]
    if LOG in kinds and levels is None:
        events += [_event(LOG, row) for row in tx.all(logs.logs_after, **between)]
    elif LOG in kinds and levels:
        events += [_event(LOG, row) for row in tx.all(logs.logs_of_levels_after, levels=list(levels), **between)]
    events.sort(key=lambda event: event["seq"])
    return Events(between["until"], events, fitting < len(sizes) or len(sizes) == limit)


def _event(kind: str, row: Mapping[str, Any]) -> dict[str, Any]:
    return {"kind": kind, **{key: _plain(value) for key, value in row.items()}}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
