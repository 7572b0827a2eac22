"""Makes the next runs of active schedules, some ahead of time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from prefect.server.actions import schedules
from prefect.server.actions.create_run import KeyTaken
from prefect.server.errors import ApiError
from prefect.server.settings import Settings
from prefect.server.store import flows
from prefect.server.store.database import Database, Transaction

__all__ = ["run_once"]

logger = logging.getLogger("prefect.server.services.scheduler")

BATCH = 500
# Flows whose runs are made side by side, so that they share commits.
AT_ONCE = 50
FIRST_ID = "00000000-0000-0000-0000-000000000000"


async def run_once(database: Database, settings: Settings, now: datetime) -> int:
    """Make what is missing for all active flows; gives the number of runs asked for."""
    made, after_id = 0, FIRST_ID
    while True:
        batch = await database.read(lambda tx, after=after_id: tx.all(flows.active_flows, after_id=after, limit=BATCH))  # type: ignore[misc]
        # Working out times is slow beside the database: in a thread, and before the transaction.
        wanted = await asyncio.to_thread(_wanted, batch, now, settings)
        missing = await database.read(partial(_missing, now, wanted))
        for start in range(0, len(missing), AT_ONCE):
            some = missing[start : start + AT_ONCE]
            made += sum(await asyncio.gather(*(_schedule(database, settings, flow, runs, now) for flow, runs in some)))
        if len(batch) < BATCH:
            return made
        after_id = batch[-1]["id"]


def _wanted(
    batch: list[Mapping[str, Any]], now: datetime, settings: Settings
) -> list[tuple[Mapping[str, Any], list[schedules.WantedRun]]]:
    found = ((flow, schedules.wanted_runs(flow, now, settings)) for flow in batch)
    return [(flow, runs) for flow, runs in found if runs]


def _missing(
    now: datetime, wanted: list[tuple[Mapping[str, Any], list[schedules.WantedRun]]], tx: Transaction
) -> list[tuple[Mapping[str, Any], list[schedules.WantedRun]]]:
    """Leave out the flows whose runs are all made: most looks find nothing to write."""
    return [(flow, runs) for flow, runs in wanted if schedules.missing_runs(tx, now, flow, runs)]


async def _schedule(
    database: Database,
    settings: Settings,
    flow: Mapping[str, Any],
    runs: list[schedules.WantedRun],
    now: datetime,
) -> int:
    def work(tx: Transaction) -> int:
        # Between the look and now somebody may have switched the schedule off or changed it.
        present = tx.one(flows.flow_for_schedule, flow_id=flow["id"])
        if present is None or present["archived"] or not present["is_schedule_active"]:
            return 0
        if (present["group_schedule"], present["schedule"]) != (flow["group_schedule"], flow["schedule"]):
            return 0
        return len(schedules.schedule_flow_runs(tx, now, present, settings, runs))

    try:
        return await database.write(work)
    except (ApiError, KeyTaken) as error:
        logger.warning("Flow %s: its runs could not be scheduled: %s", flow["id"], error)
        return 0
