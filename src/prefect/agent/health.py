"""The agent's own little HTTP server: is it alive, and look for work now."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from prefect.utilities.hosts import is_loopback, is_unowned, read_host, read_origin

REQUEST_SECONDS = 10.0
#: On every answer: no page may show it in a frame, or take it for something else.
SAFE = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


class HealthAddressError(ValueError):
    """No health server can be started at this address."""


class HealthServer:
    """Answers ``GET /api/health`` with ``{}``, and ``GET /api/poke`` by calling ``poke``.

    Args:
        address: the URL that it is reached at. Without a host (``http://:8080``) it listens on all addresses of this
            machine: the probes of Kubernetes come from outside. An empty text starts no server.

    Raises:
        HealthAddressError: the address has no port, or cannot be listened on.
    """

    def __init__(self, address: str, poke: Callable[[], None]) -> None:
        self._server: ThreadingHTTPServer | None = None
        if not address:
            return
        host, port = _place(address)
        try:
            self._server = _listening(host, port, _handler(poke, host))
        except OSError as error:
            raise HealthAddressError(f"Cannot listen at the agent address {address!r}: {error.strerror}") from error
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, name="agent-health", daemon=True).start()

    @property
    def port(self) -> int | None:
        return self._server.server_address[1] if self._server else None

    def __enter__(self) -> HealthServer:
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()


def _place(address: str) -> tuple[str | None, int]:
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError as error:
        raise HealthAddressError(f"Invalid agent address {address!r}: {error}") from error
    if not port:
        raise HealthAddressError(f"Must specify port in agent address, as in http://:8080. Got {address!r}")
    return parts.hostname, port


def _listening(host: str | None, port: int, handler: type[BaseHTTPRequestHandler]) -> ThreadingHTTPServer:
    any_address = host is None and socket.has_dualstack_ipv6()
    family, *_, place = socket.getaddrinfo(
        "::" if any_address else host or "0.0.0.0",  # noqa: S104 - asked for: an address without a host
        port,
        type=socket.SOCK_STREAM,
    )[0]

    class Server(ThreadingHTTPServer):
        address_family = family

        def server_bind(self) -> None:
            if any_address:
                self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            super().server_bind()

    return Server((str(place[0]), port), handler)


def _handler(poke: Callable[[], None], own_name: str | None) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        # Whoever sends half a request is not waited for.
        timeout = REQUEST_SECONDS
        server_version, sys_version = "agent", ""

        def do_GET(self) -> None:  # noqa: N802,RUF100 - the name that the base class calls
            # As it was sent: the base class makes //api/poke into /api/poke.
            path = self.requestline.split()[1].split("?")[0]
            if why := _refusal(self.headers.get_all("Host", []), self.headers.get("Origin"), own_name):
                self._answer(403, why.encode(), "text/plain")
            elif path in ("/api/health", "/api/health/"):
                self._answer(200, b"{}", "application/json")
            elif path in ("/api/poke", "/api/poke/"):
                poke()
                self._answer(200, b"", "text/plain")
            else:
                self._answer(404, b"", "text/plain")

        def _answer(self, status: int, body: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def end_headers(self) -> None:
            for name, value in SAFE.items():
                self.send_header(name, value)
            super().end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002,RUF100 - the base class's name
            """Write no line for each request."""

    return Handler


def _refusal(named: list[str], origin: str | None, own_name: str | None) -> str:
    """Say why a call is refused that a page in somebody's browser could have made; empty: it is not.

    Probes and people call by an address, a name of this machine, or one that no stranger can own.
    """
    if origin is not None:
        found = read_origin(origin)
        if found is None or not is_loopback(found[1]):
            return "Pages of other sites may not call an agent."
    for text in named:
        host = read_host(text.strip()[:300])
        if host is None or not (host.name == own_name or is_unowned(host)):
            return "This agent is not called by that name; use its address."
    return "The request has more than one Host header." if len(named) > 1 else ""
