"""Tenants as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from prefect._lazy import lazy
from prefect.contract import operations


@dataclass(frozen=True)
class TenantView:
    """A tenant as the API knew it when it was asked."""

    tenant_id: str
    name: str
    slug: str

    @classmethod
    def from_tenant_id(cls, tenant_id: str) -> TenantView:
        """Read a tenant by id.

        Raises:
            TypeError: the id is no text.
            ValueError: there is no such tenant.
        """
        from prefect.client.client import Client

        if not isinstance(tenant_id, str):
            raise TypeError(f"Unexpected type {type(tenant_id)!r} for `tenant_id`, expected 'str'.")
        rows = Client().ask(operations.TENANT, id=tenant_id)["tenant"]
        if not rows:
            raise ValueError(f"No results found while querying for tenants where {{'id': {{'_eq': {tenant_id!r}}}}}")
        return cls(tenant_id=rows[0]["id"], name=rows[0]["name"], slug=rows[0]["slug"])

    @classmethod
    def from_current_tenant(cls) -> TenantView:
        """Read the tenant that the client works in."""
        from prefect.client.client import Client

        return cls.from_tenant_id(Client().tenant_id)


if not TYPE_CHECKING:  # names that are looked for here, because this module of 1.x had them too
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "Client": "prefect.client.client",
            "prefect": "prefect:",
        },
    )
