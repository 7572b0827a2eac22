"""Queries that are answered again and again: at once, and after each commit that may have changed the answer.

A table root is the same statement as in a query; it is read again when a table that it reads was written, and an
answer that says the same as the last one is not sent. ``flow_run_events`` goes on after the last event it gave.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

import orjson

from prefect.server.live import Live, flow_run_topic, table_topic
from prefect.server.store.compiler import tables_of

from .operations import Request
from .plan import OperationRoot, Plan, TableRoot

if TYPE_CHECKING:
    from .execute import Executor

__all__ = ["LiveQuery"]

#: Commits that come closer together than this are answered together.
PAUSE_SECONDS = 0.05
#: Nothing depends on it: a wait needs an end.
LONG_SECONDS = 3600.0

#: Gives the request anew, its caller checked again: a key may have ended since the last answer.
Renew = Callable[[], Awaitable[Request]]


class LiveQuery:
    """One subscription.

    Args:
        looks: how many subscriptions may read the database at one time.
    """

    def __init__(
        self,
        executor: Executor,
        plan: Plan,
        bound: Mapping[str, Any],
        given: Mapping[str, Any],
        renew: Renew,
        looks: asyncio.Semaphore,
    ) -> None:
        self._executor = executor
        self._plan = plan
        self._bound = dict(bound)
        self._given = given
        self._renew = renew
        self._looks = looks
        self._root = plan.roots[0]

    def _topics(self) -> list[str]:
        if isinstance(self._root, TableRoot):
            return [table_topic(table) for table in sorted(tables_of(self._root.compiled))]
        if isinstance(self._root, OperationRoot):
            return [flow_run_topic(self._arguments(self._root)["flow_run_id"])]
        return []

    def _arguments(self, root: OperationRoot) -> dict[str, Any]:
        arguments: dict[str, Any] = self._bound[root.key]
        return arguments

    async def answers(self, live: Live) -> AsyncIterator[bytes]:
        """Give answers as they come; ends when the server stops, or after the only one of what never changes."""
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

    async def _look(self) -> tuple[bytes | None, bool]:
        """Read once; gives the answer, if there is anything to say, and whether all was read."""
        request = await self._renew()
        async with self._looks:
            if not isinstance(self._root, OperationRoot):
                return await self._executor.answer(request, self._plan, self._bound, self._given), True
            return await self._events(request, self._root)

    async def _events(self, request: Request, root: OperationRoot) -> tuple[bytes | None, bool]:
        arguments = {**self._arguments(root), "wait_seconds": 0.0}
        found: dict[str, Any] = {}

        def keep(payload: dict[str, Any]) -> Any:
            found.update(payload)
            return root.complete(payload)

        kept = OperationRoot(root.key, root.operation, root.arguments, keep, root.is_nullable)
        plan = Plan((kept,), self._plan.is_mutation, self._plan.operation, self._plan.fragments)
        answer = await self._executor.answer(request, plan, {root.key: arguments}, self._given)
        events = found.get("events")
        if not events:
            return (None if found else answer), True
        self._bound[root.key] = {**arguments, "after": found["cursor"]}
        return answer, not found["has_more"]


def errors_of(refusal: bytes) -> list[Any]:
    """Take the errors out of an answer that has nothing else."""
    errors: list[Any] = orjson.loads(refusal)["errors"]
    return errors
