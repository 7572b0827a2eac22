"""Queries that are answered again and again: at once, and after each commit that may have changed the answer.

A table root is the same statement as in a query; it is read again when a table that it reads was written, once for all
who follow the same, and an answer that says the same as the last one is not sent. ``flow_run_events`` goes on after the
last event it gave.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson

from prefect.server.actions import run_events
from prefect.server.live import ANY_ROW, Live, flow_run_topic, row_topic, table_topic, task_runs_topic
from prefect.server.store.compiler import RUNS_READ, tables_of
from prefect.server.store.statements import ROW_TABLES

from .feeds import LONG_SECONDS, PAUSE_SECONDS, Feeds
from .operations import Request
from .plan import OperationRoot, Plan, TableRoot

if TYPE_CHECKING:
    from .execute import Executor

__all__ = ["LiveQuery"]

#: Gives the request anew, its caller checked again: a key may have ended since the last answer.
Renew = Callable[[], Awaitable[Request]]


class LiveQuery:
    """One subscription.

    Args:
        feeds: what others follow, too.
        looks: how many watchers of runs may read the database at one time.
    """

    def __init__(
        self,
        executor: Executor,
        plan: Plan,
        bound: Mapping[str, Any],
        given: Mapping[str, Any],
        renew: Renew,
        feeds: Feeds,
        looks: asyncio.Semaphore,
    ) -> None:
        self._executor = executor
        self._plan = plan
        self._bound = dict(bound)
        self._given = given
        self._renew = renew
        self._feeds = feeds
        self._looks = looks
        self._root = plan.roots[0]
        #: Task runs whose states were told lately: version and time.
        self._told: dict[str, tuple[int, str]] = {}
        #: How far they were told.
        self._newest: run_events.Place | None = None

    def _topics(self) -> list[str]:
        if isinstance(self._root, OperationRoot):
            arguments = self._arguments(self._root)
            topics = [flow_run_topic(arguments["flow_run_id"])]
            if run_events.TASK_RUN in (arguments.get("kinds") or ()):
                topics.append(task_runs_topic(arguments["flow_run_id"]))
            return topics
        return []

    def _arguments(self, root: OperationRoot) -> dict[str, Any]:
        arguments: dict[str, Any] = self._bound[root.key]
        return arguments

    async def answers(self, live: Live) -> AsyncIterator[bytes]:
        """Give answers as they come; ends when the server stops, or after the only one of what never changes."""
        if isinstance(self._root, TableRoot):
            async for followed in self._followed(live, self._root):
                yield followed
            return
        topics = self._topics()
        clock = asyncio.get_running_loop().time
        last: bytes | None = None
        with live.listen(*topics, is_poll=False) as ear:
            while not live.closed:
                begun = clock()
                answer, is_whole = await self._look()
                if answer is not None and answer != last:
                    yield answer
                    last = answer
                if not topics:
                    return
                if is_whole:
                    await ear.wait(LONG_SECONDS)
                    await asyncio.sleep(max(0.0, begun + PAUSE_SECONDS - clock()))

    async def _followed(self, live: Live, root: TableRoot) -> AsyncIterator[bytes]:
        """Give the answers of a query that others may follow, too."""
        values = self._bound[root.key]
        key = root.key, root.compiled.sql, root.is_hidden, repr(values)
        last: bytes | None = None
        with self._feeds.follow(key, topics_of(root, values), self._read) as (feed, member):
            answer = await feed.now(member)
            while not live.closed:
                version = feed.version
                if answer != last:
                    if last is not None:
                        await self._renew()
                    yield answer
                    last = answer
                answer = await feed.after(member, version)

    async def _read(self) -> bytes:
        return await self._executor.answer(await self._renew(), self._plan, self._bound, self._given)

    async def _look(self) -> tuple[bytes | None, bool]:
        """Read once; gives the answer, if there is anything to say, and whether all was read."""
        request = await self._renew()
        if not isinstance(self._root, OperationRoot):
            return await self._executor.answer(request, self._plan, self._bound, self._given), True
        async with self._looks:
            return await self._events(request, self._root)

    async def _events(self, request: Request, root: OperationRoot) -> tuple[bytes | None, bool]:
        arguments = {**self._arguments(root), "wait_seconds": 0.0}
        is_first = arguments.get("after") == run_events.FROM_NOW
        if arguments.get("task_runs_after") and self._newest is None:
            self._newest = run_events.Place.read("task_runs_after", arguments["task_runs_after"])
            arguments["task_runs_after"] = str(self._newest.before(run_events.LATE))
        found: dict[str, Any] = {}

        def keep(payload: dict[str, Any]) -> Any:
            found.update(payload, events=self._untold(payload["events"]))
            return root.complete(found)

        kept = OperationRoot(root.key, root.operation, root.arguments, keep, root.is_nullable)
        plan = Plan((kept,), self._plan.is_mutation, self._plan.operation, self._plan.fragments)
        answer = await self._executor.answer(request, plan, {root.key: arguments}, self._given)
        if not found:
            return answer, True
        place = run_events.Place.read("task_run_cursor", found["task_run_cursor"])
        if not found["has_more"]:
            place = self._a_little_back(place)
        self._bound[root.key] = {**arguments, "after": found["cursor"], "task_runs_after": str(place)}
        # Who wants only what is to come is told where that begins.
        return (answer if found["events"] or is_first else None), not found["has_more"]

    def _untold(self, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Leave out the states of task runs that were told before."""
        new = []
        for event in events:
            if event["kind"] == run_events.TASK_RUN:
                version, _ = self._told.get(event["id"], (0, ""))
                if event["version"] <= version:
                    continue
                self._told[event["id"]] = (event["version"], event["timestamp"])
            new.append(event)
        return new

    def _a_little_back(self, place: run_events.Place) -> run_events.Place:
        """Look a little further back next time: a change is committed some time after the time that it bears."""
        if self._newest is None or self._newest < place:
            self._newest = place
        since = self._newest.before(run_events.LATE)
        self._told = {run: told for run, told in self._told.items() if datetime.fromisoformat(told[1]) >= since.time}
        return since


def topics_of(root: TableRoot, values: Sequence[Any]) -> list[str]:
    """Name what may change the answer: the tables that it reads; of one flow run and its states, its rows alone."""
    tables = tables_of(root.compiled)
    if root.row is not None and len(RUNS_READ.findall(root.compiled.sql)) == 1:
        place = next((place for place, (value, _) in enumerate(root.compiled.sources) if value is root.row), None)
        if place is not None:
            others = [table_topic(table) for table in sorted(tables - ROW_TABLES.keys())]
            return [row_topic(values[place]), ANY_ROW, *others]
    return [table_topic(table) for table in sorted(tables)]


def errors_of(refusal: bytes) -> list[Any]:
    """Take the errors out of an answer that has nothing else."""
    errors: list[Any] = orjson.loads(refusal)["errors"]
    return errors
