"""Looks after the places under limits.

Those of dead holders come back, and runs whose process waits no more begin anew.
"""

from __future__ import annotations

from datetime import datetime

from prefect.server.actions.set_state import set_flow_run_state
from prefect.server.rules.proposal import propose
from prefect.server.services.settling import settle_all
from prefect.server.services.stop import NEVER, Stop
from prefect.server.settings import Settings
from prefect.server.store import slots
from prefect.server.store.database import Database, Transaction

__all__ = ["RESCHEDULED", "run_once"]

RESCHEDULED = "Rescheduled: the process that waited for a free place has not asked again."


async def run_once(database: Database, settings: Settings, now: datetime, stop: Stop = NEVER) -> int:
    """Take back lapsed places and start abandoned runs anew; gives how many."""
    limits = settings.heartbeat_limits(now)
    lapsed = 0
    # A look costs no commit; most looks find nothing.
    if await database.read(lambda tx: tx.one(slots.any_lapsed_slot, **limits)):
        lapsed = await database.write(lambda tx: tx.run(slots.lapsed_slots, **limits))
    return lapsed + await settle_all(
        database,
        lambda tx, most: tx.all(slots.overdue_queued_runs, before=now, most=most),
        lambda tx, run: _reschedule(tx, now, run["id"]),
        what="Queued flow run",
        stop=stop,
    )


def _reschedule(tx: Transaction, now: datetime, run_id: str) -> int:
    present = tx.one(slots.queued_run_now, run_id=run_id)
    # Its process may have asked since the look.
    if present is None or present["state"] != "Queued" or (present["state_start_time"] or now) > now:
        return 0
    set_flow_run_state(tx, now, flow_run_id=run_id, proposed=propose("Scheduled", RESCHEDULED, start_time=now))
    return 1
