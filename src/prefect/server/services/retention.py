"""Deletes finished runs that are older than is wanted, with all that belongs to them, a few at a time."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta

from prefect.server.settings import Settings
from prefect.server.store import retention
from prefect.server.store.database import Database

__all__ = ["run_once"]

logger = logging.getLogger("prefect.server.services.retention")

# Others write between two batches.
PAUSE_SECONDS = 0.05


async def run_once(database: Database, settings: Settings, now: datetime) -> int:
    """Delete the runs that ended before the time that is kept; gives how many.  Does nothing until days are set."""
    if not settings.retention_days:
        return 0
    before = now - timedelta(days=settings.retention_days)
    deleted = 0
    while True:
        count = await database.write(
            lambda tx: tx.run(retention.delete_ended_runs, before=before, most=settings.retention_batch)
        )
        deleted += count
        if count < settings.retention_batch:
            break
        await asyncio.sleep(PAUSE_SECONDS)
    await database.write(lambda tx: tx.run(retention.delete_old_messages, before=before))
    if deleted:
        logger.info("Retention: %d flow runs that ended before %s are deleted", deleted, before.isoformat())
    return deleted
