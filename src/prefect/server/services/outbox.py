"""Sends what waits in the outbox: hooks and the actions of automations, each at least once, with pauses that grow.

Safe in many processes at once: a row belongs to who moved its due time on, until that time.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from prefect.server.actions import automations, deliveries
from prefect.server.actions.create_run import KeyTaken
from prefect.server.actions.delivery import Undeliverable, deliver
from prefect.server.actions.events import CLOUD_HOOK
from prefect.server.actions.notices import INBOX, notices_of_action, notices_of_hook
from prefect.server.errors import ApiError
from prefect.server.services.settling import ROW_FAULTS, log_fault
from prefect.server.services.stop import NEVER, Stop
from prefect.server.settings import Settings
from prefect.server.store import hooks, outbox
from prefect.server.store.database import Database, DatabaseError, DatabaseUnavailable, Transaction
from prefect.server.threads import Threads

__all__ = ["TABLE", "run_once"]

logger = logging.getLogger("prefect.server.services.outbox")

TABLE = "outbox"
BATCH = 20
#: Deliveries under way at one time, of all and of one tenant.
MOST_SENT, MOST_OF_TENANT = 40, 8
#: While something is under way, so often is looked for what has come.
LOOK_SECONDS = 0.25
# Longer than any delivery takes; a process that dies with a row in hand gives it back by this.
LEASE = timedelta(seconds=180)
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=5), timedelta(minutes=15)


@dataclass(frozen=True)
class Work:
    """A claimed row, with what it takes to do it."""

    outbox_id: str
    tenant_id: str
    subject_id: str  # the hook or action
    attempt: int
    kind: str  # of that
    of_hook: bool
    config: Mapping[str, Any]
    event: Mapping[str, Any]
    entered: datetime

    @property
    def title(self) -> str:
        what = "Cloud hook" if self.of_hook else "Action"
        return f"{what} {self.kind} ({self.subject_id}) for flow run {self._run_id}"

    @property
    def _run_id(self) -> str:
        return str((self.event.get("flow_run") or {}).get("id"))


async def run_once(database: Database, settings: Settings, now: datetime, stop: Stop = NEVER) -> int:
    """Work on everything that is due, also on what comes meanwhile; gives how many rows.

    Nobody waits for another's receiver: a tenant has a few deliveries under way at one time, and while they are, what
    others have is sent.
    """
    begun = time.monotonic()
    done = 0
    under_way: dict[asyncio.Task[None], Work] = {}
    threads = Threads(MOST_SENT, "outbox", asyncio.get_running_loop())
    try:
        while True:
            works: list[Work] = []
            if not stop:
                present = now + timedelta(seconds=time.monotonic() - begun)
                sent = Counter(work.tenant_id for work in under_way.values())
                works = await _take(database, present, sent, MOST_SENT - len(under_way))
            for work in works:
                under_way[asyncio.create_task(_do(database, settings, now, work, threads))] = work
            done += len(works)
            if not under_way:
                return done
            ended, _ = await asyncio.wait(under_way, timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                del under_way[task]
                task.result()
    finally:
        threads.leave()
        await _give_back(database, settings, now, under_way)


async def _give_back(
    database: Database, settings: Settings, now: datetime, under_way: Mapping[asyncio.Task[None], Work]
) -> None:
    """Break off what is under way, and let it be tried again soon, here or elsewhere.

    Its receiver may have it by then, and gets it once more.
    """
    for task in under_way:
        task.cancel()
    await asyncio.gather(*under_way, return_exceptions=True)
    if not under_way:
        return
    until = now + FIRST_PAUSE

    def postpone(tx: Transaction) -> None:
        for work in under_way.values():
            tx.run(outbox.postpone, outbox_id=work.outbox_id, seen_attempts=work.attempt, until=until, now=now)

    logger.info("%d deliveries were under way at the stop, and are tried again", len(under_way))
    await database.write(postpone)


async def _take(database: Database, now: datetime, sent: Mapping[str, int], most: int) -> list[Work]:
    """Claim rows of tenants that have few under way."""
    if most <= 0:
        return []
    busy = [tenant_id for tenant_id, count in sent.items() if count >= MOST_OF_TENANT]
    # A look costs no commit; while something is under way there are many.
    rows = await database.read(lambda tx: tx.all(outbox.due, now=now, limit=min(most, BATCH), busy=busy))
    chosen, counts = [], Counter(sent)
    for row in rows:
        counts[row["tenant_id"]] += 1
        if counts[row["tenant_id"]] <= MOST_OF_TENANT:
            chosen.append(row)
    return await database.write(lambda tx: _claim(tx, now, chosen)) if chosen else []


def _claim(tx: Transaction, now: datetime, rows: Sequence[Mapping[str, Any]]) -> list[Work]:
    works = []
    for row in rows:
        try:
            with tx.savepoint():
                seen = {"outbox_id": row["id"], "seen_attempts": row["attempts"]}
                if not tx.run(outbox.claim, now=now, until=now + LEASE, **seen):
                    continue
                work = _read(tx, {**row, **(tx.one(outbox.content, outbox_id=row["id"]) or {})})
        except DatabaseUnavailable:
            raise
        except ROW_FAULTS as error:
            log_fault("Row of the outbox", row["id"], error)
            work = None
        if work is None:
            tx.run(outbox.remove, outbox_id=row["id"])
        else:
            works.append(work)
    return works


def _read(tx: Transaction, row: Mapping[str, Any]) -> Work | None:
    """Find the hook or action of a row; None when there is none any more, or it is switched off."""
    payload = row["payload"]
    attempt = row["attempts"] + 1
    if row["kind"] == CLOUD_HOOK:
        hook = tx.one(hooks.hook_by_id, cloud_hook_id=payload["hook_id"])
        if hook is None or not hook["active"] or hook["tenant_id"] != row["tenant_id"]:
            return None  # also a row that was spoiled: nobody hears of another tenant's runs
        of_row = (row["id"], row["tenant_id"], hook["id"], attempt)
        return Work(*of_row, hook["type"], True, hook["config"] or {}, payload["event"], row["created"])
    action = tx.one(outbox.action_by_id, action_id=payload["action_id"])
    if action is None or action["tenant_id"] != row["tenant_id"]:
        return None
    of_row = (row["id"], row["tenant_id"], action["id"], attempt)
    return Work(*of_row, action["action_type"], False, action["action_config"] or {}, payload["event"], row["created"])


async def _do(database: Database, settings: Settings, now: datetime, work: Work, threads: Threads) -> None:
    try:
        if not _is_inside(work):
            await threads.do(partial(_send, work, settings))
        await database.write(lambda tx: _finish(tx, now, settings, work))
    except Undeliverable as error:
        await _fail(database, settings, now, work, str(error), again=error.again)
    except KeyTaken:
        await _fail(database, settings, now, work, "another replica made the run at the same moment", again=True)
    except (ApiError, DatabaseError) as error:
        await _fail(database, settings, now, work, str(error), again=False)
    except Exception as error:
        # Its text might repeat parts of the configuration.
        await _fail(database, settings, now, work, f"unexpected {type(error).__name__}", again=True)


def _is_inside(work: Work) -> bool:
    return work.kind == INBOX if work.of_hook else work.kind in automations.IN_DATABASE


def _send(work: Work, settings: Settings) -> None:
    make = notices_of_hook if work.of_hook else notices_of_action
    for delivery in make(work.kind, work.config, work.event, settings):
        deliver(delivery, settings)


def _finish(tx: Transaction, now: datetime, settings: Settings, work: Work) -> None:
    """Take the row away, together with what it asks of the database: that happens once."""
    if not tx.run(outbox.remove, outbox_id=work.outbox_id):
        return
    _keep(tx, now, work, deliveries.DELIVERED)
    if not _is_inside(work):
        return
    if work.of_hook:
        content = {"event": work.event, "type": "CLOUD_HOOK"}
        state = (work.event.get("state") or {}).get("state")
        text = f"Flow run {(work.event.get('flow_run') or {}).get('name')} is {state}"
        automations.keep_message(tx, now, tenant_id=work.tenant_id, text=text, content=content)
        return
    automations.perform(
        tx,
        now,
        tenant_id=work.tenant_id,
        outbox_id=work.outbox_id,
        action={"action_type": work.kind, "action_config": work.config},
        event=work.event,
        settings=settings,
    )


def _give_up(tx: Transaction, now: datetime, work: Work, reason: str) -> None:
    """Take the row away, and let a person know."""
    if not tx.run(outbox.remove, outbox_id=work.outbox_id):
        return
    _keep(tx, now, work, deliveries.GIVEN_UP, reason=reason)
    times = "1 attempt" if work.attempt == 1 else f"{work.attempt} attempts"
    content = {
        "type": automations.TROUBLE,
        "subject": "cloud_hook" if work.of_hook else "action",
        "subject_id": work.subject_id,
        "kind": work.kind,
        "reason": reason[: deliveries.LONGEST_REASON],
        "attempts": work.attempt,
        "flow_run_id": (work.event.get("flow_run") or {}).get("id"),
    }
    what = "Cloud hook" if work.of_hook else "Automation"
    text = f"{what} {work.kind} was given up after {times}: {content['reason']}"
    automations.keep_trouble(tx, now, tenant_id=work.tenant_id, subject_id=work.subject_id, text=text, content=content)


async def _fail(database: Database, settings: Settings, now: datetime, work: Work, reason: str, *, again: bool) -> None:
    if not again or work.attempt >= settings.outbox_attempts:
        logger.error("%s: given up after %d attempts: %s", work.title, work.attempt, reason)
        await database.write(lambda tx: _give_up(tx, now, work, reason))
        return
    pause = min(FIRST_PAUSE * 2 ** (work.attempt - 1), LONGEST_PAUSE)
    logger.warning("%s: attempt %d failed, the next in %s: %s", work.title, work.attempt, pause, reason)

    def postpone(tx: Transaction) -> None:
        until = now + pause
        if tx.run(outbox.postpone, outbox_id=work.outbox_id, seen_attempts=work.attempt, until=until, now=now):
            _keep(tx, now, work, deliveries.RETRYING, reason=reason, next_time=until)

    await database.write(postpone)


def _keep(
    tx: Transaction,
    now: datetime,
    work: Work,
    outcome: str,
    *,
    reason: str | None = None,
    next_time: datetime | None = None,
) -> None:
    """Tell who looks at the hook or the action what became of this."""
    deliveries.keep(
        tx,
        now,
        outbox_id=work.outbox_id,
        tenant_id=work.tenant_id,
        sender="cloud_hook_id" if work.of_hook else "action_id",
        sender_id=work.subject_id,
        event=work.event,
        entered=work.entered,
        attempts=work.attempt,
        outcome=outcome,
        reason=reason,
        next_time=next_time,
    )
