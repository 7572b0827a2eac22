"""Calls an ASGI application in process, as a client over HTTP would."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any


class Answer:
    """Status, headers and body of an answer."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes):
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def data(self) -> Any:
        assert self.status == 200, self.body
        assert "errors" not in self.json, self.json["errors"]
        return self.json["data"]

    @property
    def messages(self) -> list[str]:
        return [error["message"] for error in self.json["errors"]]


async def call(
    app: Any,
    method: str,
    path: str,
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
    *,
    leaves: asyncio.Event | None = None,
    chunk: int = 65_536,
) -> Answer | None:
    """Send one request and give the answer; None when the client left (``leaves`` was set) before it came."""
    path, _, query = path.partition("?")
    pieces = [body[at : at + chunk] for at in range(0, len(body), chunk)] or [b""]
    sent: list[Any] = []

    async def receive() -> Any:
        if pieces:
            return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}
        await (leaves or asyncio.Event()).wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    listed = {"content-type": "application/json", **(headers or {})}
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.encode()) for name, value in listed.items()],
    }
    await app(scope, receive, send)
    if not sent:
        return None
    start, *rest = sent
    answered = {name.decode(): value.decode() for name, value in start["headers"]}
    names = [name for name, _ in start["headers"] if name not in (b"vary", b"set-cookie")]
    assert len(names) == len(set(names)), f"a header is sent twice: {names}"
    return Answer(start["status"], answered, b"".join(part.get("body", b"") for part in rest))


async def graphql(
    app: Any, query: str, variables: Any = None, headers: Mapping[str, str] | None = None, path: str = "/"
) -> Answer:
    """Post one document."""
    body = json.dumps({"query": query, "variables": variables}).encode()
    answer = await call(app, "POST", path, body, headers)
    assert answer is not None
    return answer
