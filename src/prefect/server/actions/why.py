"""Why a flow run is not running: everything that it waits for, for the person who wonders and for programs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from prefect.model.state import Finished
from prefect.model.state_facts import is_kind
from prefect.server.actions import slots
from prefect.server.actions.agents import is_of_1_x
from prefect.server.actions.checks import found, object_in
from prefect.server.actions.queue import PAUSED, QueueRow, named, parts
from prefect.server.rules.proposal import is_running_kind
from prefect.server.rules.transition import is_waiting
from prefect.server.settings import Settings
from prefect.server.store import why
from prefect.server.store.database import Transaction
from prefect.server.store.queue import PRIORITIES

__all__ = ["LIVING_SECONDS", "Cause", "why_not_running"]

# An agent that waits at the queue asks at least once a minute; one of 1.4.1 every few seconds.
LIVING_SECONDS = 150
MOST_AGENTS = 1000
MOST_TASKS = 10
MOST_HOLDERS_NAMED = 3
#: Holders of a limit, and agents, that are listed.
MOST_SHOWN = 50
MOST_BEFORE = 1000


@dataclass(frozen=True, slots=True)
class Cause:
    """One thing that holds a run back, or says how it is.

    Attributes:
        code: which kind of thing.
        text: a sentence.
        name: of the limit, the flow, or the task.
        limit: how many places it has.
        holders: rows of ``slots.holders``: who has them.
        agents: those that could take the run, but do not: their labels, which ones of the run they lack, when they
            were last heard.
        until: when it is over of itself, as far as is known.
        task_run_id: the task run that waits.
    """

    code: str
    text: str
    name: str | None = None
    limit: int | None = None
    holders: Sequence[Mapping[str, Any]] = ()
    agents: Sequence[Mapping[str, Any]] = ()
    until: datetime | None = None
    task_run_id: str | None = None


def why_not_running(tx: Transaction, now: datetime, *, settings: Settings, flow_run_id: str) -> dict[str, Any]:
    """Tell what a flow run waits for.

    Returns:
        ``ready``: nothing holds it back; ``state``; ``reasons``: one sentence each, what is nearest to the run first;
        also one when it is ready, running or at its end; ``causes``: the same taken apart; ``queue_position``: how many
        runs of its tenant are handed out before it (1,000: so many or more), None: it is not in the queue.
    """
    run = found(tx.one(why.run_with_flow, flow_run_id=flow_run_id), f"Invalid flow run ID: {flow_run_id}")
    state = run["state"]
    if is_kind(state, Finished):
        return _answer(run, [Cause("ENDED", f"It has ended: {state} ({run['state_message'] or 'no message'}).")])
    if state == "Submitted":
        return _answer(run, [_submitted(run, now, settings)])
    if not is_waiting(state) and not is_running_kind(state):
        text = f"It is {state}, and agents take no run in that state: set it to Scheduled."
        return _answer(run, [Cause("WRONG_STATE", text)])
    if not is_waiting(state):
        return _answer(run, list(_begun(tx, run, now, settings)))
    position = _position(tx, run, now)
    blocks = list(_blocks(tx, run, now, settings))
    return _answer(run, blocks or [_ready(tx, run, now)], is_ready=not blocks, position=position)


def _answer(
    run: Mapping[str, Any], causes: list[Cause], *, is_ready: bool = False, position: int | None = None
) -> dict[str, Any]:
    return {
        "ready": is_ready,
        "state": run["state"],
        "reasons": [cause.text for cause in causes],
        "causes": [_told(cause) for cause in causes],
        "queue_position": position,
    }


def _told(cause: Cause) -> dict[str, Any]:
    return {
        **asdict(cause),
        "holders": [dict(holder) for holder in cause.holders],
        "agents": [dict(agent) for agent in cause.agents],
        "until": cause.until and cause.until.isoformat(),
    }


def _position(tx: Transaction, run: Mapping[str, Any], now: datetime) -> int | None:
    start = run["state_start_time"]
    if start is None:
        return None
    # A priority that nobody gives comes from outside; such a run is handed to nobody.
    if run["priority"] not in PRIORITIES:
        return None
    sets = tx.all(why.sets_of_tenant, tenant_id=run["tenant_id"])
    higher = [
        QueueRow(one["lead"], one["key"], priority)
        for one in sets
        for priority in PRIORITIES
        if priority > run["priority"]
    ]
    same = [QueueRow(one["lead"], one["key"], run["priority"]) for one in sets]
    asked = (
        # Who is of a higher one is before it when it is due before it can be taken.
        (higher, why.count_of_higher, {"until": max(start, now)}),
        (same, why.count_of_same, {"until": start, "created": run["created"]}),
    )
    count = 0
    for rows, statements, place in asked:
        for part, size in parts(rows):
            if count < MOST_BEFORE:
                values = {**place, **named(part, size), "tenant_id": run["tenant_id"], "most": MOST_BEFORE}
                count += sum(one["count"] for one in tx.all(statements[size], **values))
    return min(count, MOST_BEFORE)


def _blocks(tx: Transaction, run: Mapping[str, Any], now: datetime, settings: Settings) -> Iterable[Cause]:
    """Name each thing that keeps a waiting run from its start."""
    start = run["state_start_time"]
    if run["archived"]:
        yield Cause("ARCHIVED", f"Its flow {run['flow_name']!r} is archived.", name=run["flow_name"])
    if start is None:
        yield Cause("PAUSED", "It is paused until somebody resumes it: it has no start time.")
    elif run["state"] == "Queued":
        yield Cause("QUEUED", f"It is Queued. Its process asks again by {_time(start)}.", until=start)
    elif start > now:
        yield Cause("START_TIME", f"Its start time is {_time(start)}, in {_words(start - now)}.", until=start)
    if object_in(run["tenant_settings"]).get(PAUSED):
        yield Cause("WORK_QUEUE_PAUSED", "The work queue of its tenant is paused.")
    agents = tx.all(why.agents_of_tenant, tenant_id=run["tenant_id"], most=MOST_AGENTS)
    yield from _agent_blocks(run, agents, now)
    yield from _limit_blocks(tx, run["tenant_id"], slots.FLOW, run["id"], "")


def _agent_blocks(run: Mapping[str, Any], agents: list[Mapping[str, Any]], now: datetime) -> Iterable[Cause]:
    labels = set(run["labels"] or ())
    named = "labels " + ", ".join(sorted(labels)) if labels else "no labels"
    living = [agent for agent in agents if _lives(agent, now)]
    if any(_takes(agent, labels, run["state"]) for agent in living):
        return
    fitting = [agent for agent in living if _takes(agent, labels)]
    if fitting:
        text = f"It is {run['state']}, and agents of 1.x take Scheduled runs only: set it to Scheduled."
        yield Cause("OLD_AGENTS", text, agents=_shown(fitting, labels))
        return
    gone = [agent for agent in agents if _takes(agent, labels)]
    if gone:
        first = gone[0]
        asked = _words(now - first["last_queried"]) if first["last_queried"] else "for ever"
        text = f"Agent {_title(first)} would take it, but has not asked for work for {asked}. Start it again."
        yield Cause("AGENT_GONE", text, agents=_shown(gone, labels))
    elif not living:
        yield Cause("NO_AGENT", f"No agent asks for work. Start one that takes runs with {named}.")
    else:
        offered = set().union(*(agent["labels"] or () for agent in living))
        lacking = sorted(labels - offered)
        if lacking:
            text = f"No living agent has the labels {', '.join(lacking)}."
            yield Cause("LACKING_LABELS", text, name=", ".join(lacking), agents=_shown(living, labels))
        else:
            text = f"None of the {len(living)} living agents takes runs with {named}."
            yield Cause("NO_AGENT_TAKES", text, agents=_shown(living, labels))


def _shown(agents: Sequence[Mapping[str, Any]], labels: set[str]) -> list[dict[str, Any]]:
    return [
        {
            "id": agent["id"],
            "name": agent["name"],
            "labels": agent["labels"] or [],
            "lacking": sorted(labels - set(agent["labels"] or ())),
            "last_queried": agent["last_queried"] and agent["last_queried"].isoformat(),
        }
        for agent in agents[:MOST_SHOWN]
    ]


def _limit_blocks(
    tx: Transaction, tenant_id: str, kind: str, run_id: str, prefix: str, task_run_id: str | None = None
) -> Iterable[Cause]:
    for name, limit in slots.full_limits(tx, kind, tenant_id, run_id):
        holders = slots.holders(tx, kind=kind, tenant_id=tenant_id, names=[name])
        names = list(dict.fromkeys(f"{row['flow_run_name']} ({row['flow_run_id']})" for row in holders))
        more = len(names) - MOST_HOLDERS_NAMED
        by = ", ".join(names[:MOST_HOLDERS_NAMED]) + (f" and {more} more" if more > 0 else "")
        text = f"{prefix}The limit of {limit} for {slots.WORD[kind]} {name!r} is reached" + (
            f", held by {by}." if names else "."
        )
        shown = [{**row, "taken_time": row["taken_time"].isoformat()} for row in holders[:MOST_SHOWN]]
        yield Cause("LIMIT", text, name=name, limit=limit, holders=shown, task_run_id=task_run_id)


def _ready(tx: Transaction, run: Mapping[str, Any], now: datetime) -> Cause:
    agents = tx.all(why.agents_of_tenant, tenant_id=run["tenant_id"], most=MOST_AGENTS)
    labels = set(run["labels"] or ())
    taker = next(agent for agent in agents if _lives(agent, now) and _takes(agent, labels, run["state"]))
    late = now - run["state_start_time"]
    text = f"Nothing holds it back: agent {_title(taker)} may take it now; it has been due for {_words(late)}."
    return Cause("READY", text, agents=_shown([taker], labels))


def _submitted(run: Mapping[str, Any], now: datetime, settings: Settings) -> Cause:
    who = f"Agent {run['agent_name'] or run['agent_id']}" if run["agent_id"] else "An agent"
    since = run["heartbeat"] or run["state_timestamp"]
    text = f"{who} took it {_words(now - run['state_timestamp'])} ago; its process has not begun yet."
    patience = timedelta(seconds=settings.heartbeat_limit_seconds)
    asked = run["agent_last_queried"]
    if run["agent_type"] not in (None, "LocalAgent") and asked is not None and asked > now - patience:
        patience = max(patience, timedelta(seconds=settings.submitted_limit_seconds))
    again = since + patience
    text = f"{text} If nothing is heard of it, it is started again from {_time(again)} on."
    return Cause("SUBMITTED", text, name=run["agent_name"], until=again)


def _begun(tx: Transaction, run: Mapping[str, Any], now: datetime, settings: Settings) -> Iterable[Cause]:
    """Tell how a run is that has begun, and what its task runs wait for."""
    silent = now - (run["heartbeat"] or run["state_timestamp"])
    allowed = settings.own_heartbeat_limit_seconds if run["beats_often"] else settings.heartbeat_limit_seconds
    if silent > timedelta(seconds=min(allowed, settings.heartbeat_limit_seconds)):
        yield Cause("SILENT", f"It is {run['state']}, but nothing was heard of its process for {_words(silent)}.")
    else:
        yield Cause("RUNNING", f"It is {run['state']} since {_time(run['state_timestamp'])}.")
    for task_run in tx.all(why.waiting_task_runs, flow_run_id=run["id"], most=MOST_TASKS):
        title = f"Task {task_run['task_name']!r}" + (f"[{task_run['map_index']}]" if task_run["map_index"] >= 0 else "")
        start, which = task_run["state_start_time"], {"name": task_run["task_name"], "task_run_id": task_run["id"]}
        if start is None:
            yield Cause("TASK_PAUSED", f"{title} is {task_run['state']} until somebody resumes it.", **which)
        elif task_run["state"] == "Queued":
            place = (run["tenant_id"], slots.TASK, task_run["id"], f"{title} is Queued. ", task_run["id"])
            free = f"{title} is Queued; a place is free now, and its process asks again soon."
            yield from list(_limit_blocks(tx, *place)) or [Cause("TASK_QUEUED", free, until=start, **which)]
        else:
            yield Cause("TASK_WAITS", f"{title} is {task_run['state']} until {_time(start)}.", until=start, **which)


def _lives(agent: Mapping[str, Any], now: datetime) -> bool:
    asked = agent["last_queried"]
    return asked is not None and now - asked <= timedelta(seconds=LIVING_SECONDS)


def _takes(agent: Mapping[str, Any], labels: set[str], state: str = "Scheduled") -> bool:
    """Tell whether an agent takes runs with these labels, in this state.

    A local agent with one label may be one that added its host's name of itself, and then it takes runs without labels
    as well; only the agent knows.
    """
    if state != "Scheduled" and is_of_1_x(agent["core_version"]):
        return False
    offered = set(agent["labels"] or ())
    if labels:
        return labels <= offered
    return not offered or (agent["type"] == "LocalAgent" and len(offered) == 1)


def _title(agent: Mapping[str, Any]) -> str:
    return f"{agent['name']} ({agent['id']})" if agent["name"] else str(agent["id"])


def _time(value: datetime) -> str:
    return value.isoformat(sep=" ", timespec="seconds")


def _words(duration: timedelta) -> str:
    """Say a duration in its largest unit."""
    seconds = max(int(duration.total_seconds()), 0)
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        count = seconds // length
        if count:
            return f"{count} {unit}" + ("s" if count > 1 else "")
    return f"{seconds} second" + ("" if seconds == 1 else "s")
