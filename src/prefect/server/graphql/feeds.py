"""One answer for all who follow the same query: read once after a change, told to each.

Reading and telling have a share of the processor.  While little is to be told each change goes out at once; when more
is asked than the share allows, the queries take turns, and each answer tells all that changed meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Hashable, Iterator
from contextlib import ExitStack, contextmanager

from prefect.server.live import Ear, Live

__all__ = ["Feed", "Feeds"]

#: Commits that come closer together than this are answered together.
PAUSE_SECONDS = 0.05
#: Nothing depends on it: a wait needs an end.
LONG_SECONDS = 3600.0

#: Reads the query again, for whoever follows it.
Look = Callable[[], Awaitable[bytes]]


class Pace:
    """Lets work begin so that it takes a share of the time, one piece after the other in the order of asking."""

    SHARE = 0.05
    #: So many seconds of work are done at once after a quiet time.
    BURST_SECONDS = 0.25
    #: What it takes to tell one who follows: to look at their key and to write the message.
    TELLING_SECONDS = 0.00015
    #: A look that takes longer has waited for others most of the time.
    LOOK_SECONDS = 0.02
    #: Nobody waits longer for what was done before.
    LONGEST_SECONDS = 2.0

    def __init__(self, clock: Callable[[], float] | None = None) -> None:
        self._clock = clock or (lambda: asyncio.get_running_loop().time())
        self._line = asyncio.Lock()
        self._owed = 0.0
        self._since = 0.0

    def _pay(self) -> None:
        now = self._clock()
        self._owed = max(0.0, self._owed - (now - self._since) * self.SHARE)
        self._since = now

    def seconds_left(self) -> float:
        """Give how long it is until the next piece of work may begin."""
        self._pay()
        return max(0.0, self._owed - self.BURST_SECONDS) / self.SHARE

    def spend(self, seconds: float) -> None:
        """Say that a piece of work has taken so long."""
        self._pay()
        self._owed = min(self._owed + seconds, self.BURST_SECONDS + self.LONGEST_SECONDS * self.SHARE)

    async def turn(self) -> None:
        """Wait until a piece of work may begin."""
        async with self._line:
            if left := self.seconds_left():
                await asyncio.sleep(left)


class Feed:
    """A query that somebody follows."""

    def __init__(self, live: Live, ear: Ear, pace: Pace, looks: asyncio.Semaphore) -> None:
        self._live = live
        self._ear = ear
        self._pace = pace
        self._looks = looks
        self._waiting: set[asyncio.Event] = set()
        #: Somebody waits for a look that begins from now on.
        self._is_asked = False
        self._begun = self._ended = 0
        #: How to read it, by who follows it: what is read is the same for all; and who could not, with the reason.
        self.members: dict[object, Look] = {}
        self._failed: dict[object, Exception] = {}
        #: The newest answer, and how many others there were before.
        self.answer = b""
        self.version = 0
        self._task = asyncio.create_task(self._run())

    async def now(self, member: object) -> bytes:
        """Give an answer that is read from now on, without waiting for a turn."""
        self._is_asked = True
        self._ear.wake()
        look = self._begun + 1
        return await self._wait(member, lambda: self._ended >= look)

    async def after(self, member: object, version: int) -> bytes:
        """Give the answer that comes after the one of this version."""
        return await self._wait(member, lambda: self.version > version)

    async def _wait(self, member: object, is_there: Callable[[], bool]) -> bytes:
        heard = asyncio.Event()
        self._waiting.add(heard)
        try:
            while not (is_there() or member in self._failed or self._task.done() or self._live.closed):
                heard.clear()
                await heard.wait()
        finally:
            self._waiting.discard(heard)
        if member in self._failed:
            raise self._failed[member]
        return self.answer

    def stop(self) -> None:
        self._task.cancel()

    async def _run(self) -> None:
        clock = asyncio.get_running_loop().time
        try:
            while not self._live.closed:
                await self._ear.wait(LONG_SECONDS)
                if not self._is_asked:
                    await self._pace.turn()
                begun = clock()
                await self._look()
                if not self._is_asked:
                    await asyncio.sleep(max(0.0, begun + PAUSE_SECONDS - clock()))
        finally:
            self._tell()

    async def _look(self) -> None:
        clock = asyncio.get_running_loop().time
        async with self._looks:
            was_asked, self._is_asked = self._is_asked, False
            self._begun += 1
            look, begun = self._begun, clock()
            answer = await self._read()
            took = min(clock() - begun, self._pace.LOOK_SECONDS)
        self._ended = look
        is_new = answer is not None and (answer != self.answer or self.version == 0)
        if answer is not None and is_new:
            self.answer = answer
            self.version += 1
            took += self._pace.TELLING_SECONDS * len(self.members)
        self._pace.spend(took)
        if is_new or was_asked or self._failed:
            self._tell()

    async def _read(self) -> bytes | None:
        """Read the query for the first who follows it and may; who may not is told so."""
        for member, read in list(self.members.items()):
            if member not in self._failed:
                try:
                    return await read()
                except Exception as error:
                    self._failed[member] = error
        return None

    def _tell(self) -> None:
        for heard in self._waiting:
            heard.set()


class Feeds:
    """All queries that somebody follows."""

    def __init__(self, live: Live, looks: int) -> None:
        self._live = live
        self._looks = asyncio.Semaphore(looks)
        self._pace = Pace()
        self._by_key: dict[Hashable, tuple[Feed, ExitStack]] = {}

    @contextmanager
    def follow(self, key: Hashable, topics: Collection[str], look: Look) -> Iterator[tuple[Feed, object]]:
        """Follow a query while the block runs; gives what tells of it, and as whom.

        Args:
            key: the same for all whose answers are the same.
            topics: under which its changes are announced.
        """
        if key not in self._by_key:
            stack = ExitStack()
            ear = stack.enter_context(self._live.listen(*topics, is_poll=False))
            self._by_key[key] = Feed(self._live, ear, self._pace, self._looks), stack
        feed, stack = self._by_key[key]
        member = object()
        feed.members[member] = look
        try:
            yield feed, member
        finally:
            del feed.members[member]
            if not feed.members:
                del self._by_key[key]
                feed.stop()
                stack.close()
