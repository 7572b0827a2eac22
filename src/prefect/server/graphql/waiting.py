"""Answers that wait until there is something to say: the queue for agents, the events of a run for who watches it.

A watcher listens first and reads then, again after each announcement; without one it looks every ten seconds.  Of the
agents that wait, one is called for a run: ``server.waiters``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from prefect.contract import limits
from prefect.server.actions import queue as queue_actions
from prefect.server.actions import run_events as events
from prefect.server.actions.checks import check_labels
from prefect.server.actions.queue import Due
from prefect.server.errors import BadInput
from prefect.server.graphql.operations import Request
from prefect.server.live import Offers, chore_topic, flow_run_topic, task_runs_topic
from prefect.server.store import chores
from prefect.server.store.database import Transaction
from prefect.server.waiters import Labels

if TYPE_CHECKING:
    from prefect.server.app import App

__all__ = ["run_events", "runs_in_queue", "work_done"]

LONGEST_WAIT_SECONDS = 60.0
# Over PostgreSQL a replica may die between a commit and telling the others of it: they look by themselves so often.
LONGEST_NAP_SECONDS = 10.0
#: Clients of 1.x give an answer 15 seconds.
LONGEST_WORK_SECONDS = 10.0
MOST_EXCLUDED = 1000
MOST_EVENTS = 5000
#: So long one question looks for a line of the wanted levels among others.
LONGEST_PASSING_SECONDS = 1.0
# A start time is reached a moment after it, never a rounding error before.
GRACE_SECONDS = 0.001


def _wait_seconds(request: Request, inputs: dict[str, Any]) -> float:
    given = inputs.get("wait_seconds") or 0.0
    if not 0 <= given <= LONGEST_WAIT_SECONDS:
        raise BadInput("wait_seconds", f"a number from 0 to {LONGEST_WAIT_SECONDS:g}", given)
    app = request.app
    return 0.0 if app.live.waiting >= app.settings.max_waiting else float(given)


def _most_runs(request: Request, inputs: dict[str, Any]) -> int:
    """Say how many runs are handed out at once: as many as the server's setting says, or fewer."""
    most: int = request.app.settings.queued_runs_returned_limit
    given: int | None = inputs.get("limit")
    if given is None:
        return most
    if given < 0:
        raise BadInput("limit", "a whole number, 0 or more", given)
    return min(most, given)


async def runs_in_queue(request: Request, inputs: dict[str, Any], tenant_id: str, agent_id: str | None) -> list[str]:
    """Give the ids of due runs; when there are none, wait for them as long as the agent wishes.

    The horizon ``before`` moves on while time passes.  An agent that has no place for a run asks for none, at once: it
    is alive, and others are shown the runs.
    """
    database, live = request.app.database, request.app.live
    labels = check_labels("labels", inputs.get("labels") or ())
    wait = _wait_seconds(request, inputs)
    given = inputs.get("exclude") or ()
    if len(given) > MOST_EXCLUDED:
        raise BadInput("exclude", f"at most {MOST_EXCLUDED} ids", f"{len(given)} ids")
    exclude = frozenset(given)
    most = _most_runs(request, inputs)
    before = inputs.get("before") or request.now
    if agent_id is not None:
        await database.write(lambda tx: queue_actions.mark_queried(tx, request.now, agent_id=agent_id))

    def look(horizon: datetime, avoid: frozenset[str]) -> Callable[[Transaction], Due]:
        return lambda tx: queue_actions.due_runs(
            tx,
            tenant_id=tenant_id,
            before=horizon,
            labels=labels,
            unlabelled=bool(inputs.get("unlabelled")),
            exclude=exclude,
            avoid=avoid,
            limit=most,
            turns=request.app.turns,
        )

    if most == 0:
        return []
    clock = asyncio.get_running_loop().time
    # As much has passed since the time that the request bears: a run that is due now is found by the first look.
    begun = clock() - max((datetime.now(UTC) - request.now).total_seconds(), 0.0)
    ahead = (before - request.now).total_seconds()
    unlabelled = bool(inputs.get("unlabelled")) or not labels
    with live.queue.waiter(tenant_id, labels, unlabelled=unlabelled, ahead=ahead) as waiter:
        while True:
            waiter.look()
            horizon = before + timedelta(seconds=clock() - begun)
            due, in_other_hands = await _due_for(request.app, agent_id, partial(look, horizon))
            left = wait - (clock() - begun)
            if (due.ids and not in_other_hands) or left <= 0 or live.closed:
                request.app.turns.note(due.served, due.went)
                are_kept = agent_id is not None and _offer(request.app, tenant_id, agent_id, due)
                waiter.pass_on(due.left if are_kept else None)
                return due.ids
            waiter.pass_on(due.left)
            starts = {of_run: begun + (start - before).total_seconds() for of_run, start in due.nexts.items()}
            # A replica that died tells nobody when what it held is free.
            ends = {of_run: clock() + seconds for of_run, seconds in due.held.items()}
            waiter.look_again_at({of_run: time + GRACE_SECONDS for of_run, time in (starts | ends).items()})
            await waiter.wait(left)


def _offer(app: App, tenant_id: str, agent_id: str, due: Due) -> bool:
    """Keep what an agent is shown from others for a moment; when it has not taken it by then, another one is called.

    Returns:
        Whether all of it is kept: what it was shown before and has not taken is not.
    """
    new = app.offers.note(agent_id, due.ids)
    by_labels: dict[Labels, list[str]] = {}
    for run_id in new:
        by_labels.setdefault(due.labels[run_id], []).append(run_id)
    for labels, run_ids in by_labels.items():
        is_open = partial(app.offers.is_open, run_ids)
        app.live.queue.call_later(Offers.SECONDS + GRACE_SECONDS, tenant_id, labels, is_open)
    return len(new) == len(due.ids)


async def work_done(app: App, topics: list[str]) -> None:
    """Wait until work that takes more than one transaction is done, at most as long as clients of 1.x wait."""
    clock = asyncio.get_running_loop().time
    until = clock() + LONGEST_WORK_SECONDS
    left = [topic.removeprefix(chore_topic("")) for topic in topics]
    with app.live.listen(*topics, is_poll=False) as ear:
        while True:
            rows = await app.database.read(partial(_still_there, left))
            left = [chore_id for chore_id in left if chore_id in rows]
            seconds = until - clock()
            if not left or seconds <= 0 or app.live.closed:
                return
            await ear.wait(min(seconds, LONGEST_NAP_SECONDS))


def _still_there(chore_ids: list[str], tx: Transaction) -> set[str]:
    return {chore_id for chore_id in chore_ids if tx.one(chores.is_left, chore_id=chore_id)}


async def _due_for(
    app: App, agent_id: str | None, look: Callable[[frozenset[str]], Callable[[Transaction], Due]]
) -> tuple[Due, bool]:
    """Look at the queue for an agent; True when all that is due was shown to others a moment ago."""
    if agent_id is None:
        return await app.database.read(look(frozenset())), False
    if not app.database.dialect.writes_alone:
        return await _due_among_replicas(app, agent_id, look)
    while True:
        avoid = app.offers.to_others(agent_id)
        due = await app.database.read(look(avoid))
        if not avoid.isdisjoint(due.ids):
            return due, True
        # Agents that were woken by one announcement read at one time: what was shown meanwhile is not shown again.
        meanwhile = app.offers.to_others(agent_id)
        free = [run_id for run_id in due.ids if run_id not in meanwhile]
        if free or not due.ids:
            return replace(due, ids=free), False


async def _due_among_replicas(
    app: App, agent_id: str, look: Callable[[frozenset[str]], Callable[[Transaction], Due]]
) -> tuple[Due, bool]:
    """Look at the queue for an agent, and keep what it is shown from agents of all replicas.

    True when all that is due is held for others: then ``nexts`` says when that ends.
    """
    moved = app.offers.take_moved()
    seconds, spent = Offers.SECONDS, Offers.SPENT_SECONDS
    return await app.database.write(
        lambda tx: queue_actions.due_and_held(tx, look, agent_id=agent_id, moved=moved, seconds=seconds, spent=spent)
    )


async def run_events(request: Request, inputs: dict[str, Any]) -> events.Events:
    """Give the next events of a flow run, as many as fit; when there are none, wait for them as the caller wishes."""
    database, live = request.app.database, request.app.live
    flow_run_id, after, limit = inputs["flow_run_id"], inputs.get("after") or 0, inputs.get("limit") or 1000
    wait = _wait_seconds(request, inputs)
    if not 1 <= limit <= MOST_EVENTS:
        raise BadInput("limit", f"a whole number from 1 to {MOST_EVENTS}", limit)
    if after < events.FROM_NOW:
        raise BadInput("after", f"a number from 0 on, or {events.FROM_NOW} for all that happens from now on", after)
    kinds = inputs.get("kinds")
    wanted = (events.STATE, events.LOG) if kinds is None else tuple(dict.fromkeys(kinds))
    place = _place(request, inputs, after)
    # The answer is bounded, too: what would not fit is not read, or it would be refused each time.
    most_bytes = min(limits.EVENTS_BYTES, request.app.settings.max_answer_bytes // 8)
    given = {"flow_run_id": flow_run_id, "limit": limit, "most_bytes": most_bytes, "kinds": wanted}
    topics = [flow_run_topic(flow_run_id)] + [task_runs_topic(flow_run_id)] * (events.TASK_RUN in wanted)
    clock = asyncio.get_running_loop().time
    begun = clock()
    with live.listen(*topics) as ear:
        if after == events.FROM_NOW:
            after = await database.read(partial(events.last_event, flow_run_id=flow_run_id))
        while True:
            look = partial(events.events_after, after=after, place=place, levels=inputs.get("levels"), **given)
            found = await database.read(look)
            left = wait - (clock() - begun)
            # Lines of other levels are passed over a page at a time.
            is_passing = found.has_more and clock() - begun < LONGEST_PASSING_SECONDS
            if found.events or live.closed or not (left > 0 or is_passing):
                return found
            after, place = found.cursor, found.place
            if not found.has_more:
                await ear.wait(min(left, LONGEST_NAP_SECONDS))


def _place(request: Request, inputs: dict[str, Any], after: int) -> events.Place:
    given = inputs.get("task_runs_after")
    if given:
        return events.Place.read("task_runs_after", given)
    return events.Place(request.now - events.LATE) if after == events.FROM_NOW else events.Place()
