"""What a client asks of a path: a value, or a file that comes in parts; and what becomes of a refusal on the way."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from prefect.client import Client
from prefect.exceptions import AuthorizationError, ClientError
from prefect.utilities.configuration import set_temporary_config

FILE = b"line\n" * 40_000


class Site:
    """A server that answers GET as a test says."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, list[str]], dict[str, str]]] = []
        self.status = 200
        self.headers: dict[str, str] = {"Content-Type": "application/json"}
        self.body = b"{}"
        #: So many bytes of the body are sent, and then the connection ends.
        self.cut: int | None = None


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            made.asked.append((parts.path, parse_qs(parts.query), dict(self.headers)))
            self.send_response(made.status)
            for name, value in made.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(made.body)))
            self.end_headers()
            self.wfile.write(made.body[: made.cut])
            self.close_connection = made.cut is not None

        def log_message(self, *_: Any) -> None:
            """Write no line for each request."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    settings = {"home_dir": str(tmp_path), "backend": "server", "cloud.api_key": "", "cloud.tenant_id": ""}
    with set_temporary_config({**settings, "cloud.api": f"http://127.0.0.1:{server.server_address[1]}"}):
        yield made
    server.shutdown()
    thread.join()
    server.server_close()


# ----- a value


@pytest.mark.parametrize(
    ("params", "asked"), [(None, {}), ({}, {}), ({"a": "b c", "n": 1}, {"a": ["b c"], "n": ["1"]})], ids=str
)
def test_a_path_is_asked_with_its_parameters(site: Site, params: Any, asked: dict[str, list[str]]) -> None:
    site.body = b'{"found": true}'

    assert Client().get("/some/path/", params=params, headers={"X-Mine": "1"}) == {"found": True}

    [(path, query, headers)] = site.asked
    assert (path, query) == ("/some/path", asked)
    assert headers["X-Mine"] == "1"


# ----- a file


def test_a_file_comes_in_parts_from_the_root_of_the_server(site: Site) -> None:
    site.headers = {"Content-Disposition": 'attachment; filename="x.txt"', "Content-Encoding": "gzip"}
    site.body = gzip.compress(FILE)
    client = Client(api_server=f"{Client().api_server}/graphql")

    assert b"".join(client.download("flow-run/x/logs.txt", {"level": "INFO"})) == FILE
    assert b"".join(client.download("flow-run/x/logs.txt", {})) == FILE

    assert [(path, query) for path, query, _ in site.asked] == [
        ("/flow-run/x/logs.txt", {"level": ["INFO"]}),
        ("/flow-run/x/logs.txt", {}),
    ]


@pytest.mark.parametrize(
    ("status", "error", "said"),
    [
        (401, AuthorizationError, "no key"),
        (404, ClientError, "no such run"),
        (503, ClientError, "come again"),
    ],
)
def test_a_refusal_is_told_in_its_own_words(site: Site, status: int, error: type[Exception], said: str) -> None:
    site.status, site.body = status, json.dumps({"errors": [{"message": said}]}).encode()
    with pytest.raises(error, match=said):
        b"".join(Client().download("flow-run/x/logs.txt", {}))


@pytest.mark.parametrize("body", [b"{}", b'{"data": {}}', b"<html>", b""])
def test_a_refusal_without_words_is_told_by_its_number(site: Site, body: bytes) -> None:
    site.status, site.body = 404, body
    with pytest.raises(ClientError, match="404"):
        b"".join(Client().download("flow-run/x/logs.txt", {}))


def test_a_refusal_in_the_form_for_1_x_is_one(site: Site) -> None:
    site.body = b'{"errors": [{"message": "no such run"}]}'
    with pytest.raises(ClientError, match="no such run"):
        b"".join(Client().download("flow-run/x/logs.txt", {}))


def test_a_file_that_ends_too_soon_is_no_whole_one(site: Site) -> None:
    site.headers, site.body, site.cut = {"Content-Disposition": "attachment"}, FILE, 100_000
    parts = Client().download("flow-run/x/logs.txt", {})
    with pytest.raises(ClientError, match=r"http://127\.0\.0\.1"):
        b"".join(parts)


def test_a_server_that_is_not_there_is_told(site: Site) -> None:
    client = Client(api_server="http://127.0.0.1:9")
    with pytest.raises(ClientError, match=r"127\.0\.0\.1:9"):
        b"".join(client.download("flow-run/x/logs.txt", {}))


@pytest.mark.parametrize("more", [-1, 0, 1, 50])
def test_of_an_answer_that_is_no_json_five_hundred_bytes_are_shown(site: Site, more: int) -> None:
    site.status, site.body = 418, b"x" * (500 + more)
    with pytest.raises(ClientError) as refused:
        b"".join(Client().download("flow-run/x/logs.txt", {}))
    assert str(refused.value).endswith(f": {'x' * min(500, 500 + more)}")
    assert "x" * 501 not in str(refused.value)


@pytest.mark.parametrize("more", [-1, 0, 1, 50])
def test_of_the_name_of_a_header_eighty_signs_are_shown_and_its_value_is_not(site: Site, more: int) -> None:
    name = "X" * (80 + more)
    with pytest.raises(ClientError, match=f"^The header '{name[:80]}' holds a line break\\.$"):
        Client().get("/x", headers={name: "hush\nhush"})
    assert site.asked == []
