"""Making an API key without the server: whoever may write its database is its administrator."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

from prefect.server.actions import keys, tenants
from prefect.server.errors import ApiError
from prefect.server.settings import Settings
from prefect.server.store.database import DatabaseError, Transaction
from prefect.server.store.opening import open_database
from prefect.server.store.tenants import tenant_by_slug

__all__ = ["make_key"]


def make_key(
    settings: Settings, *, name: str, role: str, tenant_slug: str | None, all_tenants: bool, expire: str | None
) -> tuple[str, str]:
    """Give the id and the text of a new key.

    Raises:
        ValueError: no such tenant, a name or time that cannot be used; in words for the user.
    """
    if all_tenants and tenant_slug:
        raise ValueError("Give --tenant or --all-tenants, not both.")
    expires_at = _time(expire) if expire else None
    now = datetime.now(UTC)

    def work(tx: Transaction) -> tuple[str, str]:
        tenant_id = tenants.ensure_default_tenant(tx, now)
        if tenant_slug:
            row = tx.one(tenant_by_slug, slug=tenant_slug)
            if row is None:
                raise ValueError(f"There is no tenant with the slug {tenant_slug!r}.")
            tenant_id = row["id"]
        bound_to = None if all_tenants else tenant_id
        given: dict[str, Any] = {"default_tenant_id": tenant_id, "expires_at": expires_at}
        return keys.create_key(tx, now, name=name, role=role, tenant_id=bound_to, **given)

    async def write() -> tuple[str, str]:
        database = open_database(settings.resolved_database_url(), readers=1)
        await database.start()
        try:
            return await database.write(work)
        finally:
            await database.stop()

    try:
        return asyncio.run(write())
    except (ApiError, DatabaseError) as error:
        raise ValueError(str(error)) from None


def _time(text: str) -> datetime:
    from dateutil import parser

    try:
        found = parser.parse(text)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"--expire cannot be read as a time: {error}.") from None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found
