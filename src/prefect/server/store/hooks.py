"""Statements about hooks and messages."""

from __future__ import annotations

from sqlalchemy import delete, select

from prefect.server.catalogue import cloud_hook, message
from prefect.server.store.phrases import inserting, updating, value_of

__all__ = [
    "delete_hook",
    "delete_message",
    "hook_by_id",
    "insert_hook",
    "insert_message",
    "set_hook_active",
    "set_message_read",
    "update_hook",
    "whole_hook",
]

insert_hook = inserting(
    cloud_hook, "id", "tenant_id", "name", "type", "states", "config", "version_group_id", "created", "updated"
)
hook_by_id = select(
    cloud_hook.c.id, cloud_hook.c.tenant_id, cloud_hook.c.type, cloud_hook.c.config, cloud_hook.c.active
).where(cloud_hook.c.id == value_of("cloud_hook_id", cloud_hook.c.id))
whole_hook = select(cloud_hook).where(cloud_hook.c.id == value_of("cloud_hook_id", cloud_hook.c.id))
# What was read is written whole: of two who change it at one moment, the second finds no row.
update_hook = updating(cloud_hook, "name", "states", "config", "version_group_id", row="cloud_hook_id").where(
    cloud_hook.c.updated == value_of("seen_updated", cloud_hook.c.updated)
)
set_hook_active = updating(cloud_hook, "active", row="cloud_hook_id")
delete_hook = delete(cloud_hook).where(cloud_hook.c.id == value_of("cloud_hook_id", cloud_hook.c.id))

insert_message = inserting(message, "id", "tenant_id", "type", "text", "content", "created", "updated")
set_message_read = updating(message, "read", row="message_id")
delete_message = delete(message).where(message.c.id == value_of("message_id", message.c.id))
