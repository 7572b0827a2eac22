"""Sums over runs and log lines in groups: by state, by flow, by time, by level; for both databases.

They are over rows that a filter of the API names: the compiler writes the conditions, and the border around the
reader's tenant.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select

from prefect.server.catalogue import PUBLIC, log

from .compiler import Compiled, compile_figures, compile_groups
from .dialect import Dialect
from .phrases import value_of
from .selection import And, Compare, Condition, Const, Rows, Scope, Slot

__all__ = ["BEGIN", "END", "LEVELS", "RUN_KEYS", "first_line", "last_line", "lines_by_level", "runs_by", "runs_by_time"]

#: What runs are counted by.
RUN_KEYS = {
    "state": "{0}.state",
    "flow_id": "{0}.flow_id",
    "flow_group_id": "{0}.flow_group_id",
    "agent_id": "{0}.agent_id",
    "auto_scheduled": "{0}.auto_scheduled",
    "project_id": "(SELECT f.project_id FROM flow AS f WHERE f.id = {0}.flow_id)",
}
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
#: The slots in which the bounds of a bucket come; no variable can have these names.
BEGIN, END = "begin of the bucket", "end of the bucket"


def runs_by(where: Condition, keys: Sequence[str], most: int, dialect: Dialect, scope: Scope | None) -> Compiled:
    """Count runs by these keys, the largest groups first."""
    rows = Rows(PUBLIC["flow_run"], where, limit=Const(most))
    return compile_groups(rows, tuple(RUN_KEYS[key] for key in keys), dialect, scope)


def runs_by_time(
    where: Condition, column: str, begin: datetime, seconds: int, dialect: Dialect, scope: Scope | None
) -> Compiled:
    """Count runs by state and by the place of the bucket of so many seconds in which their time lies."""
    since, time = int(begin.timestamp()), f"{{0}}.{column}"
    if dialect.name == "sqlite":
        place = f"(CAST(strftime('%s', {time}) AS INTEGER) - {since}) / {seconds}"
    else:
        place = f"CAST(floor((extract(epoch FROM {time}) - {since}) / {seconds}) AS INTEGER)"
    return compile_groups(Rows(PUBLIC["flow_run"], where), (place, "{0}.state"), dialect, scope)


def lines_by_level(flow_run_id: str, where: Condition, dialect: Dialect) -> Compiled:
    """Count the log lines of a run, in all and of each of ``LEVELS``, those between ``BEGIN`` and before ``END``.

    Without a filter this is a walk through a part of an index, which holds all that is asked.  Whether the reader may
    see the run must be known: a look at the tenant would be a look at each line.
    """
    between = And(
        (
            Compare("flow_run_id", "_eq", Const(flow_run_id)),
            Compare("timestamp", "_gte", Slot(BEGIN)),
            Compare("timestamp", "_lt", Slot(END)),
            where,
        )
    )
    # In groups each line would have to be looked for among them, which takes three times as long.
    levels = [f"count(CASE WHEN {{0}}.level = '{level}' THEN 1 END)" for level in LEVELS]
    return compile_figures(Rows(PUBLIC["log"], between), ("count(*)", *levels), dialect, None)


_of_run = log.c.flow_run_id == value_of("flow_run_id", log.c.flow_run_id)
# One by one: each is the end of an index.
first_line = select(func.min(log.c.timestamp).label("time")).where(_of_run)
last_line = select(func.max(log.c.timestamp).label("time")).where(_of_run)
