"""Connections that cannot stop others: bounded in number, and closed when their request does not come.

uvicorn waits for a request's headers as long as the sender likes; two hundred senders of half a line would stay for
ever, and each holds a file descriptor.
"""

from __future__ import annotations

import asyncio
import logging
import resource

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from prefect.server.origins import safe_headers

__all__ = ["connection_class", "raise_file_limit"]

logger = logging.getLogger("prefect.server.connections")

#: Files that the server needs for other things than connections.
OTHER_FILES = 100
SAFE_LINES = b"".join(b"%s: %s\r\n" % header for header in safe_headers())
END = b"content-length: 0\r\nconnection: close\r\n" + SAFE_LINES + b"\r\n"
#: A larger body costs more to copy than to write alone.
LARGEST_JOINED = 65_536
CONTINUE = b"HTTP/1.1 100 "
TOO_LATE = b"HTTP/1.1 408 Request Timeout\r\n" + END
NO_ROOM = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\n" + END


def raise_file_limit(wanted: int) -> int:
    """Allow this process as many open files as ``wanted`` connections need; gives how many connections fit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return wanted
    logger.warning("Only %d files may be open: at most %d connections", soft, max(1, soft - OTHER_FILES))
    return max(1, soft - OTHER_FILES)


class _Whole(asyncio.Transport):
    """Writes the headers of one answer together with what follows them: one packet, and one waking of who reads it."""

    def __init__(self, transport: asyncio.Transport) -> None:
        super().__init__()
        self._transport = transport
        self._head: bytes | None = None
        self._is_begun = False

    def write(self, data: bytes) -> None:  # type: ignore[override]
        if not self._is_begun and not data.startswith(CONTINUE):
            self._is_begun, self._head = True, data
            return
        if self._head is not None:
            head, self._head = self._head, None
            if len(data) > LARGEST_JOINED:
                self._transport.write(head)
            else:
                data = head + data
        self._transport.write(data)

    def close(self) -> None:
        if self._head is not None:
            self.write(b"")
        self._transport.close()

    def is_closing(self) -> bool:
        return self._transport.is_closing()


def connection_class(most: int, header_seconds: float) -> type[asyncio.Protocol]:
    """Make the class of the server's connections.

    Args:
        most: open at one time; more are told to come again.
        header_seconds: within which a request's headers must have come.
    """

    class Connection(HttpToolsProtocol):
        _patience: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            if len(self.connections) > most:
                transport.write(NO_ROOM)
                transport.close()
            else:
                self._expect_headers()

        def on_message_begin(self) -> None:
            super().on_message_begin()
            self._expect_headers()

        def on_headers_complete(self) -> None:
            self._stop_waiting()
            super().on_headers_complete()
            cycle = self.cycle
            # Others have answers without a body, or none for a while.
            if cycle is not None and not cycle.response_started and cycle.scope["method"] == "POST":
                cycle.transport = _Whole(self.transport)

        def send_400_response(self, msg: str) -> None:
            said = msg.encode("ascii", "replace")
            head = b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: %d\r\n"
            self.transport.write(head % len(said) + b"connection: close\r\n" + SAFE_LINES + b"\r\n" + said)
            self.transport.close()

        def connection_lost(self, exc: Exception | None) -> None:
            self._stop_waiting()
            super().connection_lost(exc)

        def _expect_headers(self) -> None:
            if self._patience is None:
                self._patience = self.loop.call_later(header_seconds, self._give_up)

        def _stop_waiting(self) -> None:
            if self._patience is not None:
                self._patience.cancel()
                self._patience = None

        def _give_up(self) -> None:
            self._patience = None
            if not self.transport.is_closing():
                self.transport.write(TOO_LATE)
                self.transport.close()

    return Connection
