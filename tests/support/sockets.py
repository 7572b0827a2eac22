"""The client's end of a WebSocket to an application in this process."""

from __future__ import annotations

import asyncio
import json

__all__ = ["PATIENCE_SECONDS", "Socket"]

PATIENCE_SECONDS = 10


class Socket:
    """The client's end of a WebSocket to an application in this process."""

    def __init__(self, app, path="/graphql", subprotocols=("graphql-transport-ws",), headers=()):
        self._up: asyncio.Queue = asyncio.Queue()
        self._down: asyncio.Queue = asyncio.Queue()
        self._up.put_nowait({"type": "websocket.connect"})
        scope = {
            "type": "websocket",
            "path": path,
            "query_string": b"",
            "subprotocols": list(subprotocols),
            "headers": [(name.encode(), value.encode()) for name, value in headers],
        }
        #: While it is not set, the client takes nothing off the line.
        self.reads = asyncio.Event()
        self.reads.set()
        self.task = asyncio.create_task(app(scope, self._up.get, self._take))

    async def _take(self, message):
        await self.reads.wait()
        await self._down.put(message)

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        await self._up.put({"type": "websocket.disconnect", "code": 1000})
        await asyncio.wait_for(self.task, PATIENCE_SECONDS)

    async def say(self, message):
        text = message if isinstance(message, str) else json.dumps(message)
        await self._up.put({"type": "websocket.receive", "text": text})

    async def raw(self):
        return await asyncio.wait_for(self._down.get(), PATIENCE_SECONDS)

    async def hear(self):
        """Take the next message that is no ping."""
        while True:
            message = await self.raw()
            assert message["type"] == "websocket.send", message
            said = json.loads(message["text"])
            if said != {"type": "ping"}:
                return said

    async def begin(self, payload=None):
        assert (await self.raw())["type"] == "websocket.accept"
        await self.say({"type": "connection_init", "payload": payload})
        self.acknowledged = await self.hear()
        assert self.acknowledged["type"] == "connection_ack"
        return self

    async def subscribe(self, query, name="1", **variables):
        await self.say({"type": "subscribe", "id": name, "payload": {"query": query, "variables": variables}})

    async def data(self, name="1"):
        said = await self.hear()
        assert (said["type"], said["id"]) == ("next", name), said
        assert "errors" not in said["payload"], said
        return said["payload"]["data"]

    async def silence(self):
        """Give everything that is still on its way the time to arrive; there must be nothing."""
        for _ in range(20):
            await asyncio.sleep(0.01)
        assert self._down.empty()
