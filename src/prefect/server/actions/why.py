"""Why a flow run is not running: everything that it waits for, in sentences for the person who wonders."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from prefect.model.state import Finished
from prefect.model.state_facts import is_kind
from prefect.server.actions import slots
from prefect.server.actions.agents import is_of_1_x
from prefect.server.actions.checks import found, object_in
from prefect.server.actions.queue import PAUSED
from prefect.server.rules.proposal import is_running_kind
from prefect.server.rules.transition import is_waiting
from prefect.server.settings import Settings
from prefect.server.store import why
from prefect.server.store.database import Transaction

__all__ = ["LIVING_SECONDS", "why_not_running"]

# An agent that waits at the queue asks at least once a minute; one of 1.4.1 every few seconds.
LIVING_SECONDS = 150
MOST_AGENTS = 1000
MOST_TASKS = 10
MOST_HOLDERS_NAMED = 3


def why_not_running(tx: Transaction, now: datetime, *, settings: Settings, flow_run_id: str) -> dict[str, Any]:
    """Tell what a flow run waits for.

    Returns:
        ``ready``: nothing holds it back, ``state``, and ``reasons``: one sentence each, what is nearest to the run
        first; also one when it is ready, running or at its end.
    """
    run = found(tx.one(why.run_with_flow, flow_run_id=flow_run_id), f"Invalid flow run ID: {flow_run_id}")
    state = run["state"]
    if is_kind(state, Finished):
        return _answer(run, False, [f"It has ended: {state} ({run['state_message'] or 'no message'})."])
    if state == "Submitted":
        return _answer(run, False, [_submitted(run, now, settings)])
    if not is_waiting(state) and not is_running_kind(state):
        return _answer(run, False, [f"It is {state}, and agents take no run in that state: set it to Scheduled."])
    if not is_waiting(state):
        return _answer(run, False, list(_begun(tx, run, now, settings)))
    blocks = list(_blocks(tx, run, now, settings))
    if blocks:
        return _answer(run, False, blocks)
    return _answer(run, True, [_ready(tx, run, now)])


def _answer(run: Mapping[str, Any], ready: bool, reasons: list[str]) -> dict[str, Any]:
    return {"ready": ready, "state": run["state"], "reasons": reasons}


def _blocks(tx: Transaction, run: Mapping[str, Any], now: datetime, settings: Settings) -> Iterable[str]:
    """Name each thing that keeps a waiting run from its start."""
    start = run["state_start_time"]
    if run["archived"]:
        yield f"Its flow {run['flow_name']!r} is archived."
    if start is None:
        yield "It is paused until somebody resumes it: it has no start time."
    elif run["state"] == "Queued":
        yield f"It is Queued. Its process asks again by {_time(start)}."
    elif start > now:
        yield f"Its start time is {_time(start)}, in {_words(start - now)}."
    if object_in(run["tenant_settings"]).get(PAUSED):
        yield "The work queue of its tenant is paused."
    agents = tx.all(why.agents_of_tenant, tenant_id=run["tenant_id"], most=MOST_AGENTS)
    yield from _agent_blocks(run, agents, now)
    yield from _limit_blocks(tx, run["tenant_id"], slots.FLOW, run["id"], "")


def _agent_blocks(run: Mapping[str, Any], agents: list[Mapping[str, Any]], now: datetime) -> Iterable[str]:
    labels = set(run["labels"] or ())
    named = "labels " + ", ".join(sorted(labels)) if labels else "no labels"
    living = [agent for agent in agents if _lives(agent, now)]
    if any(_takes(agent, labels, run["state"]) for agent in living):
        return
    if any(_takes(agent, labels) for agent in living):
        yield f"It is {run['state']}, and agents of 1.x take Scheduled runs only: set it to Scheduled."
        return
    gone = next((agent for agent in agents if _takes(agent, labels)), None)
    if gone is not None:
        asked = _words(now - gone["last_queried"]) if gone["last_queried"] else "for ever"
        yield f"Agent {_title(gone)} would take it, but has not asked for work for {asked}. Start it again."
    elif not living:
        yield f"No agent asks for work. Start one that takes runs with {named}."
    else:
        offered = set().union(*(agent["labels"] or () for agent in living))
        lacking = sorted(labels - offered)
        if lacking:
            yield f"No living agent has the labels {', '.join(lacking)}."
        else:
            yield f"None of the {len(living)} living agents takes runs with {named}."


def _limit_blocks(tx: Transaction, tenant_id: str, kind: str, run_id: str, prefix: str) -> Iterable[str]:
    for name, limit in slots.full_limits(tx, kind, tenant_id, run_id):
        holders = slots.holders(tx, kind=kind, tenant_id=tenant_id, names=[name])
        names = list(dict.fromkeys(f"{row['flow_run_name']} ({row['flow_run_id']})" for row in holders))
        more = len(names) - MOST_HOLDERS_NAMED
        by = ", ".join(names[:MOST_HOLDERS_NAMED]) + (f" and {more} more" if more > 0 else "")
        yield f"{prefix}The limit of {limit} for {slots.WORD[kind]} {name!r} is reached" + (
            f", held by {by}." if names else "."
        )


def _ready(tx: Transaction, run: Mapping[str, Any], now: datetime) -> str:
    agents = tx.all(why.agents_of_tenant, tenant_id=run["tenant_id"], most=MOST_AGENTS)
    taker = next(
        agent for agent in agents if _lives(agent, now) and _takes(agent, set(run["labels"] or ()), run["state"])
    )
    late = now - run["state_start_time"]
    return f"Nothing holds it back: agent {_title(taker)} may take it now; it has been due for {_words(late)}."


def _submitted(run: Mapping[str, Any], now: datetime, settings: Settings) -> str:
    who = f"Agent {run['agent_name'] or run['agent_id']}" if run["agent_id"] else "An agent"
    since = run["heartbeat"] or run["state_timestamp"]
    text = f"{who} took it {_words(now - run['state_timestamp'])} ago; its process has not begun yet."
    patience = timedelta(seconds=settings.heartbeat_limit_seconds)
    asked = run["agent_last_queried"]
    if run["agent_type"] not in (None, "LocalAgent") and asked is not None and asked > now - patience:
        patience = max(patience, timedelta(seconds=settings.submitted_limit_seconds))
    again = since + patience
    return f"{text} If nothing is heard of it, it is started again from {_time(again)} on."


def _begun(tx: Transaction, run: Mapping[str, Any], now: datetime, settings: Settings) -> Iterable[str]:
    """Tell how a run is that has begun, and what its task runs wait for."""
    silent = now - (run["heartbeat"] or run["state_timestamp"])
    allowed = settings.own_heartbeat_limit_seconds if run["beats_often"] else settings.heartbeat_limit_seconds
    if silent > timedelta(seconds=min(allowed, settings.heartbeat_limit_seconds)):
        yield f"It is {run['state']}, but nothing was heard of its process for {_words(silent)}."
    else:
        yield f"It is {run['state']} since {_time(run['state_timestamp'])}."
    for task_run in tx.all(why.waiting_task_runs, flow_run_id=run["id"], most=MOST_TASKS):
        title = f"Task {task_run['task_name']!r}" + (f"[{task_run['map_index']}]" if task_run["map_index"] >= 0 else "")
        start = task_run["state_start_time"]
        if start is None:
            yield f"{title} is {task_run['state']} until somebody resumes it."
        elif task_run["state"] == "Queued":
            blocks = list(_limit_blocks(tx, run["tenant_id"], slots.TASK, task_run["id"], f"{title} is Queued. "))
            yield from blocks or [f"{title} is Queued; a place is free now, and its process asks again soon."]
        else:
            yield f"{title} is {task_run['state']} until {_time(start)}."


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
