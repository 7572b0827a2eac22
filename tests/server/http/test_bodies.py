"""Bodies of requests, however they come: at once, later, in pieces, or not at all."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from prefect.server.app import App
from prefect.server.settings import load_settings

BODY = json.dumps({"query": "{ hello }"}).encode()
SECONDS = 30


async def send(
    app: Any, receive: Any, body: bytes = BODY, heads: list[tuple[bytes, bytes]] | None = None
) -> tuple[int, bytes]:
    """Send a request whose body comes by ``receive``; gives the status and the body of the answer.

    Args:
        heads: takes the headers of the answer.
    """
    sent: list[Any] = []

    async def keep(message: Any) -> None:
        sent.append(message)

    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    scope = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": headers}
    async with asyncio.timeout(SECONDS):
        await app(scope, receive, keep)
    if heads is not None:
        heads += sent[0]["headers"]
    return (sent[0]["status"], sent[1]["body"]) if sent else (0, b"")


def pieces(*parts: bytes) -> list[Any]:
    return [{"type": "http.request", "body": part, "more_body": n < len(parts) - 1} for n, part in enumerate(parts)]


@pytest.mark.parametrize("waits", [(0, 0, 0), (1, 0, 0), (0, 2, 0), (3, 3, 3)], ids=str)
@pytest.mark.parametrize("parts", [1, 3])
def test_a_body_is_read_whenever_its_pieces_come(api, run_async, waits, parts):
    size = -(-len(BODY) // parts)
    left = pieces(*(BODY[at : at + size] for at in range(0, len(BODY), size)))

    async def receive() -> Any:
        for _ in range(waits[len(left) - 1]):
            event = asyncio.Event()
            asyncio.get_running_loop().call_soon(event.set)
            await event.wait()
            await asyncio.sleep(0)
        return left.pop(0)

    status, body = api.run_async(send(api.app, receive))
    assert status == 200
    assert "data" in json.loads(body)


def test_what_gives_the_body_need_not_be_a_coroutine(api):
    def receive() -> Any:
        future = asyncio.get_running_loop().create_future()
        future.set_result(pieces(BODY)[0])
        return future

    assert api.run_async(send(api.app, receive))[0] == 200


@pytest.mark.parametrize("when", ["at once", "later"])
def test_an_error_while_the_body_comes_is_the_servers_not_the_clients(api, when, caplog):
    async def receive() -> Any:
        if when == "later":
            await asyncio.sleep(0)
        raise OSError("the line is cut")

    assert api.run_async(send(api.app, receive))[0] == 500
    assert "the line is cut" in caplog.text


@pytest.mark.parametrize("when", ["at once", "later"])
def test_who_leaves_before_the_body_has_come_gets_no_answer(api, when):
    async def receive() -> Any:
        if when == "later":
            await asyncio.sleep(0)
        return {"type": "http.disconnect"}

    assert api.run_async(send(api.app, receive)) == (0, b"")


def test_a_request_that_is_given_up_leaves_what_gives_its_body_in_order(api):
    ended = []

    async def receive() -> Any:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    async def run() -> None:
        task = asyncio.ensure_future(send(api.app, receive))
        while not task.done() and not ended:
            await asyncio.sleep(0)
            if task.get_coro().cr_await is not None:
                task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    api.run_async(run())
    assert ended == [True]


@pytest.mark.parametrize("first", [b"", BODY[:5]], ids=["nothing came", "some came"])
def test_a_body_that_does_not_come_in_time_is_refused(api, first):
    app = App(load_settings({"services_enabled": False, "body_seconds": 0.1}, environment={}), api.app.database)
    left = [{"type": "http.request", "body": first, "more_body": True}] if first else []

    async def receive() -> Any:
        return left.pop() if left else await asyncio.Event().wait()

    heads: list[tuple[bytes, bytes]] = []
    status, body = api.run_async(send(app, receive, heads=heads))
    assert status == 408
    assert b"has not come within 0.1 s" in body
    # What still comes must not be taken for the next request; and it is said once.
    assert [value for name, value in heads if name == b"connection"] == [b"close"]


def test_a_body_at_the_bound_is_read_and_one_past_it_refused(api):
    app = App(load_settings({"services_enabled": False, "max_body_bytes": 10_000}, environment={}), api.app.database)

    async def ask(size: int) -> int:
        body = json.dumps({"query": "{ hello }", "pad": ""}).encode()
        body = body[:-2] + b"x" * (size - len(body)) + body[-2:]
        assert len(body) == size

        async def receive() -> Any:
            return pieces(body)[0]

        return (await send(app, receive, body))[0]

    assert [api.run_async(ask(size)) for size in (9_999, 10_000, 10_001)] == [200, 200, 413]
