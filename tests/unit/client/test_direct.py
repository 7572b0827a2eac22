"""The quick way to an address without encryption: what comes back, in whatever form servers answer."""

from __future__ import annotations

import gzip
import socket
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from prefect.client import direct
from prefect.client.direct import BrokenAnswer, Lines, Told, place_of

BODY = b'{"data": {"x": 1}}'


class Peer:
    """A server of a few lines: hands each request to ``answer``, which gives the bytes to send; None hangs up."""

    def __init__(self, answer: Callable[[int], bytes | None], family: socket.AddressFamily = socket.AF_INET) -> None:
        self._answer = answer
        self._server = socket.create_server(("::1" if family == socket.AF_INET6 else "127.0.0.1", 0), family=family)
        self.port = self._server.getsockname()[1]
        self.requests: list[bytes] = []
        self.connections = 0
        self._lines: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                line, _ = self._server.accept()
            except OSError:
                return
            self.connections += 1
            self._lines.append(line)
            threading.Thread(target=self._talk, args=(line,), daemon=True).start()

    def _talk(self, line: socket.socket) -> None:
        with line:
            while request := line.recv(65_536):
                while b"content-length" in request.lower() and not request.endswith(b"}"):
                    request += line.recv(65_536)
                self.requests.append(request)
                answer = self._answer(len(self.requests))
                if answer is None:
                    return
                line.sendall(answer)
                said = answer.lower()
                if b"connection: close" in said or not (b"content-length" in said or b"chunked" in said):
                    return

    def hang_up(self) -> None:
        for line in self._lines:
            line.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()


@contextmanager
def peer(answer: bytes | Callable[[int], bytes | None]) -> Iterator[tuple[Peer, Callable[..., Told]]]:
    found = Peer(answer if callable(answer) else lambda _: answer)
    lines = Lines()

    def ask(body: bytes | None = b'{"query": "{x}"}', path: str = "/graphql", **headers: str) -> Told:
        place = place_of(f"http://127.0.0.1:{found.port}{path}")
        assert place is not None
        method = "GET" if body is None else "POST"
        return lines.ask(method, place, body=body, headers=headers, connect_seconds=5, read_seconds=60)

    try:
        yield found, ask
    finally:
        found.close()


def plain(body: bytes = BODY, head: bytes = b"") -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nContent-Type: application/json\r\n%s\r\n%s" % (
        len(body),
        head,
        body,
    )


def chunked(*parts: bytes) -> bytes:
    told = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts)
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + told + b"0\r\n\r\n"


def raw_deflated(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(body) + packer.flush()


@pytest.mark.parametrize(
    "answer",
    [
        plain(),
        chunked(BODY[:5], BODY[5:]),
        plain(gzip.compress(BODY), b"Content-Encoding: gzip\r\n"),
        plain(zlib.compress(BODY), b"Content-Encoding: deflate\r\n"),
        plain(raw_deflated(BODY), b"Content-Encoding: deflate\r\n"),
        plain(BODY, b"Connection: close\r\n"),
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + BODY,
        b"HTTP/1.0 200 OK\r\n\r\n" + BODY,
        b"HTTP/1.1 100 Continue\r\nX-Early: 1\r\n\r\n" + plain(),
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + plain(),
    ],
    ids=["length", "chunks", "gzip", "deflate", "raw deflate", "close", "until the end", "1.0", "100", "103"],
)
def test_an_answer_is_understood_in_each_form(answer: bytes) -> None:
    with peer(answer) as (_, ask):
        for _ in range(2):
            told = ask()
            assert (told.status, told.body) == (200, BODY)
            assert "x-early" not in told.headers
            assert "link" not in told.headers


def test_a_connection_is_used_again_and_the_request_is_whole() -> None:
    with peer(plain()) as (server, ask):
        ask()
        ask(None, "/health?a=b")
        assert server.connections == 1
        first, second = server.requests
        assert first.startswith(b"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n" % server.port)
        assert first.endswith(b'Content-Length: 16\r\n\r\n{"query": "{x}"}')
        assert second.startswith(b"GET /health?a=b HTTP/1.1\r\n")
        assert b"ontent-" not in second


def test_a_connection_that_was_closed_meanwhile_is_not_used() -> None:
    with peer(plain()) as (server, ask):
        ask()
        server.hang_up()
        assert ask().status == 200
        assert server.connections == 2


@pytest.mark.parametrize("more", [plain(b'{"data": null}', b"X-Other: 1\r\n"), b"nonsense"], ids=["answer", "nonsense"])
def test_what_follows_an_answer_is_no_part_of_it_and_of_no_other(more: bytes) -> None:
    with peer(lambda count: plain() + more if count == 1 else plain()) as (server, ask):
        told = ask()
        assert (told.status, told.body) == (200, BODY)
        assert "x-other" not in told.headers
        assert ask().body == BODY
        assert server.connections == 2


def test_headers_that_do_not_end_are_no_answer() -> None:
    endless = b"HTTP/1.1 200 OK\r\n" + b"X-A: 1\r\n" * 200_000
    with peer(endless) as (_, ask), pytest.raises(BrokenAnswer, match=r"^the answer's headers do not end$"):
        ask()


def test_headers_of_one_name_are_one() -> None:
    with peer(plain(head=b"X-A: 1\r\nx-a: 2\r\nDate: now\r\n")) as (_, ask):
        assert ask().headers["x-a"] == "1, 2"
        assert ask().headers["date"] == "now"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (None, "the connection was lost"),
        (b"nonsense\r\n\r\n", "the answer is no HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\nConnection: close\r\n\r\nshort", "the connection was lost"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\nhel",
            "the connection was lost",
        ),
        (b"HTTP/1.1 200 OK\r\nConnection: close", "the connection was lost"),
        (plain(b"no gzip", b"Content-Encoding: gzip\r\n"), "the answer cannot be unpacked"),
        (plain(b"xx", b"Content-Encoding: br\r\n"), "the answer is coded as 'br', which was not asked for"),
    ],
    ids=["nothing", "nonsense", "short", "short chunk", "head only", "no gzip", "unknown coding"],
)
def test_what_is_no_whole_answer_is_an_error_and_the_next_request_begins_anew(answer: bytes | None, said: str) -> None:
    with peer(lambda count: answer if count == 1 else plain()) as (server, ask):
        with pytest.raises(BrokenAnswer, match=f"^{said}$"):
            ask()
        assert ask().body == BODY
        assert server.connections == 2


def test_nobody_there_and_no_answer_in_time() -> None:
    place = place_of("http://127.0.0.1:9/")
    assert place is not None
    with pytest.raises(ConnectionRefusedError):
        Lines().ask("GET", place, body=None, headers={}, connect_seconds=5, read_seconds=5)
    silent = socket.create_server(("127.0.0.1", 0))
    place = place_of(f"http://127.0.0.1:{silent.getsockname()[1]}/")
    assert place is not None
    with silent, pytest.raises(TimeoutError):
        Lines().ask("GET", place, body=None, headers={}, connect_seconds=5, read_seconds=0.1)


def test_each_request_waits_as_long_as_it_says_on_a_connection_that_is_kept() -> None:
    with peer(plain()) as (server, _):
        place = place_of(f"http://127.0.0.1:{server.port}/")
        assert place is not None
        lines = Lines()
        for seconds in (60, 30):
            lines.ask("GET", place, body=None, headers={}, connect_seconds=5, read_seconds=seconds)
            (line,) = lines._free[place.host, place.port]
            assert line.socket.gettimeout() == seconds
        assert server.connections == 1


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("http://h:4200/graphql", ("h", 4200, "h:4200", "/graphql")),
        ("http://h", ("h", 80, "h", "/")),
        ("http://[::1]:4200/a?b=c", ("::1", 4200, "[::1]:4200", "/a?b=c")),
        ("https://h/", None),
        ("http://me:secret@h/", None),
        ("http://h/a b", None),
        ("http://h/\r\nX: 1", None),
        ("http://hö/", None),
        ("http://h:99999/", None),
        ("http:///x", None),
    ],
)
def test_only_a_plain_address_goes_this_way(url: str, found: tuple[str, int, str, str] | None) -> None:
    assert place_of(url) == found


def test_an_address_of_version_6_is_reached() -> None:
    try:
        server = Peer(lambda _: plain(), socket.AF_INET6)
    except OSError as reason:
        pytest.skip(f"no IPv6 here: {reason}")
    place = place_of(f"http://[::1]:{server.port}/")
    assert place is not None
    assert Lines().ask("GET", place, body=None, headers={}, connect_seconds=5, read_seconds=60).body == BODY
    server.close()


@pytest.mark.parametrize(("more", "said"), [(0, "the connection was lost"), (1, "the answer's headers do not end")])
def test_headers_have_a_bound(monkeypatch: pytest.MonkeyPatch, more: int, said: str) -> None:
    monkeypatch.setattr(direct, "MOST_HEAD_BYTES", 100)
    begun = b"HTTP/1.1 200 OK\r\nX: "
    with peer(lambda _: begun + b"x" * (100 + more - len(begun))) as (_, ask), pytest.raises(BrokenAnswer, match=said):
        ask()


def test_of_many_connections_at_one_time_only_some_are_kept() -> None:
    together = threading.Barrier(direct.CONNECTIONS_KEPT + 3)

    def answer(_: int) -> bytes:
        together.wait(60)
        return plain()

    with peer(answer) as (server, ask):
        askers = [threading.Thread(target=ask) for _ in range(together.parties)]
        for asker in askers:
            asker.start()
        for asker in askers:
            asker.join(60)
        assert server.connections == together.parties
        together = threading.Barrier(1)
        while sum(line.fileno() != -1 for line in server._lines) > direct.CONNECTIONS_KEPT:
            ask()  # the others end as soon as they hear of it
        assert server.connections == direct.CONNECTIONS_KEPT + 3


def test_of_many_addresses_only_some_are_remembered() -> None:
    for number in range(3_000):
        assert place_of(f"http://127.0.0.1:{number % 60_000 + 1}/x{number}") is not None
    assert len(direct._places) <= 1_001
    assert place_of("http://127.0.0.1:1/x0") is not None


@pytest.mark.parametrize("way", ["poll", "select"])
def test_whether_something_can_be_read_is_known_on_each_system(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if way == "select":
        monkeypatch.delattr(direct.select, "poll")
    mine, other = socket.socketpair()
    with mine, other:
        assert direct._can_be_read(mine) is False
        other.sendall(b"x")
        assert direct._can_be_read(mine) is True
        mine.recv(1)
        assert direct._can_be_read(mine) is False
        other.shutdown(socket.SHUT_RDWR)
        assert direct._can_be_read(mine) is True


@pytest.mark.parametrize("more", [-1, 0, 1, 50])
def test_of_a_coding_that_nobody_asked_for_forty_signs_are_shown(more: int) -> None:
    coding = "x" * (40 + more)
    said = rf"^the answer is coded as '{coding[:40]}', which was not asked for$"
    answer = plain(head=f"Content-Encoding: {coding}\r\n".encode())
    with peer(answer) as (_, ask), pytest.raises(BrokenAnswer, match=said):
        ask()
