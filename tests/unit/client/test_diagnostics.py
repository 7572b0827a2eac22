"""``cloud.diagnostics``: every request is told at DEBUG, and no key or secret with it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from prefect.client import Client, diagnostics
from prefect.exceptions import ClientError
from prefect.utilities.configuration import set_temporary_config
from support.graphql_stub import StubServer


@pytest.fixture
def stub() -> Iterator[Any]:
    with StubServer() as stub, set_temporary_config({"cloud.api": stub.url, "logging.level": "DEBUG"}):
        yield stub


def told(caplog: pytest.LogCaptureFixture) -> str:
    return "\n".join(record.getMessage() for record in caplog.records if record.name == "client.diagnostics")


def test_a_request_is_told_without_its_key(stub: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "client.diagnostics")
    stub.data("hello", hello=1)
    client = Client(api_key="pk_open_sesame")
    client.attach_headers({"X-Token": "open too", "X-Mine": "shown"})
    client.graphql("query { hello }", variables={"a": 1})
    assert told(caplog) == "", "off unless asked for"

    with set_temporary_config({"cloud.diagnostics": True}):
        client.graphql("query { hello }", variables={"a": 1})
    text = told(caplog)
    for part in (
        f"Preparing request to {stub.url}",
        "Bearer XXXX",
        "shown",
        "query { hello }",
        '"hello": 1',
        "duration",
    ):
        assert part in text
    assert "sesame" not in text
    assert "open too" not in text


def test_secrets_and_their_answers_are_not_told(stub: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "client.diagnostics")
    stub.data("set_secret", set_secret={"success": True, "value": "open sesame"})
    with set_temporary_config({"cloud.diagnostics": True}):
        Client().set_secret("S", "open sesame")
    assert told(caplog).count("(hidden)") == 2
    assert "sesame" not in told(caplog)


def test_a_request_that_fails_is_told_too(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "client.diagnostics")
    with set_temporary_config({"cloud.diagnostics": True, "logging.level": "DEBUG"}):
        client = Client("http://127.0.0.1:9")
        client.retry_seconds = 0
        with pytest.raises(ClientError):
            client.graphql("{ hello }")
    assert "Request duration" in told(caplog)


@pytest.mark.parametrize(("more", "shown"), [(0, "x" * 2_000), (1, "x" * 2_000 + "... (2,001 characters)")])
def test_of_what_is_long_the_beginning_is_told(more: int, shown: str) -> None:
    assert diagnostics._brief("x" * (2_000 + more)) == shown
    assert diagnostics._brief({"a": 1}) == '{"a": 1}'
