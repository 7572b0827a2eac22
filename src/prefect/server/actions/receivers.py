"""Where hooks and actions may send to: addresses read strictly, looked up once, held to the operator's networks.

Why: docs/decisions/0059-where-hooks-go.md.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from prefect.server.settings import Settings
from prefect.utilities.hosts import read_host

__all__ = ["Denied", "Receiver", "places", "read_mail_address", "read_receiver"]

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

LONGEST_URL = 2_048
EXPECTED = "an address such as https://example.com/hook: http or https, a host, no user, no blanks"
EXPECTED_MAIL = "mail addresses such as name@example.com, each on one line"

_URL = re.compile(r"(https?)://([^/?#@\\]+)([/?][\x21-\x7e]*)?(?:#[\x21-\x7e]*)?").fullmatch
_MAIL = re.compile(r"[^\s@<>(),;:\\\"\[\]]+@[^\s@<>(),;:\\\"\[\]]+").fullmatch
_NAMED_MAIL = re.compile(r"[^<>\x00-\x1f\x7f]*<([^<>]*)>").fullmatch
_PORTS = {"http": 80, "https": 443}
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class Denied(Exception):
    """The operator's settings keep the server from sending there."""


@dataclass(frozen=True)
class Receiver:
    """A place that takes requests: ``target`` is path and query."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def is_default_port(self) -> bool:
        return self.port == _PORTS[self.scheme]

    @property
    def authority(self) -> str:
        """What the header ``Host`` says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.is_default_port else f"{host}:{self.port}"


def read_receiver(url: str) -> Receiver:
    """Read the address of a receiver.

    Raises:
        ValueError: what was expected; does not tell the address, which may hold a secret.
    """
    found = _URL(url.strip()) if isinstance(url, str) and len(url) <= LONGEST_URL else None
    host = read_host(found[2]) if found is not None else None
    if found is None or host is None or any(not 0 < len(label) < 64 for label in host.name.split(".")):
        raise ValueError(EXPECTED)
    scheme, _, target = found.groups()
    target = (target or "/").partition("#")[0]
    port = _PORTS[scheme] if host.port is None else host.port
    if port == 0:
        raise ValueError(EXPECTED)
    return Receiver(scheme, host.name, port, target if target.startswith("/") else f"/{target}")


def read_mail_address(text: str) -> str:
    """Accept ``name@host`` or ``Somebody <name@host>`` on one line.

    Raises:
        ValueError: what was expected.
    """
    inside = _NAMED_MAIL(text)
    address = (inside[1] if inside else text).strip()
    if not _MAIL(address) or not text.isprintable() or len(text) > 320:
        raise ValueError(EXPECTED_MAIL)
    return text.strip()


def places(receiver: Receiver, settings: Settings) -> list[tuple[socket.AddressFamily, tuple[str, int]]]:
    """Look a receiver's host up, and give where to connect to: only what the settings allow.

    What is connected to must come from here: asked again, a name may lead elsewhere.

    Raises:
        Denied: every address of the host is one that the settings deny.
        OSError: the host is not known.
    """
    found = socket.getaddrinfo(receiver.host, receiver.port, type=socket.SOCK_STREAM)
    allowed = [
        (family, (str(place[0]), receiver.port))
        for family, _, _, _, place in found
        if is_allowed(str(place[0]), settings.hook_networks_allowed, settings.hook_networks_denied)
    ]
    if not allowed:
        raise Denied
    return list(dict.fromkeys(allowed))


@lru_cache(maxsize=1024)
def is_allowed(address: str, allowed: str, denied: str) -> bool:
    """Tell whether an address may be sent to.

    Args:
        allowed: networks, with commas between; empty: all that are not denied.
        denied: networks, with commas between.
    """
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    inside, outside = _networks(allowed), _networks(denied)
    for one in _forms(parsed):
        # Nobody is there: it means this machine itself, or everybody.
        if one.is_unspecified or one.is_multicast or one == ipaddress.IPv4Address("255.255.255.255"):
            return False
        if any(one in network for network in outside):
            return False
    return not inside or any(one in network for one in _forms(parsed) for network in inside)


def _forms(address: Address) -> Iterator[Address]:
    """Give an address, and the IPv4 addresses inside of it that a translator would send on to."""
    yield address
    if isinstance(address, ipaddress.IPv4Address):
        return
    if address.ipv4_mapped is not None:
        yield address.ipv4_mapped
    if address.sixtofour is not None:
        yield address.sixtofour
    if address.teredo is not None:
        yield address.teredo[1]
    if address in _NAT64:
        yield ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    if 1 < int(address) < 2**32:
        yield ipaddress.IPv4Address(int(address))


@lru_cache(maxsize=16)
def _networks(text: str) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    return tuple(ipaddress.ip_network(one.strip()) for one in text.split(",") if one.strip())
