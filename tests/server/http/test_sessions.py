"""A browser logs in with a key and gets a cookie, which counts for what this server's own pages send, and no more."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from prefect.server import sessions, websocket
from prefect.server.app import App
from prefect.server.auth import Auth, Refused, hash_of
from prefect.server.settings import load_settings
from prefect.server.store.database import DatabaseUnavailable
from support.access import Holder, Keyed
from support.asgi import graphql
from support.sockets import Socket

HOST = "localhost:4200"
OWN = {"host": HOST, "origin": f"http://{HOST}", "sec_fetch_site": "same-origin"}
REVOKE = "mutation($id: UUID!) { delete_api_key(input: {key_id: $id}) { success } }"
ASK = b'{"query": "{ auth_info { role key_id } }"}'


@pytest.fixture
def keyed(shared_database: Any, tmp_path: Path) -> Keyed:
    database, run_async = shared_database
    return Keyed(database, run_async, tmp_path)


@pytest.fixture
def nobody(keyed: Keyed) -> Holder:
    return keyed.with_key(None)


def log_in(holder: Holder, key: str, stay: bool = True, **headers: str) -> Any:
    return holder.call("POST", "/login", json.dumps({"key": key, "stay": stay}).encode(), **{**OWN, **headers})


def cookie_of(answer: Any) -> str:
    assert answer.status == 200, answer.body
    return answer.headers["set-cookie"].partition(";")[0]


def test_a_key_becomes_a_cookie_that_no_script_reads(keyed, nobody):
    key_id, key = keyed.key("run")

    answer = log_in(nobody, key)

    assert re.fullmatch(
        r"proctor-session-4200=pcs_[0-9a-f]{32}_\d+_[\w-]{43}; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict",
        answer.headers["set-cookie"],
    )
    assert answer.headers["cache-control"] == "no-store"
    assert key.split("_", 2)[2] not in answer.headers["set-cookie"] + answer.body.decode()
    until = datetime.fromisoformat(answer.json["expires_at"])
    assert timedelta(hours=11.9) < until - datetime.now(UTC) <= timedelta(hours=12)
    asked = nobody.call("POST", "/graphql", ASK, **OWN, cookie=f"other=1; {cookie_of(answer)}; more=2")
    assert asked.data["auth_info"] == {"role": "run", "key_id": key_id}


def test_the_cookie_is_for_the_path_and_for_tls_where_there_is_any(shared_database, tmp_path):
    below = Keyed(
        *shared_database, tmp_path, path_prefix="/below", trusted_proxies="10.0.0.1", allowed_hosts="p.example"
    )

    async def through(scope: Any, receive: Any, send: Any) -> None:
        await below.app({**scope, "client": ("10.0.0.1", 1)}, receive, send)

    behind = Holder(through, below.run_async, None)  # type: ignore[arg-type]
    said = {"host": "p.example", "origin": "https://p.example", "x_forwarded_proto": "https"}
    answer = log_in(behind, below.key()[1], **said)

    assert answer.headers["set-cookie"].startswith("proctor-session=")
    assert "; Path=/below/;" in answer.headers["set-cookie"]
    assert answer.headers["set-cookie"].endswith("; Secure")


def test_without_being_asked_to_stay_it_ends_with_the_browser(keyed, nobody):
    for body in ({"key": keyed.key()[1]}, {"key": keyed.key()[1], "stay": False}):
        answer = nobody.call("POST", "/login", json.dumps(body).encode(), **OWN)

        assert "Max-Age" not in answer.headers["set-cookie"]
        assert "expires_at" in answer.json


@pytest.mark.parametrize(
    "body",
    ['{"key": "x", "stay": 1}', "", "[]", "{}", '{"key": 1}', '{"key": " "}', '{"key": "%s"}' % ("x" * 300), "{"],
)
def test_what_is_no_key_is_refused_with_what_is_expected(nobody, body):
    answer = nobody.call("POST", "/login", body.encode(), **OWN)

    assert answer.status == 400
    assert "text of an API key" in answer.messages[0]
    assert "set-cookie" not in answer.headers


def test_unknown_keys_get_no_cookie_and_are_counted(nobody):
    statuses = [log_in(nobody, f"pct_{'0' * 32}_{'a' * 43}").status for _ in range(22)]

    assert statuses == [401] * 20 + [429] * 2


def test_a_server_without_keys_needs_no_session(api):
    answer = api.call("POST", "/login", b'{"key": "any"}', {"host": HOST, "origin": f"http://{HOST}"})

    assert answer.json == {"required": False}
    assert "set-cookie" not in answer.headers


def test_logging_out_ends_the_cookie(nobody):
    answer = nobody.call("POST", "/logout", **OWN)

    assert answer.status == 204
    assert answer.headers["set-cookie"].startswith("proctor-session-4200=; Path=/; Max-Age=0;")


# ------------------------------------------------------------------------------------- whose request it is

LINKS = {"referer": f"http://{HOST}/default/runs"}
FOREIGN = [
    ({}, "POST"),
    ({"origin": "http://localhost:3000"}, "POST"),
    ({"origin": "http://localhost"}, "POST"),
    ({"origin": "http://127.0.0.1:4200"}, "POST"),
    ({"origin": "null"}, "POST"),
    ({"origin": "http://evil.example"}, "GET"),
    ({"sec-fetch-site": "same-site"}, "POST"),
    ({"sec-fetch-site": "cross-site"}, "GET"),
    ({"sec-fetch-site": "none"}, "POST"),
    ({"sec-fetch-site": "cross-site", "x-proctor-request": "1"}, "POST"),
    ({"origin": "http://localhost:3000", "x-proctor-request": "1"}, "POST"),
    ({"origin": f"http://{HOST}", "sec-fetch-site": "same-site"}, "POST"),
    (LINKS, "POST"),
    ({"referer": f"http://evil.example/{HOST}"}, "GET"),
    ({"referer": "http://localhost:42000/"}, "GET"),
    ({}, "GET"),
]
OURS = [
    ({"origin": f"http://{HOST}"}, "POST"),
    ({"origin": f"http://{HOST}", "sec-fetch-site": "same-origin"}, "POST"),
    ({"sec-fetch-site": "same-origin"}, "POST"),
    ({"x-proctor-request": "1"}, "POST"),
    ({"sec-fetch-site": "none"}, "GET"),
    ({"sec-fetch-site": "same-origin"}, "GET"),
    (LINKS, "GET"),
]


@pytest.mark.parametrize(("headers", "method"), FOREIGN)
def test_a_session_does_not_count_for_what_another_page_may_have_sent(keyed, nobody, headers, method):
    cookie = cookie_of(log_in(nobody, keyed.key()[1]))
    path, body = ("/graphql", ASK) if method == "POST" else ("/graphql?query={hello}", b"")

    answer = nobody.call(method, path, body, host=HOST, cookie=cookie, **headers)

    assert answer.status == 403
    assert b'"data"' not in answer.body


@pytest.mark.parametrize(("headers", "method"), OURS)
def test_a_session_counts_for_what_our_pages_send(keyed, nobody, headers, method):
    cookie = cookie_of(log_in(nobody, keyed.key()[1]))
    path, body = ("/graphql", ASK) if method == "POST" else ("/graphql?query={hello}", b"")

    assert nobody.call(method, path, body, host=HOST, cookie=cookie, **headers).data


@pytest.mark.parametrize(("headers", "method"), [case for case in FOREIGN if case[1] == "POST"])
@pytest.mark.parametrize("path", ["/login", "/logout"])
def test_no_other_page_logs_anybody_in_or_out(keyed, nobody, headers, method, path):
    answer = nobody.call(method, path, json.dumps({"key": keyed.key()[1]}).encode(), host=HOST, **headers)

    assert answer.status == 403
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    ("origin", "host", "is_own"),
    [
        ("https://p.example", "p.example", True),
        ("http://p.example", "p.example", True),
        ("https://p.example:443", "p.example", True),
        ("https://p.example", "p.example:443", True),
        ("https://p.example", "p.example:80", False),
        ("http://P.example", "p.EXAMPLE", True),
        ("http://[::1]:4200", "[::1]:4200", True),
        ("http://a.p.example", "p.example", False),
        ("http://p.example.evil.example", "p.example", False),
        ("ftp://p.example", "p.example", False),
        ("http://p.example/", "p.example", False),
        ("http://p.example", "", False),
    ],
)
def test_an_own_page_is_one_of_the_same_host_and_port(origin, host, is_own):
    assert sessions.is_own_page("POST", {"origin": origin}, host) == is_own


def test_a_key_counts_from_anywhere_whatever_cookie_comes_along(keyed):
    cookie = cookie_of(log_in(keyed.with_key(None), keyed.key("read")[1]))

    assert keyed.run.ask("{ auth_info { role } }", host=HOST, cookie=cookie).data["auth_info"]["role"] == "run"


# ------------------------------------------------------------------------------------- how long


def test_a_session_ends_with_its_key(keyed, nobody):
    key_id, key = keyed.key()
    cookie = cookie_of(log_in(nobody, key))
    assert nobody.call("POST", "/", ASK, **OWN, cookie=cookie).data

    keyed.admin.do("delete_api_key", "success", key_id=key_id)

    refused = nobody.call("POST", "/", ASK, **OWN, cookie=cookie)
    assert refused.status == 401
    assert "log in again" in refused.messages[0]


def test_a_session_ends_by_itself_and_with_a_key_that_ends(run_async):
    now = datetime(2030, 1, 1, tzinfo=UTC)
    row = {"tenant_id": "t", "default_tenant_id": "t", "role": "run", "name": "n", "user_id": None}
    key_id, key = "0" * 32, f"pct_{'0' * 32}_{'a' * 43}"

    def auth(expires_at: datetime | None) -> Auth:
        async def find(_: str) -> Any:
            return {**row, "id": key_id, "key_hash": hash_of(key), "expires_at": expires_at}

        return Auth("t", required=True, find_key=find, session_secret=lambda: b"s" * 32)

    for expires_at, lasts in ((None, 60), (now + timedelta(seconds=30), 30), (now + timedelta(days=9), 60)):
        one = auth(expires_at)
        session, _ = run_async(one.open_session(key, None, now, 60))
        assert run_async(one.caller({}, None, now + timedelta(seconds=lasts - 1), session)).role == "run"
        with pytest.raises(Refused, match="log in again"):
            run_async(one.caller({}, None, now + timedelta(seconds=lasts), session))


def test_a_session_that_was_changed_is_none_and_locks_nobody_out(keyed, nobody):
    key = keyed.key()[1]
    name, _, session = cookie_of(log_in(nobody, key)).partition("=")
    _, key_id, until, seal = session.split("_", 3)
    other_id = keyed.key()[0].replace("-", "")
    changed = [
        f"pcs_{other_id}_{until}_{seal}",
        f"pcs_{key_id}_{int(until) + 3600}_{seal}",
        f"pcs_{key_id}_{until}_{seal[:-1]}{'A' if seal[-1] != 'A' else 'B'}",
        key,
        "pcs_",
        "x" * 5000,
        "",
    ]
    for value in changed * 5:
        assert nobody.call("POST", "/", ASK, **OWN, cookie=f"{name}={value}").status == 401

    assert log_in(nobody, key).status == 200
    # Only as a cookie: it is no key, also not after it was good as what it is.
    assert nobody.call("POST", "/", ASK, **OWN, cookie=f"{name}={session}").data
    assert keyed.with_key(session).ask("{ hello }").status == 401


def test_replicas_with_one_secret_know_each_others_sessions_and_others_do_not(keyed, shared_database, tmp_path):
    cookie = cookie_of(log_in(keyed.with_key(None), keyed.key()[1]))
    for home, status in ((tmp_path, 200), (tmp_path / "elsewhere", 401)):
        database, run_async = shared_database
        settings = load_settings({"services_enabled": False, "require_keys": True}, environment={}, home=home)
        replica = App(settings, database)
        run_async(replica.start())
        answer = Holder(replica, run_async, None).call("POST", "/", ASK, **OWN, cookie=cookie)
        assert answer.status == status


def test_another_servers_cookie_on_this_machine_is_not_taken_for_ours(keyed, nobody):
    cookie = cookie_of(log_in(nobody, keyed.key()[1]))
    there = {"host": "localhost:4300", "origin": "http://localhost:4300"}

    assert nobody.call("POST", "/", ASK, **there, cookie=cookie).status == 401


# ------------------------------------------------------------------------------------- sockets


@pytest.mark.parametrize(("origin", "code"), [(f"http://{HOST}", None), ("http://localhost:3000", 4403), (None, 4403)])
def test_a_socket_of_our_page_takes_the_session(keyed, nobody, origin, code):
    cookie = cookie_of(log_in(nobody, keyed.key()[1]))
    headers = {"host": HOST, "cookie": cookie, **({"origin": origin} if origin else {})}

    async def walk() -> None:
        async with Socket(keyed.app, headers=headers.items()) as socket:
            if code is None:
                await socket.begin()
                await socket.subscribe("{ auth_info { role } }")
                assert await socket.data() == {"auth_info": {"role": "admin"}}
                return
            assert (await socket.raw())["type"] == "websocket.accept"
            await socket.say({"type": "connection_init"})
            closed = await socket.raw()
            assert (closed["type"], closed["code"]) == ("websocket.close", code)

    keyed.run_async(walk())


def test_a_socket_ends_with_its_key_though_nothing_changes_that_is_followed(keyed, nobody, monkeypatch):
    monkeypatch.setattr(websocket, "PING_SECONDS", 0.01)
    key_id, key = keyed.key()
    headers = {"host": HOST, "cookie": cookie_of(log_in(nobody, key)), "origin": f"http://{HOST}"}

    async def walk() -> None:
        async with Socket(keyed.app, headers=headers.items()) as socket:
            await socket.begin()
            await socket.subscribe("subscription { flow_run { id } }")
            assert await socket.data() == {"flow_run": []}
            answer = await graphql(keyed.app, REVOKE, {"id": key_id}, keyed.admin.headers)
            assert answer.data["delete_api_key"]["success"] is True
            while (told := await socket.raw())["type"] == "websocket.send":
                assert json.loads(told["text"]) == {"type": "ping"}
            assert (told["type"], told["code"]) == ("websocket.close", 4403)

    keyed.run_async(walk())


def test_a_socket_outlives_a_database_that_is_away_and_then_ends_with_its_key(keyed, nobody, monkeypatch):
    monkeypatch.setattr(websocket, "PING_SECONDS", 0.01)
    key_id, key = keyed.key()
    headers = {"host": HOST, "cookie": cookie_of(log_in(nobody, key)), "origin": f"http://{HOST}"}
    sockets, asked = keyed.app.http.sockets, []
    really = sockets.make_request

    async def away(scope):
        asked.append(scope)
        raise DatabaseUnavailable("away")

    async def walk() -> None:
        async with Socket(keyed.app, headers=headers.items()) as socket:
            await socket.begin()
            monkeypatch.setattr(sockets, "make_request", away)
            while len(asked) < 3:
                assert json.loads((await socket.raw())["text"]) == {"type": "ping"}
            monkeypatch.setattr(sockets, "make_request", really)
            await graphql(keyed.app, REVOKE, {"id": key_id}, keyed.admin.headers)
            while (told := await socket.raw())["type"] == "websocket.send":
                assert json.loads(told["text"]) == {"type": "ping"}
            assert (told["type"], told["code"]) == ("websocket.close", 4403)

    keyed.run_async(walk())


@pytest.mark.parametrize(("length", "status"), [(1, 401), (200, 401), (201, 400)])
def test_a_key_has_so_many_signs(nobody, length, status):
    assert log_in(nobody, "x" * length).status == status
    assert log_in(nobody, f" {'x' * length} ").status == status


@pytest.mark.parametrize("cookies", [None, "", "other=1", "proctor-session", "; ;=; =x", "xproctor-session=1"])
def test_a_request_without_a_session_shows_an_empty_one(cookies):
    headers = {} if cookies is None else {"cookie": cookies}

    assert sessions.session_of(headers, "localhost:4200") == ""
