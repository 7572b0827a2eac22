"""Statements about what must leave the process after a commit, and about who wants to hear of what."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, bindparam, delete, exists, or_, select, true, update

from prefect.server.catalogue import (
    PUBLIC,
    action,
    alarm,
    cloud_hook,
    flow,
    flow_run,
    hook,
    outbox,
    tenant,
)
from prefect.server.store.phrases import inserting, value_of

__all__ = [
    "action_by_id",
    "anybody_listens",
    "claim",
    "cloud_hooks_of_tenant",
    "content",
    "delete_old_alarms",
    "due",
    "enter",
    "flow_of_event",
    "hooks_of_tenant",
    "listens",
    "postpone",
    "raise_alarm",
    "remove",
    "run_of_event",
    "tenant_of_event",
]

enter = inserting(outbox, "id", "tenant_id", "kind", "payload", "due_time", "created", "updated")
# Nothing that could be unreadable: some such rows, never taken, would be all that is found.
due = (
    select(outbox.c.id, outbox.c.tenant_id, outbox.c.attempts)
    .where(outbox.c.due_time <= value_of("now", outbox.c.due_time))
    .where(or_(outbox.c.tenant_id.is_(None), outbox.c.tenant_id.not_in(bindparam("busy"))))
    .order_by(outbox.c.due_time)
    .limit(value_of("limit", outbox.c.attempts))
)
content = select(outbox.c.id, outbox.c.kind, outbox.c.payload, outbox.c.created).where(
    outbox.c.id == value_of("outbox_id", outbox.c.id)
)
# One of several replicas that saw the row gets it, until the time by which it will surely have been sent.
claim = (
    update(outbox)
    .where(outbox.c.id == value_of("outbox_id", outbox.c.id))
    .where(outbox.c.attempts == value_of("seen_attempts", outbox.c.attempts))
    .where(outbox.c.due_time <= value_of("now", outbox.c.due_time))
    .values(
        attempts=outbox.c.attempts + 1,
        due_time=value_of("until", outbox.c.due_time),
        updated=value_of("now", outbox.c.updated),
    )
)
postpone = (
    update(outbox)
    .where(outbox.c.id == value_of("outbox_id", outbox.c.id))
    .where(outbox.c.attempts == value_of("seen_attempts", outbox.c.attempts))
    .values(due_time=value_of("until", outbox.c.due_time), updated=value_of("now", outbox.c.updated))
)
remove = delete(outbox).where(outbox.c.id == value_of("outbox_id", outbox.c.id))

# ------------------------------------------------------------------------------------ who wants to hear


# Most tenants have no hook at all, and every state of every run asks: one small statement then.
def listens(tenant_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """Tell whether anything of a tenant listens to states at all."""
    return or_(
        exists().where(cloud_hook.c.tenant_id == tenant_id, cloud_hook.c.active == true()),
        exists().where(hook.c.tenant_id == tenant_id),
    )


anybody_listens = select(listens(value_of("tenant_id", hook.c.tenant_id)).label("found"))
cloud_hooks_of_tenant = (
    select(cloud_hook.c.id, cloud_hook.c.states, cloud_hook.c.version_group_id)
    .where(cloud_hook.c.tenant_id == value_of("tenant_id", cloud_hook.c.tenant_id))
    .where(cloud_hook.c.active == true())
)
hooks_of_tenant = (
    select(hook.c.id, hook.c.event_tags, hook.c.action_id)
    .where(hook.c.tenant_id == value_of("tenant_id", hook.c.tenant_id))
    .where(hook.c.event_type == value_of("event_type", hook.c.event_type))
)
action_by_id = select(
    action.c.id, action.c.tenant_id, action.c.name, action.c.action_type, action.c.action_config
).where(action.c.id == value_of("action_id", action.c.id))

# --------------------------------------------------------------------------------- what an event tells

run_of_event = select(*PUBLIC["flow_run"].columns.values()).where(
    flow_run.c.id == value_of("flow_run_id", flow_run.c.id)
)
flow_of_event = select(
    flow.c.id, flow.c.name, flow.c.version, flow.c.flow_group_id, flow.c.version_group_id, flow.c.project_id
).where(flow.c.id == value_of("flow_id", flow.c.id))
tenant_of_event = select(tenant.c.id, tenant.c.slug, tenant.c.name).where(
    tenant.c.id == value_of("tenant_id", tenant.c.id)
)

# ---------------------------------------------------------------------------------------------- alarms

raise_alarm = inserting(alarm, "hook_id", "subject", "created").on_conflict_do_nothing(
    index_elements=["hook_id", "subject"]
)
delete_old_alarms = delete(alarm).where(alarm.c.created < value_of("before", alarm.c.created))
