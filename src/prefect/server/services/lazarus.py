"""Finds flow runs whose process is gone, and starts them again: not more often than is set, then they are Failed."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from prefect.server.actions.logs import write_run_logs
from prefect.server.actions.set_state import set_flow_run_state
from prefect.server.errors import ApiError
from prefect.server.rules.proposal import propose
from prefect.server.settings import Settings
from prefect.server.store import lost, runs
from prefect.server.store.database import Database, Transaction

__all__ = ["run_once"]

logger = logging.getLogger("prefect.server.services.lazarus")

BATCH = 500
LOG_NAME = "Lazarus.FlowRun"


async def run_once(database: Database, settings: Settings, now: datetime) -> int:
    """Deal with every lost run; gives their number."""
    limits = settings.heartbeat_limits(now)
    submitted = now - timedelta(seconds=settings.submitted_limit_seconds)
    dealt_with = 0
    while True:
        found = await database.read(
            lambda tx: tx.all(lost.lost_flow_runs, limit=BATCH, submitted_limit_time=submitted, **limits)
        )
        settled = 0
        for run in found:
            settled += await database.write(lambda tx, run=run: _settle(tx, now, settings, limits, run))  # type: ignore[misc]
        dealt_with += settled
        if len(found) < BATCH or not settled:
            return dealt_with


def _settle(
    tx: Transaction, now: datetime, settings: Settings, limits: Mapping[str, datetime], run: Mapping[str, Any]
) -> int:
    present = tx.one(lost.flow_run_now, flow_run_id=run["id"], **limits)
    # It may have moved or beaten since the look.
    if present is None or present["version"] != run["version"] or not present["is_silent"]:
        return 0
    attempt = (run["times_resurrected"] or 0) + 1
    limit = settings.resurrection_attempt_limit
    if attempt <= limit:
        state = propose("Scheduled", "Rescheduled by a Lazarus process.", start_time=now)
        level, message = "INFO", f"Rescheduled by a Lazarus process. This is attempt {attempt}."
    else:
        message = (
            f"A Lazarus process attempted to reschedule this run {limit} times without success. Marking as failed."
        )
        state, level = propose("Failed", message), "ERROR"
    try:
        if attempt <= limit:
            tx.run(runs.set_resurrections, flow_run_id=run["id"], times_resurrected=attempt, now=now)
        set_flow_run_state(tx, now, flow_run_id=run["id"], proposed=state)
    except ApiError as error:
        logger.warning("Lost flow run %s could not be settled: %s", run["id"], error)
        return 0
    write_run_logs(
        tx, now, logs_given=[{"flow_run_id": run["id"], "name": LOG_NAME, "level": level, "message": message}]
    )
    return 1
