"""Statements about flows, their groups, tasks and edges."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    delete,
    exists,
    false,
    func,
    or_,
    select,
    true,
    update,
)

from prefect.server.catalogue import edge, flow, flow_group, flow_run, project, run_key, task, task_run
from prefect.server.store.outbox import listens
from prefect.server.store.phrases import inserting, updating, value_of

__all__ = [
    "active_flows",
    "archive_flow",
    "count_tasks",
    "delete_flow",
    "delete_flow_group",
    "document_of_flow",
    "flow_by_id",
    "flow_for_run_by_flow",
    "flow_for_run_by_flow_and_key",
    "flow_for_run_by_group",
    "flow_for_run_by_version_group",
    "flow_for_run_by_version_group_of_tenant",
    "flow_for_schedule",
    "flows_of_group",
    "group_by_id",
    "group_by_name",
    "hide",
    "insert_edge",
    "insert_flow",
    "insert_flow_group",
    "insert_task",
    "latest_in_version_group",
    "restore",
    "retire",
    "set_group_column",
    "task_ids_by_slug",
    "tasks_for_run",
    "tasks_without_run",
]

insert_flow_group = inserting(
    flow_group, "id", "tenant_id", "name", "settings", "default_parameters", "created", "updated"
).on_conflict_do_nothing(index_elements=["tenant_id", "name"])

# Registrations of one version group follow each other: the group's row is the lock.
group_by_name = (
    select(flow_group.c.id, flow_group.c.settings, flow_group.c.schedule)
    .where(flow_group.c.tenant_id == value_of("tenant_id", flow_group.c.tenant_id))
    .where(flow_group.c.name == value_of("name", flow_group.c.name))
    .with_for_update()
)
group_by_id = (
    select(flow_group.c.id, flow_group.c.tenant_id, flow_group.c.settings)
    .where(flow_group.c.id == value_of("flow_group_id", flow_group.c.id))
    .with_for_update()
)
set_group_column = {
    name: updating(flow_group, name, row="flow_group_id")
    for name in ("settings", "default_parameters", "labels", "description", "run_config", "schedule", "priority")
}
delete_flow_group = delete(flow_group).where(flow_group.c.id == value_of("flow_group_id", flow_group.c.id))

# The version group of the newest flow of this name, archived or not: a name goes on where it was left.
version_group_by_name = (
    select(flow.c.version_group_id)
    .where(flow.c.project_id == value_of("project_id", flow.c.project_id))
    .where(flow.c.name == value_of("name", flow.c.name))
    .order_by(flow.c.created.desc(), flow.c.version.desc())
    .limit(1)
)
latest_in_version_group = select(func.max(flow.c.version).label("version")).where(
    flow.c.version_group_id == value_of("version_group_id", flow.c.version_group_id),
    flow.c.tenant_id == value_of("tenant_id", flow.c.tenant_id),
)
newest_unarchived_of_group = (
    select(flow.c.id)
    .where(flow.c.flow_group_id == value_of("flow_group_id", flow.c.flow_group_id))
    .where(flow.c.archived == false())
    .order_by(flow.c.version.desc())
    .limit(1)
)
other_unarchived_of_group = (
    select(flow.c.id)
    .where(flow.c.flow_group_id == value_of("flow_group_id", flow.c.flow_group_id))
    .where(flow.c.archived == false())
    .where(flow.c.id != value_of("kept_id", flow.c.id))
    .order_by(flow.c.version)
)
flows_of_group = (
    select(flow.c.id, flow.c.archived, flow.c.is_schedule_active)
    .where(flow.c.flow_group_id == value_of("flow_group_id", flow.c.flow_group_id))
    .order_by(flow.c.version)
)

insert_flow = inserting(
    flow,
    "id",
    "tenant_id",
    "project_id",
    "flow_group_id",
    "version_group_id",
    "version",
    "name",
    "description",
    "serialized_flow",
    "environment",
    "run_config",
    "core_version",
    "storage",
    "parameters",
    "schedule",
    "settings",
    "idempotency_key",
    "created",
    "updated",
)
flow_by_id = (
    select(
        flow.c.id,
        flow.c.tenant_id,
        flow.c.flow_group_id,
        flow.c.archived,
        flow.c.is_schedule_active,
    )
    .where(flow.c.id == value_of("flow_id", flow.c.id))
    .with_for_update()
)
# The document may be of many megabytes: only who changes it reads it.
document_of_flow = select(flow.c.serialized_flow).where(flow.c.id == value_of("flow_id", flow.c.id))
# A flow that is being deleted starts no more.
retire = (
    update(flow)
    .where(flow.c.id == value_of("flow_id", flow.c.id))
    .where(or_(flow.c.archived == false(), flow.c.is_schedule_active == true()))
    .values(archived=true(), is_schedule_active=false())
)
# A version without a number, whose rows are still to come, is no version yet.
hide = update(flow).where(flow.c.id == value_of("flow_id", flow.c.id)).values(archived=true(), version=None)
# The version that was begun in other transactions is complete.
restore = updating(flow, "version", row="flow_id", archived=false())
archive_flow = updating(flow, "archived", row="flow_id")
set_schedule_active = updating(flow, "is_schedule_active", row="flow_id")
set_serialized_flow = updating(flow, "serialized_flow", row="flow_id")
set_flow_project = updating(flow, "project_id", row="flow_id")
set_settings_of_group_flows = (
    update(flow)
    .where(flow.c.flow_group_id == value_of("group_id", flow.c.flow_group_id))
    .values(settings=value_of("settings", flow.c.settings), updated=value_of("now", flow.c.updated))
)
delete_flow = delete(flow).where(flow.c.id == value_of("flow_id", flow.c.id))

move_is_allowed = (
    select(flow.c.id)
    .select_from(flow.join(project, project.c.tenant_id == flow.c.tenant_id))
    .where(flow.c.id == value_of("flow_id", flow.c.id))
    .where(project.c.id == value_of("project_id", project.c.id))
)

# ------------------------------------------------------------------ what a new run takes from its flow

_for_run = select(
    flow.c.id,
    flow.c.tenant_id,
    flow.c.flow_group_id,
    flow.c.version_group_id,
    flow.c.archived,
    flow.c.parameters,
    flow.c.run_config,
    flow.c.environment,
    flow_group.c.labels.label("group_labels"),
    flow_group.c.run_config.label("group_run_config"),
    flow_group.c.default_parameters.label("group_parameters"),
    flow_group.c.priority.label("group_priority"),
).select_from(flow.join(flow_group, flow_group.c.id == flow.c.flow_group_id))

_newest = _for_run.where(flow.c.archived == false()).order_by(flow.c.version.desc()).limit(1)
_of_version_group = _newest.where(flow.c.version_group_id == value_of("version_group_id", flow.c.version_group_id))


def _asked(chosen: Select[Any], *more: Callable[[FromClause], ColumnElement[Any]]) -> Select[Any]:
    """Ask in the same statement what else a new run needs to know.

    ``is_large``: it has more tasks than are made with it; ``is_heard``: somebody wants to hear of its states.
    """
    found = chosen.subquery("found")
    # The place after those that there may be, so that no more of them are looked at.
    beyond = (
        select(task.c.id)
        .where(task.c.flow_id == found.c.id)
        .order_by(task.c.slug)
        .limit(1)
        .offset(value_of("most", flow.c.version))
    )
    columns = exists(beyond).label("is_large"), listens(found.c.tenant_id).label("is_heard")
    return select(*found.c, *columns, *(column(found) for column in more))


def _known_run(found: FromClause) -> ColumnElement[Any]:
    of_scope = run_key.c.scope == value_of("scope", run_key.c.scope)
    run_of_key = select(run_key.c.flow_run_id).where(of_scope, run_key.c.key == value_of("key", run_key.c.key))
    return run_of_key.scalar_subquery().label("known_run_id")


flow_for_run_by_flow = _asked(_for_run.where(flow.c.id == value_of("flow_id", flow.c.id)))
#: Also the run that was made with this key before.
flow_for_run_by_flow_and_key = _asked(_for_run.where(flow.c.id == value_of("flow_id", flow.c.id)), _known_run)
flow_for_run_by_group = _asked(_newest.where(flow.c.flow_group_id == value_of("flow_group_id", flow.c.flow_group_id)))
flow_for_run_by_version_group = _asked(_of_version_group)
flow_for_run_by_version_group_of_tenant = _asked(
    _of_version_group.where(flow.c.tenant_id == value_of("tenant_id", flow.c.tenant_id))
)

# In the order of an index, which gives a part of them as fast.
tasks_for_run = (
    select(task.c.id, task.c.tenant_id, task.c.cache_key, task.c.slug)
    .where(task.c.flow_id == value_of("flow_id", task.c.flow_id))
    .where(task.c.slug > value_of("after", task.c.slug))
    .order_by(task.c.slug)
    .limit(value_of("most", flow.c.version))
)
tasks_without_run = tasks_for_run.where(
    # Task by task, by index: PostgreSQL would plan a join by figures that a table that grows quickly does not have yet.
    select(func.count())
    .where(task_run.c.flow_run_id == value_of("flow_run_id", task_run.c.flow_run_id))
    .where(task_run.c.task_id == task.c.id)
    .where(task_run.c.map_index == -1)
    .scalar_subquery()
    == 0
)
count_tasks = select(func.count().label("count")).where(task.c.flow_id == value_of("flow_id", task.c.flow_id))

# ------------------------------------------------------------------------------------ tasks and edges

insert_task = inserting(
    task,
    "id",
    "tenant_id",
    "flow_id",
    "name",
    "slug",
    "type",
    "max_retries",
    "retry_delay",
    "trigger",
    "mapped",
    "auto_generated",
    "cache_key",
    "is_root_task",
    "is_terminal_task",
    "is_reference_task",
    "tags",
    "created",
    "updated",
).on_conflict_do_nothing(index_elements=["flow_id", "slug"])
task_ids_by_slug = select(task.c.slug, task.c.id).where(task.c.flow_id == value_of("flow_id", task.c.flow_id))

# Several keyed edges may join two tasks; the table, which serves the display, keeps the first.
insert_edge = inserting(
    edge,
    "id",
    "tenant_id",
    "flow_id",
    "upstream_task_id",
    "downstream_task_id",
    "key",
    "mapped",
    "created",
    "updated",
).on_conflict_do_nothing(index_elements=["flow_id", "downstream_task_id", "upstream_task_id"])

# ---------------------------------------------------------------------------------------- schedules

_for_schedule = select(
    flow.c.id,
    flow.c.tenant_id,
    flow.c.archived,
    flow.c.is_schedule_active,
    flow.c.schedule,
    flow.c.parameters,
    flow.c.flow_group_id,
    flow_group.c.schedule.label("group_schedule"),
    flow_group.c.default_parameters.label("group_parameters"),
).select_from(flow.join(flow_group, flow_group.c.id == flow.c.flow_group_id))

flow_for_schedule = _for_schedule.where(flow.c.id == value_of("flow_id", flow.c.id))
active_flows = (
    _for_schedule.where(flow.c.is_schedule_active == true())
    .where(flow.c.archived == false())
    .where(flow.c.id > value_of("after_id", flow.c.id))
    .order_by(flow.c.id)
    .limit(value_of("limit", flow.c.version))
)
latest_auto_scheduled = (
    select(func.max(flow_run.c.scheduled_start_time).label("start"))
    .where(flow_run.c.flow_id == value_of("flow_id", flow_run.c.flow_id))
    .where(flow_run.c.auto_scheduled == true())
)
waiting_runs_of_flow = (
    select(flow_run.c.id)
    .where(flow_run.c.flow_id == value_of("flow_id", flow_run.c.flow_id))
    .where(flow_run.c.state == "Scheduled")
    .limit(value_of("most", flow_run.c.version))
)
