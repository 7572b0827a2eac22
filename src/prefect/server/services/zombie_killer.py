"""Finds task runs, and runs that are being cancelled, whose process fell silent, and ends them or tries them again."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from prefect.server.actions.logs import write_run_logs
from prefect.server.actions.set_state import count_retries, set_flow_run_state, set_task_run_state
from prefect.server.errors import ApiError
from prefect.server.rules.proposal import propose
from prefect.server.settings import Settings
from prefect.server.store import lost
from prefect.server.store.database import Database, Transaction

__all__ = ["run_once"]

logger = logging.getLogger("prefect.server.services.zombie_killer")

BATCH = 500
SILENT_TASK = "No heartbeat detected from the remote task; "
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
    retries = count_retries(tx, run["id"])
    allowed = run["max_retries"] or 0
    if run["flow_run_state"] == "Running" and retries < allowed:
        message = f"{SILENT_TASK}retrying the run.This will be retry {retries + 1} of {allowed}."
        state = propose(
            "Retrying", message, start_time=now + (run["retry_delay"] or timedelta()), run_count=retries + 1
        )
    else:
        wanted, word = ("Cancelled", "cancelled") if run["flow_run_state"] == "Cancelling" else ("Failed", "failed")
        message = f"{SILENT_TASK}marking the run as {word}."
        state = propose(wanted, message)
    try:
        set_task_run_state(tx, now, task_run_id=run["id"], proposed=state)
    except ApiError as error:
        logger.warning("Silent task run %s could not be settled: %s", run["id"], error)
        return 0
    _log(tx, now, run["flow_run_id"], run["id"], "ZombieKiller.TaskRun", message)
    return 1


def _settle_flow_run(tx: Transaction, now: datetime, limits: Mapping[str, datetime], run: Mapping[str, Any]) -> int:
    present = tx.one(lost.flow_run_now, flow_run_id=run["id"], **limits)
    if present is None or present["version"] != run["version"] or not present["is_silent"]:
        return 0
    set_flow_run_state(tx, now, flow_run_id=run["id"], proposed=propose("Cancelled", SILENT_RUN))
    _log(tx, now, run["id"], None, "ZombieKiller.FlowRun", SILENT_RUN)
    return 1


def _log(tx: Transaction, now: datetime, flow_run_id: str, task_run_id: str | None, name: str, message: str) -> None:
    line = {"flow_run_id": flow_run_id, "task_run_id": task_run_id, "name": name, "level": "ERROR", "message": message}
    write_run_logs(tx, now, logs_given=[line])
