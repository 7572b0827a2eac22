"""Statements about limits, and the places under them that runs have taken."""

from __future__ import annotations

from sqlalchemy import delete, func, literal_column, select
from sqlalchemy.dialects.postgresql import insert

from prefect.model.state_facts import RUNNING
from prefect.server.catalogue import (
    flow,
    flow_concurrency_limit,
    flow_group,
    flow_run,
    slot,
    task,
    task_run,
    task_tag_limit,
)
from prefect.server.store.lost import has_pending_work, is_switched_off, silent
from prefect.server.store.phrases import among, inserting, is_within, value_of

__all__ = [
    "FLOW",
    "TASK",
    "any_lapsed_slot",
    "delete_flow_limit",
    "delete_slots_of_limit",
    "enter_running",
    "holders",
    "labels_of_flow_run",
    "lapsed_slots",
    "limit_by_id",
    "limits_of_tenant",
    "locked_limit",
    "overdue_queued_runs",
    "put_flow_limit",
    "queued_run_now",
    "release",
    "release_of_flow_run",
    "tags_of_task_run",
    "take",
    "usage",
]

FLOW, TASK = "flow", "task"

_names = {FLOW: flow_concurrency_limit.c.name, TASK: task_tag_limit.c.tag}
_tables = {FLOW: flow_concurrency_limit, TASK: task_tag_limit}

limits_of_tenant = {
    kind: select(_names[kind].label("name"), table.c.limit).where(
        table.c.tenant_id == value_of("tenant_id", table.c.tenant_id)
    )
    for kind, table in _tables.items()
}
limit_by_id = {
    kind: select(_names[kind].label("name")).where(
        table.c.id == value_of("limit_id", table.c.id), table.c.tenant_id == value_of("tenant_id", table.c.tenant_id)
    )
    for kind, table in _tables.items()
}
# Who wants a place under a limit waits here for the others who do: the limit's row is the lock.
locked_limit = {
    kind: select(table.c.limit)
    .where(table.c.tenant_id == value_of("tenant_id", table.c.tenant_id))
    .where(_names[kind] == value_of("name", _names[kind]))
    .with_for_update()
    for kind, table in _tables.items()
}

_flow_limit = inserting(flow_concurrency_limit, "id", "tenant_id", "name", "limit", "created", "updated")
put_flow_limit = _flow_limit.on_conflict_do_update(
    index_elements=["tenant_id", "name"],
    set_={"limit": _flow_limit.excluded.limit, "updated": _flow_limit.excluded.updated},
).returning(flow_concurrency_limit.c.id)
delete_flow_limit = delete(flow_concurrency_limit).where(
    flow_concurrency_limit.c.id == value_of("limit_id", flow_concurrency_limit.c.id),
    flow_concurrency_limit.c.tenant_id == value_of("tenant_id", flow_concurrency_limit.c.tenant_id),
)

# ----------------------------------------------------------------------------------------- places

_of_limit = (
    (slot.c.tenant_id == value_of("tenant_id", slot.c.tenant_id))
    & (slot.c.kind == value_of("kind", slot.c.kind))
    & (slot.c.name == value_of("name", slot.c.name))
)
usage = select(func.count().label("count")).select_from(slot).where(_of_limit)
take = inserting(slot, "kind", "tenant_id", "name", "run_id", "flow_run_id", "taken_time").on_conflict_do_nothing(
    index_elements=["run_id", "name"]
)
release = delete(slot).where(slot.c.run_id == value_of("run_id", slot.c.run_id))
release_of_flow_run = delete(slot).where(slot.c.flow_run_id == value_of("flow_run_id", slot.c.flow_run_id))
delete_slots_of_limit = delete(slot).where(_of_limit)

labels_of_flow_run = select(flow_run.c.labels).where(flow_run.c.id == value_of("run_id", flow_run.c.id))
tags_of_task_run = (
    select(task.c.tags)
    .select_from(task_run.join(task, task.c.id == task_run.c.task_id))
    .where(task_run.c.id == value_of("run_id", task_run.c.id))
)

_columns = ["kind", "tenant_id", "name", "run_id", "flow_run_id", "taken_time"]
_name = value_of("name", slot.c.name)
_member = value_of("member", flow_run.c.labels)  # the name, as a list of one

_running_flow_runs = (
    select(
        literal_column("'flow'"),
        flow_run.c.tenant_id,
        _name,
        flow_run.c.id,
        flow_run.c.id.label("of_flow_run"),
        func.coalesce(flow_run.c.state_timestamp, flow_run.c.created),
    )
    .where(flow_run.c.tenant_id == value_of("tenant_id", flow_run.c.tenant_id))
    .where(among(flow_run.c.state, RUNNING))
    .where(is_within(_member, flow_run.c.labels))
)
_running_task_runs = (
    select(
        literal_column("'task'"),
        flow_run.c.tenant_id,
        _name,
        task_run.c.id,
        flow_run.c.id.label("of_flow_run"),
        func.coalesce(task_run.c.state_timestamp, task_run.c.created),
    )
    .select_from(
        task_run.join(flow_run, flow_run.c.id == task_run.c.flow_run_id).join(task, task.c.id == task_run.c.task_id)
    )
    .where(flow_run.c.tenant_id == value_of("tenant_id", flow_run.c.tenant_id))
    .where(among(task_run.c.state, RUNNING))
    .where(is_within(_member, task.c.tags))
)
#: What runs already when a limit is set counts under it.
enter_running = {
    kind: insert(slot).from_select(_columns, source).on_conflict_do_nothing(index_elements=["run_id", "name"])
    for kind, source in ((FLOW, _running_flow_runs), (TASK, _running_task_runs))
}

holders = (
    select(
        slot.c.kind,
        slot.c.name,
        slot.c.run_id,
        slot.c.flow_run_id,
        slot.c.taken_time,
        flow_run.c.name.label("flow_run_name"),
    )
    .select_from(slot.join(flow_run, flow_run.c.id == slot.c.flow_run_id))
    .where(_of_limit)
    .order_by(slot.c.taken_time, slot.c.run_id)
    .limit(value_of("most", flow_run.c.version))
)

# Places whose holder has not beaten for longer than is allowed, although it should: nobody may end such a run when
# the finder of lost runs is switched off for it, and its place would be taken for ever.
_lapsed = (
    select(slot.c.flow_run_id)
    .select_from(
        slot.join(flow_run, flow_run.c.id == slot.c.flow_run_id)
        .join(flow, flow.c.id == flow_run.c.flow_id)
        .join(flow_group, flow_group.c.id == flow.c.flow_group_id)
    )
    .where(silent)
    .where(~is_switched_off(flow_group.c.settings, literal_column("'heartbeat_enabled'")))
    .where(is_switched_off(flow_group.c.settings, literal_column("'lazarus_enabled'")))
    .where(~has_pending_work)  # its process went home on purpose, and the run keeps its place
)
any_lapsed_slot = _lapsed.limit(1)
lapsed_slots = delete(slot).where(slot.c.flow_run_id.in_(_lapsed))

# Runs whose process waited for a place and did not come back to ask again.
overdue_queued_runs = (
    select(flow_run.c.id, flow_run.c.version)
    .where(flow_run.c.state == "Queued")
    .where(flow_run.c.state_start_time <= value_of("before", flow_run.c.state_start_time))
    .order_by(flow_run.c.state_start_time)
    .limit(value_of("most", flow_run.c.version))
)
queued_run_now = (
    select(flow_run.c.version, flow_run.c.state, flow_run.c.state_start_time)
    .where(flow_run.c.id == value_of("run_id", flow_run.c.id))
    .with_for_update(key_share=True)
)
