"""Looks for what broke an SLA: runs that did not begin or end in time, agents that ask for no work any more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from prefect.server.actions import automations as actions
from prefect.server.actions.checks import new_id
from prefect.server.actions.events import describe, event_of_run
from prefect.server.store import automations, outbox
from prefect.server.store.database import Database, Transaction

__all__ = ["run_once"]

BATCH = 500
# What was told is remembered for longer than a run or an outage lasts.
REMEMBERED = timedelta(days=400)

Hook = Mapping[str, Any]


async def run_once(database: Database, now: datetime) -> int:
    """Tell of everything that broke an SLA since the last look; gives how often."""
    told, watched = 0, False
    for event_type, look in ((actions.FLOW_SLA, _late_runs), (actions.AGENT_SLA, _silent_agents)):
        hooks = await database.read(
            lambda tx, event_type=event_type: tx.all(automations.hooks_of_type, event_type=event_type)  # type: ignore[misc]
        )
        for hook in hooks:
            told += await _tell(database, now, hook, look)
        watched = watched or bool(hooks)
    if watched:
        await database.write(lambda tx: tx.run(outbox.delete_old_alarms, before=now - REMEMBERED))
    return told


async def _tell(
    database: Database, now: datetime, hook: Hook, look: Callable[[Transaction, datetime, Hook], int]
) -> int:
    told = 0
    while True:
        count = await database.write(lambda tx: look(tx, now, hook))
        told += count
        if count < BATCH:
            return told


def _late_runs(tx: Transaction, now: datetime, hook: Hook) -> int:
    sla_id = hook["event_tags"]["sla_config_id"]
    sla = tx.one(automations.sla_config_by_id, tenant_id=hook["tenant_id"], sla_config_id=sla_id)
    if sla is None:
        return 0
    limit_time = now - timedelta(seconds=sla["duration_seconds"])
    given = {"hook_id": hook["id"], "sla_config_id": sla_id, "limit_time": limit_time, "most": BATCH}
    told = 0
    for run in tx.all(automations.late_runs[sla["kind"]], **given):
        event = event_of_run(tx, now, flow_run_id=run["id"], event_type="FlowSLAFailed")
        event |= {"kind": sla["kind"], "duration_seconds": sla["duration_seconds"]}
        told += actions.tell_once(tx, now, hook, run["id"], event)
    return told


def _silent_agents(tx: Transaction, now: datetime, hook: Hook) -> int:
    tags = hook["event_tags"]
    allowed = timedelta(seconds=tags["duration_seconds"])
    found = tx.all(
        automations.silent_agents,
        tenant_id=hook["tenant_id"],
        limit_time=now - allowed,
        since=hook["created"] - allowed,
    )
    tenant = tx.one(outbox.tenant_of_event, tenant_id=hook["tenant_id"]) or {}
    told = 0
    for agent in found:
        if tags.get("agent_ids") and agent["id"] not in tags["agent_ids"]:
            continue
        event = {
            "id": new_id(),
            "timestamp": now.isoformat(),
            "type": "AgentSLAFailed",
            "is_test_event": False,
            "agent": describe("agent", agent),
            "tenant": describe("tenant", tenant),
            "duration_seconds": tags["duration_seconds"],
        }
        # Once for each time that it falls silent.
        told += actions.tell_once(tx, now, hook, f"{agent['id']}:{agent['last_queried'].isoformat()}", event)
    return told
