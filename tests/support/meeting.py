"""Two transactions that meet: the second asks for what the first has changed and not yet committed."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any

from sqlalchemy import column, func, select, table

from prefect.server.store.database import Database, Transaction

_activity = table("pg_stat_activity", column("datname"), column("wait_event_type"))
WAITING = (
    select(func.count().label("count"))
    .select_from(_activity)
    .where(_activity.c.datname == func.current_database())
    .where(_activity.c.wait_event_type == "Lock")
)


async def meet(
    database: Database,
    first: Callable[[Transaction], Any],
    second: Callable[[], Coroutine[Any, Any, Any]],
    *,
    on_wait: Callable[[], Any] = lambda: None,
) -> tuple[Any, Any]:
    """Let ``first`` commit only when ``second`` waits for it, or has ended without waiting; gives what both gave.

    Args:
        on_wait: called when ``second`` waits.

    On SQLite, whose one writer lets nobody in before the commit, ``second`` simply comes next.
    """
    has_changed, may_commit = threading.Event(), threading.Event()

    def held(tx: Transaction) -> Any:
        given = first(tx)
        has_changed.set()
        assert may_commit.wait(60)
        return given

    one = asyncio.create_task(database.write(held))
    try:
        assert await asyncio.to_thread(has_changed.wait, 60)
        other = asyncio.create_task(second())
        if type(database).__name__ == "PostgresDatabase":
            while not other.done() and not await _somebody_waits(database):
                await asyncio.sleep(0.005)  # the server tells nobody when a transaction begins to wait
            if not other.done():
                on_wait()
    finally:
        may_commit.set()
    return await one, await other


async def _somebody_waits(database: Database) -> bool:
    row = await database.read(lambda tx: tx.one(WAITING))
    return row is not None and row["count"] > 0
