"""Who waits for what: long polls and subscriptions sleep here until a commit wakes them.

A topic is a plain text such as ``flow_run:<id>``; of the agents that wait at the queue, ``waiters`` calls one for a
run.  Everything here lives in the event loop's thread; the database calls ``announce`` there after a durable commit.  A
waiter starts to listen before it reads, so a commit between its read and its wait is never missed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping
from contextlib import contextmanager

from prefect.server.waiters import QueueWaiters

__all__ = [
    "ANY_ROW",
    "CHORE_TOPIC",
    "EVERYTHING",
    "OUTBOX_TOPIC",
    "Ear",
    "Live",
    "Offers",
    "Turns",
    "chore_topic",
    "flow_run_topic",
    "row_topic",
    "table_topic",
    "task_runs_topic",
]

# The sign that the database announces when it may have missed something.
EVERYTHING = "*"
_FLOW_RUN = "flow_run:"


#: Woken when a request began more than one transaction does.
CHORE_TOPIC = "chore"
#: Woken when something must leave the process.
OUTBOX_TOPIC = "outbox"


def chore_topic(chore_id: str) -> str:
    """Name what somebody waits for who began work that takes more than one transaction."""
    return f"chore:{chore_id}"


def flow_run_topic(flow_run_id: str) -> str:
    """Name what somebody who watches this flow run waits for."""
    return _FLOW_RUN + flow_run_id


def task_runs_topic(flow_run_id: str) -> str:
    """Name what somebody waits for who watches the task runs of this flow run."""
    return f"task_runs:{flow_run_id}"


def table_topic(table: str) -> str:
    """Name what somebody waits for whose answer is read from this table."""
    return f"table:{table}"


_ROW = "row:"
#: Announced when rows of runs were written and it is not known of which.
ANY_ROW = _ROW + EVERYTHING


def row_topic(flow_run_id: str) -> str:
    """Name what somebody waits for whose answer is read from this flow run's row and from its states."""
    return _ROW + flow_run_id


class Ear:
    """One waiter: remembers that something was announced since it last looked."""

    def __init__(self) -> None:
        self._heard = asyncio.Event()

    def wake(self) -> None:
        self._heard.set()

    async def wait(self, seconds: float) -> bool:
        """Wait until something is announced, at most this long; True when it was."""
        if not self._heard.is_set():
            if seconds <= 0:
                return False
            try:
                async with asyncio.timeout(seconds):
                    await self._heard.wait()
            except TimeoutError:
                return False
        self._heard.clear()
        return True


class Live:
    """All waiters of one server process."""

    def __init__(self) -> None:
        self._ears: dict[str, set[Ear]] = {}
        self.queue = QueueWaiters()
        self.closed = False
        self._polls = 0

    @property
    def waiting(self) -> int:
        """Count the waiting requests, of which there may be only so many."""
        return self._polls + self.queue.count

    @contextmanager
    def listen(self, *topics: str, is_poll: bool = True) -> Iterator[Ear]:
        """Hear what is announced under these topics while the block runs.

        Args:
            is_poll: counts as one of the waiting requests.
        """
        ear = Ear()
        self._polls += is_poll
        for topic in topics:
            self._ears.setdefault(topic, set()).add(ear)
        try:
            yield ear
        finally:
            self._polls -= is_poll
            for topic in topics:
                listeners = self._ears[topic]
                listeners.discard(ear)
                if not listeners:
                    del self._ears[topic]

    def announce(self, topics: Collection[str]) -> None:
        """Wake everybody who listens to one of these topics; ``*`` wakes all, when announcements may have been lost."""
        for topic in self._ears if EVERYTHING in topics else topics:
            for ear in self._ears.get(topic, ()):
                ear.wake()
        self.queue.announce(topics, is_all=EVERYTHING in topics)

    def close(self) -> None:
        """End every wait at once and let none begin: the server stops."""
        self.closed = True
        self.queue.close()
        self.announce((EVERYTHING,))


class Offers:
    """Which agent was shown which due runs a moment ago, so that agents that ask together are shown different ones.

    Nothing depends on it: a run shown to one agent may be shown to another, and only its Submitted takes it.  An agent
    that may wait is not shown them before the offer ends, one that polls rather than nothing.
    """

    #: So long an agent has to take what it was shown before it is shown to others again.
    SECONDS = 2.0
    #: So long after its end an agent gets no other offer of the same run.
    SPENT_SECONDS = 60.0
    #: At most so many are remembered: bounds what a look at the queue reads beyond its limit.
    MOST = 500

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._by_run: dict[str, tuple[str, float]] = {}  # run id -> agent and end; oldest first
        self._moved: list[str] = []

    def to_others(self, agent_id: str) -> frozenset[str]:
        """Give the runs that agents other than this one were shown a moment ago."""
        now = self._clock()
        for run_id in [run_id for run_id, (_, end) in self._by_run.items() if end + self.SPENT_SECONDS <= now]:
            del self._by_run[run_id]
        return frozenset(run_id for run_id, (taker, end) in self._by_run.items() if taker != agent_id and end > now)

    def is_open(self, run_ids: Collection[str]) -> bool:
        """Tell whether one of these was offered and not taken since."""
        return any(run_id in self._by_run for run_id in run_ids)

    def forget_moved(self, topics: Collection[str]) -> None:
        """Forget the offers of flow runs that have moved on, among the topics of a commit."""
        if self._by_run:
            for topic in topics:
                run_id = topic.removeprefix(_FLOW_RUN)
                if self._by_run.pop(run_id, None) is not None and len(self._moved) < self.MOST:
                    self._moved.append(run_id)

    def take_moved(self) -> list[str]:
        """Give the runs whose offers were forgotten because they moved on, each once."""
        moved, self._moved = self._moved, []
        return moved

    def note(self, agent_id: str, run_ids: Collection[str]) -> list[str]:
        """Remember that this agent is shown these runs; gives those that are kept from others now.

        Again is no new offer: an agent that never takes a run would keep it from all others.
        """
        end = self._clock() + self.SECONDS
        new = [run_id for run_id in run_ids if self._by_run.get(run_id, ("", 0.0))[0] != agent_id]
        for run_id in new:
            self._by_run.pop(run_id, None)  # to the end: they lie in the order of their ends
            self._by_run[run_id] = (agent_id, end)
        while len(self._by_run) > self.MOST:
            del self._by_run[next(iter(self._by_run))]
        return new


class Turns:
    """Which flows agents were given runs of, so that each has its turn when more is due than they take.

    Nothing depends on it but the order; each server has its own.
    """

    #: At most so many flows, and places in long rows, are remembered.
    MOST = 10_000
    BEGINNING = "00000000-0000-0000-0000-000000000000"

    def __init__(self) -> None:
        self._served: dict[str, int] = {}
        self._count = 0
        self._after: dict[Hashable, str] = {}

    def served(self, flow_id: str) -> int:
        """Give a number that is the higher the later this flow was served; 0: not lately."""
        return self._served.get(flow_id, 0)

    def after(self, row: Hashable) -> str:
        """Give the flow after which a look at this row of the queue goes on."""
        return self._after.get(row, self.BEGINNING)

    def note(self, served: Collection[str], went: Mapping[Hashable, str]) -> None:
        """Remember which flows were given, and how far the flows of rows were looked at."""
        self._count += 1
        for flow_id in served:
            self._served.pop(flow_id, None)  # to the end: they lie in the order of their turns
            self._served[flow_id] = self._count
        self._after.update(went)
        while len(self._served) > self.MOST:
            del self._served[next(iter(self._served))]
        while len(self._after) > self.MOST:
            del self._after[next(iter(self._after))]
