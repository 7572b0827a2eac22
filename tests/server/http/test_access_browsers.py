"""Which pages may call, and what the server says about it to browsers."""

from __future__ import annotations

import itertools
import json
import socket
from pathlib import Path
from typing import Any

import pytest

from prefect.server.errors import StartUpError
from prefect.server.origins import Doors
from prefect.server.settings import load_settings
from support.access import Keyed
from support.servers import running_server

EVIL = "http://evil.example"


def settings(**given: Any) -> Any:
    return load_settings(given, environment={})


ORIGINS = [
    ("http://localhost:8080", "localhost:4200", {}, True),
    ("http://127.0.0.1", "127.0.0.1:4200", {}, True),
    ("http://[::1]:8080", "[::1]:4200", {}, True),
    (EVIL, "127.0.0.1:4200", {}, False),
    ("http://evil.example:4200", "evil.example:4200", {}, False),  # a name made to lead to loopback
    ("http://localhost.evil.example", "localhost:4200", {}, False),
    ("http://127.0.0.1.evil.example", "localhost:4200", {}, False),
    ("http://evil.example/localhost", "localhost:4200", {}, False),
    ("http://evil.example#@localhost", "localhost:4200", {}, False),
    ("http://evil.example?localhost", "localhost:4200", {}, False),
    ("http://evil.example\\@localhost", "localhost:4200", {}, False),
    ("http://localhost@evil.example", "localhost:4200", {}, False),
    ("http://evil.example@localhost", "localhost:4200", {}, False),
    ("http://user@localhost:1@evil.example", "localhost:4200", {}, False),
    ("http://localhost:80:80", "localhost:4200", {}, False),
    ("http://localhost:99999", "localhost:4200", {}, False),
    ("http://localhost:", "localhost:4200", {}, False),
    ("http://localhost/", "localhost:4200", {}, False),
    ("http://localhost http://evil.example", "localhost:4200", {}, False),
    (" http://localhost", "localhost:4200", {}, False),
    ("localhost", "localhost:4200", {}, False),
    ("//localhost", "localhost:4200", {}, False),
    ("", "localhost:4200", {}, False),
    ("null", "localhost:4200", {}, False),
    ("file://", "localhost:4200", {}, False),
    ("file://localhost", "localhost:4200", {}, False),
    ("chrome-extension://localhost", "localhost:4200", {}, False),
    ("http://0.0.0.0", "127.0.0.1:4200", {}, False),
    ("http://127.1", "127.0.0.1:4200", {}, False),
    ("http://2130706433", "127.0.0.1:4200", {}, False),
    ("http://0x7f.1", "127.0.0.1:4200", {}, False),
    ("http://0177.0.0.1", "127.0.0.1:4200", {}, False),
    ("http://[::1].evil", "[::1]:4200", {}, False),
    ("http://[::1", "[::1]:4200", {}, False),
    ("http://::1", "[::1]:4200", {}, False),
    ("http://[::1%25lo]", "[::1]:4200", {}, False),
    ("http://[", "[", {}, False),
    ("http://box:8080", "box:4200", {"host": "0.0.0.0", "expose": True}, True),
    ("http://192.0.2.7:8080", "192.0.2.7:4200", {"host": "0.0.0.0", "expose": True}, True),
    (EVIL, "evil.example:4200", {"host": "0.0.0.0", "expose": True}, False),
    (EVIL, "box:4200", {"host": "0.0.0.0", "expose": True}, False),
    ("https://box", "box", {"host": "0.0.0.0", "require_keys": True}, True),
    (EVIL, "box", {"require_keys": True}, False),
    ("https://p.example", "p.example", {"allowed_hosts": "p.example"}, True),
    (EVIL, "box", {"allowed_origins": "https://x.example, HTTP://evil.example/"}, True),
    ("http://evil.example:80", "box", {"allowed_origins": EVIL}, True),
    ("http://evil.example:81", "box", {"allowed_origins": EVIL}, False),
    ("https://evil.example", "box", {"allowed_origins": EVIL}, False),
    ("null", "box", {"allowed_origins": "*"}, True),
]


@pytest.mark.parametrize(("origin", "host", "given", "is_allowed"), ORIGINS)
def test_pages_of_this_machine_of_the_called_host_and_listed_ones_may_call(origin, host, given, is_allowed):
    doors = Doors(settings(**given))

    assert doors.is_allowed_origin(origin, host) == is_allowed
    assert (doors.unwelcome_page(origin, host) == "") == is_allowed


@pytest.mark.parametrize(("length", "told"), [(199, 199), (200, 200), (201, 200), (70_000, 200)])
def test_of_a_long_origin_the_beginning_is_told(length: int, told: int) -> None:
    origin = "https://".ljust(length, "x")

    said = Doors(settings()).unwelcome_page(origin, "localhost:4200")

    assert said == (
        f"Pages of {origin[:told]} may not call this server; the setting http.allowed_origins can allow it."
    )


LOOPBACK: dict[str, Any] = {}
EXPOSED = {"host": "0.0.0.0", "expose": True}
KEYED = {"host": "0.0.0.0", "require_keys": True}
HOSTS = [
    # On loopback: this machine's own names, and what containers call it by.
    *(
        (name, LOOPBACK, True)
        for name in ("localhost", "localhost:4200", "LOCALHOST.", "a.localhost", "127.0.0.1:4200")
    ),
    *(
        (name, LOOPBACK, True)
        for name in ("127.9.9.9", "[::1]:4200", "[::ffff:127.0.0.1]", "host.docker.internal:4200")
    ),
    *(
        (name, LOOPBACK, False)
        for name in ("evil.example", "evil.example:4200", "localhost.evil.example", "evil.example.")
    ),
    *((name, LOOPBACK, False) for name in ("127.0.0.1.evil.example", "127.1", "2130706433", "0.0.0.0:4200", "0x7f.1")),
    *(
        (name, LOOPBACK, False)
        for name in ("", " ", "[::1", "::1", "a b", "a/b", "u@localhost", "localhost:x", "[::1]x")
    ),
    *((name, LOOPBACK, False) for name in ("localhost:99999", "xlocalhost", "192.0.2.1", "server", "é", "a" * 9000)),
    ("evil.example", {"require_keys": True}, False),
    # Where others reach it: addresses and names that nobody can register; all others with keys alone.
    *((name, EXPOSED, True) for name in ("192.0.2.1:4200", "[2001:db8::1]:4200", "server:4200", "proctor-server")),
    *((name, EXPOSED, True) for name in ("server.flows.svc.cluster.local", "server.flows.svc", "box.lan", "localhost")),
    *(
        (name, EXPOSED, False)
        for name in ("evil.example:4200", "server.evil.example", "localhost.evil.example", "1.2.3")
    ),
    *((name, KEYED, True) for name in ("server", "proctor.flows:4200", "prefect.example.com", "192.0.2.1")),
    *((name, KEYED, False) for name in ("", "a b", "u@server")),
    ("evil.example", {**KEYED, "allowed_hosts": "prefect.example.com"}, False),
    # What is configured.
    ("prefect.example.com", {"allowed_hosts": "prefect.example.com"}, True),
    ("PREFECT.example.com.:443", {"allowed_hosts": "other, Prefect.Example.Com"}, True),
    ("a.prefect.example.com", {"allowed_hosts": "prefect.example.com"}, False),
    ("a.b.example.com", {"allowed_hosts": "*.example.com"}, True),
    ("example.com", {"allowed_hosts": "*.example.com"}, False),
    ("evilexample.com", {"allowed_hosts": "*.example.com"}, False),
    ("evil.example", {"allowed_hosts": "*"}, True),
    ("prefect.example.com", {"api_url": "https://prefect.example.com/x"}, True),
    ("prefect.example.com", {"allowed_origins": "https://prefect.example.com"}, True),
    ("evil.example", {"allowed_origins": "*"}, False),
    ("box.example.com", {"host": "box.example.com", "expose": True}, True),
]


@pytest.mark.parametrize(("host", "given", "is_allowed"), HOSTS)
def test_the_names_under_which_the_server_may_be_called(host, given, is_allowed):
    called, why = Doors(settings(**given)).called_host([(b"host", host.encode())], "127.0.0.1")

    assert (why == "") == is_allowed, why
    assert len(called) <= 300


def test_who_sends_no_host_is_no_browser_and_who_sends_two_is_refused():
    doors = Doors(settings())

    assert doors.called_host([], None) == ("", "")
    assert "more than one" in doors.called_host([(b"host", b"localhost"), (b"host", b"evil.example")], None)[1]


@pytest.mark.parametrize(
    ("peer", "headers", "is_allowed"),
    [
        ("10.0.0.1", [("x-forwarded-host", "p.example")], True),
        ("10.0.0.1", [("x-forwarded-host", "p.example:443")], True),
        ("10.0.0.1", [("x-forwarded-host", "evil.example")], False),
        ("10.0.0.1", [("x-forwarded-host", "p.example, evil.example")], False),
        ("10.0.0.1", [("x-forwarded-host", "p.example"), ("x-forwarded-host", "evil.example")], False),
        ("10.0.0.1", [("x-forwarded-host", "")], False),
        ("10.0.0.1", [("host", "evil.example"), ("x-forwarded-host", "p.example")], True),
        ("::ffff:10.0.0.1", [("host", "evil.example"), ("x-forwarded-host", "p.example")], True),
        ("10.0.0.1", [("host", "evil.example")], False),
        ("10.0.0.2", [("host", "evil.example"), ("x-forwarded-host", "p.example")], False),
        ("10.0.0.2", [("host", "p.example"), ("x-forwarded-host", "evil.example")], True),
        (None, [("host", "evil.example"), ("x-forwarded-host", "p.example")], False),
        ("", [("host", "evil.example"), ("x-forwarded-host", "p.example")], False),
        ("a.socket", [("host", "p.example"), ("x-forwarded-host", "evil.example")], True),
    ],
)
def test_only_a_trusted_proxy_says_under_which_name_it_was_called(peer, headers, is_allowed):
    doors = Doors(settings(allowed_hosts="p.example", trusted_proxies="10.0.0.1"))

    _, why = doors.called_host([(name.encode(), value.encode()) for name, value in headers], peer)

    assert (why == "") == is_allowed


@pytest.mark.parametrize("text", ["a b", "https://a.example", "a.example:80", "*.", "u@a", "a,*.b.*"])
def test_a_setting_of_hosts_that_cannot_be_hosts_is_refused(text):
    with pytest.raises(StartUpError, match="allowed_hosts"):
        settings(allowed_hosts=text)


REBOUND = {"host": "evil.example:4200"}
PATHS = ["/", "/graphql", "/graphql?query={hello}", "/graphql/alpha", "/health", "/health/live", "/metrics", "/nowhere"]
PATHS += ["/.well-known/apollo/server-health", "/x/flow-run/00000000-0000-0000-0000-000000000001"]


METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "X"]


def test_a_name_made_to_lead_to_loopback_opens_nothing(api):
    more = [{}, {"sec-fetch-site": "same-origin"}, {"x-forwarded-host": "localhost"}, {"forwarded": "host=localhost"}]
    for method, path, accept, said in itertools.product(METHODS, PATHS, ("*/*", "text/html"), more):
        body = b'{"query": "{ hello }"}' if method == "POST" else b""

        answer = api.call(method, path, body, {**REBOUND, "accept": accept, **said})

        assert answer.status == 403, (method, path)
        assert method == "HEAD" or "http.allowed_hosts" in answer.messages[0]
        assert is_safe(answer.headers)


def is_safe(headers: Any) -> bool:
    """Tell whether an answer may be framed by nobody and is taken for nothing else."""
    return (
        "frame-ancestors 'none'" in headers["content-security-policy"]
        and headers["x-frame-options"] == "DENY"
        and headers["x-content-type-options"] == "nosniff"
        and headers["referrer-policy"]
        == ("same-origin" if headers.get("cross-origin-opener-policy") else "no-referrer")
    )


def test_every_answer_says_that_it_is_for_no_frame(api):
    more = [{}, {"accept": "text/html"}, {"origin": EVIL}, {"x-prefect-tenant-id": "x"}]
    for method, path, headers in itertools.product(METHODS, PATHS, more):
        answer = api.call(method, path, b"{" if method == "POST" else b"", headers)

        assert is_safe(answer.headers), (method, path)


def test_an_answer_to_a_fault_of_ours_says_so_too(api, monkeypatch):
    async def fails(*_):
        raise RuntimeError("a fault")

    monkeypatch.setattr(api.app.executor, "execute", fails)

    answer = api.ask("{ hello }")

    assert answer.status == 500
    assert is_safe(answer.headers)


@pytest.mark.parametrize("headers", [REBOUND, {"host": "localhost", "origin": EVIL}, {"origin": "null"}])
def test_a_websocket_of_a_foreign_page_is_not_opened(api, headers):
    for extensions in ({}, {"websocket.http.response": {}}):
        sent: list[Any] = []
        received: list[Any] = []

        async def send(message: Any, sent: list[Any] = sent, received: list[Any] = received) -> None:
            assert received == ["websocket.connect"], "nothing may be said before a socket has asked for anything"
            sent.append(message)

        async def receive(received: list[Any] = received) -> Any:
            received.append("websocket.connect")
            return {"type": "websocket.connect"}

        scope = {
            "type": "websocket",
            "path": "/graphql",
            "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "subprotocols": ["graphql-transport-ws"],
            "extensions": extensions,
        }
        api.run_async(api.app(scope, receive, send))

        if extensions:
            assert [message["type"] for message in sent] == [
                "websocket.http.response.start",
                "websocket.http.response.body",
            ]
            assert sent[0]["status"] == 403
            assert is_safe({name.decode(): value.decode() for name, value in sent[0]["headers"]})
        else:
            assert sent == [{"type": "websocket.close", "code": 1000}]


def test_a_real_server_says_it_where_the_application_is_not_asked(tmp_path):
    with running_server(tmp_path) as server:

        def answers(request: bytes) -> bytes:
            with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
                connection.sendall(request)
                got = b""
                while more := connection.recv(65536):
                    got += more
                return got

        upgrade = b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        upgrade += b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n"
        for request, status in (
            (b"nonsense\r\n\r\n", b"400"),
            (b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n", b"400"),
            (b"GET /graphql HTTP/1.1\r\nHost: evil.example\r\n" + upgrade + b"\r\n", b"403"),
            (b"GET /nowhere HTTP/1.1\r\nHost: localhost\r\n" + upgrade + b"\r\n", b"403"),
            (b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", b"200"),
        ):
            head = answers(request).split(b"\r\n\r\n")[0].lower()
            assert head.startswith(b"http/1.1 " + status), head
            for line in (b"x-frame-options: deny", b"x-content-type-options: nosniff", b"referrer-policy: no-referrer"):
                assert head.count(line) == 1, head


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
