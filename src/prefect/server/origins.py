"""What a browser could be made to do: under which names the server may be called, and by pages of which origins.

Any page that somebody opens can send requests from their browser to where only they can reach; and whoever owns a name
can make it lead there, so that the page is of the same origin as the server.  Why these rules:
docs/decisions/0058-called-by-name.md.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import urlsplit

from prefect.server.errors import StartUpError, shorten
from prefect.server.settings import LONGEST_PREFIX, Settings, read_path_prefix
from prefect.utilities import hosts
from prefect.utilities.hosts import Host, plain_address, read_host, read_origin

__all__ = ["Doors", "check_exposure", "is_loopback", "safe_headers"]

#: On every answer: shown in no frame, taken for nothing but what it says it is, and its address told to nobody.
POLICY = b"default-src 'none'; frame-ancestors 'none'"

#: Longer than any host: what is kept of texts that were looked at stays small.
LONGEST_HOST = 300

Headers = Iterable[tuple[bytes, bytes]]


class Doors:
    """Tells for one server which calls may come in, as far as browsers are concerned."""

    def __init__(self, settings: Settings):
        self._settings = settings
        bound = read_host(_bracketed(settings.host))
        self._is_private = is_loopback(settings.host)
        named = _words(settings.allowed_hosts)
        self._origins = set(_words(settings.allowed_origins))
        self._exact_origins = {found for one in self._origins if (found := read_origin(one)) is not None}
        # A page without a key gets nothing from a server that asks for one: where others reach it, any name will do.
        self._any_host = "*" in named or (settings.require_keys and not self._is_private and not named)
        self._names = {name for name in named if not name.startswith("*.")}
        self._suffixes = tuple(name[1:] for name in named if name.startswith("*."))
        self._names |= {host.name for _, host in self._exact_origins}
        self._names |= {name for name in (urlsplit(settings.api_url).hostname,) if name}
        if bound is not None:
            self._names.add(bound.name)
        if not self._is_private:
            self._names.add(socket.gethostname().lower())
        self._proxies = [ipaddress.ip_network(one) for one in _words(settings.trusted_proxies)]
        self._look = lru_cache(maxsize=1024)(self._look_at)

    def called_host(self, headers: Headers, peer: str | None) -> tuple[str, str]:
        """Give the host that was called, and why it is refused; empty: it is not.

        Args:
            peer: address of the other end of the connection; what it says of the host counts if it is a trusted proxy.
        """
        named = [value for name, value in headers if name == b"host"]
        if len(named) == 1 and not self._proxies:
            return self._look(named[0][:LONGEST_HOST])
        if self._proxies and peer is not None and self._is_proxy(peer):
            forwarded = [value for name, value in headers if name == b"x-forwarded-host"]
            # Each proxy may add to what its caller sent: all that is said must be allowed.
            named = b",".join(forwarded).split(b",") if forwarded else named
        elif len(named) > 1:
            return "", "The request has more than one Host header."
        if not named:
            return "", ""  # no browser: they always say whom they call
        looks = [self._look(value[:LONGEST_HOST]) for value in named]
        return looks[0][0], next((why for _, why in looks if why), "")

    def prefix(self, headers: Headers, peer: str | None, root_path: str) -> tuple[str, str]:
        """Give the path below which the browser reaches the server, and why the call is refused; empty: it is not.

        What is set comes first, then what a trusted proxy says, then what the server was mounted at.
        """
        if self._settings.path_prefix:
            return self._settings.path_prefix, ""
        said, where = root_path, "The path that the server is mounted at"
        if self._proxies and peer is not None and self._is_proxy(peer):
            named = [value for name, value in headers if name == b"x-forwarded-prefix"]
            if named:
                said, where = b",".join(named)[: 2 * LONGEST_PREFIX].decode("latin-1"), "The X-Forwarded-Prefix header"
        if not said:
            return "", ""
        try:
            return read_path_prefix(said), ""
        except ValueError as expected:
            return "", f"{where} must be {expected}; got {shorten(said)}."

    def unwelcome_page(self, origin: str | None, host: str) -> str:
        """Say why a page of an origin may not call; empty: it may, or no page calls."""
        if origin is None or self.is_allowed_origin(origin, host):
            return ""
        return f"Pages of {origin[:200]} may not call this server; the setting http.allowed_origins can allow it."

    def is_allowed_origin(self, origin: str, host: str) -> bool:
        """Tell whether pages of an origin may call.

        Pages of this machine may, and pages of the host that is called, but not where a foreign name that was made to
        lead to loopback would pass for it.
        """
        if "*" in self._origins or origin.lower() in self._origins:
            return True
        found = read_origin(origin)
        if found is None:
            return False
        if found in self._exact_origins or hosts.is_loopback(found[1]):
            return True
        called = read_host(host)
        return called is not None and called.name == found[1].name and not self._problem(host)

    def _is_proxy(self, peer: str) -> bool:
        try:
            address = ipaddress.ip_address(plain_address(peer))
        except ValueError:
            return False
        return any(address in network for network in self._proxies)

    def _look_at(self, header: bytes) -> tuple[str, str]:
        text = header.decode("latin-1").strip()
        return text, self._problem(text)

    def _problem(self, text: str) -> str:
        host = read_host(text)
        if host is None:
            return "The Host header is no host."
        if self._any_host or host.name in self._names or host.name.endswith(self._suffixes):
            return ""
        if hosts.is_loopback(host) or self._is_unowned(host):
            return ""
        return f"This server is not called {host.name[:200]}; the setting http.allowed_hosts can allow that name."

    def _is_unowned(self, host: Host) -> bool:
        if not self._is_private:
            return hosts.is_unowned(host)
        # What containers and machines inside of this one call it by.
        return host.name.endswith(".internal")


def safe_headers(policy: bytes = POLICY) -> tuple[tuple[bytes, bytes], ...]:
    """Give the headers that every answer has, with this policy of what a page may load."""
    return (
        (b"x-content-type-options", b"nosniff"),
        (b"x-frame-options", b"DENY"),
        (b"referrer-policy", b"no-referrer"),
        (b"content-security-policy", policy),
    )


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach an address to listen on."""
    found = read_host(_bracketed(host))
    # A name below localhost may lead elsewhere, where it is looked up in the DNS.
    return found is not None and hosts.is_loopback(found) and (found.address is not None or found.name == "localhost")


def check_exposure(settings: Settings) -> None:
    """Refuse an address that others can reach, unless it asks for keys or was asked for by name.

    Raises:
        StartUpError: says how to ask for it.
    """
    if not is_loopback(settings.host) and not settings.expose and not settings.require_keys:
        raise StartUpError(
            f"Host {settings.host} can be reached from other machines, and anyone who reaches the server may do "
            "everything with it. Give --require-keys to let only holders of API keys in, or --expose to allow that."
        )


def _bracketed(host: str) -> str:
    bare = host.strip("[]")
    return f"[{bare}]" if ":" in bare else bare


def _words(text: str) -> list[str]:
    return [one.strip().rstrip("/").lower() for one in text.split(",") if one.strip()]
