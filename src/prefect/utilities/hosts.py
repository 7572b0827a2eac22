"""Names of hosts as they stand in requests: read strictly, and who could own them.

Nothing is looked up here: what a name leads to is for whoever connects to it.
"""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple

__all__ = ["Host", "check_web_address", "is_loopback", "is_unowned", "plain_address", "read_host", "read_origin"]

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_HOST = re.compile(r"(?:\[([0-9A-Fa-f:.]{2,45})\]|([A-Za-z0-9_][A-Za-z0-9_.-]{0,252}))(?::([0-9]{1,5}))?").fullmatch
_PORTS = {"http": 80, "https": 443}

#: Nobody can register a name below these, so no stranger can make one lead to where they like. ``svc`` is not reserved,
#: but nobody has it, and it is what Kubernetes puts behind ``service.namespace``.
_UNOWNED = (".localhost", ".local", ".internal", ".home.arpa", ".lan", ".svc")

_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class Host(NamedTuple):
    """A host that was read: its name in lower case without a last dot, its port, and the address if it is one."""

    name: str
    port: int | None
    address: Address | None


def check_web_address(url: str, what: str) -> None:
    """Refuse, before anything is looked up or sent, what is no address of http or https with a host.

    Args:
        what: where the address comes from. It may be a secret, so that the error does not show it.

    Raises:
        ValueError: it is none.
    """
    scheme, colon, rest = url.partition("://")
    host = re.split(r"[/?#]", rest, maxsplit=1)[0].rpartition("@")[2]
    if not colon or scheme.lower() not in _PORTS or not host or not url.isprintable() or " " in url:
        raise ValueError(f"{what} is no URL: it has to begin with http:// or https:// and name a host")


def read_host(text: str) -> Host | None:
    """Read ``name``, ``name:port``, ``192.0.2.1`` or ``[2001:db8::1]:port``; None: it is nothing of that.

    Numbers that browsers would turn into an address (``127.1``, ``2130706433``) are no hosts: no browser sends them.
    """
    found = _HOST(text)
    if found is None:
        return None
    six, name, port = found.groups()
    number = int(port) if port else None
    if number is not None and number > 65_535:
        return None
    try:
        if six is not None:
            return Host(six.lower(), number, ipaddress.IPv6Address(six))
        name = name.lower().removesuffix(".")
        last = name.rpartition(".")[2]
        if last.isdigit() or re.fullmatch("0x[0-9a-f]*", last):
            return Host(name, number, ipaddress.IPv4Address(name))
    except ValueError:
        return None
    if not name or ".." in name or len(name) > 253:
        return None
    return Host(name, number, None)


def read_origin(text: str) -> tuple[str, Host] | None:
    """Read the origin of a page, as browsers write it: scheme and host, the port of the scheme filled in.

    None: ``null``, another scheme than http and https, or anything besides scheme, host and port.
    """
    scheme, separator, rest = text.partition("://")
    host = read_host(rest)
    if not separator or scheme not in _PORTS or host is None:
        return None
    return scheme, host._replace(port=_PORTS[scheme] if host.port is None else host.port)


def plain_address(text: str) -> str:
    """Give the address of a caller in its one form: an IPv4 address also where it came in the clothes of IPv6.

    A listener for both families sees IPv4 callers as ``::ffff:192.0.2.1``.
    """
    if ":" not in text:
        return text
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return text
    return str(_undressed(address))


def _undressed(address: Address) -> Address:
    """Give the IPv4 address inside of an IPv6 one, where a translator put it; else the address itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address


def is_loopback(host: Host) -> bool:
    """Tell whether a host can be this machine alone, for whoever asks."""
    if host.address is not None:
        return _undressed(host.address).is_loopback
    return host.name == "localhost" or host.name.endswith(".localhost")


def is_unowned(host: Host) -> bool:
    """Tell whether no stranger can make the host lead elsewhere: an address, a name of one word, a reserved name.

    Who owns a name in the public DNS can make it lead to any address, also one that only a visitor of a page reaches.
    """
    return host.address is not None or "." not in host.name or host.name.endswith(_UNOWNED)
