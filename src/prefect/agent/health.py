"""The agent's own little HTTP server: is it alive, and look for work now."""

from __future__ import annotations

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit


class HealthServer:
    """Answers ``GET /api/health`` with ``{}``, and ``GET /api/poke`` by calling ``poke``.

    Args:
        address: the URL that it is reached at; one without a port starts no server.
    """

    def __init__(self, address: str, poke: Callable[[], None]) -> None:
        parts = urlsplit(address)
        self._server: ThreadingHTTPServer | None = None
        if not parts.port:
            return
        self._server = ThreadingHTTPServer((parts.hostname or "localhost", parts.port), _handler(poke))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, name="agent-health", daemon=True).start()

    @property
    def port(self) -> int | None:
        return self._server.server_address[1] if self._server else None

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()


def _handler(poke: Callable[[], None]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # noqa: N802,RUF100 - the name that the base class calls
            path = self.path.split("?")[0].rstrip("/")
            if path == "/api/health":
                self._answer(200, b"{}", "application/json")
            elif path == "/api/poke":
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

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002,RUF100 - the base class's name
            """Write no line for each request."""

    return Handler
