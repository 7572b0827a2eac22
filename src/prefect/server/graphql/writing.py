"""Calling an action in a transaction: what every mutation does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from prefect.server.actions import create_run
from prefect.server.graphql.operations import Request
from prefect.server.graphql.waiting import work_done
from prefect.server.live import chore_topic
from prefect.server.store.database import Transaction

__all__ = ["write"]

# A key used by two connections at one moment is found at the second look; more looks are for databases under stress.
LOOKS_FOR_KEY = 5


async def write(request: Request, action: Callable[..., Any], **inputs: Any) -> Any:
    """Call an action in a transaction of its own; the answer is ready after the durable commit.

    What needs more than this transaction is waited for, but not longer than a client waits: it comes to its end anyway.
    """
    begun: list[str] = []

    def work(tx: Transaction) -> Any:
        result = action(tx, request.now, **inputs)
        begun[:] = [topic for topic in tx.topics if topic.startswith(chore_topic(""))]
        return result

    for look in range(1, LOOKS_FOR_KEY + 1):
        try:
            result = await request.app.database.write(work)
            break
        except create_run.KeyTaken:
            if look == LOOKS_FOR_KEY:
                raise
    if begun:
        await work_done(request.app, begun)
    return result
