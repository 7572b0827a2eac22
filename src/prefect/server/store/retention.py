"""Statements that delete what is old."""

from __future__ import annotations

from sqlalchemy import delete, func, select

from prefect.model.state_facts import FINISHED
from prefect.server.catalogue import flow_run, message, tenant
from prefect.server.store.phrases import among, value_of

__all__ = ["delete_old_messages", "ended_runs", "tenants"]

_before = value_of("before", flow_run.c.created)
# A run that ended before a time was created before it, and an index over that gives the oldest first.  The state is
# hidden from the planner: by its index all that ever ended would be found, and sorted, for each small part.
ended_runs = (
    select(flow_run.c.id, flow_run.c.created)
    .where(flow_run.c.created < _before)
    .where(flow_run.c.created >= value_of("since", flow_run.c.created))
    .where(among(func.coalesce(flow_run.c.state, ""), FINISHED))
    .where(func.coalesce(flow_run.c.end_time, flow_run.c.state_timestamp, flow_run.c.created) < _before)
    .order_by(flow_run.c.created)
    .limit(value_of("most", flow_run.c.version))
)
tenants = select(tenant.c.id)
# Tenant by tenant, because the index over the time begins with the tenant.
delete_old_messages = delete(message).where(
    message.c.id.in_(
        select(message.c.id)
        .where(message.c.tenant_id == value_of("tenant_id", message.c.tenant_id))
        .where(message.c.created < value_of("before", message.c.created))
        .limit(value_of("most", flow_run.c.version))
    )
)
