"""The one way in which loops work on rows: find some, settle each for itself, and go on.

A row that cannot be settled is named in the log and left as it is; it keeps nobody else's from being settled.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from prefect.server.actions.create_run import KeyTaken
from prefect.server.errors import ApiError
from prefect.server.services.stop import NEVER, Stop
from prefect.server.store.database import Database, DatabaseError, DatabaseUnavailable, TookTooLong, Transaction

__all__ = ["ROW_FAULTS", "log_fault", "settle_all", "settle_rows"]

logger = logging.getLogger("prefect.server.services")

#: What a row whose values nobody expected may raise. What is wrong with the database or the connection is not of it.
ROW_FAULTS = (
    ApiError,
    DatabaseError,
    KeyTaken,
    ArithmeticError,
    AttributeError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
)
#: Found by one look.
MOST_FOUND = 500
#: Settled in one transaction, as long as it has room.
MOST_TOGETHER = 20
#: After so long no further row is begun in the same transaction: others wait for it, on SQLite.
LONGEST_TOGETHER_SECONDS = 0.05
#: Transactions at one time: SQLite has one writer, and what waits for it keeps others waiting.
LANES = {"sqlite": 1, "postgresql": 4}

Row = Mapping[str, Any]
Settle = Callable[[Transaction, Row], int]


async def settle_all(
    database: Database,
    find: Callable[..., Sequence[Row]],
    settle: Settle,
    *,
    what: str,
    stop: Stop = NEVER,
) -> int:
    """Find rows and settle them until there are no more, or none can be settled; gives how many were.

    Args:
        find: called as ``find(tx, most=)``; less is asked for after a look that took too long.
        settle: gives 1, or 0 when there was nothing to do any more.
        what: names a row in the log, before its id.
    """
    total, most = 0, MOST_FOUND
    while not stop:
        try:
            found = await database.read(partial(find, most=most))
        except TookTooLong as error:
            if most == 1:
                raise
            most = max(1, most // 10)
            logger.warning("A look for each %s took too long, from now on for %d at a time: %s", what, most, error)
            continue
        settled = await settle_rows(database, found, settle, what=what, stop=stop)
        total += settled
        if len(found) < most or not settled:
            break
    return total


async def settle_rows(database: Database, rows: Sequence[Row], settle: Settle, *, what: str, stop: Stop = NEVER) -> int:
    """Settle these rows, some in each transaction and each behind its savepoint; gives how many were."""
    lanes = LANES[database.dialect.name]
    shares = [rows[lane::lanes] for lane in range(lanes)]
    counts = await asyncio.gather(*(_settle_share(database, share, settle, what, stop) for share in shares if share))
    return sum(counts)


async def _settle_share(database: Database, rows: Sequence[Row], settle: Settle, what: str, stop: Stop) -> int:
    total, place = 0, 0
    while place < len(rows) and not stop:
        some = rows[place : place + MOST_TOGETHER]
        settled, looked_at = await database.write(partial(_settle_some, some, settle, what))
        total, place = total + settled, place + looked_at
    return total


def _settle_some(rows: Sequence[Row], settle: Settle, what: str, tx: Transaction) -> tuple[int, int]:
    settled, until = 0, time.monotonic() + LONGEST_TOGETHER_SECONDS
    for place, row in enumerate(rows):
        if not tx.room() or (place and time.monotonic() > until):
            return settled, place
        try:
            with tx.savepoint():
                settled += settle(tx, row)
        except DatabaseUnavailable:
            raise
        except ROW_FAULTS as error:
            log_fault(what, row["id"], error)
    return settled, len(rows)


def log_fault(what: str, row_id: object, error: Exception) -> None:
    """Name a row that could not be dealt with, and the reason; nobody foresaw what comes with its trace."""
    foreseen = isinstance(error, ApiError | DatabaseError | KeyTaken)
    reason = str(error) if foreseen else f"{type(error).__name__}: {error}"
    logger.warning("%s %s could not be dealt with: %s", what, row_id, reason, exc_info=None if foreseen else error)
