"""Statements about automations: actions, the hooks that call for them, and what they watch."""

from __future__ import annotations

from sqlalchemy import Text, cast, delete, exists, false, select

from prefect.model.state_facts import RUNNING, TO_BE_STARTED
from prefect.server.catalogue import (
    action,
    agent,
    alarm,
    flow,
    flow_group,
    flow_group_sla,
    flow_run,
    flow_sla_config,
    hook,
    message,
)
from prefect.server.store.phrases import among, inserting, value_of

__all__ = [
    "agent_of_tenant",
    "delete_action",
    "delete_hook",
    "group_of_flow",
    "group_of_tenant",
    "hooks_of_type",
    "insert_action",
    "insert_hook",
    "insert_message",
    "insert_sla_config",
    "late_runs",
    "put_group_sla",
    "put_message",
    "run_of_tenant",
    "scheduled_flows_of_group",
    "silent_agents",
    "sla_config_by_id",
]

_TENANT_OF_HOOK = hook.c.tenant_id == value_of("tenant_id", hook.c.tenant_id)

insert_action = inserting(action, "id", "tenant_id", "name", "action_type", "action_config", "created", "updated")
delete_action = delete(action).where(
    action.c.id == value_of("action_id", action.c.id), action.c.tenant_id == value_of("tenant_id", action.c.tenant_id)
)
insert_hook = inserting(hook, "id", "tenant_id", "event_type", "event_tags", "action_id", "created", "updated")
delete_hook = delete(hook).where(hook.c.id == value_of("hook_id", hook.c.id), _TENANT_OF_HOOK)
insert_sla_config = inserting(
    flow_sla_config, "id", "tenant_id", "name", "kind", "duration_seconds", "created", "updated"
)
sla_config_by_id = select(flow_sla_config.c.id, flow_sla_config.c.kind, flow_sla_config.c.duration_seconds).where(
    flow_sla_config.c.id == value_of("sla_config_id", flow_sla_config.c.id),
    flow_sla_config.c.tenant_id == value_of("tenant_id", flow_sla_config.c.tenant_id),
)
put_group_sla = (
    inserting(flow_group_sla, "id", "tenant_id", "sla_config_id", "flow_group_id", "created", "updated")
    .on_conflict_do_update(
        index_elements=["sla_config_id", "flow_group_id"],
        set_={"updated": value_of("updated", flow_group_sla.c.updated)},
    )
    .returning(flow_group_sla.c.id)
)
group_of_tenant = select(flow_group.c.id).where(
    flow_group.c.id == value_of("flow_group_id", flow_group.c.id),
    flow_group.c.tenant_id == value_of("tenant_id", flow_group.c.tenant_id),
)
run_of_tenant = select(flow_run.c.id).where(
    flow_run.c.id == value_of("flow_run_id", flow_run.c.id),
    flow_run.c.tenant_id == value_of("tenant_id", flow_run.c.tenant_id),
)
agent_of_tenant = select(agent.c.id).where(
    agent.c.id == value_of("agent_id", agent.c.id), agent.c.tenant_id == value_of("tenant_id", agent.c.tenant_id)
)
insert_message = inserting(message, "id", "tenant_id", "type", "text", "content", "created", "updated")
# What is told again is unread again, and says the newest.
put_message = insert_message.on_conflict_do_update(
    index_elements=["id"],
    set_={
        "text": value_of("text", message.c.text),
        "content": value_of("content", message.c.content),
        "updated": value_of("updated", message.c.updated),
        "read": false(),
    },
)

# ------------------------------------------------------------------------------------- what breaks an SLA

hooks_of_type = select(hook.c.id, hook.c.tenant_id, hook.c.event_tags, hook.c.action_id, hook.c.created).where(
    hook.c.event_type == value_of("event_type", hook.c.event_type)
)

# A pair that names another tenant's flow group, as a fault may leave it, tells nobody of that tenant's runs.
_watched = (
    flow_run.join(flow, flow.c.id == flow_run.c.flow_id)
    .join(flow_group_sla, flow_group_sla.c.flow_group_id == flow.c.flow_group_id)
    .join(
        flow_sla_config,
        (flow_sla_config.c.id == flow_group_sla.c.sla_config_id)
        & (flow_sla_config.c.tenant_id == flow_run.c.tenant_id),
    )
)
_told = exists().where(
    alarm.c.hook_id == value_of("hook_id", alarm.c.hook_id), alarm.c.subject == cast(flow_run.c.id, Text)
)
_late = (
    select(flow_run.c.id, flow_run.c.flow_id)
    .select_from(_watched)
    .where(flow_group_sla.c.sla_config_id == value_of("sla_config_id", flow_group_sla.c.sla_config_id))
    .where(~_told)
    .limit(value_of("most", flow_run.c.version))
)
#: By kind of SLA: runs that should have begun, or ended, by now, and that were not told of.
late_runs = {
    "SCHEDULED_NOT_STARTED": _late.where(among(flow_run.c.state, TO_BE_STARTED))
    .where(flow_run.c.start_time.is_(None))
    .where(flow_run.c.scheduled_start_time <= value_of("limit_time", flow_run.c.scheduled_start_time))
    .order_by(flow_run.c.scheduled_start_time),
    "STARTED_NOT_FINISHED": _late.where(among(flow_run.c.state, RUNNING))
    .where(flow_run.c.start_time <= value_of("limit_time", flow_run.c.start_time))
    .order_by(flow_run.c.start_time),
}
silent_agents = (
    select(agent.c.id, agent.c.name, agent.c.type, agent.c.labels, agent.c.last_queried)
    .where(agent.c.tenant_id == value_of("tenant_id", agent.c.tenant_id))
    .where(agent.c.last_queried <= value_of("limit_time", agent.c.last_queried))
    .where(agent.c.last_queried > value_of("since", agent.c.last_queried))  # those gone before are no news
    .order_by(agent.c.last_queried)
)
# Of a flow group that an action is about: the version whose schedule is on.
scheduled_flows_of_group = (
    select(flow.c.id)
    .where(flow.c.flow_group_id == value_of("flow_group_id", flow.c.flow_group_id))
    .where(flow.c.tenant_id == value_of("tenant_id", flow.c.tenant_id))
    .where(flow.c.is_schedule_active)
)
group_of_flow = select(flow.c.flow_group_id, flow.c.tenant_id).where(flow.c.id == value_of("flow_id", flow.c.id))
