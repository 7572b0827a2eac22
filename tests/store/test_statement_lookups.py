# ruff: noqa: E501 - a case stands in a line
"""What the named statements tell of the rows that they look up, beside others that they must not take for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from prefect.server import catalogue
from prefect.server.store import (
    automations,
    chores,
    clearing,
    documents,
    figures,
    flows,
    hooks,
    keys,
    logs,
    lost,
    outbox,
    restart,
    retention,
    runs,
    slots,
    states,
    sums,
    tenants,
)
from support.rows import insert, uid
from support.statement_world import (
    FLOW,
    GROUP,
    MINE,
    NOW,
    OFF_FLOW,
    OFF_GROUP,
    OFF_TASK,
    OTHER_FLOW,
    OTHER_GROUP,
    OTHER_RUN,
    OTHER_TASK,
    OTHERS,
    RUN,
    TASK,
    at,
    flow_row,
    opened_world,
    run,
    task_run,
)

A, B, C, D, E, F = (uid(1000 + number) for number in range(6))
PROJECT, THEIR_PROJECT = uid(11), uid(12)
Make = Callable[[Any], None]
CASES: list[Any] = []


def case(name: str, statement: Any, /, *expected: dict[str, Any], **values: Any) -> Callable[[Make], Make]:
    """Add a case: the rows that are found, in any order, each at least with these columns."""

    def add(make: Make) -> Make:
        CASES.append(pytest.param(make, statement, values, expected, id=name))
        return make

    return add


def ids(*rows: str, name: str = "id") -> tuple[dict[str, Any], ...]:
    return tuple({name: row} for row in rows)


# ----- automations, hooks and what is to be sent


OF_A = {"tenant_id": MINE, "action_id": A, "event_type": "e"}


@case("hooks of an event", automations.hooks_of_type, {"id": B, **{n: v for n, v in OF_A.items() if n != "event_type"}},
      {"id": E, "tenant_id": OTHERS}, event_type="e")  # fmt: skip
@case(
    "hooks of a tenant for an event", outbox.hooks_of_tenant, {"id": B, "action_id": A}, tenant_id=MINE, event_type="e"
)
@case("an action", outbox.action_by_id, {"id": A, "tenant_id": MINE, "name": A, "action_type": "x"}, action_id=A)
@case("somebody listens", outbox.anybody_listens, {"found": True}, tenant_id=MINE)
@case("of others somebody listens, too", outbox.anybody_listens, {"found": True}, tenant_id=OTHERS)
@case("of nobody nobody", outbox.anybody_listens, {"found": False}, tenant_id=F)
def _hooks(tx: Any) -> None:
    for action, tenant in ((A, MINE), (D, OTHERS)):
        insert(tx, "action", id=action, tenant_id=tenant, name=action, action_type="x", action_config={})
    for hook, tenant, kind, action in ((B, MINE, "e", A), (C, MINE, "f", A), (E, OTHERS, "e", D)):
        insert(tx, "hook", id=hook, tenant_id=tenant, event_type=kind, event_tags={}, action_id=action)


@case("hooks of clouds that are on", outbox.cloud_hooks_of_tenant, {"id": A, "states": ["Failed"]}, tenant_id=MINE)
@case("a hook", hooks.hook_by_id, {"id": B, "tenant_id": MINE, "type": "WEBHOOK", "active": False}, cloud_hook_id=B)
@case("a whole hook", hooks.whole_hook, {"id": B, "name": "b", "states": ["Failed"]}, cloud_hook_id=B)
@case("hooks that are on listen", outbox.anybody_listens, {"found": True}, tenant_id=MINE)
@case("those that are off do not", outbox.anybody_listens, {"found": False}, tenant_id=OTHERS)
def _cloud_hooks(tx: Any) -> None:
    for hook, tenant, name, active in ((A, MINE, "a", True), (B, MINE, "b", False), (C, OTHERS, "c", False)):
        insert(tx, "cloud_hook", id=hook, tenant_id=tenant, name=name, type="WEBHOOK", states=["Failed"], config={},
               active=active)  # fmt: skip


@case("an agreement", automations.sla_config_by_id, {"id": A, "duration_seconds": 60}, sla_config_id=A, tenant_id=MINE)
@case("one of others", automations.sla_config_by_id, sla_config_id=A, tenant_id=OTHERS)
@case("a group of the tenant", automations.group_of_tenant, {"id": GROUP}, flow_group_id=GROUP, tenant_id=MINE)
@case("a group of others", automations.group_of_tenant, flow_group_id=OTHER_GROUP, tenant_id=MINE)
@case("a run of the tenant", automations.run_of_tenant, {"id": RUN}, flow_run_id=RUN, tenant_id=MINE)
@case("a run of others", automations.run_of_tenant, flow_run_id=RUN, tenant_id=OTHERS)
@case("an agent of the tenant", automations.agent_of_tenant, {"id": B}, agent_id=B, tenant_id=MINE)
@case("an agent of others", automations.agent_of_tenant, agent_id=B, tenant_id=OTHERS)
@case("an agent that there is", states.agent_exists, {"id": B}, agent_id=B)
@case("one that there is not", states.agent_exists, agent_id=C)
@case(
    "the group of a flow", automations.group_of_flow, {"flow_group_id": OFF_GROUP, "tenant_id": MINE}, flow_id=OFF_FLOW
)
@case("the flow of an event", outbox.flow_of_event, {"id": OTHER_FLOW, "version": 2, "flow_group_id": GROUP},
      flow_id=OTHER_FLOW)  # fmt: skip
@case("the tenant of an event", outbox.tenant_of_event, {"id": OTHERS, "slug": "others", "name": "others"},
      tenant_id=OTHERS)  # fmt: skip
@case("the run of an event", outbox.run_of_event, {"id": OTHER_RUN, "name": "r"}, flow_run_id=OTHER_RUN)
def _owned(tx: Any) -> None:
    for config, tenant in ((A, MINE), (D, OTHERS)):
        insert(tx, "flow_sla_config", id=config, tenant_id=tenant, name="a", kind="k", duration_seconds=60)
    for agent, tenant in ((B, MINE), (E, OTHERS)):
        insert(tx, "agent", id=agent, tenant_id=tenant, type="LocalAgent", name="a")


@case("a row that is to be sent", outbox.content, {"id": A, "kind": "k", "payload": {"n": A}}, outbox_id=A)
def _outbox(tx: Any) -> None:
    for row in (A, B):
        insert(tx, "outbox", id=row, tenant_id=MINE, kind="k", payload={"n": row})


# ----- work in parts, and clearing


@case("work that is due", chores.due, *ids(A, B), now=NOW, limit=9)
@case("a piece of work", chores.chore_by_id, {"id": C, "kind": "k", "subject_id": RUN, "position": "p"}, chore_id=C)
@case("work that is left", chores.is_left, {"id": C}, chore_id=C)
@case("work that is not", chores.is_left, chore_id=D)
def _chores(tx: Any) -> None:
    for chore, due in ((B, 0), (A, -1), (C, 0.001)):
        insert(tx, "chore", id=chore, kind="k", subject_id=RUN, position="p", due_time=at(due))


OF_FLOW = {"flow_id": FLOW, "most": 9}


@case("runs of a flow", clearing.runs_of_flow, *ids(RUN, OTHER_RUN, A, B, C, D), **OF_FLOW)
@case("runs of a flow that wait and were made by its schedule", clearing.waiting_auto_scheduled_of_flow, *ids(A),
      made_until=NOW, **OF_FLOW)  # fmt: skip
@case("those of its group", clearing.waiting_auto_scheduled_of_group, *ids(A, E), flow_group_id=GROUP, most=9,
      made_until=NOW)  # fmt: skip
@case("the last run of a schedule", flows.latest_auto_scheduled, {"start": at(60)}, flow_id=FLOW)
@case("runs that wait", flows.waiting_runs_of_flow, *ids(A, B, C), **OF_FLOW)
@case("flows of a project", clearing.flows_of_project, *ids(FLOW, OTHER_FLOW, OFF_FLOW, A), project_id=PROJECT, most=9)
@case("flows of a group", clearing.flows_of_group, *ids(FLOW, OTHER_FLOW, A), flow_group_id=GROUP, most=9)
@case("projects of a tenant", clearing.projects_of_tenant, *ids(THEIR_PROJECT), tenant_id=OTHERS, most=9)
@case("groups of a tenant", clearing.groups_of_tenant, *ids(GROUP, OFF_GROUP), tenant_id=MINE, most=9)
@case("all tenants", retention.tenants, *ids(MINE, OTHERS))
@case("open runs", figures.open_runs["Scheduled"], {"count": 4})
@case("open runs of another state", figures.open_runs["Running"], {"count": 1})
@case("the settings of a flow", states.versions_are_locked, {"settings": {"x": 1}}, flow_id=A)
def _waiting(tx: Any) -> None:
    run(tx, A, auto_scheduled=True, created=NOW, scheduled_start_time=at(5))
    run(tx, B, auto_scheduled=False, created=NOW, scheduled_start_time=at(90))
    run(tx, C, auto_scheduled=True, created=at(0.001), scheduled_start_time=at(60))
    run(tx, D, auto_scheduled=True, created=NOW, state="Running", scheduled_start_time=at(1))
    run(tx, E, flow=OTHER_FLOW, auto_scheduled=True, created=at(-9), scheduled_start_time=at(99))
    run(tx, F, flow=OFF_FLOW, auto_scheduled=True, state="Success", scheduled_start_time=at(99))
    flow_row(tx, A, version=90, settings={"x": 1}, archived=True)


# ----- documents, keys, secrets and limits


@case("documents of an owner", documents.documents, {"name": "a", "value": {"n": A}}, {"name": "b"}, tenant_id=MINE,
      owner="me", kind="view", now=NOW)  # fmt: skip
@case(
    "how many others there are", documents.count_others, {"count": 3}, tenant_id=MINE, owner="me", kind="view", name="a"
)
def _documents(tx: Any) -> None:
    for row, more in (
        (A, {}), (B, {"name": "b", "expires_at": at(0.001)}), (C, {"name": "c", "expires_at": NOW}),
        (D, {"kind": "list"}), (E, {"owner": "you"}), (F, {"tenant_id": OTHERS}),
    ):  # fmt: skip
        values = {"tenant_id": MINE, "owner": "me", "kind": "view", "name": "a", "value": {"n": row}, **more}
        insert(tx, "document", id=row, **values)


@case("a key", keys.key_by_id, {"id": A, "tenant_id": MINE, "role": "run", "key_hash": A}, key_id=A)
@case("a secret", keys.secret_by_name, {"value": {"n": A}}, tenant_id=MINE, name="a")
@case("a secret of others", keys.secret_by_name, {"value": {"n": B}}, tenant_id=OTHERS, name="a")
@case("no secret", keys.secret_by_name, tenant_id=OTHERS, name="c")
@case("limits of a tenant", slots.limits_of_tenant["flow"], {"name": "a", "limit": 1}, {"name": "c", "limit": 3},
      tenant_id=MINE)  # fmt: skip
@case("limits of tasks", slots.limits_of_tenant["task"], {"name": "a", "limit": 2}, tenant_id=OTHERS)
@case("a limit", slots.limit_by_id["flow"], {"name": "c"}, limit_id=C, tenant_id=MINE)
@case("a limit of others", slots.limit_by_id["flow"], limit_id=C, tenant_id=OTHERS)
@case("a limit of tasks", slots.limit_by_id["task"], {"name": "a"}, limit_id=B, tenant_id=OTHERS)
@case("a limit to wait at", slots.locked_limit["flow"], {"limit": 3}, tenant_id=MINE, name="c")
@case("one of tasks", slots.locked_limit["task"], {"limit": 1}, tenant_id=MINE, name="a")
def _keys(tx: Any) -> None:
    for number, (row, tenant, name) in enumerate(((A, MINE, "a"), (B, OTHERS, "a"), (C, MINE, "c")), 1):
        insert(tx, "auth_api_key", id=row, tenant_id=tenant, name=name, role="run", key_hash=row)
        insert(tx, "secret", id=row, tenant_id=tenant, name=name, value={"n": row})
        insert(tx, "flow_concurrency_limit", id=row, tenant_id=tenant, name=name, limit=number)
        insert(tx, "task_tag_limit", id=row, tenant_id=tenant, tag=name, limit=number)


# ----- flows and their tasks


@case("a group by its name", flows.group_by_name, {"id": GROUP}, tenant_id=MINE, name=GROUP)
@case("no group of others by its name", flows.group_by_name, tenant_id=OTHERS, name=GROUP)
@case(
    "a group", flows.group_by_id, {"id": OFF_GROUP, "settings": {"heartbeat_enabled": False}}, flow_group_id=OFF_GROUP
)
@case("a flow", flows.flow_by_id, {"id": A, "flow_group_id": GROUP, "is_schedule_active": True}, flow_id=A)
@case("a document", flows.document_of_flow, {"serialized_flow": {"x": A}}, flow_id=A)
@case("a flow of a schedule", flows.flow_for_schedule, {"id": A, "flow_group_id": GROUP}, flow_id=A)
@case("the tasks of a flow", flows.count_tasks, {"count": 2}, flow_id=FLOW)
@case("tasks by their slugs", flows.task_ids_by_slug, {"id": TASK, "slug": f"{TASK}-1"}, {"id": B, "slug": "b"},
      flow_id=FLOW)  # fmt: skip
@case("tasks that are named", restart.tasks_by_slug, {"id": B}, flow_id=FLOW, slugs=["b", f"{OTHER_TASK}-1"])
@case("edges", restart.edges_of_flow, {"upstream_task_id": TASK, "downstream_task_id": B, "mapped": True}, flow_id=FLOW)
@case("tasks that have no run yet", flows.tasks_without_run, {"id": B}, flow_id=FLOW, flow_run_id=RUN, after="", most=9)
@case(
    "a flow to run", flows.flow_for_run_by_flow, {"id": FLOW, "is_large": True, "is_heard": False}, flow_id=FLOW, most=1
)
@case("a flow with as many tasks as may be", flows.flow_for_run_by_flow, {"id": FLOW, "is_large": False}, flow_id=FLOW,
      most=2)  # fmt: skip
@case("a flow to run by a key", flows.flow_for_run_by_flow_and_key, {"id": FLOW, "known_run_id": RUN}, flow_id=FLOW, most=1,
      scope="s", key="k")  # fmt: skip
@case("by another key", flows.flow_for_run_by_flow_and_key, {"id": FLOW, "known_run_id": None}, flow_id=FLOW, most=1,
      scope="t", key="k")  # fmt: skip
@case("the run of a key", runs.run_of_key, {"flow_run_id": RUN}, scope="s", key="k")
@case("of another scope", runs.run_of_key, scope="t", key="k")
@case("of another key", runs.run_of_key, scope="s", key="l")
def _flows(tx: Any) -> None:
    flow_row(tx, A, version=11, is_schedule_active=True, serialized_flow={"x": A})
    insert(tx, "task", id=B, tenant_id=MINE, flow_id=FLOW, name="b", slug="b")
    for edge, flow, ends in ((C, FLOW, (TASK, B)), (D, OTHER_FLOW, (OTHER_TASK, OTHER_TASK))):
        insert(tx, "edge", id=edge, flow_id=flow, upstream_task_id=ends[0], downstream_task_id=ends[1], mapped=True)
    for task_run_id, of_run, task, place in ((A, RUN, TASK, -1), (B, RUN, B, 0), (C, OTHER_RUN, B, -1)):
        task_run(tx, task_run_id, run_id=of_run, task=task, map_index=place)
    insert(tx, "run_key", scope="s", key="k", flow_run_id=RUN)


# ----- logs


@case("lines that are known", logs.known_logs, *ids(A, B), log_ids=[A, B, F])
@case("lines of some levels", logs.logs_of_levels_after, {"seq": 3, "level": "ERROR"}, flow_run_id=RUN, after=1, until=4,
      levels=["ERROR", "CRITICAL"])  # fmt: skip
@case("lines to write", logs.lines_of_file, {"id": A, "message": "é"}, {"id": C, "message": "abc"}, log_ids=[A, C])
@case("how long what comes next is", logs.event_sizes, {"seq": 3, "size": 5}, {"seq": 4, "size": 3}, {"seq": 5, "size": 2},
      flow_run_id=RUN, after=2, limit=9)  # fmt: skip
@case("the first of it", logs.event_sizes, {"seq": 3, "size": 5}, flow_run_id=RUN, after=2, limit=1)
@case("how long its states are", logs.state_sizes, {"seq": 5, "size": 2}, flow_run_id=RUN, after=2, limit=9)
@case("the last number", logs.last_event, {"event_seq": 7}, flow_run_id=E)
@case("whose log it is", logs.run_of_file, {"name": "r", "tenant_id": MINE}, flow_run_id=E)
@case(
    "lines after a line", logs.sizes_of_file, {"id": B}, {"id": C}, flow_run_id=RUN, timestamp=at(1), log_id=A, limit=9
)
@case("the first line", sums.first_line, {"time": at(1)}, flow_run_id=RUN)
@case("the last line", sums.last_line, {"time": at(2)}, flow_run_id=RUN)
def _logs(tx: Any) -> None:
    for row, of_run, seq, level, moment, message in (
        (A, RUN, 2, "INFO", 1, "é"), (B, RUN, 3, "ERROR", 1, "abcd"), (C, RUN, 4, "INFO", 2, "abc"),
        (D, OTHER_RUN, 3, "ERROR", 9, "x"), (uid(999), RUN, 1, "ERROR", 1, "x"),
    ):  # fmt: skip
        insert(tx, "log", id=row, flow_run_id=of_run, tenant_id=MINE, seq=seq, level=level, message=message,
               name="n" if row == B else None, timestamp=at(moment))  # fmt: skip
    insert(tx, "flow_run_state", id=A, flow_run_id=RUN, tenant_id=MINE, seq=5, version=1, state="Running", message="mm",
           serialized_state={})  # fmt: skip
    insert(tx, "flow_run_state", id=B, flow_run_id=RUN, tenant_id=MINE, seq=1, version=2, state="Running", message="mm",
           serialized_state={})  # fmt: skip
    insert(tx, "flow_run_state", id=C, flow_run_id=OTHER_RUN, tenant_id=MINE, seq=6, version=1, state="Running", message="mm",
           serialized_state={})  # fmt: skip
    run(tx, E, event_seq=7)


# ----- runs


@case("a run", runs.flow_run_by_id, {"id": A, "state": "Failed", "version": 3, "tenant_id": MINE}, flow_run_id=A)
@case("a run to change", runs.flow_run_to_change, {"id": A, "state": "Failed", "version": 3}, flow_run_id=A)
@case("a run to fill", runs.flow_run_to_fill, {"id": A, "flow_id": OTHER_FLOW, "state": "Failed"}, flow_run_id=A)
@case("a run with its flow", runs.run_with_flow, {"id": A, "flow_id": OTHER_FLOW, "flow_name": "f", "version": 3},
      flow_run_id=A)  # fmt: skip
@case("a run with its labels", slots.labels_of_flow_run, {"labels": ["x"]}, run_id=A)
@case("a run and a task of its flow", runs.flow_run_and_task, {"id": A, "task_id": OTHER_TASK, "task_flow_id": OTHER_FLOW},
      flow_run_id=A, task_id=OTHER_TASK)  # fmt: skip
@case("a run and no task", runs.flow_run_and_task, {"id": A, "task_id": None}, flow_run_id=A, task_id=F)
@case("a run to be restarted", restart.run_as_it_is, {"id": A, "state": "Failed", "archived": True}, flow_run_id=A)
@case("a run to restart", restart.run_to_restart, {"id": A, "flow_id": OTHER_FLOW}, flow_run_id=A)
@case("a run that moves", states.present_flow_run, {"id": A, "state": "Failed", "process_id": "p"}, run_id=A)
@case("a run that waits for a place", slots.queued_run_now, {"state": "Failed", "version": 3}, run_id=A)
@case(
    "a run of a process", lost.flow_run_of_process, {"id": A, "process_id": "p", "lazarus_is_off": False}, flow_run_id=A
)
@case("a run with the finder off", lost.flow_run_of_process, {"id": D, "lazarus_is_off": True}, flow_run_id=D)
@case("a silent run", lost.flow_run_now, {"version": 3, "is_silent": True}, flow_run_id=A, limit_time=at(-60),
      long_limit_time=at(-60))  # fmt: skip
@case("a run that beats", lost.flow_run_now, {"version": 3, "is_silent": False}, flow_run_id=A, limit_time=at(-60.001),
      long_limit_time=at(-60.001))  # fmt: skip
@case("a state", states.flow_run_state_by_id, {"run_id": A, "state": "Failed"}, state_id=B)
@case("a tenant", tenants.tenant_by_id, {"id": OTHERS, "slug": "others"}, tenant_id=OTHERS)
@case(
    "a project",
    tenants.project_by_id,
    {"id": THEIR_PROJECT, "tenant_id": OTHERS, "name": "p"},
    project_id=THEIR_PROJECT,
)
@case("a project to register in", tenants.locked_project, {"id": PROJECT, "tenant_id": MINE}, project_id=PROJECT)
def _runs(tx: Any) -> None:
    insert(tx, "flow_group", id=C, tenant_id=MINE, name="c", settings={"lazarus_enabled": False})
    flow_row(tx, C, group=C, version=3)
    run(tx, A, flow=OTHER_FLOW, state="Failed", version=3, process_id="p", labels=["x"], heartbeat=at(-60))
    run(tx, D, flow=C, state="Running")
    for row, of_run, state in ((B, A, "Failed"), (E, RUN, "Success")):
        insert(tx, "flow_run_state", id=row, flow_run_id=of_run, tenant_id=MINE, state=state, serialized_state={})


@case(
    "a task run", runs.task_run_by_id, {"id": A, "flow_run_id": RUN, "state": "Failed", "owner_id": MINE}, task_run_id=A
)
@case("a task run at its place", runs.task_run_by_place, {"id": B, "state": "Running"}, flow_run_id=RUN, task_id=TASK,
      map_index=1)  # fmt: skip
@case("another place", runs.task_run_by_place, flow_run_id=RUN, task_id=TASK, map_index=7)
@case("what its children came to", runs.children_by_state, {"state": "Failed", "count": 1, "max_end_time": at(5)},
      {"state": "Running", "count": 1, "min_start_time": at(2)}, task_run_id=C)  # fmt: skip
@case("the tags of its task", slots.tags_of_task_run, {"tags": ["t"]}, run_id=E)
@case("what failed", restart.failed_places, {"task_id": TASK, "map_index": 0}, flow_run_id=RUN)
@case("whose they are", restart.owners_of_task_runs, {"id": A, "flow_run_id": RUN}, {"id": D, "flow_run_id": OTHER_RUN},
      task_run_ids=[A, D, F])  # fmt: skip
@case("where they are", restart.places_of_task_runs, {"task_id": TASK, "map_index": 0}, flow_run_id=RUN,
      task_run_ids=[A, D, F])  # fmt: skip
@case("tasks that have runs", restart.tasks_of_run, {"task_id": TASK}, {"task_id": OFF_TASK}, flow_run_id=RUN)
@case("how often it was tried", states.count_retries, {"count": 2}, task_run_id=A)
@case("a state of a task run", states.task_run_state_by_id, {"run_id": A, "state": "Running"}, state_id=C)
@case("a task run that moves", states.present_task_run, {"id": A, "known_run_id": A, "known_state": "Running",
      "has_limits": False, "has_place": True, "flow_run_state": "Success"}, run_id=A, state_id=C)  # fmt: skip
@case("with a state of nobody", states.present_task_run, {"id": B, "known_run_id": None, "has_place": False}, run_id=B,
      state_id=F)  # fmt: skip
@case("a silent task run", lost.task_run_now, {"version": 1, "is_silent": True}, task_run_id=A, limit_time=NOW,
      long_limit_time=NOW)  # fmt: skip
@case("something will happen", lost.flow_run_with_pending_work, {"id": OTHER_RUN}, flow_run_id=OTHER_RUN)
@case("something may be taken, but more is at work", states.has_only_waiting_task_runs, run_id=RUN)
@case("something may be taken, and nothing is at work", states.has_only_waiting_task_runs, {"id": D}, run_id=OTHER_RUN)
def _task_runs(tx: Any) -> None:
    task_run(tx, A, map_index=0, state="Failed", start_time=at(1), end_time=at(5))
    task_run(tx, B, map_index=1, state="Running", start_time=at(2))
    task_run(tx, C, map_index=-1, state="Mapped", start_time=at(0), end_time=at(9))
    task_run(tx, D, run_id=OTHER_RUN, map_index=0, state="Retrying", end_time=at(99))
    task_run(tx, E, task=OFF_TASK, map_index=0, state="Success", end_time=at(99))
    tx.run(catalogue.task.update().where(catalogue.task.c.id == OFF_TASK).values(tags=["t"]))
    for version, (row, of_run, state) in enumerate(
        ((A, A, "Retrying"), (B, A, "Retrying"), (C, A, "Running"), (D, B, "Retrying"))
    ):
        of_row = {"task_run_id": of_run, "tenant_id": MINE, "version": version, "state": state}
        insert(tx, "task_run_state", id=row, serialized_state={}, **of_row)
    insert(tx, "task_tag_limit", id=A, tenant_id=OTHERS, tag="t", limit=1)
    insert(tx, "slot", run_id=A, name="n", kind="task", tenant_id=MINE, flow_run_id=RUN, taken_time=NOW)


# ---------------------------------------------------------------------------------------------------------------------

BOTH = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(scope="module", params=BOTH)
def opened(request: Any, databases: Any) -> Iterator[Any]:
    with opened_world(databases, request.param) as inside:
        yield inside


@pytest.mark.parametrize(("make", "statement", "values", "expected"), CASES)
def test_a_statement_tells_of_what_it_looks_up_and_of_nothing_else(
    opened: Any, make: Make, statement: Any, values: dict[str, Any], expected: tuple[dict[str, Any], ...]
) -> None:
    def work(tx: Any) -> list[dict[str, Any]]:
        make(tx)
        return [dict(row) for row in tx.all(statement, **values)]

    found = opened(work)

    left = list(found)
    for one in expected:
        fitting = next((row for row in left if all(row[name] == value for name, value in one.items())), None)
        assert fitting is not None, (one, found)
        left.remove(fitting)
    assert left == []
