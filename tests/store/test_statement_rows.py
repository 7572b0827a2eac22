"""Which rows the named statements find, in which order, and how many.

Every statement gets rows that it is to find, put in in the wrong order, and beside them, for each of its conditions,
one that fails in just that: of another tenant, run, flow, state, or a moment too early or too late.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import select

from prefect.server import catalogue
from prefect.server.actions import queue as queue_actions
from prefect.server.actions.clearing import clear_flow_run
from prefect.server.store import (
    agents,
    automations,
    clearing,
    failures,
    flows,
    keys,
    logs,
    lost,
    outbox,
    queue,
    restart,
    retention,
    runs,
    slots,
    states,
    tenants,
    why,
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
    THEIR_FLOW,
    at,
    flow_row,
    opened_world,
    run,
    task_run,
)

#: The rank of the row that is put in first, second...: neither the order of insertion, nor its reverse.
RANKS = (2, 0, 3, 1)
IN_ORDER = [1, 3, 0, 2]  # so they are to be found


Make = Callable[[Any], None]
CASES: list[Any] = []


def case(
    name: str, statement: Any, expected: list[Any], /, *, column: str = "id", **values: Any
) -> Callable[[Make], Make]:
    def add(make: Make) -> Make:
        CASES.append(pytest.param(make, statement, values, column, expected, id=name))
        return make

    return add


found = [uid(1000 + number) for number in IN_ORDER]


# ----- logs and states of a run


@case("lines after the second, to the fourth", logs.logs_after, [3, 4], column="seq", flow_run_id=RUN, after=2, until=4)
@case("all lines", logs.logs_after, [1, 2, 3, 4, 5], column="seq", flow_run_id=RUN, after=0, until=9)
def _logs(tx: Any) -> None:
    for number, seq in enumerate((3, 1, 5, 2, 4)):
        insert(
            tx, "log", id=uid(1000 + number), flow_run_id=RUN, tenant_id=MINE, seq=seq, message="m", timestamp=at(-seq)
        )
    insert(tx, "log", id=uid(1100), flow_run_id=OTHER_RUN, tenant_id=MINE, seq=3, message="m", timestamp=NOW)


@case(
    "states after the second, to the fourth", logs.states_after, [3, 4], column="seq", flow_run_id=RUN, after=2, until=4
)
@case("all states", logs.states_after, [1, 2, 3, 4, 5], column="seq", flow_run_id=RUN, after=0, until=9)
def _states(tx: Any) -> None:
    for number, seq in enumerate((3, 1, 5, 2, 4)):
        insert(
            tx, "flow_run_state", id=uid(1000 + number), flow_run_id=RUN, version=seq, seq=seq, state="Running",
            timestamp=at(-seq), serialized_state={},
        )  # fmt: skip
    of_another = {"flow_run_id": OTHER_RUN, "version": 3, "seq": 3, "state": "Running", "serialized_state": {}}
    insert(tx, "flow_run_state", id=uid(1100), timestamp=NOW, **of_another)


# ----- the outbox


@case("what is due", outbox.due, found, now=NOW, limit=9, busy=[])
@case("what is due first", outbox.due, found[:2], now=NOW, limit=2, busy=[])
@case("what is due to tenants that are not busy", outbox.due, [], now=NOW, limit=9, busy=[MINE])
def _outbox(tx: Any) -> None:
    for number, rank in enumerate(RANKS):
        insert(tx, "outbox", id=uid(1000 + number), tenant_id=MINE, kind="k", payload={}, due_time=at(rank - 3))
    insert(tx, "outbox", id=uid(1100), tenant_id=MINE, kind="k", payload={}, due_time=at(0.001))


# ----- tenants, keys and agents


@case("the oldest tenant, and of two the one with the lower id", tenants.first_tenant, [uid(900)])
def _tenants(tx: Any) -> None:
    for number, created in ((901, -2000), (900, -2000), (899, -1999)):
        insert(tx, "tenant", id=uid(number), name="t", slug=f"s{number}", created=at(created))


@case("the tenant of a short name", tenants.tenant_by_slug, [OTHERS], slug="others")
@case("the tenant that there was first", tenants.first_tenant, [uid(1001)])
def _tenants(tx: Any) -> None:
    for number, created in ((1, -2000), (0, -1500), (2, -2000)):
        insert(tx, "tenant", id=uid(1000 + number), name="t", slug=f"t{number}", created=at(created))


@case("names of secrets", keys.secret_names, ["a", "b", "c", "d"], column="name", tenant_id=MINE)
def _secrets(tx: Any) -> None:
    for number, rank in enumerate(RANKS):
        insert(tx, "secret", id=uid(1000 + number), tenant_id=MINE, name="abcd"[rank], value={})
    insert(tx, "secret", id=uid(1100), tenant_id=OTHERS, name="bb", value={})


@case("agents of one kind, the oldest first", agents.agents_of_kind, [*found, uid(1004)], tenant_id=MINE, type="Local")
def _agents(tx: Any) -> None:
    for number, rank in enumerate((*RANKS, 3)):
        insert(tx, "agent", id=uid(1000 + number), tenant_id=MINE, type="Local", name="a", created=at(rank))
    insert(tx, "agent", id=uid(1100), tenant_id=OTHERS, type="Local", name="a", created=at(1))
    insert(tx, "agent", id=uid(1101), tenant_id=MINE, type="Docker", name="a", created=at(1))


@case("agents, the last seen first", why.agents_of_tenant, found[::-1], tenant_id=MINE, most=9)
@case("the agents seen last", why.agents_of_tenant, found[:1:-1], tenant_id=MINE, most=2)
@case("agents that fell silent", automations.silent_agents, found[1:3], tenant_id=MINE, limit_time=at(2), since=at(0))
def _asking_agents(tx: Any) -> None:
    for number, rank in enumerate(RANKS):
        insert(tx, "agent", id=uid(1000 + number), tenant_id=MINE, type="Local", name="a", last_queried=at(rank))
    insert(tx, "agent", id=uid(1100), tenant_id=OTHERS, type="Local", name="a", last_queried=at(1))


# ----- flows


@case(
    "the version group of a name that was used last", flows.version_group_by_name, ["late"],
    column="version_group_id", project_id=uid(11), name="f9",
)  # fmt: skip
def _version_groups(tx: Any) -> None:
    for number, (group, created, version) in enumerate((("mid", 5, 9), ("late", 7, 2), ("early", 7, 1), ("old", 1, 3))):
        flow_row(tx, uid(1000 + number), name="f9", version_group_id=group, created=at(created), version=version)
    flow_row(tx, uid(1100), name="other", version_group_id="wrong name", created=at(9))
    flow_row(tx, uid(1101), name="f9", tenant=OTHERS, group=OTHER_GROUP, version_group_id="theirs", created=at(9))


@case(
    "the highest version of a group", flows.latest_in_version_group, [4],
    column="version", version_group_id="v9", tenant_id=MINE,
)  # fmt: skip
@case("versions of a flow group", flows.flows_of_group, [*found, uid(1102)], flow_group_id=uid(29))
@case("versions that are in use", flows.other_unarchived_of_group, [uid(1001), uid(1000), uid(1002)],
      flow_group_id=uid(29), kept_id=uid(1003))  # fmt: skip
@case("the newest version in use", flows.newest_unarchived_of_group, [uid(1002)], flow_group_id=uid(29))
@case("the version to run of a group", flows.flow_for_run_by_group, [uid(1002)], flow_group_id=uid(29), most=1)
@case("the version to run", flows.flow_for_run_by_version_group, [uid(1101)], version_group_id="v9", most=1)
@case(
    "the version to run of a tenant", flows.flow_for_run_by_version_group_of_tenant, [uid(1002)],
    version_group_id="v9", tenant_id=MINE, most=1,
)  # fmt: skip
def _versions(tx: Any) -> None:
    insert(tx, "flow_group", id=uid(29), tenant_id=MINE, name="g9")
    for number, rank in enumerate(RANKS):
        flow_row(tx, uid(1000 + number), group=uid(29), version_group_id="v9", version=rank + 1)
    flow_row(tx, uid(1100), group=GROUP, version_group_id="v8", version=20)
    flow_row(tx, uid(1101), tenant=OTHERS, group=OTHER_GROUP, version_group_id="v9", version=21)
    flow_row(tx, uid(1102), group=uid(29), version_group_id="v7", version=22, archived=True)


@case("the version whose schedule is on", automations.scheduled_flows_of_group, [uid(1000)], flow_group_id=GROUP,
      tenant_id=MINE)  # fmt: skip
@case("of another tenant none", automations.scheduled_flows_of_group, [], flow_group_id=GROUP, tenant_id=OTHERS)
def _scheduled(tx: Any) -> None:
    flow_row(tx, uid(1000), version=50, is_schedule_active=True)
    flow_row(tx, uid(1001), version=51, is_schedule_active=False)
    flow_row(tx, uid(1002), version=52, is_schedule_active=True, group=OFF_GROUP)


@case("flows whose schedule is on", flows.active_flows, [uid(1001), uid(1002)], after_id=uid(1000), limit=2)
def _active(tx: Any) -> None:
    for number in (3, 1, 0, 2):
        flow_row(tx, uid(1000 + number), version=number + 50, is_schedule_active=True)


@case("flows whose schedule is on and that are in use", flows.active_flows, [uid(1003)], after_id=uid(999), limit=9)
def _active_only(tx: Any) -> None:
    flow_row(tx, uid(1001), version=61, is_schedule_active=True, archived=True)
    flow_row(tx, uid(1002), version=62, is_schedule_active=False)
    flow_row(tx, uid(1003), version=63, is_schedule_active=True)


# ----- the queue


def _due(tx: Any, **more: Any) -> None:
    for number, rank in enumerate(RANKS):
        run(tx, uid(1000 + number), state_start_time=at(rank - 3), labels=[], **more)


def due(tx: Any, **given: Any) -> list[dict[str, Any]]:
    """Look at the queue as an agent does, by all the statements that takes."""
    return [{"id": run_id} for run_id in queue_actions.due_runs(tx, tenant_id=MINE, before=NOW, **given).ids]


def next_start(tx: Any, before: Any = NOW, **given: Any) -> list[dict[str, Any]]:
    everything = [row["id"] for row in due(tx, limit=99, **given)]
    seen = queue_actions.due_runs(tx, tenant_id=MINE, before=before, exclude=everything, **given)
    return [{"start": seen.next_start}]


@case("runs that are due", due, found, labels=[], limit=9)
@case("the runs due first", due, found[:2], labels=[], limit=2)
@case("runs due for any", due, [*found, uid(1103)], limit=9, labels=["x"], unlabelled=True)
@case("labelled runs due", due, [uid(1103)], limit=9, labels=["x"])
@case("when the next is due", next_start, [at(1)], column="start", labels=[])
def _waiting(tx: Any) -> None:
    _due(tx)
    run(tx, uid(1104), state_start_time=at(2), labels=[])
    run(tx, uid(1100), state_start_time=at(1), labels=[])
    run(tx, uid(1101), tenant=OTHERS, flow=THEIR_FLOW, state_start_time=at(-2), labels=[])
    run(tx, uid(1106), tenant=OTHERS, flow=THEIR_FLOW, state_start_time=at(0.5), labels=[])
    run(tx, uid(1102), state="Running", state_start_time=at(-2), labels=[])
    run(tx, uid(1107), state="Running", state_start_time=at(0.5), labels=[])
    run(tx, uid(1103), state_start_time=at(0), labels=["x"])
    run(tx, uid(1105), state_start_time=at(-1), labels=["x", "y"])


@case("of runs due together, the older first", due, found, labels=[], limit=9)
def _due_together(tx: Any) -> None:
    for number, rank in enumerate(RANKS):
        run(tx, uid(1000 + number), state_start_time=at(-1), labels=[], created=at(rank - 50))


@case("runs to go on with", queue.due_again[queue.UNLABELLED], [*found, uid(1004)], tenant_id=MINE, before=NOW, limit=9)
@case("the runs to go on with first", queue.due_again[queue.UNLABELLED], found[:2], tenant_id=MINE, before=NOW, limit=2)
@case("when to go on next", next_start, [at(1)], column="start", labels=[])
def _again(tx: Any) -> None:
    for number, rank in enumerate((*RANKS, 3)):
        run(tx, uid(1000 + number), state="Running", labels=[])
        task_run(tx, uid(2000 + number), run_id=uid(1000 + number), state="Retrying", state_start_time=at(rank - 3))
        task_run(tx, uid(2200 + number), run_id=uid(1000 + number), state="Retrying", state_start_time=at(0))
    task_run(tx, uid(2300), run_id=uid(1000), state="Retrying", state_start_time=at(2))
    decoys = (
        (1100, {"state": "Running", "labels": []}, {"state": "Retrying", "state_start_time": at(1)}),
        (1101, {"state": "Running", "labels": []}, {"state": "Running", "state_start_time": at(-1)}),
        (1102, {"state": "Success", "labels": []}, {"state": "Retrying", "state_start_time": at(-1)}),
        (1103, {"state": "Running", "labels": ["x"]}, {"state": "Retrying", "state_start_time": at(-1)}),
        (1105, {"state": "Running", "labels": []}, {"state": "Running", "state_start_time": at(0.5)}),
        (1106, {"state": "Success", "labels": []}, {"state": "Retrying", "state_start_time": at(0.5)}),
        (1104, {"state": "Running", "labels": [], "tenant": OTHERS, "flow": THEIR_FLOW},
         {"state": "Retrying", "state_start_time": at(-1)}),
        (1107, {"state": "Running", "labels": [], "tenant": OTHERS, "flow": THEIR_FLOW},
         {"state": "Retrying", "state_start_time": at(0.5)}),
    )  # fmt: skip
    for number, of_run, of_task_run in decoys:
        run(tx, uid(number), **of_run)
        task_run(tx, uid(number + 1000), run_id=uid(number), **of_task_run)


@case(
    "task runs that wait",
    why.waiting_task_runs,
    [uid(1001), uid(1003), uid(1000), uid(1002), uid(1004)],
    flow_run_id=RUN,
    most=9,
)
@case("the task runs that wait first", why.waiting_task_runs, found[:2], flow_run_id=RUN, most=2)
def _waiting_tasks(tx: Any) -> None:
    for number, rank in enumerate((*RANKS, 3)):
        task_run(tx, uid(1000 + number), state="Retrying", state_start_time=at(rank))
    task_run(tx, uid(1100), state="Running", state_start_time=at(1))
    task_run(tx, uid(1101), run_id=OTHER_RUN, state="Retrying", state_start_time=at(1))


# ----- limits


@case(
    "who holds places",
    slots.holders,
    [*found, uid(1004)],
    column="run_id",
    tenant_id=MINE,
    kind="flow",
    name="gpu",
    most=9,
)
@case(
    "who holds places longest",
    slots.holders,
    found[:2],
    column="run_id",
    tenant_id=MINE,
    kind="flow",
    name="gpu",
    most=2,
)
@case("how many places are taken", slots.usage, [5], column="count", tenant_id=MINE, kind="flow", name="gpu")
def _places(tx: Any) -> None:
    def place(number: int, **more: Any) -> None:
        values = {"kind": "flow", "tenant_id": MINE, "name": "gpu", "taken_time": at(1), "flow_run_id": RUN}
        tx.run(slots.take, run_id=uid(number), **{**values, **more})

    for number, rank in enumerate((*RANKS, 3)):
        place(1000 + number, taken_time=at(rank))
    place(1100, tenant_id=OTHERS)
    place(1101, kind="task")
    place(1102, name="cpu")


@case("queued runs that ask no more", slots.overdue_queued_runs, found, before=NOW, most=9)
@case("the first of them", slots.overdue_queued_runs, found[:2], before=NOW, most=2)
def _queued(tx: Any) -> None:
    for number, rank in enumerate(RANKS):
        run(tx, uid(1000 + number), state="Queued", state_start_time=at(rank - 3))
    run(tx, uid(1100), state="Queued", state_start_time=at(0.001))
    run(tx, uid(1101), state="Scheduled", state_start_time=at(-1))


# ----- the finders of what was lost

LIMITS = {"limit_time": at(-90), "long_limit_time": at(-600)}


def _silent(tx: Any, number: int, **more: Any) -> None:
    values = {"state": "Running", "heartbeat": at(-601), "state_timestamp": at(-700), "updated": at(-601)}
    run(tx, uid(number), **{**values, **more})


@case("runs that were lost", lost.lost_flow_runs, [*found, uid(1201), uid(1204), uid(1205)],
      submitted_limit_time=at(-3600), limit=9, **LIMITS)  # fmt: skip
@case("the runs lost first", lost.lost_flow_runs, found[:2], submitted_limit_time=at(-3600), limit=2, **LIMITS)
def _lost(tx: Any) -> None:
    for number, rank in enumerate(RANKS):
        _silent(tx, 1000 + number, updated=at(rank - 2000))
    _silent(tx, 1100, heartbeat=at(-599))
    _silent(tx, 1101, heartbeat=at(-599), process_id="p", state_timestamp=at(-590))
    _silent(tx, 1102, heartbeat=at(-89), process_id="p")
    _silent(tx, 1103, state="Cancelling")
    _silent(tx, 1104, flow=OFF_FLOW)
    _silent(tx, 1105)
    task_run(tx, uid(2105), run_id=uid(1105), state="Retrying")
    # Beats often, and for a minute and a half not at all.
    _silent(tx, 1201, heartbeat=at(-90), process_id="p", updated=at(-90))
    # Of those who were given to an agent, one waits for an image to be pulled, and its agent is there.
    for number, kind, asked in ((1106, "DockerAgent", -10), (1204, "LocalAgent", -10), (1205, "DockerAgent", -700)):
        insert(tx, "agent", id=uid(number), tenant_id=MINE, type=kind, name="a", last_queried=at(asked))
        _silent(tx, number, state="Submitted", agent_id=uid(number), updated=at(number - 1204))


@case("runs that end in silence", lost.silent_cancelling_runs, found, limit=9, **LIMITS)
@case("the first of those", lost.silent_cancelling_runs, found[:2], limit=2, **LIMITS)
def _cancelling(tx: Any) -> None:
    for number, rank in enumerate(RANKS):
        _silent(tx, 1000 + number, state="Cancelling", updated=at(rank - 2000))
    _silent(tx, 1100, state="Cancelling", heartbeat=at(-599))
    _silent(tx, 1101, state="Running")
    _silent(tx, 1102, state="Cancelling", flow=OFF_FLOW)


@case("heartbeats from the future", lost.flow_runs_ahead, [*found, uid(1200), uid(1201)], future_time=at(60), limit=9)
@case("the first of these", lost.flow_runs_ahead, found[:2], future_time=at(60), limit=2)
def _ahead(tx: Any) -> None:
    for number, rank in enumerate(RANKS):
        _silent(tx, 1000 + number, heartbeat=at(61), updated=at(rank - 2000))
    _silent(tx, 1100, heartbeat=at(60))
    _silent(tx, 1101, heartbeat=at(61), state="Success")
    _silent(tx, 1200, heartbeat=at(61), state="Submitted", updated=at(1))
    _silent(tx, 1201, heartbeat=at(61), state="Cancelling", updated=at(2))


@case("task runs that died", lost.silent_task_runs, [*found, uid(1200)], limit=9, **LIMITS)
@case("the task runs that died first", lost.silent_task_runs, found[:2], limit=2, **LIMITS)
def _silent_tasks(tx: Any) -> None:
    _silent(tx, 3000)
    _silent(tx, 3001, heartbeat=at(-599))
    for number, rank in enumerate(RANKS):
        task_run(tx, uid(1000 + number), run_id=uid(3000), updated=at(rank - 2000))
    task_run(tx, uid(1100), run_id=uid(3001), updated=at(-1))
    task_run(tx, uid(1101), run_id=uid(3000), state="Retrying", updated=at(-1))
    task_run(tx, uid(1102), run_id=uid(3000), task=OFF_TASK, updated=at(-1))
    task_run(tx, uid(1200), run_id=uid(3000), state="Cancelling", updated=at(-1))


# ----- what breaks an SLA

HOOK = uid(61)
SLA = {"hook_id": HOOK, "sla_config_id": uid(71), "limit_time": NOW}


def _sla(tx: Any) -> None:
    for number, group in ((71, GROUP), (72, OTHER_GROUP)):
        insert(
            tx,
            "flow_sla_config",
            id=uid(number),
            tenant_id=MINE,
            name="s",
            kind="SCHEDULED_NOT_STARTED",
            duration_seconds=1,
        )
        insert(
            tx, "flow_group_sla", id=uid(number + 10), tenant_id=MINE, sla_config_id=uid(number), flow_group_id=group
        )
    insert(tx, "action", id=uid(62), tenant_id=MINE, name="a", action_type="PAUSE", action_config={})
    for hook in (HOOK, uid(63)):
        insert(tx, "hook", id=hook, tenant_id=MINE, event_type="E", event_tags={}, action_id=uid(62))


@case("runs that did not begin", automations.late_runs["SCHEDULED_NOT_STARTED"], [*found, uid(1200)], most=9, **SLA)
@case("the first that did not begin", automations.late_runs["SCHEDULED_NOT_STARTED"], found[:2], most=2, **SLA)
def _not_started(tx: Any) -> None:
    _sla(tx)
    for number, rank in enumerate(RANKS):
        run(tx, uid(1000 + number), scheduled_start_time=at(rank - 4))
    run(tx, uid(1200), scheduled_start_time=NOW)
    run(tx, uid(1100), scheduled_start_time=at(0.001))
    run(tx, uid(1101), scheduled_start_time=at(-1), state="Running")
    run(tx, uid(1102), scheduled_start_time=at(-1), start_time=at(-1))
    run(tx, uid(1103), scheduled_start_time=at(-1), tenant=OTHERS, flow=THEIR_FLOW)
    for number, hook in ((1104, HOOK), (1000, uid(63))):
        if number != 1000:
            run(tx, uid(number), scheduled_start_time=at(-1))
        tx.run(outbox.raise_alarm, hook_id=hook, subject=uid(number), created=NOW)


@case("runs that did not end", automations.late_runs["STARTED_NOT_FINISHED"], [*found, uid(1200)], most=9, **SLA)
@case("the first that did not end", automations.late_runs["STARTED_NOT_FINISHED"], found[:2], most=2, **SLA)
def _not_finished(tx: Any) -> None:
    _sla(tx)
    for number, rank in enumerate(RANKS):
        run(tx, uid(1000 + number), state="Running", start_time=at(rank - 4))
    run(tx, uid(1200), state="Cancelling", start_time=NOW)
    run(tx, uid(1100), state="Running", start_time=at(0.001))
    run(tx, uid(1101), state="Scheduled", start_time=at(-1))
    run(tx, uid(1103), state="Running", start_time=at(-1), tenant=OTHERS, flow=THEIR_FLOW)


# ----- what goes with a project or a tenant


@case("flows of a project", clearing.flows_of_project, [*map(uid, (1000, 1001, 1002, 1003, 1010))],
      project_id=uid(19), most=9)  # fmt: skip
def _flows_of_project(tx: Any) -> None:
    insert(tx, "project", id=uid(19), tenant_id=MINE, name="p9")
    for number in (*IN_ORDER, 10):
        values = {"name": "f", "version_group_id": "v9", "archived": False, "is_schedule_active": False}
        insert(
            tx, "flow", id=uid(1000 + number), tenant_id=MINE, project_id=uid(19), flow_group_id=GROUP,
            version=number + 1, **values,
        )  # fmt: skip


# ----- the parts of a run


@case("tasks of a flow after a slug", flows.tasks_for_run, [uid(1001), uid(1002)], flow_id=FLOW, after="b0", most=2)
@case("tasks of a flow", flows.tasks_for_run, [uid(1003), uid(1000), uid(1001), uid(1002)], flow_id=FLOW, after="a",
      most=9)  # fmt: skip
def _tasks(tx: Any) -> None:
    for number, slug in enumerate(("b0", "b1", "b2", "a9")):
        insert(tx, "task", id=uid(1000 + number), tenant_id=MINE, flow_id=FLOW, name="t", slug=slug)
    insert(tx, "task", id=uid(1100), tenant_id=MINE, flow_id=OTHER_FLOW, name="t", slug="b3")


PLACES = {"flow_run_id": RUN, "task_id": TASK}


@case("children at places", runs.task_runs_by_places, found[1:3], **PLACES, first=1001, last=1002)
@case("all children", runs.task_runs_by_places, found, **PLACES, first=1000, last=1003)
def _children(tx: Any) -> None:
    for number, rank in enumerate(RANKS):
        task_run(tx, uid(1000 + number), map_index=1000 + rank)
    task_run(tx, uid(1100), run_id=OTHER_RUN, map_index=1001)
    task_run(tx, uid(1101), task=OTHER_TASK, map_index=1001)


@case("children that were set", restart.task_runs_of_tasks, [*found, uid(1100)], flow_run_id=RUN,
      task_ids=[OTHER_TASK, TASK])  # fmt: skip
@case("children of one task", restart.task_runs_of_tasks, found, flow_run_id=RUN, task_ids=[TASK])
def _set_children(tx: Any) -> None:
    for number, rank in enumerate(RANKS):
        task_run(tx, uid(1000 + number), map_index=1000 + rank, state="Failed")
    task_run(tx, uid(1100), task=OTHER_TASK, state="Success")
    task_run(tx, uid(1101), run_id=OTHER_RUN, state="Failed")
    task_run(tx, uid(1102), state="Pending")
    task_run(tx, uid(1103), task=OFF_TASK, state="Failed")


@case("what has not ended", states.unfinished_task_runs, found, run_id=RUN, most=9)
@case("what has not ended, in parts", states.unfinished_task_runs, found[:2], run_id=RUN, most=2)
def _unfinished(tx: Any) -> None:
    for (number, rank), state in zip(enumerate(RANKS), ("Running", None, "Pending", "Retrying"), strict=True):
        task_run(tx, uid(1000 + number), map_index=1000 + rank, state=state)
    for number, state in enumerate(("Success", "Failed", "Cancelled")):
        task_run(tx, uid(1100 + number), state=state)
    task_run(tx, uid(1110), run_id=OTHER_RUN)


@case("what was closed with its run", states.task_runs_closed_with_it, found, run_id=RUN, beginning="With", most=9)
@case("the first of it", states.task_runs_closed_with_it, found[:1], run_id=RUN, beginning="With", most=1)
def _closed(tx: Any) -> None:
    for number, rank in enumerate(RANKS):
        task_run(tx, uid(1000 + number), map_index=1000 + rank, state="Cancelled", state_message="With its run")
    task_run(tx, uid(1100), state="Cancelled", state_message="By hand")
    task_run(tx, uid(1101), state="Failed", state_message="With its run")
    task_run(tx, uid(1102), state="Cancelled")
    task_run(tx, uid(1103), run_id=OTHER_RUN, state="Cancelled", state_message="With its run")


@case("what is at work", lost.task_runs_in_work, [uid(number) for number in (1000, 1001)], flow_run_id=RUN)
def _at_work(tx: Any) -> None:
    for number in (1, 0):
        task_run(tx, uid(1000 + number), state="Running")
    task_run(tx, uid(1100), state="Retrying")
    task_run(tx, uid(1101), run_id=OTHER_RUN, state="Running")


@case("changes since, and none twice", logs.task_runs_after, [uid(1003), uid(1000), uid(1002)], flow_run_id=RUN,
      since=at(1), after_id=uid(1001), limit=9)  # fmt: skip
@case("the first of them", logs.task_runs_after, [uid(1003), uid(1000)], flow_run_id=RUN, since=at(1),
      after_id=uid(1001), limit=2)  # fmt: skip
def _changes(tx: Any) -> None:
    for number, moment in enumerate((2, 1, 3, 1)):
        task_run(tx, uid(1000 + number), state_timestamp=at(moment))
    task_run(tx, uid(1100), state_timestamp=at(0))
    task_run(tx, uid(1101), run_id=OTHER_RUN, state_timestamp=at(2))


@case("lines for a file", logs.first_sizes_of_file, [uid(1001), uid(1003), uid(1000), uid(1002)], flow_run_id=RUN,
      limit=9)  # fmt: skip
@case("the first of them for a file", logs.first_sizes_of_file, [uid(1001)], flow_run_id=RUN, limit=1)
@case("how long they are", logs.first_sizes_of_file, [3, 4, 2, 5], column="size", flow_run_id=RUN, limit=9)
def _file(tx: Any) -> None:
    for number, (moment, message) in enumerate(((2, "é"), (1, "abc"), (3, "abcde"), (1, "abcd"))):
        values = {"tenant_id": MINE, "seq": 10 + number, "message": message, "timestamp": at(moment)}
        insert(tx, "log", id=uid(1000 + number), flow_run_id=RUN, **values)
    of_another = {"tenant_id": MINE, "seq": 10, "message": "m", "timestamp": NOW}
    insert(tx, "log", id=uid(1100), flow_run_id=OTHER_RUN, **of_another)


@case("what failed, most often first", failures.failures, ["b", "b", "a", "c"], column="state_message",
      flow_run_id=RUN, first=2, most=9)  # fmt: skip
@case("how often", failures.failures, [3, 1, 1], column="count", flow_run_id=RUN, first=1, most=9)
@case("the first that failed so", failures.failures, [uid(1002), uid(1003)], flow_run_id=RUN, first=1, most=2)
@case("the first two that failed so", failures.failures, [uid(1002), uid(1004), uid(1003)], flow_run_id=RUN, first=2,
      most=3)  # fmt: skip
def _failures(tx: Any) -> None:
    for number, (message, moment) in enumerate((("c", 1), ("b", 9), ("b", 2), ("a", 1), ("b", 3))):
        task_run(tx, uid(1000 + number), state="Failed", state_message=message, end_time=at(moment))
    task_run(tx, uid(1100), state="Success", state_message="a", end_time=at(0))
    task_run(tx, uid(1101), run_id=OTHER_RUN, state="Failed", state_message="a", end_time=at(0))


KEY = {"wider": "wide", "scope": "narrow", "key": "k"}


@case("the run of a key", runs.run_of_key_in_scopes, [OTHER_RUN], column="flow_run_id", **KEY)
@case("the run of another key", runs.run_of_key_in_scopes, [RUN], column="flow_run_id", **{**KEY, "key": "l"})
@case("of no key", runs.run_of_key_in_scopes, [], column="flow_run_id", **{**KEY, "key": "m"})
def _keys_of_runs(tx: Any) -> None:
    for scope, key, run_id in (
        ("narrow", "k", RUN), ("wide", "k", OTHER_RUN), ("narrow", "l", RUN), ("another", "m", RUN),
    ):  # fmt: skip
        insert(tx, "run_key", scope=scope, key=key, flow_run_id=run_id)


# ---------------------------------------------------------------------------------------------------------------------

BOTH = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(scope="module", params=BOTH)
def opened(request: Any, databases: Any) -> Iterator[Any]:
    with opened_world(databases, request.param) as inside:
        yield inside


@pytest.mark.parametrize(("make", "statement", "values", "column", "expected"), CASES)
def test_a_statement_finds_its_rows_in_order(
    opened: Any, make: Make, statement: Any, values: dict[str, Any], column: str, expected: list[Any]
) -> None:
    def work(tx: Any) -> list[Any]:
        make(tx)
        found = statement(tx, **values) if callable(statement) else tx.all(statement, **values)
        return [row[column] for row in found]

    assert opened(work) == expected


def delete_ended(tx: Any, most: int) -> int:
    found = tx.all(retention.ended_runs, before=NOW, since=at(-10_000), most=most)
    return sum(clear_flow_run(tx, row["id"]) for row in found)


@pytest.mark.parametrize(("most", "kept"), [(2, [0, 2]), (9, [])])
def test_of_the_runs_that_ended_before_a_time_the_oldest_go_first(opened: Any, most: int, kept: list[int]) -> None:
    others = [1100, 1101, 1102]

    def work(tx: Any) -> tuple[int, list[str]]:
        for number, rank in enumerate(RANKS):
            run(tx, uid(1000 + number), state="Success", created=at(rank - 100), end_time=at(rank - 50))
        run(tx, uid(1100), state="Running", created=at(-200), end_time=None, state_timestamp=at(-200))
        run(tx, uid(1101), state="Success", created=at(-200), end_time=NOW)
        run(tx, uid(1102), state="Success", created=at(-200), end_time=None, state_timestamp=NOW)
        count = delete_ended(tx, most)
        runs = catalogue.flow_run
        left = tx.all(select(runs.c.id).where(runs.c.name == "r").order_by(runs.c.id))
        return count, [row["id"] for row in left if row["id"] >= uid(1000)]

    tidied = opened(lambda tx: (delete_ended(tx, 100), work(tx))[1])
    assert tidied == (min(most, 4), [uid(1000 + number) for number in kept] + [uid(number) for number in others])
