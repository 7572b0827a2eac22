"""The agents that wait at the queue, and which of them is woken for a run.

A run that may have become due is a *call* to those who may take it.  One of them is woken, the one that has waited
longest; when it leaves something due behind, or goes away, it passes the call on to the next.  Each looks once for one
call, so a call ends when nothing is left or all have looked, and a thousand agents cost what one does.

Everything lives in the event loop's thread.  A waiter is noted before its first look, and a call that comes during a
look is followed by another one: none is missed.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

__all__ = ["Labels", "QueueWaiters", "Waiter", "labels_in", "queue_topic"]

#: Labels of a run: sorted, each once.
Labels = tuple[str, ...]

#: So long nobody of a group has looked before one is woken: a replica may die between a commit and telling of it.
LONGEST_NAP_SECONDS = 10.0
#: Beyond so many moments at which somebody is to be woken, the next ones are found by a nap's end.
MOST_TIMERS = 10_000
#: PostgreSQL takes 8,000 bytes in one notification.
LONGEST_TOPIC = 4_000
_QUEUE = "queue:"


def labels_in(value: Any) -> Labels:
    """Give the labels that a column holds as they are announced."""
    return tuple(sorted({label for label in value if isinstance(label, str)})) if isinstance(value, list) else ()


def queue_topic(tenant_id: str, labels: Labels | None = None) -> str:
    """Name what agents of this tenant wait for.

    Args:
        labels: of the run that may have become due; None: any may have.
    """
    if labels is not None:
        topic = f"{_QUEUE}{tenant_id}:{json.dumps(labels)}"
        if len(topic) <= LONGEST_TOPIC:
            return topic
    return _QUEUE + tenant_id


def _read_topic(topic: str) -> tuple[str, Labels | None]:
    tenant_id, _, labels = topic.removeprefix(_QUEUE).partition(":")
    return tenant_id, tuple(json.loads(labels)) if labels else None


class Waiter:
    """One agent that waits: looks at the queue, and waits until it is called to look again."""

    def __init__(self, queue: QueueWaiters, group: _Group) -> None:
        self._queue = queue
        self._group = group
        self._woken = asyncio.Event()
        #: The turn of its last look.
        self.looked = 0
        #: What it was called for since its last look, and what it has looked for: the turn of each.
        self._calls: dict[Labels | None, int] = {}
        self._taken: dict[Labels | None, int] = {}

    def call(self, labels: Labels | None, turn: int) -> None:
        """Have it look for runs with these labels; None: for any."""
        self._calls[labels] = turn
        self.wake()

    def wake(self) -> None:
        self._group.rise(self)
        self._woken.set()

    def look(self) -> None:
        """Say that a look begins: it answers all that was called before."""
        self.looked = self._group.looked = self._queue.next_turn()
        self._group.looked_at = self._queue.time()
        self._taken |= self._calls
        self._calls = {}
        self._woken.clear()

    def pass_on(self, left: Collection[Labels] | None) -> None:
        """Call the next ones for what is due and was not taken.

        Args:
            left: the labels of the runs that are still due; None: whatever there is.
        """
        taken, self._taken = self._taken, {}
        for labels, turn in taken.items():
            if labels is None:
                if left is None or left:
                    self._group.call(None, turn)
            elif left is None or labels in left:
                self._queue.call_one(self._group.place, labels, turn)

    def look_again_at(self, nexts: Mapping[Labels | None, float]) -> None:
        """Have somebody called at these times of the event loop's clock, by the labels of what is due then."""
        for labels, moment in nexts.items():
            group = self._group if labels is None else None
            self._queue.call_at(moment, self._group.place, labels, group=group)

    async def wait(self, seconds: float) -> None:
        """Wait until it is called, at most so long."""
        if not self._calls and not self._queue.closed:
            self._group.lie_down(self)
            try:
                async with asyncio.timeout(max(seconds, 0.0)):
                    await self._woken.wait()
            except TimeoutError:
                return
            finally:
                self._group.rise(self)

    def leave(self) -> None:
        """Go, and leave what it was called for to others."""
        self._group.rise(self)
        del self._group.awake[self]
        self._taken |= self._calls
        self._calls = {}
        self.pass_on(None)


class _Place:
    """The agents of one tenant that look equally far ahead."""

    def __init__(self) -> None:
        self.groups: dict[tuple[frozenset[str], bool], _Group] = {}
        self._by_label: dict[str, set[_Group]] = {}
        self._unlabelled: set[_Group] = set()

    def add(self, group: _Group) -> None:
        self.groups[group.labels, group.unlabelled] = group
        for label in group.labels:
            self._by_label.setdefault(label, set()).add(group)
        if group.unlabelled:
            self._unlabelled.add(group)

    def remove(self, group: _Group) -> None:
        del self.groups[group.labels, group.unlabelled]
        for label in group.labels:
            self._by_label[label].discard(group)
            if not self._by_label[label]:
                del self._by_label[label]
        self._unlabelled.discard(group)

    def takers(self, labels: Labels) -> Collection[_Group]:
        """Give the groups that may take a run with these labels."""
        if not labels:
            return self._unlabelled
        rarest = min((self._by_label.get(label, set()) for label in labels), key=len)
        return [group for group in rarest if group.labels.issuperset(labels)]


class _Group:
    """The agents at one place that take the same runs."""

    def __init__(self, place: _Place, labels: frozenset[str], *, unlabelled: bool) -> None:
        self.place = place
        self.labels = labels
        self.unlabelled = unlabelled
        #: Those who wait, in the order in which they began to.
        self._asleep: dict[Waiter, None] = {}
        #: Those who look, or are about to.
        self.awake: dict[Waiter, None] = {}
        self.looked = 0
        self.looked_at = 0.0
        self.nap: asyncio.TimerHandle | None = None

    @property
    def members(self) -> list[Waiter]:
        return [*self._asleep, *self.awake]

    def lie_down(self, waiter: Waiter) -> None:
        self.awake.pop(waiter, None)
        self._asleep[waiter] = None

    def rise(self, waiter: Waiter) -> None:
        self._asleep.pop(waiter, None)
        self.awake[waiter] = None

    def sleeper(self, turn: int) -> Waiter | None:
        """Give who has waited longest of those that have not looked since this turn."""
        return next((one for one in self._asleep if one.looked < turn), None)

    def looker(self, turn: int) -> Waiter | None:
        """Give one that is about to look, or looks and has begun before this turn: it looks once more."""
        return next((one for one in self.awake if one.looked < turn), None)

    def call(self, labels: Labels | None, turn: int) -> None:
        """Call one of this group."""
        called = self.sleeper(turn) or self.looker(turn)
        if called is not None:
            called.call(labels, turn)


class QueueWaiters:
    """All agents that wait at one server process."""

    def __init__(self) -> None:
        self._places: dict[tuple[str, int], _Place] = {}
        self._turn = 0
        self._timers: dict[tuple[_Place, Labels | None, _Group | None, int], asyncio.TimerHandle] = {}
        self.closed = False
        self.count = 0

    def next_turn(self) -> int:
        self._turn += 1
        return self._turn

    def time(self) -> float:
        return asyncio.get_running_loop().time()

    @contextmanager
    def waiter(self, tenant_id: str, labels: Collection[str], *, unlabelled: bool, ahead: float) -> Iterator[Waiter]:
        """Let an agent be called while the block runs.

        Args:
            unlabelled: it takes runs without labels.
            ahead: it takes runs so many seconds before they are due.
        """
        key = tenant_id, round(ahead)
        place = self._places.setdefault(key, _Place())
        group = place.groups.get((frozenset(labels), unlabelled))
        if group is None:
            group = _Group(place, frozenset(labels), unlabelled=unlabelled)
            place.add(group)
            group.nap = asyncio.get_running_loop().call_later(LONGEST_NAP_SECONDS, self._end_nap, group)
        waiter = Waiter(self, group)
        group.awake[waiter] = None
        self.count += 1
        try:
            yield waiter
        finally:
            self.count -= 1
            waiter.leave()
            if not group.members:
                place.remove(group)
                if group.nap is not None:
                    group.nap.cancel()
                if not place.groups:
                    self._forget(place)
                    del self._places[key]

    def _forget(self, place: _Place) -> None:
        for key in [key for key in self._timers if key[0] is place]:
            self._timers.pop(key).cancel()

    def _end_nap(self, group: _Group) -> None:
        """Call one of a group of which nobody has looked for a while."""
        left = group.looked_at + LONGEST_NAP_SECONDS - self.time()
        if left <= 0:
            group.call(None, self.next_turn())
            left = LONGEST_NAP_SECONDS
        group.nap = asyncio.get_running_loop().call_later(left, self._end_nap, group)

    def announce(self, topics: Collection[str], *, is_all: bool = False) -> None:
        """Call one for each topic of the queue among these; one of each group when announcements may have been lost."""
        if is_all:
            for key in list(self._places):
                self.call(key[0], None)
            return
        for topic in topics:
            if topic.startswith(_QUEUE):
                self.call(*_read_topic(topic))

    def call(self, tenant_id: str, labels: Labels | None) -> None:
        """Call one agent for a run with these labels that may have become due; None: one of each group, for any."""
        for key, place in list(self._places.items()):
            if key[0] != tenant_id:
                continue
            if labels is not None:
                self.call_one(place, labels, self.next_turn())
            else:
                for group in list(place.groups.values()):
                    group.call(None, self.next_turn())

    def call_one(self, place: _Place, labels: Labels, turn: int) -> None:
        """Call the agent that has waited longest of those that take this and have not looked since."""
        takers = place.takers(labels)
        asleep = [one for group in takers if (one := group.sleeper(turn)) is not None]
        awake = (one for group in takers if (one := group.looker(turn)) is not None)
        called = min(asleep, key=lambda one: one.looked) if asleep else next(awake, None)
        if called is not None:
            called.call(labels, turn)

    def call_at(self, moment: float, place: _Place, labels: Labels | None, *, group: _Group | None = None) -> None:
        """Call one at this time of the event loop's clock; twice at the same millisecond is once."""
        key = place, labels, group, round(moment * 1000)
        if key in self._timers or len(self._timers) >= MOST_TIMERS:
            return

        def ring() -> None:
            del self._timers[key]
            if group is not None:
                group.call(labels, self.next_turn())
            elif labels is not None:
                self.call_one(place, labels, self.next_turn())

        self._timers[key] = asyncio.get_running_loop().call_at(moment, ring)

    def call_later(self, seconds: float, tenant_id: str, labels: Labels, is_due: Callable[[], bool]) -> None:
        """Call one after so many seconds, if the run is still to be had then."""

        def ring() -> None:
            if not self.closed and is_due():
                self.call(tenant_id, labels)

        asyncio.get_running_loop().call_later(seconds, ring)

    def close(self) -> None:
        """End every wait at once and let none begin: the server stops."""
        self.closed = True
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        for place in self._places.values():
            for group in place.groups.values():
                if group.nap is not None:
                    group.nap.cancel()
                for waiter in group.members:
                    waiter.wake()
