"""The key-value store, and how many task runs with a tag may run at one time."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from prefect.server.actions import slots
from prefect.server.actions.checks import check_name, found, new_id, size_of
from prefect.server.errors import ApiError, BadInput
from prefect.server.store import limits
from prefect.server.store.database import Transaction

__all__ = ["delete_key_value", "delete_task_tag_limit", "set_key_value", "update_task_tag_limit"]

VALUE_MAX_BYTES = 10_000


def set_key_value(tx: Transaction, now: datetime, *, tenant_id: str, key: str, value: Any) -> str:
    """Keep a JSON value under a key, in the place of the one before; gives the row's id."""
    check_name("key", key)
    if value is None:
        raise BadInput("value", "a JSON value other than null", None)
    if size_of("value", value) > VALUE_MAX_BYTES:
        raise ApiError("Value payload exceedes 10 KB limit.", "BAD_USER_INPUT")
    row = tx.one(limits.put_key_value, id=new_id(), tenant_id=tenant_id, key=key, value=value, created=now, updated=now)
    return str(found(row, "The value could not be kept.")["id"])


def delete_key_value(tx: Transaction, now: datetime, *, tenant_id: str, key_value_id: str) -> bool:
    """Forget a key and its value."""
    return tx.run(limits.delete_key_value, tenant_id=tenant_id, key_value_id=key_value_id) > 0


def update_task_tag_limit(tx: Transaction, now: datetime, *, tenant_id: str, tag: str, limit: int) -> str:
    """Set how many task runs with this tag may run at one time; gives the row's id."""
    return slots.set_limit(tx, now, tenant_id=tenant_id, kind=slots.TASK, name=tag, limit=limit)


def delete_task_tag_limit(tx: Transaction, now: datetime, *, tenant_id: str, limit_id: str) -> bool:
    """Take a limit away."""
    return slots.delete_limit(tx, now, tenant_id=tenant_id, kind=slots.TASK, limit_id=limit_id)
