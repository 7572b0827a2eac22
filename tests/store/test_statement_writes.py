"""What the named statements change, and that they change nothing else.

Each is tried among rows of which it means some: beside them stand, for each of its conditions, others that fail in just
that.  Every row of the table is compared, column by column, with what it was before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Table, select

from prefect.server import catalogue
from prefect.server.store import (
    agents,
    automations,
    chores,
    clearing,
    deliveries,
    documents,
    flows,
    hooks,
    keys,
    limits,
    lost,
    outbox,
    restart,
    retention,
    runs,
    slots,
    states,
    tenants,
)
from support.rows import insert, uid
from support.statement_world import (
    FLOW,
    GROUP,
    MINE,
    NOW,
    OFF_GROUP,
    OTHER_FLOW,
    OTHER_RUN,
    OTHERS,
    RUN,
    at,
    flow_row,
    opened_world,
    run,
    task_run,
)

GONE = "gone"
A, B, C, D, E = (uid(1000 + number) for number in range(5))
PROJECT, THEIR_PROJECT = uid(11), uid(12)
Make = Callable[[Any], None]
CASES: list[Any] = []


def case(
    name: str, table: Table, statement: Any, expected: dict[Any, Any], /, *, is_quiet: bool = False, **values: Any
) -> Callable[[Make], Make]:
    """Add a case: by the key of a row, what changes in it; a row that is not named stays as it is."""

    def add(make: Make) -> Make:
        CASES.append(pytest.param(make, table, statement, values, expected, is_quiet, id=name))
        return make

    return add


def rows(tx: Any, table: Table) -> dict[Any, dict[str, Any]]:
    names = [column.name for column in table.primary_key]
    found = tx.all(select(table))
    return {row[names[0]] if len(names) == 1 else tuple(row[name] for name in names): dict(row) for row in found}


# ----- work that takes more than one transaction


def _a_chore(tx: Any, chore_id: str, **more: Any) -> None:
    values = {"kind": "k", "subject_id": RUN, "position": "p", "due_time": at(-1), "updated": at(-9), "attempts": 0}
    insert(tx, "chore", id=chore_id, **{**values, **more})


CLAIM = {"chore_id": A, "now": NOW, "until": at(60), "updated": NOW}
MOVED = {"position": "q", "attempts": 1, "due_time": at(60), "updated": NOW}


@case("work is taken", catalogue.chore, chores.claim, {A: {"attempts": 3, "due_time": at(60), "updated": NOW}},
      chore_id=A, seen_attempts=2, now=NOW, until=at(60))  # fmt: skip
@case("work that is due just now is taken", catalogue.chore, chores.claim,
      {B: {"attempts": 1, "due_time": at(60), "updated": NOW}}, chore_id=B, seen_attempts=0,
      now=NOW, until=at(60))  # fmt: skip
@case("work that another took is not", catalogue.chore, chores.claim, {}, chore_id=A, seen_attempts=1, now=NOW,
      until=at(60))  # fmt: skip
@case("work that is not due is not", catalogue.chore, chores.claim, {}, chore_id=C, seen_attempts=0, now=NOW,
      until=at(60))  # fmt: skip
@case("a part of it is done", catalogue.chore, chores.move_on, {A: MOVED}, chore_id=A, position="q", now=NOW,
      until=at(60))  # fmt: skip
@case("work is put off", catalogue.chore, chores.postpone, {A: {"due_time": at(60), "updated": NOW}}, chore_id=A,
      now=NOW, until=at(60))  # fmt: skip
@case("who begins takes over what was in hand", catalogue.chore, chores.take_over,
      {A: {"due_time": NOW, "updated": NOW}, D: {"due_time": NOW, "updated": NOW}}, now=NOW)  # fmt: skip
@case("work is done", catalogue.chore, chores.remove, {A: GONE}, chore_id=A)
def _chores(tx: Any) -> None:
    _a_chore(tx, A, attempts=2)
    _a_chore(tx, B, due_time=NOW)
    _a_chore(tx, C, due_time=at(0.001))
    _a_chore(tx, D, attempts=1, due_time=at(9))


# ----- what was sent


def _delivery(tx: Any, number: int, updated: float, **more: Any) -> None:
    values = {"tenant_id": MINE, "outcome": "delivered", "created": at(-100), "updated": at(updated), "attempts": 1}
    insert(tx, "delivery", id=uid(1000 + number), **{**values, **more})


KEPT = {"outcome": "retrying", "attempts": 2, "next_time": at(5), "reason": "no answer", "updated": NOW}


@case("what became of it now", catalogue.delivery, deliveries.keep, {A: KEPT}, id=A, tenant_id=MINE, created=NOW,
      cloud_hook_id=uid(902), action_id=None, event_type="e", subject="s", state="Failed", flow_run_id=RUN,
      **KEPT)  # fmt: skip
@case("the newest two of a hook", catalogue.delivery, deliveries.forget_older["cloud_hook_id"], {A: GONE, B: GONE},
      sender_id=uid(901), kept=2)  # fmt: skip
@case("the newest of a hook, by their ids at one moment", catalogue.delivery,
      deliveries.forget_older["cloud_hook_id"], {A: GONE, B: GONE, C: GONE}, sender_id=uid(901), kept=1)  # fmt: skip
@case("all of a hook", catalogue.delivery, deliveries.forget_older["cloud_hook_id"], {}, sender_id=uid(901), kept=4)
@case("the newest of an action", catalogue.delivery, deliveries.forget_older["action_id"], {uid(1006): GONE},
      sender_id=uid(903), kept=1)  # fmt: skip
def _deliveries(tx: Any) -> None:
    for hook in (uid(901), uid(902)):
        insert(tx, "cloud_hook", id=hook, tenant_id=MINE, type="WEBHOOK", states=["Failed"], config={})
    for action in (uid(903), uid(904)):
        insert(tx, "action", id=action, tenant_id=MINE, name=action, action_type="x", action_config={})
    for number, updated in enumerate((-3, -4, -1, -1)):
        _delivery(tx, number, updated, cloud_hook_id=uid(901))
    _delivery(tx, 4, -9, cloud_hook_id=uid(902))
    _delivery(tx, 5, -1, action_id=uid(903))
    _delivery(tx, 6, -2, action_id=uid(903))
    _delivery(tx, 7, -9, action_id=uid(904))


# ----- what people keep


def _document(tx: Any, number: int, **more: Any) -> None:
    values = {"tenant_id": MINE, "owner": "me", "kind": "view", "name": "a", "value": {"n": number}, "created": at(-9)}
    insert(tx, "document", id=uid(1000 + number), **{**values, **more})


NEW_VALUE = {"value": {"n": 9}, "written_by": "w", "expires_at": at(9), "updated": NOW}
OF_ME = {"tenant_id": MINE, "owner": "me"}


@case("a document is replaced", catalogue.document, documents.put_document, {A: NEW_VALUE}, id=E, created=NOW,
      key_id=None, kind="view", name="a", **OF_ME, **NEW_VALUE)  # fmt: skip
@case("a document is new", catalogue.document, documents.put_document, {E: {"name": "e", "created": NOW, **NEW_VALUE}},
      id=E, created=NOW, key_id=None, kind="view", name="e", **OF_ME, **NEW_VALUE)  # fmt: skip
@case("a document is deleted", catalogue.document, documents.delete_document, {A: GONE}, kind="view", name="a", **OF_ME)
@case("documents are forgotten", catalogue.document, documents.forget_expired, {B: GONE, C: GONE}, now=NOW, **OF_ME)
def _documents(tx: Any) -> None:
    _document(tx, 0, expires_at=at(0.001))
    _document(tx, 1, name="b", expires_at=NOW)
    _document(tx, 2, kind="list", expires_at=at(-1))
    _document(tx, 3, owner="you", expires_at=at(-1))
    _document(tx, 5, tenant_id=OTHERS, expires_at=at(-1))
    _document(tx, 6, name="c", expires_at=None)


# ----- flows and their groups


for _name, _value in {
    "settings": {"x": 1}, "default_parameters": {"x": 1}, "labels": ["x"], "description": "d",
    "run_config": {"type": "R"}, "schedule": {"type": "S"}, "priority": 2,
}.items():  # fmt: skip
    case(f"the {_name} of a group", catalogue.flow_group, flows.set_group_column[_name],
         {GROUP: {_name: _value, "updated": NOW}}, flow_group_id=GROUP, now=NOW, **{_name: _value})(
        lambda tx: None)  # fmt: skip

RETIRED = {"archived": True, "is_schedule_active": False}


@case("a flow that is at work is retired", catalogue.flow, flows.retire, {A: RETIRED}, flow_id=A)
@case("a flow whose schedule is on is retired", catalogue.flow, flows.retire, {B: RETIRED}, flow_id=B)
@case("a flow that is archived stays so", catalogue.flow, flows.retire, {}, is_quiet=True, flow_id=FLOW)
@case("a version is hidden", catalogue.flow, flows.hide, {A: {"archived": True, "version": None}}, flow_id=A)
@case("a version is there", catalogue.flow, flows.restore, {FLOW: {"archived": False, "version": 9, "updated": NOW}},
      flow_id=FLOW, version=9, now=NOW)  # fmt: skip
@case("a flow is archived", catalogue.flow, flows.archive_flow, {A: {"archived": True, "updated": NOW}}, flow_id=A,
      archived=True, now=NOW)  # fmt: skip
@case("a schedule is switched on", catalogue.flow, flows.set_schedule_active,
      {FLOW: {"is_schedule_active": True, "updated": NOW}}, flow_id=FLOW, is_schedule_active=True,
      now=NOW)  # fmt: skip
@case("a document of a flow", catalogue.flow, flows.set_serialized_flow,
      {FLOW: {"serialized_flow": {"x": 1}, "updated": NOW}}, flow_id=FLOW,
      serialized_flow={"x": 1}, now=NOW)  # fmt: skip
@case("a flow moves", catalogue.flow, flows.set_flow_project, {FLOW: {"project_id": uid(900), "updated": NOW}},
      flow_id=FLOW, project_id=uid(900), now=NOW)  # fmt: skip
@case("the settings of a group are those of its flows", catalogue.flow, flows.set_settings_of_group_flows,
      {one: {"settings": {"x": 1}, "updated": NOW} for one in (A, B, FLOW, OTHER_FLOW)}, group_id=GROUP,
      settings={"x": 1}, now=NOW)  # fmt: skip
@case("a flow is deleted", catalogue.flow, flows.delete_flow, {FLOW: GONE}, flow_id=FLOW)
@case("a group is deleted with its flows", catalogue.flow, flows.delete_flow_group,
      dict.fromkeys((A, B, FLOW, OTHER_FLOW), GONE), flow_group_id=GROUP)  # fmt: skip
def _flows(tx: Any) -> None:
    flow_row(tx, A, version=11, archived=False)
    flow_row(tx, B, version=12, archived=True, is_schedule_active=True)
    insert(tx, "project", id=uid(900), tenant_id=MINE, name="another")


# ----- hooks, messages and automations

HOOK = {"name": "n", "states": ["Success"], "config": {"url": "u"}, "version_group_id": "v"}


@case("a hook is changed", catalogue.cloud_hook, hooks.update_hook, {A: {**HOOK, "updated": NOW}}, cloud_hook_id=A,
      seen_updated=at(-9), now=NOW, **HOOK)  # fmt: skip
@case("a hook that another changed is not", catalogue.cloud_hook, hooks.update_hook, {}, cloud_hook_id=A,
      seen_updated=at(-8), now=NOW, **HOOK)  # fmt: skip
@case("a hook is switched off", catalogue.cloud_hook, hooks.set_hook_active, {A: {"active": False, "updated": NOW}},
      cloud_hook_id=A, active=False, now=NOW)  # fmt: skip
@case("a hook is deleted", catalogue.cloud_hook, hooks.delete_hook, {A: GONE}, cloud_hook_id=A)
def _hooks(tx: Any) -> None:
    for hook in (A, B):
        insert(tx, "cloud_hook", id=hook, tenant_id=MINE, type="WEBHOOK", states=["Failed"], config={}, active=True,
               updated=at(-9))  # fmt: skip


TOLD = {"text": "again", "content": {"n": 2}, "updated": NOW}
MESSAGE = {"tenant_id": MINE, "type": "x"}


@case("a message is read", catalogue.message, hooks.set_message_read, {A: {"read": True, "updated": NOW}}, message_id=A,
      read=True, now=NOW)  # fmt: skip
@case("a message is deleted", catalogue.message, hooks.delete_message, {A: GONE}, message_id=A)
@case("a message is told again", catalogue.message, automations.put_message, {B: {**TOLD, "read": False}}, id=B,
      created=NOW, tenant_id=MINE, type="y", **TOLD)  # fmt: skip
@case("the old messages of a tenant go", catalogue.message, retention.delete_old_messages, {A: GONE, B: GONE},
      tenant_id=MINE, before=at(-5), most=9)  # fmt: skip
def _messages(tx: Any) -> None:
    for message, created, more in (
        (A, -9, {}), (B, -6, {"read": True}), (C, -5, {}), (D, -9, {"tenant_id": OTHERS}),
    ):  # fmt: skip
        insert(tx, "message", id=message, text="t", content={}, created=at(created), **{**MESSAGE, **more})


@case("an action is deleted", catalogue.action, automations.delete_action, {A: GONE}, action_id=A, tenant_id=MINE)
@case("an action of others is not", catalogue.action, automations.delete_action, {}, action_id=A, tenant_id=OTHERS)
@case("a hook for an event is deleted", catalogue.hook, automations.delete_hook, {C: GONE}, hook_id=C, tenant_id=MINE)
@case("one of others is not", catalogue.hook, automations.delete_hook, {}, hook_id=C, tenant_id=OTHERS)
@case("old alarms go", catalogue.alarm, outbox.delete_old_alarms, {(C, "old"): GONE}, before=at(-5))
@case("an alarm is raised once", catalogue.alarm, outbox.raise_alarm, {}, hook_id=C, subject="old", created=NOW)
@case("another one is raised", catalogue.alarm, outbox.raise_alarm, {(D, "old"): {"created": NOW}}, hook_id=D,
      subject="old", created=NOW)  # fmt: skip
def _automations(tx: Any) -> None:
    for action in (A, B):
        insert(tx, "action", id=action, tenant_id=MINE, name=action, action_type="x", action_config={})
    for hook in (C, D):
        insert(tx, "hook", id=hook, tenant_id=MINE, event_type="e", event_tags={}, action_id=A)
    for subject, created in (("old", -9), ("new", -5)):
        insert(tx, "alarm", hook_id=C, subject=subject, created=at(created))


@case("a group has an agreement once", catalogue.flow_group_sla, automations.put_group_sla, {B: {"updated": NOW}}, id=E,
      tenant_id=OTHERS, sla_config_id=A, flow_group_id=GROUP, created=NOW, updated=NOW)  # fmt: skip
@case("another group has it, too", catalogue.flow_group_sla, automations.put_group_sla,
      {E: {"tenant_id": MINE, "flow_group_id": OFF_GROUP}}, id=E, tenant_id=MINE, sla_config_id=A,
      flow_group_id=OFF_GROUP, created=NOW, updated=NOW)  # fmt: skip
def _agreements(tx: Any) -> None:
    insert(tx, "flow_sla_config", id=A, tenant_id=MINE, name="a", kind="STARTED_NOT_FINISHED", duration_seconds=60)
    insert(tx, "flow_group_sla", id=B, tenant_id=MINE, sla_config_id=A, flow_group_id=GROUP, updated=at(-9))


# ----- keys, secrets, values and limits


@case("a key is used", catalogue.auth_api_key, keys.mark_used, {A: {"last_used": NOW}}, is_quiet=True, key_id=A,
      now=NOW)  # fmt: skip
@case("a key is deleted", catalogue.auth_api_key, keys.delete_key, {A: GONE}, key_id=A)
def _keys(tx: Any) -> None:
    for key in (A, B):
        insert(tx, "auth_api_key", id=key, tenant_id=MINE, name=key, role="admin", key_hash=key, updated=at(-9))


def _of_two_tenants(table: str, column: str, **more: Any) -> Make:
    def make(tx: Any) -> None:
        for row, tenant, name in ((A, MINE, "a"), (B, MINE, "b"), (C, OTHERS, "a")):
            insert(tx, table, id=row, tenant_id=tenant, updated=at(-9), created=at(-9), **{column: name}, **more)

    return make


for _table, _column, _kept, _put, _remove, _by in (
    ("secret", "name", "value", keys.put_secret, keys.delete_secret, {"name": "a"}),
    ("key_value", "key", "value", limits.put_key_value, limits.delete_key_value, {"key_value_id": A}),
    ("task_tag_limit", "tag", "limit", limits.put_task_tag_limit, limits.delete_task_tag_limit, {"limit_id": A}),
    ("flow_concurrency_limit", "name", "limit", slots.put_flow_limit, slots.delete_flow_limit, {"limit_id": A}),
):
    _made = _of_two_tenants(_table, _column, **{_kept: 1})
    _rows = catalogue.metadata.tables[_table]
    _new = {"id": E, "created": NOW, "updated": NOW, "tenant_id": MINE, _kept: 2}
    case(f"a {_table} is replaced", _rows, _put, {A: {_kept: 2, "updated": NOW}}, **_new, **{_column: "a"})(_made)
    case(f"a {_table} is new", _rows, _put, {E: {_kept: 2, _column: "e"}}, **_new, **{_column: "e"})(_made)
    case(f"a {_table} is deleted", _rows, _remove, {A: GONE}, tenant_id=MINE, **_by)(_made)
    _theirs = {"name": "b"} if _table == "secret" else _by
    case(f"a {_table} of others is not", _rows, _remove, {}, tenant_id=OTHERS, **_theirs)(_made)


def _slot(tx: Any, run_id: str, name: str = "n", **more: Any) -> None:
    values = {"kind": "flow", "tenant_id": MINE, "flow_run_id": RUN, "taken_time": at(-9)}
    insert(tx, "slot", run_id=run_id, name=name, **{**values, **more})


PLACE = {"kind": "task", "tenant_id": MINE, "flow_run_id": RUN, "taken_time": NOW}


@case("a place is taken once", catalogue.slot, slots.take, {}, run_id=A, name="n", **PLACE)
@case("another place is taken", catalogue.slot, slots.take, {(A, "p"): PLACE}, run_id=A, name="p", **PLACE)
@case("the places of a run are free", catalogue.slot, slots.release, {(A, "n"): GONE, (A, "o"): GONE}, run_id=A)
@case("those of a flow run are free", catalogue.slot, slots.release_of_flow_run, {(D, "n"): GONE},
      flow_run_id=OTHER_RUN)  # fmt: skip
@case("those of a limit are free", catalogue.slot, slots.delete_slots_of_limit, {(A, "n"): GONE, (D, "n"): GONE},
      tenant_id=MINE, kind="flow", name="n")  # fmt: skip
def _slots(tx: Any) -> None:
    _slot(tx, A)
    _slot(tx, A, "o")
    _slot(tx, B, tenant_id=OTHERS)
    _slot(tx, C, kind="task")
    _slot(tx, D, flow_run_id=OTHER_RUN)


# ----- agents, tenants and projects


@case("an agent asks", catalogue.agent, agents.mark_queried, {A: {"last_queried": NOW, "updated": NOW}}, agent_id=A,
      now=NOW)  # fmt: skip
@case("an agent is deleted", catalogue.agent, agents.delete_agent, {A: GONE}, agent_id=A)
@case("a config has another name", catalogue.agent_config, agents.set_agent_config["name"],
      {C: {"name": "x", "updated": NOW}}, agent_config_id=C, name="x", now=NOW)  # fmt: skip
@case("a config has other settings", catalogue.agent_config, agents.set_agent_config["settings"],
      {C: {"settings": {"x": 1}, "updated": NOW}}, agent_config_id=C, settings={"x": 1}, now=NOW)  # fmt: skip
@case("a config is deleted", catalogue.agent_config, agents.delete_agent_config, {C: GONE}, agent_config_id=C)
@case("a tenant has another name", catalogue.tenant, tenants.set_tenant_name, {MINE: {"name": "x", "updated": NOW}},
      tenant_id=MINE, name="x", now=NOW)  # fmt: skip
@case("a tenant has another short name", catalogue.tenant, tenants.set_tenant_slug,
      {MINE: {"slug": "x", "updated": NOW}}, tenant_id=MINE, slug="x", now=NOW)  # fmt: skip
@case("a tenant has other settings", catalogue.tenant, tenants.set_tenant_settings,
      {MINE: {"settings": {"x": 1}, "updated": NOW}}, tenant_id=MINE, settings={"x": 1}, now=NOW)  # fmt: skip
@case("a tenant is deleted", catalogue.tenant, tenants.delete_tenant, {OTHERS: GONE}, tenant_id=OTHERS)
@case("a first tenant is there already", catalogue.tenant, tenants.insert_first_tenant, {}, id=E, name="x", slug="mine",
      settings={}, created=NOW, updated=NOW)  # fmt: skip
@case("a project has another name", catalogue.project, tenants.set_project_name,
      {PROJECT: {"name": "x", "updated": NOW}}, project_id=PROJECT, name="x", now=NOW)  # fmt: skip
@case("a project has another description", catalogue.project, tenants.set_project_description,
      {PROJECT: {"description": "x", "updated": NOW}}, project_id=PROJECT, description="x", now=NOW)  # fmt: skip
@case("a project is deleted", catalogue.project, tenants.delete_project, {THEIR_PROJECT: GONE},
      project_id=THEIR_PROJECT)  # fmt: skip
def _agents(tx: Any) -> None:
    for agent in (A, B):
        insert(tx, "agent", id=agent, tenant_id=MINE, type="LocalAgent", name="a", last_queried=at(-9))
    for config in (C, D):
        insert(tx, "agent_config", id=config, tenant_id=MINE, name="a", settings={})


# ----- what must leave


TAKEN = {"attempts": 2, "due_time": at(60), "updated": NOW}


@case("a row is taken", catalogue.outbox, outbox.claim, {A: TAKEN}, outbox_id=A, seen_attempts=1, now=NOW, until=at(60))
@case("one that is due just now is taken", catalogue.outbox, outbox.claim, {B: {**TAKEN, "attempts": 1}}, outbox_id=B,
      seen_attempts=0, now=NOW, until=at(60))  # fmt: skip
@case("one that another took is not", catalogue.outbox, outbox.claim, {}, outbox_id=A, seen_attempts=0, now=NOW,
      until=at(60))  # fmt: skip
@case("one that is not due is not", catalogue.outbox, outbox.claim, {}, outbox_id=C, seen_attempts=0, now=NOW,
      until=at(60))  # fmt: skip
@case("a row is put off", catalogue.outbox, outbox.postpone, {A: {"due_time": at(60), "updated": NOW}}, outbox_id=A,
      seen_attempts=1, now=NOW, until=at(60))  # fmt: skip
@case("one that another took is not put off", catalogue.outbox, outbox.postpone, {}, outbox_id=A, seen_attempts=0,
      now=NOW, until=at(60))  # fmt: skip
@case("a row is done", catalogue.outbox, outbox.remove, {A: GONE}, outbox_id=A)
@case("some rows of a tenant go", catalogue.outbox, clearing.of_tenant[1], {D: GONE}, tenant_id=OTHERS, most=9)
def _outbox(tx: Any) -> None:
    for row, due, attempts, tenant in ((A, -1, 1, MINE), (B, 0, 0, MINE), (C, 0.001, 0, MINE), (D, -1, 0, OTHERS)):
        insert(tx, "outbox", id=row, tenant_id=tenant, kind="k", payload={}, due_time=at(due), attempts=attempts,
               updated=at(-9))  # fmt: skip


# ----- runs


def _runs(tx: Any) -> None:
    values = {"updated": at(-9), "heartbeat": at(-9), "event_seq": 3, "process_id": "p", "state_start_time": at(-7)}
    run(tx, A, **values)
    run(tx, B, **{**values, "process_id": None})
    run(tx, C, **{**values, "version": 2, "state_start_time": None, "scheduled_start_time": at(8)})
    run(tx, D, **{**values, "version": 1, "state_start_time": None, "scheduled_start_time": at(8), "heartbeat": at(5)})


def of_run(name: str, statement: Any, expected: dict[Any, Any], /, **more: Any) -> None:
    case(name, catalogue.flow_run, statement, expected, **more)(_runs)


of_run("a name", runs.set_flow_run_name, {A: {"name": "x", "updated": NOW}}, flow_run_id=A, name="x", now=NOW)
of_run("labels", runs.set_flow_run_labels, {A: {"labels": ["x"], "updated": NOW}}, flow_run_id=A, labels=["x"], now=NOW)
of_run("a priority", runs.set_flow_run_priority, {A: {"priority": 3, "updated": NOW}}, flow_run_id=A, priority=3,
       now=NOW)  # fmt: skip
of_run("so often", runs.set_resurrections, {A: {"times_resurrected": 3, "updated": NOW}}, flow_run_id=A,
       times_resurrected=3, now=NOW)  # fmt: skip
of_run("parameters", restart.set_parameters, {A: {"parameters": {"x": 1}, "updated": NOW}}, flow_run_id=A,
       parameters={"x": 1}, now=NOW)  # fmt: skip
of_run("a run beats", runs.beat_flow_run, {A: {"heartbeat": NOW}}, is_quiet=True, flow_run_id=A, now=NOW)
of_run("its process beats", runs.beat_of_process, {A: {"heartbeat": NOW}}, is_quiet=True, flow_run_id=A, now=NOW,
       beating_process="p")  # fmt: skip
of_run("a process beats that it was taken from", runs.beat_of_process, {}, is_quiet=True, flow_run_id=A, now=NOW,
       beating_process="q")  # fmt: skip
of_run("a process beats where none is known", runs.beat_of_process, {B: {"heartbeat": NOW}}, is_quiet=True,
       flow_run_id=B, now=NOW, beating_process="q")  # fmt: skip
of_run("a run is retired", runs.retire_flow_run, {A: {"state_start_time": None}}, flow_run_id=A)
of_run("numbers are taken", runs.take_event_numbers, {A: {"event_seq": 8}}, is_quiet=True, flow_run_id=A, count=5)
of_run("a run is deleted", runs.delete_flow_run, {A: GONE}, flow_run_id=A)
of_run("a run is held", states.hold_flow_run, {A: {"state_start_time": None, "updated": NOW}}, run_id=A, now=NOW)
of_run("a new run is handed out", states.release_flow_run, {D: {"state_start_time": at(8), "updated": NOW}}, run_id=D,
       now=NOW)  # fmt: skip
of_run("a run that was moved is not", states.release_flow_run, {}, run_id=C, now=NOW)
of_run("a run that is handed out is not", states.release_flow_run, {}, run_id=A, now=NOW)
of_run("a held run is handed out", states.release_at_once, {C: {"state_start_time": at(-5000), "updated": NOW}},
       run_id=C, seen_version=2, now=NOW)  # fmt: skip
of_run("a held run that was moved is not", states.release_at_once, {}, run_id=C, seen_version=1, now=NOW)
of_run("one that is not held is not", states.release_at_once, {}, run_id=A, seen_version=1, now=NOW)
of_run("a run waits", states.wait_on_flow_run, {A: {"state_start_time": at(9), "heartbeat": NOW, "updated": NOW}},
       run_id=A, until=at(9), now=NOW)  # fmt: skip
of_run("a process is known", states.set_process, {A: {"process_id": "q", "lost_processes": ["p"]}}, run_id=A,
       process_id="q", lost_processes=["p"])  # fmt: skip
of_run("a beat of the future is brought back", lost.bring_back, {D: {"heartbeat": NOW}}, flow_run_id=D,
       future_time=at(4.999), now=NOW)  # fmt: skip
of_run("a beat that is not beyond is not", lost.bring_back, {}, flow_run_id=D, future_time=at(5), now=NOW)

MIRRORED = {
    "state": "Running", "state_timestamp": at(1), "state_message": "m", "state_start_time": at(2),
    "serialized_state": {"x": 1}, "start_time": at(3), "end_time": at(4),
}  # fmt: skip
MOVE = {**MIRRORED, "run_id": A, "seen_version": 1, "now": NOW}
RUN_MOVED = {**MIRRORED, "state_result": None, "version": 2, "event_seq": 4, "updated": NOW}
of_run("a run moves", states.move_flow_run[""], {A: RUN_MOVED}, **MOVE)
of_run("a run moves and beats", states.move_flow_run["heartbeat"], {A: {**RUN_MOVED, "heartbeat": NOW}}, **MOVE)
of_run("a run moves, beats, and has an agent", states.move_flow_run["agent"],
       {A: {**RUN_MOVED, "heartbeat": NOW, "agent_id": None}}, agent_id=None, **MOVE)  # fmt: skip
for _how in ("", "heartbeat", "agent"):
    _more = {"agent_id": None} if _how == "agent" else {}
    of_run(f"a run that was moved before is not moved ({_how})", states.move_flow_run[_how], {},
           **{**MOVE, "seen_version": 0}, **_more)  # fmt: skip


def _task_runs(tx: Any) -> None:
    for task_run_id in (A, B):
        task_run(tx, task_run_id, updated=at(-9), heartbeat=at(-9), is_decided=True, state_result={"x": 2},
                 start_time=at(-8))  # fmt: skip


def of_task_run(name: str, statement: Any, expected: dict[Any, Any], /, **more: Any) -> None:
    case(f"{name} (task run)", catalogue.task_run, statement, expected, **more)(_task_runs)


TASK_RUN_MOVED = {**MIRRORED, "is_decided": None, "state_result": None, "version": 2, "updated": NOW}
CLOSE = {name: value for name, value in MIRRORED.items() if name != "start_time"}
of_task_run("a name", runs.set_task_run_name, {A: {"name": "x", "updated": NOW}}, task_run_id=A, name="x", now=NOW)
of_task_run("it beats", runs.beat_task_run, {A: {"heartbeat": NOW, "updated": NOW}}, task_run_id=A, now=NOW)
of_task_run("it waits", states.wait_on_task_run, {A: {"state_start_time": at(9), "heartbeat": NOW, "updated": NOW}},
            run_id=A, until=at(9), now=NOW)  # fmt: skip
of_task_run("it moves", states.move_task_run[""], {A: TASK_RUN_MOVED}, is_decided=None, **MOVE)
of_task_run("it moves and beats", states.move_task_run["heartbeat"], {A: {**TASK_RUN_MOVED, "heartbeat": NOW}},
            is_decided=None, **MOVE)  # fmt: skip
of_task_run("it was moved before", states.move_task_run[""], {}, is_decided=None, **{**MOVE, "seen_version": 0})
of_task_run("it is closed", states.close_task_run,
            {A: {**CLOSE, "is_decided": None, "state_result": None, "version": 7, "updated": NOW}}, run_id=A,
            new_version=7, now=NOW, **CLOSE)  # fmt: skip


# ---------------------------------------------------------------------------------------------------------------------

BOTH = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(scope="module", params=BOTH)
def opened(request: Any, databases: Any) -> Iterator[Any]:
    with opened_world(databases, request.param) as inside:
        yield inside


@pytest.mark.parametrize(("make", "table", "statement", "values", "expected", "is_quiet"), CASES)
def test_a_statement_changes_what_it_says_and_nothing_else(
    opened: Any, make: Make, table: Table, statement: Any, values: Any, expected: dict[Any, Any], is_quiet: bool
) -> None:
    def work(tx: Any) -> tuple[dict[Any, Any], dict[Any, Any]]:
        make(tx)
        before = rows(tx, table)
        tx.run(statement, **values)
        return before, rows(tx, table)

    before, after = opened(work)

    assert set(after) == (set(before) | set(expected)) - {key for key, change in expected.items() if change == GONE}
    for key, row in after.items():
        change = expected.get(key, {})
        changed = {name for name in row if key not in before or row[name] != before[key][name]}
        assert {name: row[name] for name in change} == change
        if key in before:
            # Whoever writes in words of SQLAlchemy leaves the time of the change, unless it is not to count as one.
            assert changed - ({"updated"} if change and not is_quiet else set()) <= set(change)
