"""The server's HTTP face: GraphQL at a few paths, health, and a page to try queries in.

Bare ASGI, because a framework's routing costs as much as the rest of a small request.
"""

from __future__ import annotations

import asyncio
import gzip
import logging
import re
from collections.abc import Awaitable, Callable, Generator, Mapping, MutableMapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from functools import partial
from types import CoroutineType, coroutine
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import parse_qs

import orjson
from graphql import OperationDefinitionNode, OperationType
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from prefect._version import __version__
from prefect.server import json_text, sessions
from prefect.server.actions.checks import random_digits
from prefect.server.auth import TooManyFailures
from prefect.server.downloads import LOGS, MOST_AT_ONCE, open_log_file, send_file
from prefect.server.errors import ApiError, Refused, extensions_of
from prefect.server.graphql.documents import RequestError, read
from prefect.server.graphql.operations import Request
from prefect.server.logs import request_id
from prefect.server.metrics import CONTENT_TYPE
from prefect.server.origins import Doors, safe_headers
from prefect.server.pages import Pages, accepted_encodings
from prefect.server.store.database import DatabaseUnavailable
from prefect.server.websocket import Sockets
from prefect.utilities.hosts import plain_address
from prefect.utilities.present import present

if TYPE_CHECKING:
    from prefect.server.app import App

__all__ = ["Http"]

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

logger = logging.getLogger("prefect.server.http")

JSON = b"application/json"
INTERNAL = "Unable to complete operation. An internal API error occurred."
# A body over the limit is read to its end up to here, so that its sender gets to read the refusal.
DRAIN_BYTES = 50_000_000
#: So long the body of a request is waited for that is refused without it.
REFUSED_BODY_SECONDS = 1.0
MOST_QUERY_FIELDS = 20
OPEN_TO_BROWSERS = (b"access-control-allow-origin", b"*")
SAFE = safe_headers()
#: Answers from here on are sent by gzip to whoever takes it: not those of the queue, of creations and of states.
PACKED_BYTES = 16_384
PACKED_LEVEL = 2
LONGEST_KEY = 200
#: What must not lie in a cache.
NOT_KEPT = (b"cache-control", b"no-store")
BAD_LOGIN = (
    f"Expected a JSON object: key, the text of an API key (1 to {LONGEST_KEY} signs), and, if it is to outlive the "
    "browser, stay: true."
)
NOT_OWN = "A session counts only for what this server's own pages send; others send an API key."

T = TypeVar("T")


#: What a caller may choose as the id of its request.
REQUEST_ID = re.compile(rb"[\w.:/+=-]{1,128}")


class Refusal(Exception):
    """A request that is answered without being executed."""

    def __init__(
        self, status: int, message: str, code: str = "BAD_REQUEST", headers: tuple[tuple[bytes, bytes], ...] = ()
    ):
        super().__init__(message)
        self.status = status
        self.headers = headers
        self.body = orjson.dumps({"errors": [{"message": message, "extensions": extensions_of(code)}]})


class Disconnected(Exception):
    """The client went away before its answer."""


class Http:
    """Answers every HTTP request of one server."""

    def __init__(self, app: App):
        self._app = app
        self._doors = Doors(app.settings)
        self.pages = Pages()
        self._downloads = 0
        self.sockets = Sockets(app, self._socket_request)
        proxies = app.settings.trusted_proxies
        self._enter: Any = ProxyHeadersMiddleware(self._serve, proxies) if proxies else self._serve  # type: ignore[arg-type]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        client = scope.get("client")
        if client:
            scope["client"] = (plain_address(client[0]), client[1])
        # Before it is asked whom a proxy speaks for: what it says of the host counts only when it is the other end.
        scope["proctor.host"], scope["proctor.refused"] = self._doors.called_host(
            scope["headers"], scope["client"][0] if client else None
        )
        prefix = ""
        if not scope["proctor.refused"]:
            prefix, scope["proctor.refused"] = self._doors.prefix(
                scope["headers"], scope["client"][0] if client else None, scope.get("root_path", "")
            )
        scope["proctor.prefix"] = prefix
        if prefix and (scope["path"] + "/").startswith(prefix + "/"):  # else the proxy took it away
            scope["path"] = scope["path"][len(prefix) :] or "/"
        await self._enter(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._socket(scope, receive, send)
            return
        given = dict(scope["headers"])
        name = _name_request(given)
        if self._is_for_person(scope):
            await self.pages(scope, receive, self._counted(send, name))
            return
        try:
            with self._span(scope):
                if scope["method"] == "GET" and (wanted := LOGS(scope["path"])) and not scope["proctor.refused"]:
                    await self._send_logs(wanted, scope, receive, self._counted(send, name))
                    return
                status, body, kind, extra = await self._answer(scope, receive)
        except Refusal as refusal:
            status, body, kind, extra = refusal.status, refusal.body, JSON, refusal.headers
            if refusal.status in (408, 413):
                extra = ((b"connection", b"close"),)
        except Disconnected:
            return
        except Exception:
            logger.exception("%s %r failed", scope["method"], scope["path"])
            status, kind, extra = 500, JSON, ()
            body = Refusal(500, INTERNAL, "INTERNAL_SERVER_ERROR").body
        if _is_body_left(scope) and not await self._is_drained(receive):
            extra = (*extra, (b"connection", b"close"))
        if len(body) >= PACKED_BYTES and kind is JSON:
            extra = (*extra, (b"vary", b"Accept-Encoding"))
            if "gzip" in accepted_encodings(scope):
                # In a thread, which lets others go on meanwhile.
                body = await asyncio.to_thread(gzip.compress, body, PACKED_LEVEL)
                extra = (*extra, (b"content-encoding", b"gzip"))
        self._app.metrics.http[str(status)] += 1
        headers = [
            (b"content-type", kind),
            (b"content-length", b"%d" % len(body)),
            (b"x-request-id", name),
            *SAFE,
            *self._for_browsers(given.get(b"origin"), scope["proctor.host"]),
            *extra,
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    def _is_for_person(self, scope: Scope) -> bool:
        if scope["proctor.refused"] or not self.pages.takes(scope) or _is_body_left(scope):
            return False
        # A link with a query is answered with its JSON, as in 1.x.
        return not _is_graphql(scope["path"]) or b"query=" not in scope["query_string"]

    def _counted(self, send: Send, name: bytes) -> Send:
        async def send_counted(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                self._app.metrics.http[str(message["status"])] += 1
                message["headers"].append((b"x-request-id", name))
            await send(message)

        return send_counted

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        origin = dict(scope["headers"]).get(b"origin")
        why = scope["proctor.refused"] or self._doors.unwelcome_page(
            None if origin is None else origin.decode("latin-1"), scope["proctor.host"]
        )
        if why or not _is_graphql(scope["path"]):
            await receive()  # websocket.connect
            await self._refuse_socket(scope, send, 403, why or "WebSockets are answered at / and /graphql.")
            return
        await self.sockets(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive) -> tuple[int, bytes, bytes, tuple[Any, ...]]:
        method, path = scope["method"], scope["path"]
        if scope["proctor.refused"]:
            raise Refusal(403, scope["proctor.refused"], "FORBIDDEN")
        if method == "OPTIONS":
            return 204, b"", JSON, _preflight(scope)
        if _is_graphql(path):
            if method == "POST":
                status, body = await self._post(scope, receive)
                return status, body, JSON, ()
            if method in ("GET", "HEAD"):
                return await self._get(scope)
            raise Refusal(405, f"Method {method} is not known here; send POST.", "METHOD_NOT_ALLOWED")
        if method == "POST" and path in ("/login", "/logout"):
            return await self._log_in(scope, receive) if path == "/login" else self._log_out(scope)
        if method in ("GET", "HEAD"):
            if path == "/health":
                return await self._health()
            if path == "/health/live":
                return 200, orjson.dumps({"status": "ok", "version": __version__}), JSON, ()
            if path == "/.well-known/apollo/server-health":
                return 200, b'{"status":"pass"}', b"application/health+json", ()
            if path == "/metrics":
                caller = (await self._request(scope)).caller
                if caller.is_held and not caller.all_tenants:  # they count what all tenants do
                    raise Refusal(403, "The figures need an API key for all tenants.", "FORBIDDEN")
                return 200, await self._app.figures(), CONTENT_TYPE, ()
        await self._request(scope)  # whoever has no key learns nothing of what else is here
        raise Refusal(404, f"Nothing is at {path[:200]}; the API is at / and /graphql.", "NOT_FOUND")

    async def _health(self) -> tuple[int, bytes, bytes, tuple[Any, ...]]:
        """Tell whether requests can be answered: this process lives, and so does its database."""
        problem = await self._app.database_problem()
        if problem is None:
            return 200, orjson.dumps({"status": "ok", "version": __version__}), JSON, ()
        # Whoever asks needs no key, so the reason is for the log alone.
        return 503, orjson.dumps({"status": "unavailable", "version": __version__, "problem": problem}), JSON, ()

    async def _send_logs(self, wanted: re.Match[str], scope: Scope, receive: Receive, send: Send) -> None:
        request = await self._request(scope)
        if self._downloads >= MOST_AT_ONCE:
            raise Refusal(503, "Too many logs are being sent; try again later.", "BUSY", ((b"retry-after", b"5"),))
        self._downloads += 1
        try:
            fields = {name: values for name, values in _asked(scope["query_string"]).items() if any(values)}
            packed = "gzip" in accepted_encodings(scope)
            file = await open_log_file(self._app, request, wanted, fields, packed=packed)
            headers = [
                *file.headers,
                *SAFE,
                *self._for_browsers(dict(scope["headers"]).get(b"origin"), scope["proctor.host"]),
            ]
            await send_file(file, headers, receive, send)
        except ApiError as error:
            raise Refusal(404 if error.code == "NOT_FOUND" else 400, error.message, error.code) from None
        finally:
            self._downloads -= 1

    # ------------------------------------------------------------------------------------- sessions

    async def _log_in(self, scope: Scope, receive: Receive) -> tuple[int, bytes, bytes, tuple[Any, ...]]:
        """Answer a key with a cookie that stands for it (docs/decisions/0077-sessions.md)."""
        headers = self._own_headers(scope)
        try:
            said = orjson.loads(await self._body(scope, receive))
        except orjson.JSONDecodeError:
            said = None
        key, stay = (said.get("key"), said.get("stay", False)) if isinstance(said, dict) else (None, None)
        if not isinstance(key, str) or not 1 <= len(key.strip()) <= LONGEST_KEY or not isinstance(stay, bool):
            raise Refusal(400, BAD_LOGIN)
        if not self._app.settings.require_keys:
            return 200, b'{"required":false}', JSON, (NOT_KEPT,)
        seconds = self._app.settings.session_hours * 3600
        opened = self._app.auth.open_session(key.strip(), _address_of(scope), datetime.now(UTC), seconds)
        session, until = await self._unless_refused(opened, headers)
        cookie = self._cookie(scope, session, round(seconds) if stay else None)
        return 200, orjson.dumps({"required": True, "expires_at": until}), JSON, (NOT_KEPT, cookie)

    def _log_out(self, scope: Scope) -> tuple[int, bytes, bytes, tuple[Any, ...]]:
        self._own_headers(scope)
        return 204, b"", JSON, (NOT_KEPT, self._cookie(scope, "", 0))

    def _own_headers(self, scope: Scope) -> dict[str, str]:
        """Give the headers of what a page of this server sent; refuse what another page could have."""
        headers = _named_headers(scope)
        if not sessions.is_own_page(scope["method"], headers, scope["proctor.host"]):
            raise Refusal(403, NOT_OWN, "FORBIDDEN")
        return headers

    def _cookie(self, scope: Scope, session: str, seconds: int | None) -> tuple[bytes, bytes]:
        is_secure = scope.get("scheme") in ("https", "wss")
        path: str = scope["proctor.prefix"]
        line = sessions.cookie_line(session, scope["proctor.host"], path=path, is_secure=is_secure, seconds=seconds)
        return b"set-cookie", line

    # ------------------------------------------------------------------------------------- GraphQL

    async def _post(self, scope: Scope, receive: Receive) -> tuple[int, bytes]:
        request = await self._request(scope)
        raw = await self._body(scope, receive)
        try:
            body = json_text.loads(raw, document=raw)
        except orjson.JSONDecodeError as error:
            raise Refusal(400, f"The request's body is no JSON: {error}", "BAD_REQUEST") from None
        if isinstance(body, dict):
            if b"wait_seconds" in raw:
                return await _unless_disconnected(self._execute(request, body, len(raw)), receive)
            return await self._execute(request, body, len(raw))
        if not isinstance(body, list):
            raise Refusal(400, "The request's body must be a JSON object with a query, or a list of such.")
        return await self._batch(request, body, len(raw))

    async def _batch(self, request: Request, bodies: list[Any], size: int) -> tuple[int, bytes]:
        most = self._app.settings.max_batch
        if not 1 <= len(bodies) <= most:
            raise Refusal(400, f"A batch must hold 1 to {most} operations, not {len(bodies)}.")
        if not all(isinstance(body, dict) for body in bodies):
            raise Refusal(400, "Each member of a batch must be a JSON object with a query.")
        answers = await asyncio.gather(*(self._execute(request, body, size) for body in bodies))
        return 200, b"[" + b",".join(answer for _, answer in answers) + b"]"

    async def _execute(self, request: Request, body: Mapping[str, Any], size: int = 0) -> tuple[int, bytes]:
        answer: tuple[int, bytes] = await self._app.executor.execute(request, body, size)
        return answer

    async def _get(self, scope: Scope) -> tuple[int, bytes, bytes, tuple[Any, ...]]:
        given = _asked(scope["query_string"])
        if "query" not in given:
            # Whoever only looks whether somebody is there needs no key, where the page is.
            if scope["method"] == "HEAD" and scope["path"] in ("/", "/graphql", "/graphql/"):
                return 200, b"", JSON, ()
            await self._request(scope)
            raise Refusal(400, "GET query missing.")
        body: dict[str, Any] = {"query": given["query"][0]}
        for name in ("variables", "operationName"):
            if given.get(name, [""])[0]:
                body[name] = given[name][0]
        await self._app.executor.aside(_refuse_mutation, body["query"])
        status, answer = await self._execute(await self._request(scope), body)
        return status, answer, JSON, ()

    async def _request(self, scope: Scope) -> Request:
        """Let the caller in: the only place where a request is made."""
        headers = _named_headers(scope)
        if why := self._doors.unwelcome_page(headers.get("origin"), scope["proctor.host"]):
            raise Refusal(403, why, "FORBIDDEN")
        address, now = _address_of(scope), present()
        session = ""
        if self._app.auth.required and "cookie" in headers and "authorization" not in headers:
            session = sessions.session_of(headers, scope["proctor.host"])
            if session and not sessions.is_own_page(scope["method"], headers, scope["proctor.host"]):
                raise Refusal(403, NOT_OWN, "FORBIDDEN")
        caller = await self._unless_refused(self._app.auth.caller(headers, address, now, session), headers)
        return Request(self._app, headers, now, caller.tenant_id, caller, address)

    async def _unless_refused(self, asked: Awaitable[T], headers: Mapping[str, str]) -> T:
        """Give what is known of a caller; an unknown one is answered in the form that it reads."""
        try:
            return await asked
        except TooManyFailures as error:
            wait = ((b"retry-after", b"%d" % error.seconds),)
            raise Refusal(429, error.message, error.code, wait) from None
        except DatabaseUnavailable as error:
            logger.error("%s", error)
            self._app.metrics.database_failures += 1
            raise Refusal(503, "Unable to connect to the database.", "DATABASE_UNAVAILABLE") from None
        except Refused as error:
            # Clients of 1.x take any status but 200 for a broken connection, and look into an answer for its code.
            status = 200 if "x-prefect-core-version" in headers else 401
            raise Refusal(status, error.message, error.code, ((b"www-authenticate", b"Bearer"),)) from None
        except ApiError as error:
            raise Refusal(400, error.message, error.code) from None

    def _for_browsers(self, origin: bytes | None, host: str) -> tuple[tuple[bytes, bytes], ...]:
        """Give the headers with which a browser lets pages of other origins read the answer."""
        if origin is None or self._app.settings.allowed_origins == "*":
            return (OPEN_TO_BROWSERS,)
        if self._doors.is_allowed_origin(origin.decode("latin-1"), host):
            return ((b"access-control-allow-origin", origin), (b"vary", b"Origin"))
        return ((b"vary", b"Origin"),)

    async def _refuse_socket(self, scope: Scope, send: Send, status: int, message: str) -> None:
        """Answer a WebSocket's first request with an error, where the server can send one; else by closing."""
        if "websocket.http.response" not in scope.get("extensions", {}):
            await send({"type": "websocket.close", "code": 1000})  # before accepting: answered with 403
            return
        body = Refusal(status, message, "FORBIDDEN").body
        headers = [(b"content-type", JSON), (b"content-length", b"%d" % len(body)), *SAFE]
        await send({"type": "websocket.http.response.start", "status": status, "headers": headers})
        await send({"type": "websocket.http.response.body", "body": body})

    async def _socket_request(self, scope: Scope) -> Request:
        try:
            return await self._request(scope)
        except Refusal as refusal:
            raise ApiError(str(refusal)) from None

    def _span(self, scope: Scope) -> AbstractContextManager[Any]:
        spans = self._app.spans
        if not spans.is_on:
            return spans.operation("")
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        return spans.request(f"{scope['method']} {scope['path'][:100]}", headers)

    async def _is_drained(self, receive: Receive) -> bool:
        """Read the body of a request that is refused, if it comes at once: its sender then reads the answer.

        A connection whose body does not come would be kept for as long as its sender likes.
        """
        try:
            async with asyncio.timeout(REFUSED_BODY_SECONDS):
                await self._whole_body(receive, await receive())
        except (TimeoutError, Refusal, Disconnected):
            return False
        return True

    async def _body(self, scope: Scope, receive: Receive) -> bytes:
        scope["proctor.body_read"] = True
        # A small body mostly came with the headers: then there is nothing to wait for, and no clock is needed.
        message, coming = _begin(receive())
        if message is not None and message["type"] == "http.request" and not message.get("more_body"):
            return self._bounded(message.get("body", b""))
        seconds = self._app.settings.body_seconds
        try:
            async with asyncio.timeout(seconds):
                return await self._whole_body(receive, message or await coming)
        except TimeoutError:
            raise Refusal(408, f"The request's body has not come within {seconds:g} s.", "REQUEST_TIMEOUT") from None

    def _bounded(self, body: bytes) -> bytes:
        if len(body) > self._app.settings.max_body_bytes:
            raise _too_large(self._app.settings.max_body_bytes)
        return body

    async def _whole_body(self, receive: Receive, first: Message) -> bytes:
        limit, message = self._app.settings.max_body_bytes, first
        chunks: list[bytes] = []
        size = 0
        while True:
            if message["type"] == "http.disconnect":
                raise Disconnected
            chunk = message.get("body", b"")
            size += len(chunk)
            if size <= limit:
                chunks.append(chunk)
            elif size > DRAIN_BYTES:
                raise _too_large(limit)
            if not message.get("more_body"):
                break
            message = await receive()
        if size > limit:
            raise _too_large(limit)
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _begin(coming: Awaitable[Message]) -> tuple[Message | None, Awaitable[Message]]:
    """Give what comes at once, or else what there is to wait for."""
    if not isinstance(coming, CoroutineType):
        return None, coming
    try:
        awaited = coming.send(None)
    except StopIteration as done:
        return done.value, coming
    return None, _go_on(coming, awaited)


@coroutine
def _go_on(begun: Any, awaited: Any) -> Generator[Any, Any, Message]:
    """Go on with a coroutine that was begun, and waits for its first future."""
    while True:
        try:
            sent = yield awaited
        except BaseException as error:
            step = partial(begun.throw, error)
        else:
            step = partial(begun.send, sent)
        try:
            awaited = step()
        except StopIteration as done:
            message: Message = done.value
            return message


def _named_headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


def _address_of(scope: Scope) -> str | None:
    client = scope.get("client")
    return plain_address(client[0]) if client else None


def _is_body_left(scope: Scope) -> bool:
    """Tell whether a request has a body that nobody has read."""
    if scope.get("proctor.body_read"):
        return False
    headers = dict(scope["headers"])
    return headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in headers


def _name_request(headers: Mapping[bytes, bytes]) -> bytes:
    """Give the id that the caller chose for the request, or a new one; lines of the log tell it."""
    name = headers.get(b"x-request-id")
    if name is None or not REQUEST_ID.fullmatch(name):
        name = random_digits()[:16].encode()
    request_id.set(name.decode())
    return name


async def _unless_disconnected(answer: Any, receive: Receive) -> tuple[int, bytes]:
    """Wait for an answer that may take long, but no longer than its reader does."""
    answering = asyncio.ensure_future(answer)
    leaving = asyncio.ensure_future(receive())
    try:
        await asyncio.wait((answering, leaving), return_when=asyncio.FIRST_COMPLETED)
        if answering.done():
            result: tuple[int, bytes] = answering.result()
            return result
        raise Disconnected
    finally:
        for task in (answering, leaving):
            if not task.done():
                task.cancel()
        await asyncio.gather(answering, leaving, return_exceptions=True)


def _asked(query_string: bytes) -> dict[str, list[str]]:
    """Read what stands after the question mark of an address."""
    try:
        return parse_qs(query_string.decode("latin-1"), keep_blank_values=True, max_num_fields=MOST_QUERY_FIELDS)
    except ValueError:
        expected = f"at most {MOST_QUERY_FIELDS} fields, of which query, variables and operationName count"
        raise Refusal(400, f"The address asks for too much: expected {expected}.") from None


def _refuse_mutation(text: str) -> None:
    """A GET changes nothing, because links and pictures of any web page can make one."""
    try:
        document = read(text)
    except RequestError:
        return  # execution tells what is wrong with it
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode) and definition.operation != OperationType.QUERY:
            raise Refusal(405, "GET supports only query operations; send a mutation by POST.", "METHOD_NOT_ALLOWED")


def _preflight(scope: Scope) -> tuple[tuple[bytes, bytes], ...]:
    wanted = dict(scope["headers"]).get(b"access-control-request-headers", b"*")
    return (
        (b"access-control-allow-methods", b"GET, POST, OPTIONS"),
        (b"access-control-allow-headers", wanted),
        (b"access-control-max-age", b"86400"),
    )


def _too_large(limit: int) -> Refusal:
    return Refusal(413, f"The request's body is larger than {limit} bytes.", "PAYLOAD_TOO_LARGE")


def _is_graphql(path: str) -> bool:
    """Tell whether GraphQL is at a path: clients of 1.x use several."""
    return path == "/" or path == "/graphql" or path.startswith("/graphql/")
