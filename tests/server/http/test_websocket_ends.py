"""A WebSocket whose client is gone, or whose answer broke: it ends, is not counted any more, and leaves no task."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from typing import Any

import pytest

from prefect.server import websocket
from support.sockets import Socket

SUBSCRIPTION = "subscription { flow { id } }"


class Leaving(Socket):
    """A client that is gone from the message on that ``leaves_at`` names."""

    leaves_at = ""
    error: type[Exception] = OSError

    def __init__(self, *given: Any, **more: Any) -> None:
        self.left = asyncio.Event()
        super().__init__(*given, **more)

    async def _take(self, message: Any) -> None:
        if self.leaves_at and self.leaves_at in f"{message['type']} {message.get('text')}":
            self.left.set()
            raise self.error("gone")
        await super()._take(message)


async def ended(socket: Leaving, api: Any) -> None:
    """Wait until it has left and nothing of it is counted."""
    async with asyncio.timeout(60):
        await socket.left.wait()
        while api.app.http.sockets.subscriptions:
            await asyncio.sleep(0.001)


@pytest.mark.parametrize("error", [OSError, ConnectionResetError, BrokenPipeError])
@pytest.mark.parametrize("leaves_at", ['"next"', '"complete"', '"error"'])
def test_a_client_that_leaves_while_it_is_answered_is_no_fault(
    api: Any, caplog: pytest.LogCaptureFixture, leaves_at: str, error: type[Exception]
) -> None:
    query = {'"next"': SUBSCRIPTION, '"complete"': "{ hello }", '"error"': "{ nonsense }"}[leaves_at]

    async def scene() -> None:
        async with Leaving(api.app) as socket:
            await socket.begin()
            socket.leaves_at, socket.error = leaves_at, error
            await socket.subscribe(query)
            await ended(socket, api)

    api.run_async(scene())
    assert api.app.http.sockets.subscriptions == 0
    assert [record for record in caplog.records if record.levelno > logging.DEBUG] == []


def test_a_client_that_leaves_while_it_is_welcomed_is_no_fault(api: Any, caplog: pytest.LogCaptureFixture) -> None:
    async def scene() -> None:
        socket = Leaving(api.app)
        socket.leaves_at = '"connection_ack"'
        await socket.say({"type": "connection_init"})
        await asyncio.wait_for(socket.task, 60)
        assert socket.left.is_set()

    api.run_async(scene())
    assert api.app.http.sockets.open == 0
    assert [record for record in caplog.records if record.levelno > logging.DEBUG] == []


@pytest.mark.parametrize("error", [OSError, RuntimeError])
def test_a_client_that_cannot_be_told_why_it_is_closed_is_no_fault(
    api: Any, caplog: pytest.LogCaptureFixture, error: type[Exception]
) -> None:
    async def scene() -> None:
        socket = Leaving(api.app)
        socket.leaves_at, socket.error = "websocket.close", error
        await socket.say("no JSON")
        await asyncio.wait_for(socket.task, 60)

    api.run_async(scene())
    assert [record for record in caplog.records if record.levelno > logging.DEBUG] == []


@pytest.mark.parametrize("error", [OSError, RuntimeError])
def test_a_client_that_is_missed_by_a_ping_is_no_fault(
    api: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: type[Exception]
) -> None:
    monkeypatch.setattr(websocket, "PING_SECONDS", 0.001)
    caplog.set_level(logging.DEBUG, "prefect.server")

    async def scene() -> None:
        async with Leaving(api.app) as socket:
            socket.error = error
            await socket.begin()
            socket.leaves_at = '"ping"'
            async with asyncio.timeout(60):
                while "A client left and was not missed before" not in caplog.text:
                    await asyncio.sleep(0.001)

    api.run_async(scene())
    assert [record for record in caplog.records if record.levelno > logging.DEBUG] == []


def test_an_error_that_nobody_foresaw_closes_it_with_no_word_of_what_it_was(
    api: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: Any) -> Any:
        raise ValueError("hush")

    monkeypatch.setattr(api.app.executor, "prepare", broken)

    async def scene() -> dict[str, Any]:
        async with Socket(api.app) as socket:
            await socket.begin()
            await socket.subscribe(SUBSCRIPTION)
            return await socket.raw()

    assert api.run_async(scene()) == {"type": "websocket.close", "code": 1011, "reason": "Internal error"}
    (record,) = [one for one in caplog.records if one.levelno >= logging.ERROR]
    assert record.getMessage() == "A subscription failed"
    assert record.exc_info
    assert api.app.http.sockets.subscriptions == 0


@pytest.mark.parametrize("more", [0, 1], ids=["as much as may be", "one more"])
def test_a_message_has_the_bound_of_a_body(api: Any, more: int) -> None:
    api.app.settings = dataclasses.replace(api.app.settings, max_body_bytes=100)

    async def scene() -> tuple[Any, ...]:
        async with Socket(api.app) as socket:
            await socket.raw()
            await socket.say("x" * (100 + more))
            end = await socket.raw()
            return end["code"], end["reason"]

    assert api.run_async(scene()) == ((1009, "The message is too large") if more else (4400, "A message must be JSON"))


@pytest.mark.parametrize("length", [0, 1, 200, 201])
def test_a_subscription_has_a_name_of_at_most_two_hundred_signs(api: Any, length: int) -> None:
    async def scene() -> Any:
        async with Socket(api.app) as socket:
            await socket.begin()
            await socket.subscribe("{ hello }", "n" * length)
            return await socket.raw()

    said = api.run_async(scene())
    if 1 <= length <= 200:
        assert said["type"] == "websocket.send"
    else:
        assert (said["code"], said["reason"]) == (4400, "subscribe needs an id and a payload")


def test_completing_what_is_not_there_counts_nothing(api: Any) -> None:
    async def scene() -> int:
        async with Socket(api.app) as socket:
            await socket.begin()
            await socket.subscribe(SUBSCRIPTION, name="a")
            await socket.data("a")
            for name in ("b", "a", "a"):
                await socket.say({"type": "complete", "id": name})
            await socket.say({"type": "ping"})
            assert await socket.hear() == {"type": "pong"}
            return int(api.app.http.sockets.subscriptions)

    assert api.run_async(scene()) == 0


def test_a_name_is_free_again_when_its_answer_is_complete(api: Any) -> None:
    async def scene() -> list[Any]:
        said = []
        async with Socket(api.app) as socket:
            await socket.begin()
            for _ in range(3):
                await socket.subscribe("{ hello }", "mine")
                said += [(await socket.hear())["type"], (await socket.hear())["type"]]
                assert api.app.http.sockets.subscriptions == 0
        return said

    assert api.run_async(scene()) == ["next", "complete"] * 3
