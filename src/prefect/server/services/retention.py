"""Deletes finished runs that are older than is wanted, with all that belongs to them, a few at a time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from prefect.server.actions.clearing import clear_flow_run
from prefect.server.services.stop import NEVER, Stop
from prefect.server.settings import Settings
from prefect.server.store import retention
from prefect.server.store.database import MOST_ROWS, Database, Transaction

__all__ = ["run_once"]

logger = logging.getLogger("prefect.server.services.retention")

# Others write between two batches.
PAUSE_SECONDS = 0.05
LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)


async def run_once(database: Database, settings: Settings, now: datetime, stop: Stop = NEVER) -> int:
    """Delete the runs that ended before the time that is kept; gives how many.  Does nothing until days are set."""
    if not settings.retention_days:
        return 0
    before = now - timedelta(days=settings.retention_days)
    deleted, since = 0, LONG_AGO
    while not stop:
        found = await database.read(partial(_ended, before=before, since=since, most=settings.retention_batch))
        left = list(found)
        while left and not stop:
            gone = await database.write(partial(_clear, left=left))
            left, deleted = left[gone:], deleted + gone
            await asyncio.sleep(PAUSE_SECONDS)
        if len(found) < settings.retention_batch:
            break
        since = max(found.values())
    while not stop:
        if await database.write(partial(_clear_messages, before=before)) < MOST_ROWS:
            break
        await asyncio.sleep(PAUSE_SECONDS)
    if deleted:
        logger.info("Retention: %d flow runs that ended before %s are deleted", deleted, before.isoformat())
    return deleted


def _ended(tx: Transaction, **which: Any) -> dict[str, datetime]:
    return {row["id"]: row["created"] for row in tx.all(retention.ended_runs, **which)}


def _clear(tx: Transaction, left: Sequence[str]) -> int:
    """Delete runs as long as the transaction has room; gives how many are gone."""
    for gone, run_id in enumerate(left):
        if not tx.room() or not clear_flow_run(tx, run_id):
            return gone
    return len(left)


def _clear_messages(tx: Transaction, before: datetime) -> int:
    return tx.run(retention.delete_old_messages, before=before, most=MOST_ROWS)
