"""What is asked of a PostgreSQL server, and in how many round trips: a proxy that reads the messages as they go by."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit, urlunsplit

__all__ = ["RoundTrips"]

#: Messages of the client after which it waits for an answer: end of a series of statements, and a plain query.
_SYNC, _QUERY, _PARSE, _BIND = b"S", b"Q", b"P", b"B"


class RoundTrips:
    """Stands before a PostgreSQL server; use as a context manager.

    Attributes:
        url: of the same database, through it.
        asked: for each round trip the statements that travelled in it.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._target = (parts.hostname or "127.0.0.1", parts.port or 5432)
        self._listener = socket.create_server(("127.0.0.1", 0))
        port = self._listener.getsockname()[1]
        account = f"{parts.username}@" if parts.username else ""
        query = "&".join(filter(None, [parts.query, "sslmode=disable", "gssencmode=disable"]))
        self.url = urlunsplit((parts.scheme, f"{account}127.0.0.1:{port}", parts.path, query, ""))
        self.asked: list[list[str]] = []
        self._sockets: list[socket.socket] = [self._listener]

    def __enter__(self) -> RoundTrips:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for one in self._sockets:
            with _until_closed():
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def of(self, word: str) -> list[list[str]]:
        """Give the round trips in which a statement has this word."""
        return [texts for texts in self.asked if any(word in text for text in texts)]

    def _accept(self) -> None:
        with _until_closed():
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._target)
                for one in (client, server):
                    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._sockets += [client, server]
                threading.Thread(target=self._ask, args=(client, server), daemon=True).start()
                threading.Thread(target=_copy, args=(server, client), daemon=True).start()

    def _ask(self, client: socket.socket, server: socket.socket) -> None:
        """Hand on what the client says, and note it."""
        with _until_closed():
            messages = _messages(client)
            names: dict[bytes, str] = {}
            together: list[str] = []
            for kind, body in messages:
                if kind == _PARSE:
                    name, text, _ = body.split(b"\0", 2)
                    names[name] = text.decode()
                elif kind == _BIND:
                    together.append(names.get(body.split(b"\0", 2)[1], "?"))
                elif kind == _QUERY:
                    together.append(body.rstrip(b"\0").decode())
                if kind in (_SYNC, _QUERY):
                    self.asked.append(together)
                    together = []
                server.sendall(kind + struct.pack(">I", len(body) + 4) + body)
        _close(server)


def _messages(client: socket.socket) -> Iterator[tuple[bytes, bytes]]:
    is_first = True
    with client.makefile("rb") as file:
        while True:
            kind = b"" if is_first else file.read(1)
            head = file.read(4)
            if len(head) < 4:
                return
            yield kind, file.read(struct.unpack(">I", head)[0] - 4)
            is_first = False


def _copy(source: socket.socket, target: socket.socket) -> None:
    with _until_closed():
        while data := source.recv(65536):
            target.sendall(data)
    _close(target)


def _close(one: socket.socket) -> None:
    with _until_closed():
        one.shutdown(socket.SHUT_RDWR)


@contextmanager
def _until_closed() -> Iterator[None]:
    with suppress(OSError, ValueError):
        yield
