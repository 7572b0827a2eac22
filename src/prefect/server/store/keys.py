"""Statements about API keys and secrets, and about which tenant a row belongs to."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, select, update

from prefect.server.catalogue import auth_api_key, metadata, secret
from prefect.server.store.phrases import inserting, value_of

__all__ = [
    "delete_key",
    "delete_secret",
    "insert_key",
    "key_by_id",
    "mark_used",
    "owner_of",
    "put_secret",
    "secret_by_name",
    "secret_names",
]

insert_key = inserting(
    auth_api_key,
    "id",
    "tenant_id",
    "default_tenant_id",
    "name",
    "role",
    "user_id",
    "expires_at",
    "key_hash",
    "created",
    "updated",
)
key_by_id = select(
    auth_api_key.c.id,
    auth_api_key.c.tenant_id,
    auth_api_key.c.default_tenant_id,
    auth_api_key.c.name,
    auth_api_key.c.role,
    auth_api_key.c.user_id,
    auth_api_key.c.expires_at,
    auth_api_key.c.last_used,
    auth_api_key.c.key_hash,
).where(auth_api_key.c.id == value_of("key_id", auth_api_key.c.id))
delete_key = delete(auth_api_key).where(auth_api_key.c.id == value_of("key_id", auth_api_key.c.id))
mark_used = (
    update(auth_api_key)
    .where(auth_api_key.c.id == value_of("key_id", auth_api_key.c.id))
    .values(last_used=value_of("now", auth_api_key.c.last_used), updated=auth_api_key.c.updated)
)

_secret = inserting(secret, "id", "tenant_id", "name", "value", "created", "updated")
put_secret = _secret.on_conflict_do_update(
    index_elements=["tenant_id", "name"],
    set_={"value": _secret.excluded.value, "updated": _secret.excluded.updated},
).returning(secret.c.id)
_of_tenant = secret.c.tenant_id == value_of("tenant_id", secret.c.tenant_id)
_of_name = secret.c.name == value_of("name", secret.c.name)
secret_by_name = select(secret.c.value).where(_of_tenant, _of_name)
secret_names = select(secret.c.name).where(_of_tenant).order_by(secret.c.name)
delete_secret = delete(secret).where(_of_tenant, _of_name)


def _owner(name: str) -> Any:
    table = metadata.tables[name]
    return select(table.c.tenant_id).where(table.c.id == value_of("id", table.c.id))


#: By table: the tenant of the row with an id.
owner_of: dict[str, Any] = {
    name: _owner(name) for name, table in metadata.tables.items() if "tenant_id" in table.c and "id" in table.c
}
