"""Deletes finished runs that are older than is wanted, with all that belongs to them, a few at a time."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from prefect.server.actions.clearing import clear_flow_run
from prefect.server.services.settling import settle_rows
from prefect.server.services.stop import NEVER, Stop
from prefect.server.settings import Settings
from prefect.server.store import retention
from prefect.server.store.database import MOST_ROWS, Database, Transaction

__all__ = ["run_once"]

logger = logging.getLogger("prefect.server.services.retention")

# Others write between two batches.
PAUSE_SECONDS = 0.05
#: Runs between two pauses.
TOGETHER = 20
#: Where one writes at a time, whoever comes meanwhile waits.  So a transaction deletes no more rows than an ordinary
#: run has, some milliseconds, and the writer is left to others for so many times as long as was taken.
ROWS_AT_ONCE, PATIENCE = 60, 9
#: While nobody else writes, for as long as was taken; whoever waited for the writer so long has met somebody, and
#: remembers it.
MET_SECONDS, REMEMBERED_SECONDS = 0.001, 5.0
WHAT = "Flow run that is to be deleted"
LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)

Row = Mapping[str, Any]


async def run_once(database: Database, settings: Settings, now: datetime, stop: Stop = NEVER) -> int:
    """Delete the runs that ended before the time that is kept; gives how many.  Does nothing until days are set."""
    if not settings.retention_days:
        return 0
    before = now - timedelta(days=settings.retention_days)
    deleted, since = 0, LONG_AGO
    kept: set[str] = set()  # at that time: they cannot be deleted, are named in the log and passed by
    while not stop:
        most = settings.retention_batch + len(kept)
        found = await database.read(partial(_ended, before=before, since=since, most=most))
        cleared = await _clear_all(database, [run for run in found if run["id"] not in kept], stop)
        deleted += len(cleared)
        if len(found) < most:
            break
        since = found[-1]["created"]
        kept = {run["id"] for run in found if run["created"] == since and run["id"] not in cleared}
    for owner in await database.read(lambda tx: tx.all(retention.tenants)):
        which = {"tenant_id": owner["id"], "before": before}
        while not stop:
            if await database.write(partial(_clear_messages, which=which)) < MOST_ROWS:
                break
            await asyncio.sleep(PAUSE_SECONDS)
    if deleted:
        logger.info("Retention: %d flow runs that ended before %s are deleted", deleted, before.isoformat())
    return deleted


def _ended(tx: Transaction, **which: Any) -> Sequence[Row]:
    return tx.all(retention.ended_runs, **which)


async def _clear_all(database: Database, found: Sequence[Row], stop: Stop) -> set[str]:
    """Delete these runs, a few at a time; gives which are gone."""
    cleared: set[str] = set()
    left = list(found)
    pace = _Pace()
    alone = database.dialect.writes_alone
    together, most = (1, ROWS_AT_ONCE) if alone else (TOGETHER, MOST_ROWS)
    while left and not stop:
        some, left = left[:together], left[together:]
        partly: set[str] = set()
        pace.begin()
        clear = partial(_clear, most=most, pace=pace, partly=partly, cleared=cleared)
        await settle_rows(database, some, clear, what=WHAT, stop=stop)
        left = [run for run in some if run["id"] in partly] + left
        await asyncio.sleep(pace.pause() if alone else PAUSE_SECONDS)
    return cleared


class _Pace:
    """How long others are let write, by how long this one did and whether it met them."""

    def __init__(self) -> None:
        self._asked = self._began = 0.0
        self._met = -REMEMBERED_SECONDS

    def begin(self) -> None:
        self._asked = self._began = time.monotonic()

    def at_work(self) -> None:
        """Note that the writer is ours now."""
        self._began = time.monotonic()
        if self._began - self._asked > MET_SECONDS:
            self._met = self._began

    def pause(self) -> float:
        """Give seconds."""
        now = time.monotonic()
        times = PATIENCE if now - self._met < REMEMBERED_SECONDS else 1
        return times * (now - self._began)


def _clear(tx: Transaction, run: Row, most: int, pace: _Pace, partly: set[str], cleared: set[str]) -> int:
    """Delete a run as far as the transaction has room, and note whether it is gone."""
    pace.at_work()
    partly.discard(run["id"])
    is_gone = clear_flow_run(tx, run["id"], most)
    (cleared if is_gone else partly).add(run["id"])
    return int(is_gone)


def _clear_messages(tx: Transaction, which: Mapping[str, Any]) -> int:
    return tx.run(retention.delete_old_messages, most=MOST_ROWS, **which)
