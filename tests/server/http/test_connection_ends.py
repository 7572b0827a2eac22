"""When a connection is closed before its request is answered: there is no room, or the headers do not come."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from prefect.server.connections import connection_class

HEAD = b"GET / HTTP/1.1\r\nHost: x\r\n"
SECONDS = 30.0


class Wire(asyncio.Transport):
    """Takes down what is written, and when it is closed."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 1), "sockname": ("127.0.0.1", 2)})
        self.written = b""
        self.closed = asyncio.Event()
        self.closings = 0

    def write(self, data: Any) -> None:
        assert not self.closed.is_set(), "something is written after the end"
        self.written += bytes(data)

    def close(self) -> None:
        self.closings += 1
        self.closed.set()

    def is_closing(self) -> bool:
        return self.closed.is_set()

    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...


class Server:
    def __init__(self, most: int, header_seconds: float) -> None:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
            await send({"type": "http.response.body", "body": b"ok"})

        self.config = uvicorn.Config(app, http=connection_class(most, header_seconds), lifespan="off", log_config=None)
        self.config.load()
        self.state = ServerState()

    def connect(self) -> tuple[Any, Wire]:
        protocol: Any = self.config.http_protocol_class(  # type: ignore[call-arg]
            config=self.config, server_state=self.state, app_state={}
        )
        wire = Wire()
        protocol.connection_made(wire)
        return protocol, wire

    async def answered(self) -> None:
        await asyncio.gather(*self.state.tasks)


def within(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(asyncio.wait_for(work(), SECONDS))


@pytest.mark.parametrize("most", [1, 3])
def test_beyond_the_last_connection_there_is_no_room_and_those_before_go_on(most: int) -> None:
    async def scene() -> None:
        server = Server(most, 60)
        some = [server.connect() for _ in range(most)]
        _, wire = server.connect()
        assert wire.written.startswith(b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\n")
        assert b"\r\nconnection: close\r\n" in wire.written
        assert wire.written.endswith(b"\r\n\r\n")
        assert wire.closings == 1
        for protocol, one in some:
            protocol.data_received(HEAD + b"\r\n")
            await server.answered()
            assert one.written.endswith(b"ok")
            assert not one.closed.is_set()
            protocol.connection_lost(None)

    within(scene)


@pytest.mark.parametrize(
    ("before", "sent"),
    [(0, b""), (0, b"GET"), (0, HEAD), (1, HEAD), (2, HEAD)],
    ids=["nothing", "half a line", "half of the headers", "half of the second", "half of the third"],
)
def test_headers_that_do_not_come_are_given_up_also_after_others_that_did(before: int, sent: bytes) -> None:
    async def scene() -> None:
        server = Server(10, 0.05)
        protocol, wire = server.connect()
        for _ in range(before):
            protocol.data_received(HEAD + b"\r\n")
            await server.answered()
        answered = len(wire.written)
        protocol.data_received(sent)
        await wire.closed.wait()
        end = wire.written[answered:]
        assert end.startswith(b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n")
        assert wire.closings == 1
        protocol.connection_lost(None)

    within(scene)


def test_headers_that_come_in_time_are_not_given_up() -> None:
    async def scene() -> None:
        server = Server(10, 0.05)
        protocol, wire = server.connect()
        protocol.data_received(HEAD + b"\r\n")
        await server.answered()
        _, other = server.connect()  # nothing comes: it is closed when the first would have been
        await other.closed.wait()
        assert not wire.closed.is_set()
        assert wire.written.endswith(b"ok")
        protocol.connection_lost(None)

    within(scene)


def test_a_connection_that_is_closed_meanwhile_is_not_written_to() -> None:
    async def scene() -> None:
        server = Server(10, 0.05)
        _, wire = server.connect()
        wire.close()
        _, other = server.connect()
        await other.closed.wait()
        assert wire.written == b""
        assert wire.closings == 1

    within(scene)


def test_what_is_no_http_is_told_and_closed() -> None:
    async def scene() -> None:
        server = Server(10, 60)
        protocol, wire = server.connect()
        protocol.data_received(b"nonsense\r\n\r\n")
        head, _, said = wire.written.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\n")
        assert b"content-length: %d\r\nconnection: close\r\n" % len(said) in head
        assert b"nosniff" in head
        assert said
        assert wire.closings == 1

    within(scene)
