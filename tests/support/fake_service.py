"""A fake of a vendor's service on the web: a real HTTP server whose answers a test writes down, in the vendor's form.

It says nothing of whether the vendor still speaks so; it holds what our tasks send, and what they make of the answers.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class Request:
    """One request as it arrived."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body) if self.body else None

    @property
    def form(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}


class _QuietServer(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a caller that hung up: some tests want just that."""


Answer = Any  # JSON, (status, JSON), (status, bytes, headers), an exception's class ("hang up"), or a function of them


@dataclass
class FakeService:
    """Answers by the first rule that fits; several answers of a rule come one after the other, the last stays."""

    rules: list[tuple[re.Pattern[str], list[Answer]]] = field(default_factory=list)
    asked: list[Request] = field(default_factory=list)
    url: str = ""

    def on(self, what: str, *answers: Answer) -> FakeService:
        """Answer requests whose ``METHOD /path`` fits a pattern."""
        self.rules.append((re.compile(what), list(answers)))
        return self

    def __enter__(self) -> FakeService:
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _serve(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                parts = urlsplit(self.path)
                request = Request(
                    self.command, parts.path, parse_qs(parts.query), dict(self.headers), self.rfile.read(length)
                )
                service.asked.append(request)
                answer = service._answer(request)
                if answer is ConnectionError:
                    self.close_connection = True
                    return
                status, content, headers = _whole(answer)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                if headers.get("Transfer-Encoding") == "chunked":
                    content = b"%x\r\n%s\r\n0\r\n\r\n" % (len(content), content)
                elif "Content-Length" not in headers:
                    self.send_header("Content-Length", str(len(content)))
                else:
                    self.close_connection = True  # half an answer
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve

            def log_message(self, *_: Any) -> None:
                """Write no line for each request."""

        self._server = _QuietServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _answer(self, request: Request) -> Answer:
        for pattern, answers in self.rules:
            if pattern.search(f"{request.method} {request.path}"):
                answer = answers.pop(0) if len(answers) > 1 else answers[0]
                is_rule = isinstance(answer, Callable) and not isinstance(answer, type)  # type: ignore[arg-type]
                return answer(request) if is_rule else answer
        return 404, {"message": f"the fake has no answer for {request.method} {request.path}"}


def _whole(answer: Answer) -> tuple[int, bytes, dict[str, str]]:
    status, content, headers = 200, answer, {}
    if isinstance(answer, tuple):
        status, content, *rest = answer
        headers = rest[0] if rest else {}
    if isinstance(content, str):
        content = content.encode()
    return status, content if isinstance(content, bytes) else json.dumps(content).encode(), headers
