"""A TCP proxy for HTTP that loses requests, loses replies and sends requests twice, by a seeded chance."""

from __future__ import annotations

import asyncio
import random
import re
import threading
from collections import Counter

LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
BROKEN = (OSError, asyncio.IncompleteReadError)


class RoughProxy:
    """Listens on a port of its own and hands on to another; use as a context manager.

    Args:
        chances: of ``lose_request``, ``lose_reply``, ``twice`` (one after the other) and ``race`` (at the same time).
    """

    def __init__(self, target_port: int, seed: int, **chances: float) -> None:
        self.target_port = target_port
        self.chances = chances
        self.port = 0
        self.counts: Counter[str] = Counter()
        self._random = random.Random(seed)
        self._ready = threading.Event()
        self._stop: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> RoughProxy:
        self._thread.start()
        assert self._ready.wait(60)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._loop is not None
        assert self._stop is not None
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(60)

    def calm(self) -> None:
        """From now on hand everything on as it is."""
        self.chances = {}

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        server = await asyncio.start_server(self._client, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (request := await _message(reader)) is not None:
                fate = self._fate()
                self.counts[fate] += 1
                if fate == "lose_request":
                    break
                if fate == "twice":
                    await self._exchange(request)
                elif fate == "race":
                    reply = (await asyncio.gather(self._exchange(request), self._exchange(request)))[0]
                if fate != "race":
                    reply = await self._exchange(request)
                if reply is None or fate == "lose_reply":
                    break
                writer.write(reply)
                await writer.drain()
        except BROKEN:
            pass
        finally:
            writer.close()

    def _fate(self) -> str:
        drawn = self._random.random()
        for fate, chance in self.chances.items():
            if drawn < chance:
                return fate
            drawn -= chance
        return "pass"

    async def _exchange(self, request: bytes) -> bytes | None:
        """Send the request over a connection of its own and give the whole reply; None when there is none."""
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.target_port)
            try:
                writer.write(request)
                return await _message(reader)
            finally:
                writer.close()
        except BROKEN:
            return None


async def _message(reader: asyncio.StreamReader) -> bytes | None:
    """Read one request or reply; None at the end."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    found = LENGTH.search(head)
    return head + (await reader.readexactly(int(found[1])) if found else b"")
