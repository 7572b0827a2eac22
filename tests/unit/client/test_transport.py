"""One pool per process and proxy, what is sent again and for how long, and why a connection failed, in a few words."""

from __future__ import annotations

import itertools
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import urllib3
from urllib3.exceptions import HTTPError, NameResolutionError

from prefect.client import transport
from prefect.exceptions import ServerUnreachable
from support.graphql_stub import StubServer
from support.servers import free_port

PROXY_VARIABLES = [name for name in os.environ if name.lower().endswith("_proxy")]


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXY_VARIABLES:
        monkeypatch.delenv(name)
    monkeypatch.setattr(transport, "_pools", transport._Pools())


class Clock:
    """The time that ``send`` reads; sleeping moves it, and an attempt takes as long as it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.pauses: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(transport, "time", clock)
    return clock


def send(url: str, *, retry_seconds: float = 0, timeout_seconds: float = 30) -> transport.Answer:
    body = b'{"query": "x"}'
    return transport.send(
        "POST", url, body=body, headers={}, timeout_seconds=timeout_seconds, retry_seconds=retry_seconds
    )


# ----- pools


def test_threads_that_begin_together_share_one_pool(monkeypatch: pytest.MonkeyPatch) -> None:
    """While the first pool is being made, another thread asks for it: it waits, and makes none of its own."""
    made: list[urllib3.PoolManager] = []
    given: list[object] = []
    pools = transport._Pools()
    url = "http://127.0.0.1:1"
    other = threading.Thread(target=lambda: given.append(pools.for_url(url)))

    class Made(urllib3.PoolManager):
        def __init__(self, **settings: object) -> None:
            made.append(self)
            if len(made) == 1:
                other.start()
                other.join(0.5)  # it cannot end before this one: whoever does not wait has ended by then
            super().__init__(**settings)

    monkeypatch.setattr(urllib3, "PoolManager", Made)
    given.append(pools.for_url(url))
    other.join(60)

    assert len(made) == 1
    assert given == made * 2


def test_requests_to_one_server_use_one_connection() -> None:
    with StubServer() as stub:
        stub.data("x", x=1)
        for _ in range(3):
            assert send(stub.url).status == 200
        assert stub.connections == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_does_not_write_into_the_connections_of_its_parent() -> None:
    with StubServer() as stub:
        stub.data("x", x=1)
        send(stub.url)
        kept = transport._pools
        kept.lock.acquire()  # as a thread of the parent may hold it at that moment
        pid = os.fork()
        if pid == 0:
            os._exit(0 if transport._pools is not kept and send(stub.url).status == 200 else 1)
        kept.lock.release()
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        assert len(stub.asked) == 2


@pytest.mark.parametrize(
    ("environment", "url", "proxy"),
    [
        ({}, "http://api:4200", None),
        ({"http_proxy": "http://p:1"}, "http://api:4200", "http://p:1"),
        ({"HTTP_PROXY": "http://p:1"}, "http://api:4200", "http://p:1"),
        ({"https_proxy": "http://p:2"}, "http://api:4200", None),
        ({"https_proxy": "http://p:2"}, "https://api", "http://p:2"),
        ({"all_proxy": "http://p:3"}, "https://api", "http://p:3"),
        ({"all_proxy": "http://p:3", "https_proxy": "http://p:2"}, "https://api", "http://p:2"),
        ({"http_proxy": "http://p:1", "no_proxy": "api"}, "http://api:4200", None),
        ({"http_proxy": "http://p:1", "no_proxy": "other"}, "http://api:4200", "http://p:1"),
        ({"no_proxy": "api"}, "http://api:4200", None),
        ({"ftp_proxy": "http://p:4"}, "http://api:4200", None),
    ],
)
def test_the_proxies_of_the_environment_are_used(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], url: str, proxy: str | None
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    pool = transport._pools.for_url(url)

    used = pool.proxy.url if isinstance(pool, urllib3.ProxyManager) and pool.proxy is not None else None
    assert used == proxy


# ----- what is sent again


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_an_answer_of_a_server_that_comes_back_is_waited_for(clock: Clock, status: int) -> None:
    with StubServer() as stub:
        stub.on("x", (status, b""), (status, b""), {"data": {}})
        assert send(stub.url, retry_seconds=3).status == 200
        assert len(stub.asked) == 3


@pytest.mark.parametrize("status", [200, 301, 400, 401, 403, 404, 413, 429, 499, 501, 505])
def test_any_other_answer_is_given_at_once(clock: Clock, status: int) -> None:
    with StubServer() as stub:
        stub.on("x", (status, b"{}"))
        assert send(stub.url, retry_seconds=3).status == status
        assert len(stub.asked) == 1
    assert clock.pauses == []


def test_pauses_double_up_to_two_seconds_and_end_with_the_time_that_was_given(clock: Clock) -> None:
    with StubServer() as stub:
        stub.on("x", (503, b"soon"))
        answer = send(stub.url, retry_seconds=20)

    assert (answer.status, answer.body) == (503, b"soon")
    longest = [min(0.1 * 2**number, 2.0) for number in range(len(clock.pauses))]
    assert all(0.7 * most <= pause <= most for most, pause in zip(longest, clock.pauses, strict=True))
    assert 18 < sum(clock.pauses) <= 20
    # Many processes lose a server together, and shall not all come back together.
    assert len({pause / most for most, pause in zip(longest, clock.pauses, strict=True)}) > 1


def test_one_attempt_is_made_where_no_time_is_given(clock: Clock) -> None:
    with StubServer() as stub:
        stub.on("x", (503, b""))
        assert send(stub.url).status == 503
        assert len(stub.asked) == 1


def test_a_connection_that_fails_is_tried_again(clock: Clock) -> None:
    with pytest.raises(ServerUnreachable):
        send(f"http://127.0.0.1:{free_port()}", retry_seconds=3)
    assert len(clock.pauses) > 3


# ----- why it failed


@contextmanager
def listener(answer: bytes | None) -> Iterator[str]:
    """A server that reads one request and then says this and hangs up, or, with None, says nothing."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        held: list[socket.socket] = []

        def serve() -> None:
            for _ in itertools.count():
                try:
                    peer, _ = server.accept()
                except OSError:
                    return
                held.append(peer)
                peer.recv(4096)
                if answer is not None:
                    peer.sendall(answer)
                    peer.shutdown(socket.SHUT_RDWR)
                    peer.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}/"
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join(60)
            for peer in held:
                peer.close()


def reason_of(url: str, **how: float) -> tuple[str, str]:
    with pytest.raises(ServerUnreachable) as caught:
        send(url, **how)
    return str(caught.value), str(caught.value.__cause__)


def test_a_refused_connection_says_so() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    text, cause = reason_of(url + "/")
    assert "connection refused" in text
    assert url in text
    assert f"{url}/" not in text
    assert cause == "None"  # the library's own story is left out


def test_a_server_that_says_nothing_gave_no_answer_in_time() -> None:
    with listener(None) as url:
        assert "no answer in time" in reason_of(url, timeout_seconds=0.2)[0]


def test_a_server_that_hangs_up_lost_the_connection() -> None:
    with listener(b"") as url:
        assert "the connection was lost" in reason_of(url)[0]
    with listener(b"nonsense\r\n\r\n") as url:
        assert "the connection was lost" in reason_of(url)[0]


def test_a_name_that_nobody_knows_is_called_that(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert "its name is not known" in reason_of("http://no-such-host.invalid")[0]


def test_the_reason_is_looked_for_below_the_errors_of_the_library() -> None:
    inner = HTTPError("outer")
    inner.__cause__ = ConnectionResetError(104, "Connection reset by peer")
    assert transport._reason_of(inner) == "connection reset by peer"

    nested = HTTPError("outer")
    nested.__context__ = HTTPError("middle")
    nested.__context__.__context__ = OSError(113, "No route to host")
    assert transport._reason_of(nested) == "no route to host"

    assert transport._reason_of(HTTPError("nothing below")) == "the connection was lost"
    assert transport._reason(None) == "the connection was lost"
    assert transport._reason_of(NameResolutionError("h", None, socket.gaierror(-2, "x"))) == "its name is not known"  # type: ignore[arg-type]


# ----- files


class Silent:
    """A server that takes connections and never says a word."""

    def __enter__(self) -> Silent:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()


def test_a_file_of_a_server_that_says_nothing_is_waited_for_as_long_as_is_allowed() -> None:
    with Silent() as silent, pytest.raises(ServerUnreachable):
        transport.open_stream(silent.url, headers={}, timeout_seconds=0.01)


def test_a_file_that_is_refused_or_elsewhere_is_asked_for_once() -> None:
    with StubServer() as stub:
        stub.on("", (302, b"elsewhere"))
        answer, parts = transport.open_stream(stub.url + "/file", headers={}, timeout_seconds=60)
        assert (answer.status, list(parts)) == (answer.status, [])
        assert answer.status != 200


def test_a_file_of_a_server_that_hangs_up_is_asked_for_once() -> None:
    taken = []

    def hang_up(listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            taken.append(connection.recv(1_000))
            connection.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=hang_up, args=(listener,), daemon=True)
        thread.start()
        with pytest.raises(ServerUnreachable):
            transport.open_stream(f"http://127.0.0.1:{listener.getsockname()[1]}", headers={}, timeout_seconds=60)
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(60)
    assert len(taken) == 1


@pytest.mark.parametrize("proxy", ["", "http://p:1"], ids=["straight", "by a proxy"])
def test_as_many_connections_are_kept_whatever_the_way(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    monkeypatch.setenv("http_proxy", proxy)
    pool = transport._Pools().for_url("http://api:4200").connection_from_url("http://api:4200")
    assert pool.pool is not None
    assert pool.pool.maxsize == transport.CONNECTIONS_KEPT > 1


@pytest.mark.parametrize("by_proxy", [False, True], ids=["straight", "by a proxy"])
@pytest.mark.parametrize("way", ["POST", "GET", "file"])
def test_nobody_is_sent_elsewhere(monkeypatch: pytest.MonkeyPatch, way: str, by_proxy: bool) -> None:
    """With a key in its headers, a request goes to the server that was named and to no other."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(302)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_POST = do_GET

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/here"
        if by_proxy:
            monkeypatch.delenv("no_proxy", raising=False)
            monkeypatch.setenv("http_proxy", url.removesuffix("/here"))
            url = "http://api.example:4200/here"
        if way == "file":
            status = transport.open_stream(url, headers={}, timeout_seconds=60)[0].status
        else:
            status = transport._send_once(way, url, None, {}, 60).status
        server.shutdown()
    assert (status, asked) == (302, [url if by_proxy else "/here"])
