"""Addresses of databases: what they name, and how they may be shown."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

#: libpq takes passwords in the query as well.
_IN_QUERY = re.compile(r"(?<=[?&])((?:ssl)?password)=[^&#]*", re.IGNORECASE)


def file_of(url: str) -> Path | None:
    """Give the file that a ``sqlite:`` URL names; None: a throw-away one."""
    _, _, rest = url.partition("://")
    path = rest.partition("?")[0]
    if path in ("", "/", "/:memory:"):
        return None
    return Path(path.removeprefix("/")).expanduser().absolute()


def conninfo(url: str) -> str:
    """Give the address as libpq reads it.

    Raises:
        ValueError: it is no address.
    """
    scheme, separator, rest = url.partition("://")
    if not separator:
        raise ValueError(f"Database URL {scheme.partition(':')[0]}:… is none: expected postgresql://user@host/name")
    return f"{scheme.partition('+')[0]}://{rest}"


def shown(url: str) -> str:
    """Give the address without its passwords, for messages."""
    parts = urlsplit(_IN_QUERY.sub(r"\1=***", url))
    if parts.password is None:
        return parts.geturl() if parts.query else url
    account, _, place = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{account.partition(':')[0]}:***@{place}"))
