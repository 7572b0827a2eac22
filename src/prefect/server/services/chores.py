"""Does what is left of large work, a part of each in turn, so that a small one never waits for a large one.

Safe in many processes at once: a row belongs to who moved its due time on, until that time.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from prefect.server.actions.chore_kinds import LEASE, do_part
from prefect.server.services.settling import ROW_FAULTS, log_fault
from prefect.server.services.stop import NEVER, Stop
from prefect.server.settings import Settings
from prefect.server.store import chores
from prefect.server.store.database import Database, DatabaseUnavailable, Transaction

__all__ = ["run_once", "take_over"]

#: In hand at one time.
MOST = 100
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=2), timedelta(minutes=5)

Chore = Mapping[str, Any]


async def run_once(database: Database, settings: Settings, now: datetime, stop: Stop = NEVER) -> int:
    """Do all that is due to its end; gives how many were done."""
    begun = time.monotonic()

    def present() -> datetime:
        return now + timedelta(seconds=time.monotonic() - begun)

    done = 0
    held: dict[str, Chore] = {}
    while not stop:
        if len(held) < MOST:
            held.update(await _take(database, present(), MOST - len(held)))
        if not held:
            break
        turns = await database.write(partial(_do_some, held=held, now=present(), settings=settings))
        for chore_id, is_done in turns.items():
            chore = held.pop(chore_id)
            if is_done is False:
                held[chore_id] = chore  # behind the others: each has its turn
            done += is_done is True
    if held:  # who does the rest need not wait until the lease ends
        await database.write(partial(_give_back, chore_ids=list(held), now=present()))
    return done


async def take_over(database: Database, now: datetime) -> None:
    """Begin with what was under way when the last server ended: a SQLite file has one server at a time.

    What a living process beside it (docs/decisions/0112-embedded.md) has in hand is done by both, part by part: each
    reads how far it is in the transaction that moves it on.
    """
    if database.dialect.name == "sqlite":
        await database.write(lambda tx: tx.run(chores.take_over, now=now))


async def _take(database: Database, now: datetime, most: int) -> dict[str, Chore]:
    # A look costs no commit; most looks find nothing.
    found = await database.read(lambda tx: tx.all(chores.due, now=now, limit=most))
    if not found:
        return {}
    return await database.write(partial(_claim, found=found, now=now))


def _claim(tx: Transaction, found: Sequence[Chore], now: datetime) -> dict[str, Chore]:
    claimed = {}
    for chore in found:
        seen = {"chore_id": chore["id"], "seen_attempts": chore["attempts"]}
        try:
            with tx.savepoint():
                if tx.run(chores.claim, until=now + LEASE, now=now, **seen):
                    claimed[chore["id"]] = chore
        except DatabaseUnavailable:
            raise
        except ROW_FAULTS as error:  # its attempts are no number, or one that has no next
            _put_off(tx, now, chore, error)
    return claimed


def _give_back(tx: Transaction, chore_ids: Sequence[str], now: datetime) -> None:
    for chore_id in chore_ids:
        tx.run(chores.postpone, chore_id=chore_id, until=now, now=now)


def _do_some(tx: Transaction, held: Mapping[str, Chore], now: datetime, settings: Settings) -> dict[str, bool | None]:
    """Do parts of as much work as there is room for; gives what is done, and None for what failed."""
    turns: dict[str, bool | None] = {}
    for chore_id, chore in held.items():
        if not tx.room():
            break
        try:
            with tx.savepoint():
                turns[chore_id] = do_part(tx, now, chore_id=chore_id, settings=settings)
        except DatabaseUnavailable:
            raise
        except ROW_FAULTS as error:
            _put_off(tx, now, chore, error)
            turns[chore_id] = None
    return turns


def _put_off(tx: Transaction, now: datetime, chore: Chore, error: Exception) -> None:
    """Name work that failed, and leave it for a while."""
    log_fault(f"Work {chore['id']} of the kind {chore['kind']} on", chore["subject_id"], error)
    attempts = chore["attempts"]
    # A row that somebody spoiled may hold a number that is none.
    pause = FIRST_PAUSE * 2 ** min(attempts, 10) if isinstance(attempts, int) else LONGEST_PAUSE
    tx.run(chores.postpone, chore_id=chore["id"], until=now + min(pause, LONGEST_PAUSE), now=now)
