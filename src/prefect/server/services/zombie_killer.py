"""Finds task runs, and runs that are being cancelled, whose process fell silent, and ends them or tries them again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from prefect.server.actions.lost_runs import cancel_flow_run, settle_task_run
from prefect.server.settings import Settings
from prefect.server.store import lost
from prefect.server.store.database import Database, Transaction

__all__ = ["run_once"]

BATCH = 500
SILENT_TASK = "No heartbeat detected from the remote task"
SILENT_RUN = "No heartbeat detected from the flow run, which was to be cancelled; marking it as cancelled."


async def run_once(database: Database, settings: Settings, now: datetime) -> int:
    """Settle every silent run; gives their number."""
    limits = settings.heartbeat_limits(now)
    await _bring_back(database, now, now + timedelta(seconds=settings.heartbeat_limit_seconds))
    # These first: their task runs end with them.
    cancelled = await _settle_all(database, lost.silent_cancelling_runs, now, limits, _settle_flow_run)
    return cancelled + await _settle_all(database, lost.silent_task_runs, now, limits, _settle_task_run)


async def _bring_back(database: Database, now: datetime, future_time: datetime) -> None:
    """Take heartbeats of the future, left by a clock that was wrong, for heartbeats of now."""
    found = await database.read(lambda tx: tx.all(lost.flow_runs_ahead, future_time=future_time, limit=BATCH))
    for run in found:
        await database.write(
            lambda tx, run=run: tx.run(lost.bring_back, flow_run_id=run["id"], future_time=future_time, now=now)  # type: ignore[misc]
        )


async def _settle_all(
    database: Database,
    statement: Any,
    now: datetime,
    limits: Mapping[str, datetime],
    settle: Callable[[Transaction, datetime, Mapping[str, datetime], Mapping[str, Any]], int],
) -> int:
    total = 0
    while True:
        found = await database.read(lambda tx: tx.all(statement, limit=BATCH, **limits))
        settled = 0
        for run in found:
            settled += await database.write(lambda tx, run=run: settle(tx, now, limits, run))  # type: ignore[misc]
        total += settled
        if len(found) < BATCH or not settled:
            return total


def _settle_task_run(tx: Transaction, now: datetime, limits: Mapping[str, datetime], run: Mapping[str, Any]) -> int:
    present = tx.one(lost.task_run_now, task_run_id=run["id"], **limits)
    # It may have moved, or its flow run beaten, since the look.
    if present is None or present["version"] != run["version"] or not present["is_silent"]:
        return 0
    return int(settle_task_run(tx, now, run, SILENT_TASK))


def _settle_flow_run(tx: Transaction, now: datetime, limits: Mapping[str, datetime], run: Mapping[str, Any]) -> int:
    present = tx.one(lost.flow_run_now, flow_run_id=run["id"], **limits)
    if present is None or present["version"] != run["version"] or not present["is_silent"]:
        return 0
    cancel_flow_run(tx, now, run["id"], SILENT_RUN)
    return 1
