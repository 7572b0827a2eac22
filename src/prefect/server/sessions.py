"""Sessions of browsers: the cookie that stands for a key, and which requests it counts for.

A browser adds a cookie to whatever any page sends; so one counts only for what this server's own pages send.  Why so:
docs/decisions/0077-sessions.md.
"""

from __future__ import annotations

from collections.abc import Mapping

from prefect.utilities.hosts import read_host, read_origin

__all__ = ["OWN_HEADER", "cookie_line", "is_own_page", "session_of"]

#: What a page of another origin cannot send without asking first, which is never answered with a yes.
OWN_HEADER = "x-proctor-request"
NAME = "proctor-session"


def session_of(headers: Mapping[str, str], host: str) -> str:
    """Give the session that a request shows; empty: none."""
    wanted = _name(host)
    for part in headers.get("cookie", "").split(";"):
        name, _, value = part.strip().partition("=")
        if name == wanted:
            return value
    return ""


def cookie_line(session: str, host: str, *, path: str, is_secure: bool, seconds: int | None) -> bytes:
    """Write the header that keeps a session in a browser; with 0 seconds, the one that ends it.

    Args:
        path: below which the server is, without a last slash.
        seconds: None: until the browser is closed.
    """
    age = [] if seconds is None else [f"Max-Age={seconds}"]
    parts = [f"{_name(host)}={session}", f"Path={path}/", *age, "HttpOnly", "SameSite=Strict", *["Secure"] * is_secure]
    return "; ".join(parts).encode("latin-1")


def is_own_page(method: str, headers: Mapping[str, str], host: str) -> bool:
    """Tell whether a request was made by a page of this very origin, port included.

    Every browser says where a POST or a WebSocket comes from (``Origin``), and over TLS and loopback what it is to us
    (``Sec-Fetch-Site``); a download by a link has neither over plain http, but a ``Referer``.
    """
    origin, site = headers.get("origin"), headers.get("sec-fetch-site")
    reads = method in ("GET", "HEAD")
    if origin is not None and not _is_origin_of(origin, host):
        return False
    if site is not None:
        return site == "same-origin" or (site == "none" and reads)  # none: the person typed the address
    if origin is not None or headers.get(OWN_HEADER):
        return True
    scheme, _, rest = headers.get("referer", "").partition("://")
    return reads and _is_origin_of(f"{scheme}://{rest.partition('/')[0]}", host)


def _is_origin_of(origin: str, host: str) -> bool:
    page, called = read_origin(origin), read_host(host)
    if page is None or called is None:
        return False
    # The scheme is the proxy's affair; only its port tells.
    port = called.port if called.port is not None else {"http": 80, "https": 443}[page[0]]
    return (called.name, port) == (page[1].name, page[1].port)


def _name(host: str) -> str:
    """Cookies know no ports: servers of one machine must not take each other's for theirs."""
    called = read_host(host)
    return NAME if called is None or called.port is None else f"{NAME}-{called.port}"
