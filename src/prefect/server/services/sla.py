"""Looks for what broke an SLA: runs that did not begin or end in time, agents that ask for no work any more."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from prefect.server.actions import automations as actions
from prefect.server.actions.checks import new_id
from prefect.server.actions.events import describe, event_of_run
from prefect.server.errors import shorten
from prefect.server.services.settling import ROW_FAULTS, log_fault, settle_all, settle_rows
from prefect.server.services.stop import NEVER, Stop
from prefect.server.settings import Settings
from prefect.server.store import automations, outbox
from prefect.server.store.database import Database, DatabaseUnavailable, Transaction

__all__ = ["run_once"]

# What was told is remembered for longer than a run or an outage lasts.
REMEMBERED = timedelta(days=400)

Hook = Mapping[str, Any]
Look = Callable[[Database, datetime, Hook, Stop], Any]


async def run_once(database: Database, settings: Settings, now: datetime, stop: Stop = NEVER) -> int:
    """Tell of everything that broke an SLA since the last look; gives how often."""
    told, watched = 0, False
    looks: tuple[tuple[str, Look], ...] = ((actions.FLOW_SLA, _late_runs), (actions.AGENT_SLA, _silent_agents))
    for event_type, look in looks:
        hooks = await database.read(partial(_hooks, event_type=event_type))
        for hook in hooks:
            if stop:
                return told
            try:
                told += await look(database, now, hook, stop)
            except DatabaseUnavailable:
                raise
            except ROW_FAULTS as error:
                # What it watches may be what is wrong.
                log_fault(f"What {shorten(hook['event_tags'])} names, watched for by hook", hook["id"], error)
        watched = watched or bool(hooks)
    if watched:
        await database.write(lambda tx: tx.run(outbox.delete_old_alarms, before=now - REMEMBERED))
    return told


def _hooks(tx: Transaction, event_type: str) -> Sequence[Hook]:
    return tx.all(automations.hooks_of_type, event_type=event_type)


async def _late_runs(database: Database, now: datetime, hook: Hook, stop: Stop) -> int:
    sla_id = hook["event_tags"]["sla_config_id"]
    sla = await database.read(
        lambda tx: tx.one(automations.sla_config_by_id, tenant_id=hook["tenant_id"], sla_config_id=sla_id)
    )
    if sla is None:
        return 0
    limit_time = now - timedelta(seconds=sla["duration_seconds"])
    given = {"hook_id": hook["id"], "sla_config_id": sla_id, "limit_time": limit_time}

    def tell(tx: Transaction, run: Mapping[str, Any]) -> int:
        event = event_of_run(tx, now, flow_run_id=run["id"], event_type="FlowSLAFailed")
        event |= {"kind": sla["kind"], "duration_seconds": sla["duration_seconds"]}
        return actions.tell_once(tx, now, hook, run["id"], event)

    late = automations.late_runs[sla["kind"]]
    return await settle_all(
        database, lambda tx, most: tx.all(late, most=most, **given), tell, what="Late flow run", stop=stop
    )


async def _silent_agents(database: Database, now: datetime, hook: Hook, stop: Stop) -> int:
    tags = hook["event_tags"]
    allowed = timedelta(seconds=tags["duration_seconds"])
    which = {"tenant_id": hook["tenant_id"], "limit_time": now - allowed, "since": hook["created"] - allowed}
    found = await database.read(lambda tx: tx.all(automations.silent_agents, **which))
    wanted = tags.get("agent_ids")
    silent = [agent for agent in found if not wanted or agent["id"] in wanted]
    if not silent:
        return 0
    tenant = await database.read(lambda tx: tx.one(outbox.tenant_of_event, tenant_id=hook["tenant_id"])) or {}

    def tell(tx: Transaction, agent: Mapping[str, Any]) -> int:
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
        return actions.tell_once(tx, now, hook, f"{agent['id']}:{agent['last_queried'].isoformat()}", event)

    return await settle_rows(database, silent, tell, what="Silent agent", stop=stop)
