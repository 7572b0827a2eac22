"""The headers of an answer leave together with its body: whoever waits for it is woken once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from prefect.server import connections
from prefect.server.connections import LARGEST_JOINED, connection_class


class Wire(asyncio.Transport):
    """Takes down what is written, write by write."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 1), "sockname": ("127.0.0.1", 2)})
        self.writes: list[bytes] = []
        self.is_closed = False

    def write(self, data: Any) -> None:
        self.writes.append(bytes(data))

    def close(self) -> None:
        self.is_closed = True

    def is_closing(self) -> bool:
        return self.is_closed

    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...


def written(request: bytes, *parts: bytes, status: int = 200, ends: bool = True) -> tuple[list[bytes], bool]:
    """Give what an application writes that answers in these parts, and whether the connection was closed."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        length = str(sum(map(len, parts)) + (not ends)).encode()
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", length)]})
        for place, part in enumerate(parts, 1):
            more = place < len(parts) or not ends
            await send({"type": "http.response.body", "body": part, "more_body": more})

    async def talk() -> tuple[list[bytes], bool]:
        config = uvicorn.Config(app, http=connection_class(10, 60), lifespan="off", log_config=None)
        config.load()
        state, wire = ServerState(), Wire()
        protocol = config.http_protocol_class(config=config, server_state=state, app_state={})  # type: ignore[call-arg]
        protocol.connection_made(wire)
        protocol.data_received(request)  # type: ignore[attr-defined]
        await asyncio.gather(*state.tasks)
        is_closed = wire.is_closed
        protocol.connection_lost(None)
        return wire.writes, is_closed

    return asyncio.run(talk())


POST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"


def test_a_small_answer_is_one_write():
    writes, _ = written(POST, b"body")
    assert len(writes) == 1
    head, _, body = writes[0].partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert body == b"body"


@pytest.mark.parametrize("parts", [(b"",), (b"a", b"b", b"HTTP/1.1 c"), (b"x" * (LARGEST_JOINED + 1),)])
def test_whatever_the_parts_are_all_is_written_in_order(parts):
    writes, is_closed = written(POST, *parts)
    assert b"".join(writes).partition(b"\r\n\r\n")[2] == b"".join(parts)
    assert not is_closed


@pytest.mark.parametrize(("more", "writes"), [(0, 1), (1, 2)])
def test_a_large_body_is_not_copied_to_stand_behind_its_headers(more, writes):
    body = b"x" * (LARGEST_JOINED + more)
    written_, _ = written(POST, body)
    assert len(written_) == writes
    assert written_[-1].endswith(body)
    assert (written_[-1] == body) == bool(more)


def test_an_answer_without_a_body_is_written():
    writes, _ = written(POST, b"", status=204)
    assert b"".join(writes).startswith(b"HTTP/1.1 204 ")
    assert b"".join(writes).endswith(b"\r\n\r\n")


def test_a_sender_that_waits_for_the_word_to_send_hears_it_alone():
    begun = POST.removesuffix(b"{}").replace(b"Host: x", b"Host: x\r\nExpect: 100-continue")

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1")]})
        await send({"type": "http.response.body", "body": b"x"})

    async def talk() -> list[bytes]:
        config = uvicorn.Config(app, http=connection_class(10, 60), lifespan="off", log_config=None)
        config.load()
        state, wire = ServerState(), Wire()
        protocol = config.http_protocol_class(config=config, server_state=state, app_state={})  # type: ignore[call-arg]
        protocol.connection_made(wire)
        protocol.data_received(begun)  # type: ignore[attr-defined]
        while not wire.writes:
            await asyncio.sleep(0)
        assert wire.writes == [b"HTTP/1.1 100 Continue\r\n\r\n"]
        protocol.data_received(b"{}")  # type: ignore[attr-defined]
        await asyncio.gather(*state.tasks)
        protocol.connection_lost(None)
        return wire.writes

    writes = asyncio.run(talk())
    assert len(writes) == 2
    assert writes[1].startswith(b"HTTP/1.1 200 ")


def test_an_answer_that_breaks_off_is_closed_with_what_there_is():
    writes, is_closed = written(POST, b"half", ends=False)
    assert is_closed
    assert b"".join(writes).endswith(b"half")


def test_the_answer_to_a_question_about_headers_is_written():
    writes, _ = written(b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n", b"body")
    assert b"".join(writes).endswith(b"\r\n\r\n")


def test_a_connection_that_is_gone_waits_for_no_headers():
    async def talk() -> tuple[Any, Any]:
        config = uvicorn.Config(None, http=connection_class(10, 60), lifespan="off", log_config=None)  # type: ignore[arg-type]
        config.load()
        protocol: Any = config.http_protocol_class(config=config, server_state=ServerState(), app_state={})  # type: ignore[call-arg]
        protocol.connection_made(Wire())
        waiting = protocol._patience
        protocol.connection_lost(None)
        return waiting, protocol._patience

    waiting, after = asyncio.run(talk())
    assert waiting.cancelled()
    assert after is None


def test_headers_that_nothing_follows_are_written_when_the_connection_ends() -> None:
    async def talk() -> Wire:
        wire = Wire()
        whole = connections._Whole(wire)
        whole.write(b"HTTP/1.1 200 OK\r\n\r\n")
        assert wire.writes == []
        whole.close()
        return wire

    wire = asyncio.run(talk())
    assert wire.writes == [b"HTTP/1.1 200 OK\r\n\r\n"]
    assert wire.is_closed
