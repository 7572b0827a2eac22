"""Statements that delete what is old."""

from __future__ import annotations

from sqlalchemy import delete, func, select

from prefect.model.state_facts import FINISHED
from prefect.server.catalogue import flow_run, message
from prefect.server.store.phrases import among, value_of

__all__ = ["delete_ended_runs", "delete_old_messages"]

_before = value_of("before", flow_run.c.created)

# A run that ended before a time was created before it, which an index knows.  Task runs, states and logs go with it.
delete_ended_runs = delete(flow_run).where(
    flow_run.c.id.in_(
        select(flow_run.c.id)
        .where(flow_run.c.created < _before)
        .where(among(flow_run.c.state, FINISHED))
        .where(func.coalesce(flow_run.c.end_time, flow_run.c.state_timestamp, flow_run.c.created) < _before)
        .order_by(flow_run.c.created)
        .limit(value_of("most", flow_run.c.version))
    )
)
delete_old_messages = delete(message).where(message.c.created < value_of("before", message.c.created))
