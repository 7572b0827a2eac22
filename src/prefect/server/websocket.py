"""GraphQL over a WebSocket: the protocol graphql-transport-ws, for subscriptions (queries and mutations work too).

Source: https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from functools import partial
from typing import TYPE_CHECKING, Any

import orjson
from graphql import OperationType

from prefect._version import __version__
from prefect.server import json_text
from prefect.server.errors import ApiError
from prefect.server.graphql.feeds import Feeds
from prefect.server.graphql.operations import Request
from prefect.server.graphql.subscriptions import LiveQuery, errors_of
from prefect.server.store.database import DatabaseError

if TYPE_CHECKING:
    from prefect.server.app import App

__all__ = ["Sockets"]

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
#: Gives the request of a scope whose headers hold all that the caller said; raises ``ApiError`` for unknown callers.
MakeRequest = Callable[[Scope], Awaitable[Request]]

logger = logging.getLogger("prefect.server.websocket")

PROTOCOL = "graphql-transport-ws"
INIT_SECONDS = 10.0
#: So often a client hears something, so that it can tell a dead connection from a quiet one.
PING_SECONDS = 15.0
LONGEST_ID = 200
#: Reading the database for subscriptions leaves the other readers to everybody else.
LOOKS = 2
RESTART, BAD, UNAUTHORIZED, FORBIDDEN, INIT_TIMEOUT = 1012, 4400, 4401, 4403, 4408
NOT_SPOKEN, TAKEN, INIT_AGAIN, TOO_MANY = 4406, 4409, 4429, 4429
#: What browsers cannot send as headers they may say when they connect.
PAYLOAD_HEADERS = ("authorization", "x-prefect-tenant-id", "x-prefect-core-version")


class _Close(Exception):
    """The connection must end, with this code."""

    def __init__(self, code: int, reason: str):
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Sockets:
    """All WebSockets of one server."""

    def __init__(self, app: App, make_request: MakeRequest):
        self.app = app
        self.make_request = make_request
        self.looks = asyncio.Semaphore(LOOKS)
        self.feeds = Feeds(app.live, LOOKS)
        self.open = 0
        self.subscriptions = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()  # websocket.connect
        if PROTOCOL not in scope.get("subprotocols", ()):
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.close", "code": NOT_SPOKEN, "reason": f"Only {PROTOCOL} is spoken here"})
            return
        await send({"type": "websocket.accept", "subprotocol": PROTOCOL})
        self.open += 1
        try:
            await _Connection(self, scope, receive, send).run()
        finally:
            self.open -= 1


class _Connection:
    """One client, from its first message to its last."""

    def __init__(self, sockets: Sockets, scope: Scope, receive: Receive, send: Send):
        self._sockets = sockets
        self._scope = scope
        self._receive = receive
        self._send = send
        self._sending = asyncio.Lock()
        self._running: dict[str, asyncio.Task[None]] = {}
        self._acknowledged = False
        self._pinging: asyncio.Task[None] | None = None

    async def run(self) -> None:
        try:
            async with asyncio.timeout(INIT_SECONDS) as patience:
                while True:
                    message = await self._receive()
                    if message["type"] == "websocket.disconnect":
                        return
                    await self._take(message)
                    if self._acknowledged:
                        patience.reschedule(None)
        except _Close as close:
            await self._close(close)
        except TimeoutError:
            await self._close(_Close(INIT_TIMEOUT, "Connection initialisation timeout"))
        except OSError:
            logger.debug("A client left while it was answered", exc_info=True)
        finally:
            tasks = [*self._running.values(), *([self._pinging] if self._pinging else [])]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _close(self, close: _Close) -> None:
        try:
            # A reason holds at most 123 bytes.
            await self._send({"type": "websocket.close", "code": close.code, "reason": close.reason[:120]})
        except (OSError, RuntimeError):
            logger.debug("A client left before it could be told why", exc_info=True)

    async def _take(self, message: MutableMapping[str, Any]) -> None:
        text = message.get("text") or message.get("bytes") or ""
        if len(text) > self._sockets.app.settings.max_body_bytes:
            raise _Close(1009, "The message is too large")
        try:
            said = json_text.loads(text, document=text)
        except orjson.JSONDecodeError:
            raise _Close(BAD, "A message must be JSON") from None
        kind = said.get("type") if isinstance(said, dict) else None
        if kind == "connection_init":
            await self._begin(said.get("payload"))
        elif kind == "ping":
            await self._say(b'{"type":"pong"}')
        elif kind == "subscribe":
            await self._subscribe(said, len(text))
        elif kind == "complete":
            task = self._running.pop(str(said.get("id")), None)
            if task is not None:
                self._sockets.subscriptions -= 1
                task.cancel()
        elif kind != "pong":
            raise _Close(BAD, "A message must have a type of the protocol")

    async def _begin(self, payload: Any) -> None:
        if self._acknowledged:
            raise _Close(INIT_AGAIN, "Too many initialisation requests")
        if payload is not None and not isinstance(payload, dict):
            raise _Close(BAD, "The payload of connection_init must be an object")
        said = dict(payload or {})
        if isinstance(said.get("headers"), dict):
            said |= said.pop("headers")
        more = [
            (name.lower().encode("latin-1"), value.encode("latin-1", "replace"))
            for name, value in said.items()
            if isinstance(value, str) and name.lower() in PAYLOAD_HEADERS
        ]
        named = {name for name, _ in more}
        kept = [header for header in self._scope["headers"] if header[0] not in named]
        self._scope = {**self._scope, "method": "POST", "headers": [*kept, *more]}
        await self._request()
        self._acknowledged = True
        told = {"api": {"version": __version__}}
        await self._say(orjson.dumps({"type": "connection_ack", "payload": told}))
        self._pinging = asyncio.create_task(self._ping())

    async def _ping(self) -> None:
        try:
            while True:
                await asyncio.sleep(PING_SECONDS)
                await self._look_at_key()
                await self._say(b'{"type":"ping"}')
        except _Close as close:
            await self._close(close)
        except (OSError, RuntimeError):
            logger.debug("A client left and was not missed before", exc_info=True)

    async def _look_at_key(self) -> None:
        """Close when the key has ended, or was revoked, while nothing changed that is followed."""
        try:
            await self._request()
        except DatabaseError as error:
            logger.debug("Whose socket this is cannot be asked now: %s", error)  # with the next ping, then

    async def _request(self) -> Request:
        try:
            return await self._sockets.make_request(self._scope)
        except ApiError as error:
            raise _Close(FORBIDDEN, error.message) from None

    async def _subscribe(self, said: dict[str, Any], size: int) -> None:
        if not self._acknowledged:
            raise _Close(UNAUTHORIZED, "Unauthorized")
        name, body = said.get("id"), said.get("payload")
        if not isinstance(name, str) or not 1 <= len(name) <= LONGEST_ID or not isinstance(body, dict):
            raise _Close(BAD, "subscribe needs an id and a payload")
        if name in self._running:
            raise _Close(TAKEN, f"Subscriber for {name} already exists")
        settings, sockets = self._sockets.app.settings, self._sockets
        if len(self._running) >= settings.max_subscriptions_per_connection:
            raise _Close(TOO_MANY, f"More than {settings.max_subscriptions_per_connection} subscriptions")
        if sockets.subscriptions >= settings.max_subscriptions:
            await self._error(name, [{"message": "The server has no room for another subscription; try later."}])
            return
        sockets.subscriptions += 1
        task = self._running[name] = asyncio.create_task(self._answer(name, body, size))
        # Also called for a task that is cancelled before its first step.
        task.add_done_callback(partial(self._ended, name))

    async def _answer(self, name: str, body: dict[str, Any], size: int) -> None:
        try:
            await self._answer_all(name, body, size)
        except _Close as close:
            await self._close(close)
        except asyncio.CancelledError:
            raise
        except OSError:
            logger.debug("A client left while it was answered", exc_info=True)
        except Exception:
            logger.exception("A subscription failed")
            await self._close(_Close(1011, "Internal error"))

    def _ended(self, name: str, task: asyncio.Task[None]) -> None:
        # Its client may have ended it and begun another one under the same id.
        if self._running.get(name) is task:
            del self._running[name]
            self._sockets.subscriptions -= 1

    async def _answer_all(self, name: str, body: dict[str, Any], size: int) -> None:
        executor = self._sockets.app.executor
        request = await self._request()
        prepared = await executor.prepare(request, body, size)
        if isinstance(prepared, bytes):
            await self._error(name, errors_of(prepared))
            return
        if prepared.plan.operation.operation is OperationType.SUBSCRIPTION:
            query = LiveQuery(executor, *prepared, self._request, self._sockets.feeds, self._sockets.looks)
            async for answer in query.answers(self._sockets.app.live):
                await self._next(name, answer)
            if self._sockets.app.live.closed:
                # Not the end of the subscription: clients connect again.
                raise _Close(RESTART, "The server stops")
        else:
            await self._next(name, await executor.answer(request, *prepared))
        await self._say(b'{"type":"complete","id":%s}' % orjson.dumps(name))

    async def _next(self, name: str, answer: bytes) -> None:
        await self._say(b'{"type":"next","id":%s,"payload":%s}' % (orjson.dumps(name), answer))

    async def _error(self, name: str, errors: list[Any]) -> None:
        await self._say(orjson.dumps({"type": "error", "id": name, "payload": errors}))

    async def _say(self, message: bytes) -> None:
        async with self._sending:
            await self._send({"type": "websocket.send", "text": message.decode()})
