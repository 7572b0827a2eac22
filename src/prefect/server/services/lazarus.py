"""Finds flow runs whose process is gone, and starts them again: not more often than is set, then they are Failed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from prefect.server.actions.lost_runs import restart_flow_run
from prefect.server.services.settling import settle_all
from prefect.server.services.stop import NEVER, Stop
from prefect.server.settings import Settings
from prefect.server.store import lost
from prefect.server.store.database import Database, Transaction

__all__ = ["run_once"]


async def run_once(database: Database, settings: Settings, now: datetime, stop: Stop = NEVER) -> int:
    """Deal with every lost run; gives their number."""
    limits = settings.heartbeat_limits(now)
    submitted = now - timedelta(seconds=settings.submitted_limit_seconds)
    return await settle_all(
        database,
        lambda tx, most: tx.all(lost.lost_flow_runs, limit=most, submitted_limit_time=submitted, **limits),
        lambda tx, run: _settle(tx, now, settings, limits, run),
        what="Lost flow run",
        stop=stop,
    )


def _settle(
    tx: Transaction, now: datetime, settings: Settings, limits: Mapping[str, datetime], run: Mapping[str, Any]
) -> int:
    present = tx.one(lost.flow_run_now, flow_run_id=run["id"], **limits)
    # It may have moved or beaten since the look.
    if present is None or present["version"] != run["version"] or not present["is_silent"]:
        return 0
    return int(restart_flow_run(tx, now, run, settings.resurrection_attempt_limit))
