"""Statements about the key-value store and the limits on task tags and flow labels."""

from __future__ import annotations

from sqlalchemy import delete

from prefect.server.catalogue import key_value, task_tag_limit
from prefect.server.store.phrases import inserting, value_of

__all__ = [
    "delete_key_value",
    "delete_task_tag_limit",
    "put_key_value",
    "put_task_tag_limit",
]

_key_value = inserting(key_value, "id", "tenant_id", "key", "value", "created", "updated")
put_key_value = _key_value.on_conflict_do_update(
    index_elements=["tenant_id", "key"],
    set_={"value": _key_value.excluded.value, "updated": _key_value.excluded.updated},
).returning(key_value.c.id)
delete_key_value = delete(key_value).where(
    key_value.c.id == value_of("key_value_id", key_value.c.id),
    key_value.c.tenant_id == value_of("tenant_id", key_value.c.tenant_id),
)

_task_tag_limit = inserting(task_tag_limit, "id", "tenant_id", "tag", "limit", "created", "updated")
put_task_tag_limit = _task_tag_limit.on_conflict_do_update(
    index_elements=["tenant_id", "tag"],
    set_={"limit": _task_tag_limit.excluded.limit, "updated": _task_tag_limit.excluded.updated},
).returning(task_tag_limit.c.id)
delete_task_tag_limit = delete(task_tag_limit).where(
    task_tag_limit.c.id == value_of("limit_id", task_tag_limit.c.id),
    task_tag_limit.c.tenant_id == value_of("tenant_id", task_tag_limit.c.tenant_id),
)
