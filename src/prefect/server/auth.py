"""Who calls, and for which tenant.

There are no keys yet: whoever reaches the server may do everything, so it listens on loopback only, unless asked for
more by name.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from uuid import UUID

from prefect.server.errors import BadInput, StartUpError
from prefect.server.settings import Settings

__all__ = ["Auth", "check_exposure", "is_loopback"]

TENANT_HEADER = "x-prefect-tenant-id"


class Auth:
    """Answers for one server who a caller is."""

    def __init__(self, default_tenant_id: str | None = None):
        self.default_tenant_id = default_tenant_id

    def tenant_of(self, headers: Mapping[str, str]) -> str | None:
        """Give the tenant that the caller names, or else the default one.

        Raises:
            BadInput: the header holds no uuid.
        """
        given = headers.get(TENANT_HEADER)
        if not given:
            return self.default_tenant_id
        try:
            return str(UUID(given))
        except ValueError:
            raise BadInput("X-PREFECT-TENANT-ID header", "a uuid", given) from None


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach the address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def check_exposure(settings: Settings) -> None:
    """Refuse an address that others can reach, unless it was asked for by name.

    Raises:
        StartUpError: says how to ask for it.
    """
    if not is_loopback(settings.host) and not settings.expose:
        raise StartUpError(
            f"Host {settings.host} can be reached from other machines, and anyone who reaches the server may do "
            "everything with it. Give --expose to allow that."
        )
