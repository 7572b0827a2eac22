"""How much a piece of work is, counted: the same on every machine and under every load, as a time is not."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any

PAGE_OF_STEPS = 100


def count_calls(work: Callable[[], Any]) -> int:
    """Run the work and count the calls in this thread, of functions in Python and in C."""
    calls = 0

    def count(frame: FrameType, event: str, arg: Any) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return calls


def count_sqlite_steps(path: str, sql: str, values: Sequence[Any] | dict[str, Any]) -> int:
    """Ask a SQLite file and count the steps of its machine, in hundreds; a row that is looked at costs several."""
    pages = 0

    def count() -> int:
        nonlocal pages
        pages += 1
        return 0

    connection = sqlite3.connect(path)
    try:
        connection.set_progress_handler(count, PAGE_OF_STEPS)
        connection.execute(sql, values).fetchall()
    finally:
        connection.close()
    return pages * PAGE_OF_STEPS


def postgres_rows(plan: dict[str, Any]) -> float:
    """Add up the rows that the scans of a plan looked at (``EXPLAIN (ANALYZE, FORMAT JSON)``)."""
    removed = sum(count for name, count in plan.items() if name.startswith("Rows Removed"))
    looked_at = plan["Actual Rows"] + removed if "Scan" in plan["Node Type"] else 0
    return float(looked_at * plan["Actual Loops"] + sum(postgres_rows(step) for step in plan.get("Plans", ())))
