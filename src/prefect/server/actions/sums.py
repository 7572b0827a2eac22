"""Sums for people: runs by state or flow, runs over time, log lines over time and by level."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from prefect.server.errors import BadInput
from prefect.server.store import sums
from prefect.server.store.database import Transaction
from prefect.server.store.selection import TENANT_SLOT, Condition, Scope

__all__ = ["MOST_BUCKETS", "MOST_GROUPS", "Border", "log_volume", "run_counts", "run_history"]

MOST_GROUPS = 1000
MOST_BUCKETS = 1000
#: Of lines that other versions of this software have written.
OTHER_LEVELS = "OTHER"
_TICK = timedelta(microseconds=1)

#: What the reader may see, and of which tenant.
Border = tuple[Scope | None, str | None]


def run_counts(
    tx: Transaction, *, where: Condition, by: Sequence[str], limit: int, border: Border
) -> list[dict[str, Any]]:
    """Count runs by these keys; the largest groups first, ``limit`` of them."""
    keys = tuple(dict.fromkeys(by))
    if not keys:
        raise BadInput("by", "at least one key", "none")
    if not 1 <= limit <= MOST_GROUPS:
        raise BadInput("limit", f"a whole number from 1 to {MOST_GROUPS}", limit)
    scope, tenant_id = border
    compiled = sums.runs_by(where, keys, limit, tx.dialect, scope)
    rows = tx.raw(compiled.sql, compiled.values({TENANT_SLOT: tenant_id}))
    return [
        {**{key: _plain(key, value) for key, value in zip(keys, row, strict=False)}, "count": row[-1]} for row in rows
    ]


def _plain(key: str, value: Any) -> Any:
    if value is None:
        return None
    return bool(value) if key == "auto_scheduled" else str(value)


def run_history(
    tx: Transaction, *, where: Condition, begin: datetime, end: datetime, seconds: int, column: str, border: Border
) -> dict[str, Any]:
    """Count runs by state in each bucket of ``seconds`` from ``begin`` to before ``end``.

    Args:
        where: besides which the time ``column`` lies between the two.
    """
    if seconds < 1:
        raise BadInput("bucket_seconds", "a whole number from 1 on", seconds)
    count = -(-int((end - begin).total_seconds()) // seconds)
    if not 1 <= count <= MOST_BUCKETS:
        raise BadInput("bucket_seconds", f"1 to {MOST_BUCKETS} buckets between from and to", f"{count} buckets")
    begin = begin.replace(microsecond=0)
    scope, tenant_id = border
    compiled = sums.runs_by_time(where, column, begin, seconds, tx.dialect, scope)
    found: list[dict[str, int]] = [{} for _ in range(count)]
    for place, state, number in tx.raw(compiled.sql, compiled.values({TENANT_SLOT: tenant_id})):
        if place is not None and place >= 0:
            # Stretches begin at whole seconds: what is left of the last second of the period is the last one's.
            last = found[min(place, count - 1)]
            last[str(state)] = last.get(str(state), 0) + number
    step = timedelta(seconds=seconds)
    return {
        "from": begin.isoformat(),
        "to": (begin + step * count).isoformat(),
        "bucket_seconds": seconds,
        "buckets": [_bucket(begin + step * place, counts) for place, counts in enumerate(found)],
    }


def _bucket(time: datetime, counts: Mapping[str, int]) -> dict[str, Any]:
    return {"time": time.isoformat(), "total": sum(counts.values()), "counts": counts}


def log_volume(
    tx: Transaction,
    *,
    flow_run_id: str,
    where: Condition,
    buckets: int,
    begin: datetime | None = None,
    end: datetime | None = None,
) -> dict[str, Any]:
    """Count the log lines of a run by level, in all and in each of so many buckets of equal length.

    Args:
        begin: by default the time of the first line; ``end``: by default that of the last, which is counted.
        where: a filter of lines; whether the reader may see the run is known.
    """
    if not 1 <= buckets <= MOST_BUCKETS:
        raise BadInput("buckets", f"a whole number from 1 to {MOST_BUCKETS}", buckets)
    begin = begin or (tx.one(sums.first_line, flow_run_id=flow_run_id) or {}).get("time")
    last = (tx.one(sums.last_line, flow_run_id=flow_run_id) or {}).get("time")
    end = end or (last and last + _TICK)
    if begin is None or end is None or begin >= end:
        return {"from": None, "to": None, "total": 0, "counts": {}, "buckets": []}
    compiled = sums.lines_by_level(flow_run_id, where, tx.dialect)
    bounds = [begin + (end - begin) * place / buckets for place in range(buckets)] + [end]
    counted: list[dict[str, Any]] = []
    whole: dict[str, int] = {}
    for first, until in pairwise(bounds):
        ((total, *by_level),) = tx.raw(compiled.sql, compiled.values({sums.BEGIN: first, sums.END: until}))
        numbers = zip((*sums.LEVELS, OTHER_LEVELS), (*by_level, total - sum(by_level)), strict=True)
        counts = {level: number for level, number in numbers if number}
        for level, number in counts.items():
            whole[level] = whole.get(level, 0) + number
        counted.append(_bucket(first, counts))
    return {
        "from": begin.isoformat(),
        "to": end.isoformat(),
        "total": sum(whole.values()),
        "counts": whole,
        "buckets": counted,
    }
