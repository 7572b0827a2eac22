"""Whoever comes with a browser gets the page of the UI at every address, and nothing that a program asks for."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from prefect.server.app import App
from prefect.server.errors import StartUpError
from prefect.server.origins import Doors
from prefect.server.pages import Pages
from prefect.server.settings import load_settings
from support.api import Api
from support.asgi import call

HTML = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
INDEX = b'<!doctype html><head><base href="/"><script type="module" src="./ui/assets/main.a1b2c3d4.js"></script></head>'
SCRIPT = b"export const text = 'built';\n" * 40
RUN = "/default/flow-run/00000000-0000-0000-0000-000000000001"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'self'; form-action 'self'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types svelte-trusted-html proctor-text"
)


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """What a build leaves behind, made up."""
    assets = tmp_path / "static" / "ui" / "assets"
    assets.mkdir(parents=True)
    (tmp_path / "static" / "index.html").write_bytes(INDEX)
    (tmp_path / "static" / "sources.sha256").write_text("not for browsers")
    (assets / "main.a1b2c3d4.js").write_bytes(SCRIPT)
    (assets / "main.a1b2c3d4.js.gz").write_bytes(gzip.compress(SCRIPT))
    (assets / "main.a1b2c3d4.js.br").write_bytes(b"smaller still")
    (assets / "plain.e5f6a7b8.css").write_bytes(b"p { margin: 0 }")
    (assets.parent / "icons.svg").write_bytes(b"<svg xmlns='http://www.w3.org/2000/svg'/>")
    (tmp_path / "secret.js").write_text("outside")
    return tmp_path / "static"


@pytest.fixture
def ui(api: Api, built: Path) -> Api:
    api.app.http.pages = Pages(built)
    return api


def test_the_base_may_be_written_in_either_way(ui, built):
    (built / "index.html").write_bytes(INDEX.replace(b'"/">', b'"/" />'))

    assert ui.call("GET", "/", headers=HTML).body == INDEX


SCREENS = [
    {"path": "", "scripts": ["ui/assets/home.00000001.js"], "sheets": []},
    {"path": "flow-run/[^/]+(?:/[^/]+)?", "scripts": ["ui/assets/run.00000002.js"], "sheets": ["ui/assets/run.3.css"]},
]
RUN_HEAD = (
    b'<link rel="modulepreload" crossorigin href="./ui/assets/run.00000002.js">'
    b'<link rel="stylesheet" crossorigin href="./ui/assets/run.3.css"></head>'
)


def test_the_page_names_what_its_screen_is_made_of(ui, built):
    (built / "screens.json").write_text(json.dumps(SCREENS))
    home = b'<link rel="modulepreload" crossorigin href="./ui/assets/home.00000001.js"></head>'

    for path, head in (
        (RUN, RUN_HEAD),
        (RUN.removeprefix("/default"), RUN_HEAD),
        (f"{RUN}/graph", RUN_HEAD),
        ("/", home),
        ("/default", home),
        ("/default/runs", b"</head>"),
        ("/default/flow-run/1/2/3", b"</head>"),
    ):
        answer = ui.call("GET", path, headers=HTML)
        assert answer.body == INDEX.replace(b"</head>", head), path

    tags = {ui.call("GET", path, headers=HTML).headers["etag"] for path in ("/", RUN, "/default/runs")}
    assert len(tags) == 3


@pytest.mark.parametrize("text", ["", "{", "[1]", '[{"path": "("}]', '[{"path": "x"}]', "null"])
def test_a_list_of_parts_that_cannot_be_read_leaves_the_page_as_it_was_built(ui, built, text):
    (built / "screens.json").write_text(text)

    assert ui.call("GET", RUN, headers=HTML).body == INDEX


def test_every_address_gives_a_browser_the_page(ui):
    for path in ("/", "/default/runs", "/default/runs?state=Failed&q=x", RUN, f"{RUN}/graph", "/login", "/api", "//x"):
        answer = ui.call("GET", path, headers=HTML)

        assert (answer.status, answer.body) == (200, INDEX), path
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert answer.headers["content-security-policy"] == POLICY
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["cache-control"] == "no-cache"
        assert re.fullmatch(r"[0-9a-f]{16}", answer.headers["x-request-id"])


def test_what_programs_ask_for_is_no_page_whatever_they_accept(ui):
    for path in ("/health", "/health/live", "/metrics", "/.well-known/apollo/server-health", "/graphql?query={hello}"):
        answer = ui.call("GET", path, headers=HTML)

        assert not answer.headers["content-type"].startswith("text/html"), path
    assert ui.call("GET", "/?query={hello}", headers=HTML).data == {"hello": "👋"}
    for path in ("/default/runs", RUN):
        assert ui.call("GET", path).status == 404
        assert ui.call("POST", path, b"{}", HTML).status == 404


def test_the_page_is_asked_for_again_and_not_sent_again(ui, built):
    tag = ui.call("GET", "/", headers=HTML).headers["etag"]

    again = ui.call("GET", "/x/runs", headers={**HTML, "if-none-match": f'W/"other", {tag}'})
    (built / "index.html").write_bytes(INDEX + b"<!-- newer -->")
    newer = ui.call("GET", "/", headers={**HTML, "if-none-match": tag})

    assert (again.status, again.body, again.headers["etag"]) == (304, b"", tag)
    assert (newer.status, newer.body) == (200, INDEX + b"<!-- newer -->")


def test_a_head_of_the_page_has_no_body(ui):
    answer = ui.call("HEAD", "/default/runs", headers=HTML)

    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["content-length"] == str(len(INDEX))


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip", "gzip"),
        ("GZIP;q=0.5", "gzip"),
        ("br;q=0, gzip;q=0.000", None),
        ("br;q=0.0, gzip", "gzip"),
        ("identity", None),
        ("", None),
    ],
)
def test_a_file_comes_in_the_smallest_form_that_its_reader_takes(ui, built, accepted, encoding):
    answer = ui.call("GET", "/ui/assets/main.a1b2c3d4.js", headers={"accept-encoding": accepted})

    assert answer.status == 200
    assert answer.headers.get("content-encoding") == encoding
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    ending = {"br": ".br", "gzip": ".gz", None: ""}[encoding]
    assert answer.body == (built / f"ui/assets/main.a1b2c3d4.js{ending}").read_bytes()


def test_a_file_without_smaller_forms_comes_as_it_is(ui):
    answer = ui.call("GET", "/ui/assets/plain.e5f6a7b8.css", headers={"accept-encoding": "br, gzip"})

    assert answer.body == b"p { margin: 0 }"
    assert "content-encoding" not in answer.headers
    assert answer.headers["content-type"] == "text/css; charset=utf-8"


def test_a_file_whose_name_says_nothing_of_its_content_is_asked_for_again(ui):
    answer = ui.call("GET", "/ui/icons.svg")
    again = ui.call("GET", "/ui/icons.svg", headers={"if-none-match": answer.headers["etag"]})

    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["content-type"] == "image/svg+xml"
    assert (again.status, again.body) == (304, b"")


def test_only_built_files_are_given_out(ui, tmp_path):
    (tmp_path / "static/ui/assets/link.00000000.js").symlink_to(tmp_path / "secret.js")
    outside = ["../index.html", "../../secret.js", "..%2f..%2fsecret.js", "assets/../../../secret.js", "/etc/passwd"]
    outside += [
        "assets/link.00000000.js",
        "assets/nothing.js",
        "assets",
        "assets/",
        "",
        ".",
        "a\x00b",
        "a\nb",
        "x" * 5000,
    ]
    outside += ["assets/main.a1b2c3d4.js/x", "~root/x", "C:\\x", "sources.sha256"]
    for name, headers in product(outside, ({}, HTML)):
        answer = ui.call("GET", f"/ui/{name}", headers={**headers, "accept-encoding": "br"})

        assert answer.status == 404, name
        assert b"outside" not in answer.body
        assert answer.headers["cache-control"] == "no-store"


def test_files_and_pages_are_read_and_never_written(ui):
    for method, path in product(("POST", "PUT", "DELETE", "PATCH"), ("/ui/icons.svg", "/default/runs", "/ui/")):
        assert ui.call(method, path, b"", HTML).status in (404, 405)


def test_the_page_needs_no_key_and_the_api_does(shared_database, tmp_path, built):
    database, run_async = shared_database
    app = App(load_settings({"services_enabled": False, "require_keys": True}, environment={}, home=tmp_path), database)
    app.http.pages = Pages(built)
    run_async(app.start())
    api = Api(app, run_async)

    assert api.call("GET", RUN, headers=HTML).body == INDEX
    assert api.call("GET", "/ui/icons.svg").status == 200
    assert api.call("GET", RUN).status == 401
    assert api.call("POST", "/", b'{"query": "{ hello }"}', HTML).status == 401


def test_without_built_files_a_page_says_how_to_get_them(api, tmp_path):
    api.app.http.pages = Pages(tmp_path / "nothing")

    for path in ("/", RUN):
        answer = api.call("GET", path, headers=HTML)

        assert answer.status == 200
        assert b"make ui" in answer.body
        assert answer.headers["content-security-policy"] == POLICY
        assert not re.search(rb"<script|<style|\son\w+=|\sstyle=|https?://", answer.body)
    assert api.call("GET", "/ui/icons.svg").status == 404
    assert api.ask("{ hello }").data == {"hello": "👋"}


def test_a_build_is_seen_without_a_new_start(api, tmp_path):
    api.app.http.pages = Pages(tmp_path / "static")
    assert b"make ui" in api.call("GET", "/", headers=HTML).body

    (tmp_path / "static" / "ui").mkdir(parents=True)
    (tmp_path / "static" / "ui" / "icons.svg").write_text("<svg/>")
    (tmp_path / "static" / "index.html").write_bytes(INDEX)

    assert api.call("GET", "/", headers=HTML).body == INDEX
    assert api.call("GET", "/ui/icons.svg").body == b"<svg/>"


# ------------------------------------------------------------------------------------- below a path

PROXY = ("10.0.0.1", 5000)


def base_of(answer: Any) -> str:
    (found,) = re.findall(r'<base href="([^"]*)">', answer.body.decode())
    return found


class Below:
    """A server that is asked through something that stands before it."""

    def __init__(self, shared_database: Any, built: Path, **flags: Any):
        database, self._run_async = shared_database
        settings = load_settings({"services_enabled": False, **flags}, environment={})
        self.app = App(settings, database)
        self.app.http.pages = Pages(built)
        self._run_async(self.app.start())

    def ask(self, path: str, *, root_path: str = "", peer: tuple[str, int] = PROXY, **headers: str) -> Any:
        async def through(scope: Any, receive: Any, send: Any) -> None:
            await self.app({**scope, "client": peer, "root_path": root_path}, receive, send)

        sent = {**HTML, **{name.replace("_", "-"): value for name, value in headers.items()}}
        return Api(through, self._run_async).call("GET", path, headers=sent)


def test_the_base_is_what_is_set_then_what_the_proxy_says_then_where_the_server_is_mounted(shared_database, built):
    below = Below(shared_database, built, trusted_proxies="10.0.0.0/8")
    said = {"x_forwarded_prefix": "/said/"}

    assert base_of(below.ask("/default/runs")) == "/"
    assert base_of(below.ask("/default/runs", root_path="/mounted")) == "/mounted/"
    assert base_of(below.ask("/default/runs", root_path="/mounted", **said)) == "/said/"
    assert base_of(below.ask("/default/runs", peer=("192.0.2.1", 1), **said)) == "/"
    set_one = Below(shared_database, built, trusted_proxies="10.0.0.0/8", path_prefix="/set")
    assert base_of(set_one.ask("/default/runs", root_path="/mounted", **said)) == "/set/"


@pytest.mark.parametrize("path", ["/set", ""], ids=["kept by the proxy", "taken away by it"])
def test_everything_is_answered_below_a_path(shared_database, built, path):
    below = Below(shared_database, built, path_prefix="/set/")

    assert below.ask(f"{path}/default/runs").body == INDEX.replace(b'"/"', b'"/set/"')
    assert below.ask(f"{path}/ui/icons.svg").body.startswith(b"<svg")
    assert below.ask(f"{path}/health").json["status"] == "ok"
    assert below.ask(f"{path}/graphql?query={{hello}}").data == {"hello": "👋"}
    assert below.ask("/settle/health", accept="*/*").status == 404


def test_pages_with_different_bases_are_different_pages_for_caches(shared_database, built):
    below = Below(shared_database, built, trusted_proxies="10.0.0.1")
    tags = {below.ask("/", x_forwarded_prefix=prefix).headers["etag"] for prefix in ("", "/", "/a", "/b")}

    assert len(tags) == 3
    assert "X-Forwarded-Prefix" in below.ask("/").headers["vary"]


BAD = [
    '/"><script>alert(1)</script>',
    "//evil.example",
    "https://evil.example",
    "/a/../b",
    "/..",
    "/.",
    "/a//b",
    "/a b",
    "/a%2fb",
    "/a\\b",
    "/a?b",
    "/a#b",
    "/a,/b",
    "a",
    "/ä",
    "/a\x00",
    "/" + "a" * 300,
    "/a" * 9,
]


@pytest.mark.parametrize("prefix", BAD)
def test_a_prefix_that_could_mean_more_than_a_path_is_refused(shared_database, built, prefix):
    below = Below(shared_database, built, trusted_proxies="10.0.0.1")

    for how in ({"x_forwarded_prefix": prefix}, {"root_path": prefix}):
        answer = below.ask("/default/runs", **how)

        assert answer.status == 403
        assert "must be a path such as /proctor" in answer.messages[0]
    with pytest.raises(StartUpError, match=r"http\.path_prefix"):
        load_settings({"path_prefix": prefix}, environment={})


def test_of_two_prefixes_none_counts():
    doors = Doors(load_settings({"trusted_proxies": "10.0.0.1"}, environment={}))
    headers = [(b"x-forwarded-prefix", b"/a"), (b"x-forwarded-prefix", b"/b")]

    prefix, why = doors.prefix(headers, "10.0.0.1", "")

    assert prefix == ""
    assert "X-Forwarded-Prefix" in why


def test_links_in_messages_lead_below_the_path():
    assert load_settings({"path_prefix": "/set"}, environment={}).link_base() == "http://127.0.0.1:4200/set"


def test_an_address_is_taken_as_it_is_and_leads_nowhere_else(tmp_path):
    pages = Pages(tmp_path)
    (tmp_path / "ui").mkdir()
    (tmp_path / "ui" / "a.js").write_text("1")
    for path in ("/ui", "/ui/", "/ui/a.js/", "/flow/", "/flow"):
        answer = asyncio.run(call(pages, "GET", path, headers={"Accept": "text/html"}))
        assert "location" not in answer.headers, path
        assert answer.status in (200, 404), path


def test_what_a_code_means_is_a_page_of_the_server(ui):
    from prefect import codes

    found = ui.call("GET", "/ui/codes/NOT_FOUND")
    absent = [ui.call("GET", f"/ui/codes/{name}") for name in ("NO_SUCH_CODE", "..%2f__init__", "not_found")]

    assert (found.status, found.body.decode()) == (200, codes.page("NOT_FOUND"))
    assert found.headers["content-type"].startswith("text/plain")
    assert [answer.status for answer in absent] == [404, 404, 404]
