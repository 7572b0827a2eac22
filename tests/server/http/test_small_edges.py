"""Edges of the way in: what is kept has a bound, what is no address is none, and a database that is gone is told."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import logging
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import pytest

from prefect.server import http as http_module
from prefect.server import json_text
from prefect.server.actions import create_run
from prefect.server.graphql import execute
from prefect.server.graphql.writing import LOOKS_FOR_KEY, write
from prefect.server.store.database import DatabaseUnavailable
from prefect.server.threads import Threads
from support.access import Keyed
from support.asgi import graphql

GONE = DatabaseUnavailable("Database postgresql://user:***@db.internal/x does not answer")


# ----- JSON


@pytest.mark.parametrize(
    "text",
    ['{"a": 123456789012345678901234567890}', "[1e5, 12345678901234567890123]", b"[-99999999999999999999999]"],
)
def test_whole_numbers_of_any_size_stay_what_they_are(text: Any) -> None:
    import json

    assert json_text.read(text) == json.loads(text)


@pytest.mark.parametrize("text", ["[" + "9" * 5000 + "]", b"{" + b'"a": ' + b"1" * 4301 + b"}"], ids=["text", "bytes"])
def test_a_number_that_is_too_long_to_be_read_is_no_json(text: Any) -> None:
    with pytest.raises(orjson.JSONDecodeError):
        json_text.read(text)


@pytest.mark.parametrize("depth", [900, 1_010, 1_100, 50_000])
def test_a_text_that_nests_deeply_is_read_or_is_no_json(depth: int) -> None:
    text = "[" * depth + "123456789012345678901" + "]" * depth
    # How deep is too deep, the version of Python decides.
    with contextlib.suppress(*[orjson.JSONDecodeError] if depth > 900 else []):
        found = json_text.read(text)
        for _ in range(depth):
            (found,) = found
        assert found == 123456789012345678901


# ----- a database that is gone


def test_a_database_that_is_gone_while_a_key_is_looked_for_is_503_and_counted(
    shared_database: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keyed = Keyed(*shared_database, tmp_path)

    async def gone(key_id: str) -> Any:
        raise GONE

    monkeypatch.setattr(keyed.app.auth, "_find_key", gone)
    keyed.app.auth.forget()
    before = keyed.app.metrics.database_failures

    answer = keyed.admin.ask("{ hello }")

    assert answer.status == 503
    assert answer.messages == ["Unable to connect to the database."]
    assert b"db.internal" not in answer.body
    assert keyed.app.metrics.database_failures == before + 1


# ----- bodies of refused requests


@pytest.mark.parametrize(
    ("sent", "is_drained"),
    [
        ([{"type": "http.request", "body": b"{}"}], True),
        ([{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.request", "body": b"}"}], True),
        ([{"type": "http.request", "body": b"{", "more_body": True}], False),
        ([{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}], False),
        ([{"type": "http.request", "body": b"x" * 101}], False),
        (
            [
                {"type": "http.request", "body": b"x" * 60, "more_body": True},
                {"type": "http.request", "body": b"x" * 40},
            ],
            True,
        ),
        (
            [
                {"type": "http.request", "body": b"x" * 60, "more_body": True},
                {"type": "http.request", "body": b"x" * 41},
            ],
            False,
        ),
        (
            [{"type": "http.request", "body": b"", "more_body": True}, {"type": "http.request", "body": b"x" * 100}],
            True,
        ),
    ],
    ids=["whole", "in parts", "never ends", "hung up", "too large", "as large as may be", "too large in parts", "late"],
)
def test_a_body_that_is_refused_is_read_if_it_comes_at_once(
    api: Any, monkeypatch: pytest.MonkeyPatch, sent: list[Any], is_drained: bool
) -> None:
    monkeypatch.setattr(http_module, "REFUSED_BODY_SECONDS", 0.2)
    api.app.settings = dataclasses.replace(api.app.settings, max_body_bytes=100)
    left = list(sent)

    async def receive() -> Any:
        if not left:
            await asyncio.Event().wait()
        return left.pop(0)

    assert api.run_async(api.app.http._is_drained(receive)) is is_drained


@pytest.mark.parametrize("more", [0, 1])
def test_fifty_megabytes_that_are_refused_are_read_and_no_byte_more(api: Any, more: int) -> None:
    """So much its sender may send before it reads why."""
    api.app.settings = dataclasses.replace(api.app.settings, max_body_bytes=100)
    pieces = [b"x" * 1_000_000] * 49 + [b"x" * (1_000_000 + more), b""]
    left = [{"type": "http.request", "body": piece, "more_body": bool(piece)} for piece in pieces]

    async def receive() -> Any:
        return left.pop(0)

    assert api.run_async(api.app.http._is_drained(receive)) is False
    assert len(left) == more


def test_who_only_looks_whether_somebody_is_there_needs_no_key(shared_database: Any, tmp_path: Path) -> None:
    keyed = Keyed(*shared_database, tmp_path)
    nobody = keyed.with_key(None)

    for path in ("/", "/graphql", "/graphql/"):
        assert nobody.call("HEAD", path).status == 200
    assert nobody.call("HEAD", "/graphql/x").status != 200
    assert nobody.call("GET", "/graphql?x=1").status == 401


# ----- threads whose loop is gone


def test_a_thread_whose_loop_ended_before_its_answer_says_so_and_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    begun, goes_on = threading.Event(), threading.Event()

    def wait() -> None:
        begun.set()
        goes_on.wait(60)

    loop = asyncio.new_event_loop()
    threads = Threads(1, "lonely", loop)

    async def scene() -> None:
        future = threads.do(wait)
        await asyncio.to_thread(begun.wait, 60)
        future.cancel()

    loop.run_until_complete(scene())
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()
    threads.leave()
    [thread] = threads._threads
    with caplog.at_level(logging.WARNING):
        goes_on.set()
        thread.join(60)

    assert not thread.is_alive()
    assert "The event loop ended before the thread" in caplog.text
    assert "lonely" in caplog.text


@pytest.mark.parametrize("quicker", [0, 1, LOOKS_FOR_KEY - 1, LOOKS_FOR_KEY])
def test_who_finds_a_key_taken_begins_again_so_often(api: Any, quicker: int) -> None:
    """Another connection is quicker between the look and the insert."""
    looks = []

    def action(tx: Any, now: Any) -> str:
        looks.append(now)
        if len(looks) <= quicker:
            raise create_run.KeyTaken("k")
        return "made"

    request: Any = SimpleNamespace(app=api.app, now=object())
    if quicker < LOOKS_FOR_KEY:
        assert api.run_async(write(request, action)) == "made"
        assert looks == [request.now] * (quicker + 1)
    else:
        with pytest.raises(create_run.KeyTaken):
            api.run_async(write(request, action))
        assert len(looks) == LOOKS_FOR_KEY


# ----- one moment


@pytest.mark.parametrize("questions", [2, 3])
def test_all_questions_of_a_request_are_answered_of_one_moment(
    api: Any, monkeypatch: pytest.MonkeyPatch, questions: int
) -> None:
    rows, loop = execute._rows, api.run_async(_this_loop())
    asked: list[str] = []

    def and_meanwhile(transaction: Any, root: Any, *more: Any) -> Any:
        found = rows(transaction, root, *more)
        change = f'mutation {{ create_project(input: {{name: "p{len(asked)}"}}) {{ id }} }}'
        asked.append(root.key)
        asyncio.run_coroutine_threadsafe(graphql(api.app, change), loop).result(60)
        return found

    monkeypatch.setattr(execute, "_rows", and_meanwhile)
    names = [f"q{number}" for number in range(questions)]
    answer = api.ask("{ " + " ".join(f"{name}: project {{ name }}" for name in names) + " }")

    assert answer.data == {name: [] for name in names}
    assert len(asked) == questions
    assert len(api.ask("{ project { name } }").data["project"]) >= questions


async def _this_loop() -> asyncio.AbstractEventLoop:
    return asyncio.get_running_loop()
