"""Families of rows with something to be done by each service, and what of it is not done yet."""

from __future__ import annotations

import asyncio
import dataclasses
from datetime import timedelta
from typing import Any
from uuid import uuid4

from prefect.server.actions import agents, automations, events, hooks, queue, slots
from prefect.server.services import chores, lazarus, outbox, retention, scheduler, sla, slot_keeper, zombie_killer
from prefect.server.store import chores as chores_store
from prefect.server.store import outbox as outbox_store
from support.world import World, flow_document

__all__ = ["ALL", "KEPT_DAYS", "SERVICES", "Family", "begun", "turn", "turn_all"]

SERVICES = (scheduler, lazarus, zombie_killer, slot_keeper, sla, outbox, retention, chores)
HOURLY = {"type": "Schedule", "clocks": [{"type": "IntervalClock", "interval": 3_600_000_000}]}
KEPT_DAYS = 30
#: A turn that takes longer never ends.
LONGEST_TURN_SECONDS = 120.0
WORDS = ("restarted", "late", "silent", "waited")


class Family:
    """One of everything that services look at, each with something to be done."""

    def __init__(self, world: World, name: str) -> None:
        self.world, self.name = world, name
        self.flow_id = world.register(flow_document(name, schedule=HOURLY))
        self.group_id = world.row("flow", id=self.flow_id)["flow_group_id"]
        self.old_run_id = world.running(self.flow_id)
        world.set_flow_run(self.old_run_id, "Success")

    def begin(self) -> None:
        """Make what is young."""
        world, name = self.world, self.name
        tenant_id = world.tenant_id
        world.do(slots.set_limit, tenant_id=tenant_id, kind=slots.FLOW, name=name, limit=5)
        self.run_id = world.running(self.flow_id, labels=[name])
        self.task_run_id = world.task_run(self.run_id)["id"]
        world.set_task_run(self.task_run_id, "Running")
        self.keyed_run_id = world.create(self.flow_id, idempotency_key=name)
        self.doomed_run_id = world.create(self.flow_id)
        self.action_ids = [self._action(word) for word in WORDS]
        state_hook_id = world.do(
            automations.create_flow_run_state_changed_hook,
            tenant_id=tenant_id,
            action_id=self.action_ids[0],
            states=["Scheduled"],
            flow_group_ids=[self.group_id],
        )
        self.cloud_hook_id = world.do(
            hooks.create_hook, tenant_id=tenant_id, type="PREFECT_MESSAGE", states=["FAILED"], config={}
        )
        sla_id = world.do(
            automations.create_flow_sla_config, tenant_id=tenant_id, kind="STARTED_NOT_FINISHED", duration_seconds=60
        )
        given = {"tenant_id": tenant_id, "sla_config_id": sla_id}
        pair_id = world.do(automations.create_flow_group_sla, flow_group_id=self.group_id, **given)
        late_hook_id = world.do(automations.create_flow_sla_failed_hook, action_id=self.action_ids[1], **given)
        agent_id = world.do(agents.register_agent, tenant_id=tenant_id, type="local", name=name)
        world.do(queue.mark_queried, agent_id=agent_id)
        silence = {"action_id": self.action_ids[2], "duration_seconds": 60, "agent_ids": [agent_id]}
        silent_hook_id = world.do(automations.create_agent_sla_failed_hook, tenant_id=tenant_id, **silence)
        self.hook_ids = [state_hook_id, late_hook_id, silent_hook_id]
        payload = {"action_id": self.action_ids[3], "event": {}}
        world.do(events.enter, tenant_id=tenant_id, kind=events.DO_ACTION, payload=payload)
        self.outbox_id = next(
            row["id"] for row in world.rows("outbox") if row["payload"].get("action_id") == self.action_ids[3]
        )
        self.chore_id = str(uuid4())
        chore = {"id": self.chore_id, "kind": "delete_flow_run", "subject_id": self.doomed_run_id, "position": ""}
        world.do(lambda tx, now: tx.run(chores_store.enter, due_time=now, created=now, updated=now, **chore))
        long_ago = world.now - timedelta(days=500)
        self.subject = f"old {name}"
        world.do(
            lambda tx, now: tx.run(
                outbox_store.raise_alarm, hook_id=silent_hook_id, subject=self.subject, created=long_ago
            )
        )
        #: What tells one row of each table: of several, the one whose spoiling keeps most from being done.
        self.keys: dict[str, dict[str, str]] = {
            "tenant": {"id": tenant_id},
            "flow_group": {"id": self.group_id},
            "flow": {"id": self.flow_id},
            "task": {"id": world.rows("task", flow_id=self.flow_id)[0]["id"]},
            "flow_run": {"id": self.run_id},
            "task_run": {"id": self.task_run_id},
            "flow_run_state": {"flow_run_id": self.run_id},
            "task_run_state": {"task_run_id": self.task_run_id},
            "flow_sla_config": {"id": sla_id},
            "flow_group_sla": {"id": pair_id},
            "agent": {"id": agent_id},
            "cloud_hook": {"id": self.cloud_hook_id},
            "message": {"tenant_id": tenant_id},
            "outbox": {"id": self.outbox_id},
            "chore": {"id": self.chore_id},
            "flow_concurrency_limit": {"name": name},
            "slot": {"run_id": self.run_id},
            "alarm": {"subject": self.subject},
            "run_key": {"flow_run_id": self.keyed_run_id},
        }

    def _action(self, word: str) -> str:
        config = {"message": f"{self.name}: {word}"}
        given = {"tenant_id": self.world.tenant_id, "action_type": "MESSAGE", "action_config": config}
        return str(self.world.do(automations.create_action, **given))

    def rows_of(self, table: str) -> list[tuple[dict[str, str], set[str]]]:
        """Give the rows of a table that may be spoiled, and what may be left undone then."""
        if table in ("hook", "action"):
            ids = self.hook_ids if table == "hook" else self.action_ids
            return [({"id": row_id}, {f"{word} is told"}) for row_id, word in zip(ids, WORDS, strict=False)]
        return [(self.keys[table], ALL)]

    @property
    def names(self) -> set[str]:
        """What its rows may be named by."""
        return {self.run_id, self.flow_id, self.task_run_id, self.old_run_id, self.doomed_run_id}

    def undone(self) -> set[str]:
        """Say what the services have left undone."""

        def values(sql: str) -> list[Any]:
            found = self.world.run_async(self.world.database.read(lambda tx: tx.raw(sql)))
            return [row[0] for row in found]

        done = {
            "its task run is Failed": values(f"SELECT state FROM task_run WHERE id = '{self.task_run_id}'")
            == ["Failed"],
            "it is started again": values(f"SELECT state FROM flow_run WHERE id = '{self.run_id}'") == ["Scheduled"],
            "its place is free": not values(f"SELECT name FROM slot WHERE run_id = '{self.run_id}'"),
            "its old run is gone": not values(f"SELECT id FROM flow_run WHERE id = '{self.old_run_id}'"),
            "its large work is done": not values(f"SELECT id FROM flow_run WHERE id = '{self.doomed_run_id}'"),
            "its old alarm is forgotten": not values(f"SELECT subject FROM alarm WHERE subject = '{self.subject}'"),
            "it is scheduled": len(
                values(f"SELECT id FROM flow_run WHERE flow_id = '{self.flow_id}' AND auto_scheduled")
            )
            >= 10,
        }
        said = set(values("SELECT text FROM message"))
        done |= {f"{word} is told": f"{self.name}: {word}" in said for word in WORDS}
        return {what for what, is_done in done.items() if not is_done}


ALL = {
    "its task run is Failed",
    "it is started again",
    "its place is free",
    "its old run is gone",
    "its large work is done",
    "its old alarm is forgotten",
    "it is scheduled",
    *(f"{word} is told" for word in WORDS),
}


def begun(world: World, names: list[str]) -> list[Family]:
    families = [Family(world, name) for name in names]
    world.pass_time(timedelta(days=KEPT_DAYS + 1).total_seconds())
    for family in families:
        family.begin()
    return families


def turn(world: World, service: Any, *more: Any) -> Any:
    """Give a service one turn."""
    settings = dataclasses.replace(world.settings, retention_days=KEPT_DAYS)

    async def within() -> Any:
        async with asyncio.timeout(LONGEST_TURN_SECONDS):
            return await service.run_once(world.database, settings, world.now, *more)

    return world.run_async(within())


def turn_all(world: World) -> None:
    """Give every service its turns: one deed makes another necessary."""
    for seconds in (200, 20, 200, 20):
        world.pass_time(seconds)
        for service in SERVICES:
            turn(world, service)
