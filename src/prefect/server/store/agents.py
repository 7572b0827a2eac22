"""Statements about agents and their configurations."""

from __future__ import annotations

from sqlalchemy import delete, select, update

from prefect.server.catalogue import agent, agent_config
from prefect.server.store.phrases import inserting, updating, value_of

__all__ = [
    "agents_of_kind",
    "delete_agent",
    "delete_agent_config",
    "insert_agent",
    "insert_agent_config",
    "mark_queried",
    "set_agent_config",
]

insert_agent = inserting(
    agent,
    "id",
    "tenant_id",
    "agent_config_id",
    "type",
    "name",
    "labels",
    "core_version",
    "last_queried",
    "created",
    "updated",
)
agents_of_kind = (
    select(agent.c.id, agent.c.name, agent.c.core_version, agent.c.labels)
    .where(agent.c.tenant_id == value_of("tenant_id", agent.c.tenant_id))
    .where(agent.c.type == value_of("type", agent.c.type))
    .order_by(agent.c.created, agent.c.id)
)
mark_queried = (
    update(agent)
    .where(agent.c.id == value_of("agent_id", agent.c.id))
    .values(last_queried=value_of("now", agent.c.last_queried), updated=value_of("now", agent.c.updated))
)
delete_agent = delete(agent).where(agent.c.id == value_of("agent_id", agent.c.id))

insert_agent_config = inserting(agent_config, "id", "tenant_id", "name", "settings", "created", "updated")
set_agent_config = {
    "name": updating(agent_config, "name", row="agent_config_id"),
    "settings": updating(agent_config, "settings", row="agent_config_id"),
}
delete_agent_config = delete(agent_config).where(agent_config.c.id == value_of("agent_config_id", agent_config.c.id))
