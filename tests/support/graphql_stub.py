"""A small real HTTP server that answers GraphQL requests as a test says, and remembers what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Asked:
    """One request as it arrived."""

    query: str
    variables: dict[str, Any]
    headers: dict[str, str]


@dataclass
class Stub:
    """Answers are chosen by the first of ``rules`` whose text is part of the document."""

    url: str = ""
    rules: list[tuple[str, Callable[[Asked], tuple[int, Any]]]] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0
    #: What every GET is answered with: status, headers, JSON.
    got: tuple[int, dict[str, str], Any] = (404, {}, None)

    def on(self, text: str, *answers: Any, status: int = 200) -> None:
        """Answer documents that contain ``text`` with the given JSON values, one after the other; the last stays."""
        left = list(answers)

        def answer(_: Asked) -> tuple[int, Any]:
            found = left.pop(0) if len(left) > 1 else left[0]
            return found if isinstance(found, tuple) else (status, found)

        self.rules.insert(0, (text, answer))

    def data(self, text: str, **fields: Any) -> None:
        """Answer documents that contain ``text`` with these root fields."""
        self.on(text, {"data": fields})

    def answer(self, asked: Asked) -> tuple[int, Any]:
        self.asked.append(asked)
        for text, rule in self.rules:
            if text in asked.query:
                return rule(asked)
        return 200, {"errors": [{"message": f"no answer for {asked.query}"}]}


class StubServer:
    """Runs a :class:`Stub` at a port of its own for the length of a ``with`` block."""

    def __init__(self) -> None:
        self.stub = Stub()

    def __enter__(self) -> Stub:
        stub = self.stub

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                super().setup()
                stub.connections += 1

            def do_GET(self) -> None:
                status, headers, content = stub.got
                text = json.dumps(content).encode()
                self.send_response_only(status)
                for name, value in {"Content-Length": str(len(text)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text)

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                variables = body.get("variables")
                if isinstance(variables, str):
                    variables = json.loads(variables)
                status, content = stub.answer(Asked(body.get("query", ""), variables or {}, dict(self.headers)))
                text = content if isinstance(content, bytes) else json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_: Any) -> None:
                """Write no line for each request."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        stub.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return stub

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
