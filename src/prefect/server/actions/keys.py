"""API keys: made, listed by GraphQL's table ``auth_api_key``, revoked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from prefect.server.actions.checks import check_name, found, new_id
from prefect.server.auth import KEYS_TOPIC, ROLES, hash_of, new_key
from prefect.server.errors import BadInput
from prefect.server.store import keys, tenants
from prefect.server.store.database import Transaction

__all__ = ["create_key", "delete_key", "key_by_id"]

# How old ``last_used`` may get before a use is noted again: a use must not cost a write each time.
USED_SECONDS = 60.0


def create_key(
    tx: Transaction,
    now: datetime,
    *,
    name: str,
    role: str = "admin",
    tenant_id: str | None,
    default_tenant_id: str | None = None,
    user_id: str | None = None,
    expires_at: datetime | None = None,
) -> tuple[str, str]:
    """Make a key; gives its id and its text, which is kept nowhere.

    Args:
        tenant_id: the only tenant that its holder sees; None: all of them, ``default_tenant_id`` unless one is named.
        user_id: who holds it; somebody new unless given.
        expires_at: when it ends; never unless given.
    """
    check_name("name", name)
    if role not in ROLES:
        raise BadInput("role", "one of " + ", ".join(ROLES), role)
    if expires_at is not None and expires_at <= now:
        raise BadInput("expires_at", "a time to come", expires_at.isoformat())
    for field, given in (("tenant_id", tenant_id), ("default_tenant_id", default_tenant_id)):
        if given is not None:
            found(tx.one(tenants.tenant_by_id, tenant_id=given), f"Invalid {field}: there is no such tenant.")
    key_id = new_id()
    key = new_key(key_id)
    tx.run(
        keys.insert_key,
        id=key_id,
        tenant_id=tenant_id,
        default_tenant_id=default_tenant_id,
        name=name,
        role=role,
        user_id=user_id or new_id(),
        expires_at=expires_at,
        key_hash=hash_of(key),
        created=now,
        updated=now,
    )
    return key_id, key


def delete_key(tx: Transaction, now: datetime, *, key_id: str) -> bool:
    """Revoke a key: from this commit on nobody can use it."""
    changed = tx.run(keys.delete_key, key_id=key_id) > 0
    if changed:
        tx.announce(KEYS_TOPIC)
    return changed


def key_by_id(tx: Transaction, key_id: str) -> Mapping[str, Any] | None:
    """Give the row of a key, with its hash."""
    return tx.one(keys.key_by_id, key_id=key_id)


def is_use_worth_a_note(row: Mapping[str, Any], now: datetime) -> bool:
    """Tell whether the time of the last use should be moved on."""
    last: datetime | None = row["last_used"]
    return last is None or (now - last).total_seconds() >= USED_SECONDS


def mark_used(tx: Transaction, now: datetime, *, key_id: str) -> None:
    """Note that the key was used."""
    tx.run(keys.mark_used, key_id=key_id, now=now)
