"""What a part of each kind of large work does; see ``chores``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from prefect.server.actions import clearing, create_run, flows, restart, schedules
from prefect.server.actions.set_state import close_some, open_some
from prefect.server.live import chore_topic
from prefect.server.settings import Settings
from prefect.server.store import chores
from prefect.server.store.database import Transaction

__all__ = ["LEASE", "do_part"]

#: Longer than a part takes; a process that dies with some work in hand gives it back by this.
LEASE = timedelta(seconds=15)

Chore = Mapping[str, Any]
#: Gives where to go on, or None when all is done.
Part = Callable[[Transaction, datetime, Chore, Settings], str | None]


def do_part(tx: Transaction, now: datetime, *, chore_id: str, settings: Settings) -> bool:
    """Do a part of some work; True when nothing of it is left."""
    chore = tx.one(chores.chore_by_id, chore_id=chore_id)
    if chore is None:
        return True
    position = PARTS[chore["kind"]](tx, now, chore, settings)
    if position is None:
        tx.run(chores.remove, chore_id=chore_id)
        tx.announce(chore_topic(chore_id))
        return True
    tx.run(chores.move_on, chore_id=chore_id, position=position, until=now + LEASE, now=now)
    return False


def _until_done(do: Callable[[Transaction, str], bool]) -> Part:
    """Make a part of what begins at its front again each time."""
    return lambda tx, now, chore, settings: None if do(tx, chore["subject_id"]) else ""


def _fill(tx: Transaction, now: datetime, chore: Chore, settings: Settings) -> str | None:
    return create_run.fill_flow_run(tx, now, flow_run_id=chore["subject_id"], position=chore["position"])


def _close(tx: Transaction, now: datetime, chore: Chore, settings: Settings) -> str | None:
    return None if close_some(tx, now, flow_run_id=chore["subject_id"]) else ""


def _open(tx: Transaction, now: datetime, chore: Chore, settings: Settings) -> str | None:
    return None if open_some(tx, now, flow_run_id=chore["subject_id"]) else ""


def _archive(tx: Transaction, now: datetime, chore: Chore, settings: Settings) -> str | None:
    return None if flows.end_waiting_runs(tx, now, flow_id=chore["subject_id"]) else ""


def _unschedule(tx: Transaction, now: datetime, chore: Chore, settings: Settings) -> str | None:
    return None if schedules.unschedule(tx, flow_id=chore["subject_id"], made_until=chore["created"]) else ""


def _reschedule(tx: Transaction, now: datetime, chore: Chore, settings: Settings) -> str | None:
    which = {"flow_group_id": chore["subject_id"], "made_until": chore["created"], "settings": settings}
    return None if schedules.reschedule_group(tx, now, **which) else ""


def _restart(tx: Transaction, now: datetime, chore: Chore, settings: Settings) -> str | None:
    return restart.set_back_some(tx, now, flow_run_id=chore["subject_id"], position=chore["position"])


PARTS: Mapping[str, Part] = {
    "archive_flow": _archive,
    "close_task_runs": _close,
    "delete_flow": _until_done(clearing.clear_flow),
    "delete_flow_group": _until_done(clearing.clear_flow_group),
    "delete_flow_run": _until_done(clearing.clear_flow_run),
    "delete_project": _until_done(clearing.clear_project),
    "delete_tenant": _until_done(clearing.clear_tenant),
    "fill_flow_run": _fill,
    "open_task_runs": _open,
    "reschedule_group": _reschedule,
    "restart_flow_run": _restart,
    "unschedule_flow": _unschedule,
}
