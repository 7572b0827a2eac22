"""Looks after the places under limits.

Those of dead holders come back, and runs whose process waits no more begin anew.
"""

from __future__ import annotations

import logging
from datetime import datetime

from prefect.server.actions.set_state import set_flow_run_state
from prefect.server.errors import ApiError
from prefect.server.rules.proposal import propose
from prefect.server.settings import Settings
from prefect.server.store import slots
from prefect.server.store.database import Database, Transaction

__all__ = ["RESCHEDULED", "run_once"]

logger = logging.getLogger("prefect.server.services.slot_keeper")

BATCH = 500
RESCHEDULED = "Rescheduled: the process that waited for a free place has not asked again."


async def run_once(database: Database, settings: Settings, now: datetime) -> int:
    """Take back lapsed places and start abandoned runs anew; gives how many."""
    limits = settings.heartbeat_limits(now)
    lapsed = 0
    # A look costs no commit; most looks find nothing.
    if await database.read(lambda tx: tx.one(slots.any_lapsed_slot, **limits)):
        lapsed = await database.write(lambda tx: tx.run(slots.lapsed_slots, **limits))
    while True:
        found = await database.read(lambda tx: tx.all(slots.overdue_queued_runs, before=now, most=BATCH))
        settled = 0
        for run in found:
            settled += await database.write(lambda tx, run_id=run["id"]: _reschedule(tx, now, run_id))  # type: ignore[misc]
        lapsed += settled
        if len(found) < BATCH or not settled:
            return lapsed


def _reschedule(tx: Transaction, now: datetime, run_id: str) -> int:
    present = tx.one(slots.queued_run_now, run_id=run_id)
    # Its process may have asked since the look.
    if present is None or present["state"] != "Queued" or (present["state_start_time"] or now) > now:
        return 0
    try:
        set_flow_run_state(tx, now, flow_run_id=run_id, proposed=propose("Scheduled", RESCHEDULED, start_time=now))
    except ApiError as error:
        logger.warning("Queued flow run %s could not be rescheduled: %s", run_id, error)
        return 0
    return 1
