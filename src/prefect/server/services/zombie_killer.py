"""Finds task runs, and runs that are being cancelled, whose process fell silent, and ends them or tries them again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from prefect.server.actions.lost_runs import cancel_flow_run, settle_task_run
from prefect.server.services.settling import settle_all
from prefect.server.services.stop import NEVER, Stop
from prefect.server.settings import Settings
from prefect.server.store import lost
from prefect.server.store.database import Database, Transaction

__all__ = ["run_once"]

SILENT_TASK = "No heartbeat detected from the remote task"
SILENT_RUN = "No heartbeat detected from the flow run, which was to be cancelled; marking it as cancelled."


async def run_once(database: Database, settings: Settings, now: datetime, stop: Stop = NEVER) -> int:
    """Settle every silent run; gives their number."""
    limits = settings.heartbeat_limits(now)
    future = {"future_time": now + timedelta(seconds=settings.heartbeat_limit_seconds)}
    # Heartbeats of the future, left by a clock that was wrong, are taken for heartbeats of now.
    await settle_all(
        database,
        lambda tx, most: tx.all(lost.flow_runs_ahead, limit=most, **future),
        lambda tx, run: tx.run(lost.bring_back, flow_run_id=run["id"], now=now, **future),
        what="Flow run with a heartbeat of the future",
        stop=stop,
    )
    total = 0
    for statement, settle, what in (
        # These first: their task runs end with them.
        (lost.silent_cancelling_runs, _settle_flow_run, "Silent flow run"),
        (lost.silent_task_runs, _settle_task_run, "Silent task run"),
    ):
        total += await settle_all(
            database,
            lambda tx, most, statement=statement: tx.all(statement, limit=most, **limits),
            lambda tx, run, settle=settle: settle(tx, now, limits, run),  # type: ignore[misc]
            what=what,
            stop=stop,
        )
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
