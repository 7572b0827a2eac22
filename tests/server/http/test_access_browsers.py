"""Which pages may call, and what the server says about it to browsers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from prefect.server.auth import is_allowed_origin, unwelcome_page
from prefect.server.settings import load_settings
from support.access import Keyed

EVIL = "http://evil.example"


def settings(**given: Any) -> Any:
    return load_settings(given, environment={})


@pytest.mark.parametrize(
    ("origin", "host", "given", "is_allowed"),
    [
        ("http://localhost:8080", "localhost:4200", {}, True),
        ("http://127.0.0.1", "127.0.0.1:4200", {}, True),
        ("http://[::1]:8080", "[::1]:4200", {}, True),
        (EVIL, "127.0.0.1:4200", {}, False),
        ("http://evil.example:4200", "evil.example:4200", {}, False),  # a name made to lead to loopback
        ("http://localhost.evil.example", "localhost:4200", {}, False),
        ("http://evil.example/localhost", "localhost:4200", {}, False),
        ("null", "localhost:4200", {}, False),
        ("http://user@localhost:1@evil.example", "localhost:4200", {}, False),
        ("http://box:8080", "box:4200", {"host": "0.0.0.0", "expose": True}, True),
        (EVIL, "box:4200", {"host": "0.0.0.0", "expose": True}, False),
        ("https://box", "box", {"require_keys": True}, True),
        (EVIL, "box", {"require_keys": True}, False),
        (EVIL, "box", {"allowed_origins": "https://x.example, HTTP://evil.example/"}, True),
        ("http://evil.example:81", "box", {"allowed_origins": EVIL}, False),
        ("null", "box", {"allowed_origins": "*"}, True),
        ("http://[", "[", {}, False),
    ],
)
def test_pages_of_this_machine_of_the_called_host_and_listed_ones_may_call(origin, host, given, is_allowed):
    assert is_allowed_origin(origin, host, settings(**given)) == is_allowed
    assert (unwelcome_page({"origin": origin, "host": host}, settings(**given)) == "") == is_allowed


def test_a_browser_that_reads_by_a_name_made_to_lead_to_loopback_is_refused():
    rebound = {"host": "evil.example:4200", "sec-fetch-site": "same-origin"}

    assert "evil.example" in unwelcome_page(rebound, settings())
    assert unwelcome_page({**rebound, "host": "localhost:4200"}, settings()) == ""
    assert unwelcome_page({"host": "host.docker.internal:4200"}, settings()) == "", "no browser"
    assert unwelcome_page(rebound, settings(allowed_origins=EVIL)) == ""
    assert unwelcome_page(rebound, settings(require_keys=True)) == ""


def test_a_foreign_page_changes_nothing_even_without_asking_first(api):
    body = json.dumps({"query": 'mutation { create_project(input: {name: "p"}) { id } }'}).encode()

    # A form or a simple request needs no preflight: what it wants must not be done, whoever may read the answer.
    refused = api.call("POST", "/", body, {"origin": EVIL, "content-type": "text/plain"})

    assert refused.status == 403
    assert "http.allowed_origins" in refused.messages[0]
    assert "access-control-allow-origin" not in refused.headers
    assert api.ask("{ project { id } }").data == {"project": []}


def test_a_page_that_may_call_is_named_and_never_gets_credentials(api):
    origin = "http://localhost:8080"

    for answer in (
        api.ask("{ hello }", headers={"origin": origin}),
        api.call("OPTIONS", "/graphql", headers={"origin": origin, "access-control-request-headers": "authorization"}),
    ):
        assert answer.status in (200, 204)
        assert answer.headers["access-control-allow-origin"] == origin
        assert answer.headers["vary"] == "Origin"
        assert "access-control-allow-credentials" not in answer.headers
    foreign = api.call("OPTIONS", "/graphql", headers={"origin": EVIL})
    assert "access-control-allow-origin" not in foreign.headers


def test_with_keys_a_page_still_needs_one(shared_database, tmp_path: Path):
    keyed = Keyed(*shared_database, tmp_path)
    origin = {"origin": "http://localhost:8080"}

    assert keyed.admin.ask("{ hello }", **origin).headers["access-control-allow-origin"] == origin["origin"]
    refused = keyed.with_key(None).ask("{ hello }", **origin)
    assert refused.status == 401
    assert refused.headers["access-control-allow-origin"] == origin["origin"], "the page may read why"
