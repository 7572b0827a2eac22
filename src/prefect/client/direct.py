"""HTTP/1.1 over connections that are kept, for an address that is spoken to without encryption and without a proxy.

A run asks for little, and often: what a general library does for each request is most of the request's cost there. The
answer is parsed by httptools; everything else (https, proxies, files) goes through urllib3.
"""

from __future__ import annotations

import select
import socket
import threading
import zlib
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

CONNECTIONS_KEPT = 32
PART_BYTES = 262_144
MOST_HEAD_BYTES = 1_000_000
"""A server whose headers do not end is none."""
_PLAIN_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~:/?[]!$&'()*+,;=%")


class BrokenAnswer(OSError):
    """The connection ended before the answer did, or what came is no HTTP."""


class Place(NamedTuple):
    """Where a request goes."""

    host: str
    port: int
    netloc: str
    path: str


class Told(NamedTuple):
    """An answer: its status, its headers by name in lower case, its body."""

    status: int
    headers: dict[str, str]
    body: bytes


_places: dict[str, Place | None] = {}


def place_of(url: str) -> Place | None:
    """Take an address apart; None where another way is needed."""
    if url not in _places:
        if len(_places) > 1_000:
            _places.clear()
        _places[url] = _place_of(url)
    return _places[url]


def _place_of(url: str) -> Place | None:
    if not url.startswith("http://") or not _PLAIN_CHARACTERS.issuperset(url):
        return None
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        return None
    if not parts.hostname:
        return None
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Place(parts.hostname, port or 80, parts.netloc, path)


class Lines:
    """The connections of this process that are not in use, by host and port."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._free: dict[tuple[str, int], list[_Line]] = {}

    def __del__(self) -> None:
        for free in self._free.values():
            for line in free:
                line.socket.close()

    def ask(
        self,
        method: str,
        place: Place,
        *,
        body: bytes | None,
        headers: Mapping[str, str],
        connect_seconds: float,
        read_seconds: float,
    ) -> Told:
        """Send one request and give its answer.

        Raises:
            OSError: it could not be sent, or no whole answer came; ``TimeoutError`` when none came in time.
        """
        lines = [f"{method} {place.path} HTTP/1.1", f"Host: {place.netloc}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if body is not None:
            lines.append(f"Content-Length: {len(body)}")
        request = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + (body or b"")
        line = self._take(place) or _Line(place, connect_seconds)
        try:
            line.send(request, read_seconds)
            answer, is_kept = line.read()
        except BaseException:
            line.socket.close()
            raise
        if is_kept:
            self._give_back(place, line)
        else:
            line.socket.close()
        return answer

    def _take(self, place: Place) -> _Line | None:
        while True:
            with self._lock:
                free = self._free.get((place.host, place.port))
                if not free:
                    return None
                line = free.pop()
            # Nothing is to come on a free one: what can be read is its end.
            if not _can_be_read(line.socket):
                return line
            line.socket.close()

    def _give_back(self, place: Place, line: _Line) -> None:
        with self._lock:
            free = self._free.setdefault((place.host, place.port), [])
            if len(free) < CONNECTIONS_KEPT:
                free.append(line)
                return
        line.socket.close()


class _Line:
    """One connection, and what reads its answers one after the other."""

    __slots__ = ("_answer", "_seconds", "socket")

    def __init__(self, place: Place, connect_seconds: float) -> None:
        self.socket = socket.create_connection((place.host, place.port), connect_seconds)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._seconds: float | None = None
        self._answer = _Answer()

    def send(self, request: bytes, read_seconds: float) -> None:
        if read_seconds != self._seconds:
            self.socket.settimeout(read_seconds)
            self._seconds = read_seconds
        self.socket.sendall(request)

    def read(self) -> tuple[Told, bool]:
        """Read one answer; tells, too, whether the connection may be used again."""
        from httptools import HttpParserError

        answer = self._answer
        answer.begin()
        came = 0
        while not answer.is_complete:
            part = self.socket.recv(PART_BYTES)
            came += len(part)
            if not part:
                if answer.ends_with_connection:
                    break
                raise BrokenAnswer("the connection was lost")
            try:
                answer.parser.feed_data(part)
            except HttpParserError:
                if answer.is_complete:  # what follows it is nobody's
                    answer.is_kept = False
                    break
                raise BrokenAnswer("the answer is no HTTP") from None
            if not answer.status and came > MOST_HEAD_BYTES:
                raise BrokenAnswer("the answer's headers do not end")
        told = Told(answer.status, answer.headers, _decoded(b"".join(answer.parts), answer.headers))
        return told, answer.is_complete and answer.is_kept


def _can_be_read(line: socket.socket) -> bool:
    if not hasattr(select, "poll"):
        return bool(select.select([line], [], [], 0)[0])
    poll = select.poll()
    poll.register(line, select.POLLIN)
    return bool(poll.poll(0))


class _Answer:
    """The answer of a connection that is being read, as far as it has come."""

    def __init__(self) -> None:
        from httptools import HttpResponseParser

        self.parser = HttpResponseParser(self)
        self.begin()

    def begin(self) -> None:
        """Be the next answer: the one before has come, and nothing after it."""
        self.status = 0
        self.headers: dict[str, str] = {}
        self.parts: list[bytes] = []
        self.is_complete = False
        self.is_kept = False

    def on_message_begin(self) -> None:
        if self.is_complete:  # more than was asked for: none of it is this answer's, and nothing more is read here
            self.is_kept = False

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.is_complete:
            return
        known = name.decode("latin-1").lower()
        text = value.decode("latin-1")
        self.headers[known] = f"{self.headers[known]}, {text}" if known in self.headers else text

    def on_headers_complete(self) -> None:
        if self.is_complete:
            return
        self.status = self.parser.get_status_code()
        self.is_kept = self.parser.should_keep_alive()

    def on_body(self, part: bytes) -> None:
        if not self.is_complete:
            self.parts.append(part)

    def on_message_complete(self) -> None:
        if self.is_complete:
            return
        if self.status < 200:  # only says that the answer is to come
            self.headers.clear()
            self.parts.clear()
        else:
            self.is_complete = True

    @property
    def ends_with_connection(self) -> bool:
        """Tell whether it says nothing of its length: then it is whole when the connection ends."""
        return bool(self.status) and "content-length" not in self.headers and "transfer-encoding" not in self.headers


def _decoded(body: bytes, headers: Mapping[str, str]) -> bytes:
    coding = headers.get("content-encoding", "").strip().lower()
    if not body or coding in ("", "identity"):
        return body
    try:
        if coding in ("gzip", "x-gzip"):
            return zlib.decompress(body, zlib.MAX_WBITS | 32)
        if coding == "deflate":
            try:
                return zlib.decompress(body)
            except zlib.error:
                return zlib.decompress(body, -zlib.MAX_WBITS)
    except zlib.error:
        raise BrokenAnswer("the answer cannot be unpacked") from None
    raise BrokenAnswer(f"the answer is coded as {coding[:40]!r}, which was not asked for")
