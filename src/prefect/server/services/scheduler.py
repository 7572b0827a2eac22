"""Makes the next runs of active schedules, some ahead of time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from prefect.schedules.steps import Steps
from prefect.server.actions import schedules
from prefect.server.interpreter import aside
from prefect.server.services.settling import ROW_FAULTS, log_fault, settle_rows
from prefect.server.services.stop import NEVER, Stop
from prefect.server.settings import Settings
from prefect.server.store import flows
from prefect.server.store.database import Database, DatabaseUnavailable, Transaction

__all__ = ["run_once"]

BATCH = 500
#: What all schedules of one turn may need beyond what each of them has.
TURN_STEPS = 10_000_000
FIRST_ID = "00000000-0000-0000-0000-000000000000"
WHAT = "Schedule of flow"

Flow = Mapping[str, Any]
Wanted = Mapping[str, list[schedules.WantedRun]]


async def run_once(database: Database, settings: Settings, now: datetime, stop: Stop = NEVER) -> int:
    """Make what is missing for all active flows; gives the number of runs made."""
    made, after_id, spare = 0, FIRST_ID, Steps(TURN_STEPS)
    while not stop:
        batch = await database.read(partial(_page, after_id=after_id))
        # Working out times is slow beside the database: in a thread, and before the transaction.
        wanted = await aside(None, _wanted, batch, now, settings, spare)
        left = [flow for flow in batch if flow["id"] in wanted]
        while left := await database.read(partial(_lacking, now=now, left=left, wanted=wanted)):
            schedule = partial(_schedule, now=now, wanted=wanted, settings=settings)
            some = await settle_rows(database, left, schedule, what=WHAT, stop=stop)
            made += some
            if not some or stop:
                break
        if len(batch) < BATCH:
            break
        after_id = batch[-1]["id"]
    return made


def _page(tx: Transaction, after_id: str) -> list[Flow]:
    return tx.all(flows.active_flows, after_id=after_id, limit=BATCH)


def _wanted(batch: list[Flow], now: datetime, settings: Settings, spare: Steps) -> Wanted:
    found = {}
    for flow in batch:
        left = spare.most - spare.taken
        steps = Steps(min(schedules.FEW_STEPS + left, schedules.MOST_STEPS))
        if runs := schedules.wanted_runs(flow, now, settings, steps):
            found[flow["id"]] = runs
        if (beyond := min(steps.taken, steps.most) - schedules.FEW_STEPS) > 0:
            spare.taken += min(beyond, left)
    return found


def _lacking(tx: Transaction, now: datetime, left: list[Flow], wanted: Wanted) -> list[Flow]:
    """Leave out the flows whose runs are all made: most looks find nothing to write."""
    lacking = []
    for flow in left:
        try:
            if schedules.missing_runs(tx, now, flow, wanted[flow["id"]]):
                lacking.append(flow)
        except DatabaseUnavailable:
            raise
        except ROW_FAULTS as error:
            log_fault(WHAT, flow["id"], error)
    return lacking


def _schedule(tx: Transaction, flow: Flow, now: datetime, wanted: Wanted, settings: Settings) -> int:
    # Between the look and now somebody may have switched the schedule off or changed it.
    present = tx.one(flows.flow_for_schedule, flow_id=flow["id"])
    if present is None or present["archived"] or not present["is_schedule_active"]:
        return 0
    if (present["group_schedule"], present["schedule"]) != (flow["group_schedule"], flow["schedule"]):
        return 0
    return len(schedules.schedule_flow_runs(tx, now, present, settings, wanted[flow["id"]]))
