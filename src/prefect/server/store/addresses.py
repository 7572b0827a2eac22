"""Addresses of databases: what they name, and how they may be shown."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit, urlunsplit


def file_of(url: str) -> Path | None:
    """Give the file that a ``sqlite:`` URL names; None: a throw-away one."""
    _, _, rest = url.partition("://")
    path = rest.partition("?")[0]
    if path in ("", "/", "/:memory:"):
        return None
    return Path(path.removeprefix("/")).expanduser().absolute()


def conninfo(url: str) -> str:
    """Give the address as libpq reads it."""
    scheme, rest = url.split("://", 1)
    return f"{scheme.partition('+')[0]}://{rest}"


def shown(url: str) -> str:
    """Give the address without its password, for messages."""
    parts = urlsplit(url)
    if parts.password is None:
        return url
    return urlunsplit(parts._replace(netloc=parts.netloc.replace(f":{parts.password}@", ":***@", 1)))
