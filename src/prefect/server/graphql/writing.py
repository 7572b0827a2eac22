"""Calling an action in a transaction: what every mutation does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from prefect.server.actions import agents, create_run, set_state
from prefect.server.graphql.operations import Request
from prefect.server.graphql.waiting import work_done
from prefect.server.live import chore_topic
from prefect.server.store.database import Transaction

__all__ = ["agent_of", "caller_of", "write"]

# A key used by two connections at one moment is found at the second look; more looks are for databases under stress.
LOOKS_FOR_KEY = 5
CHORES = chore_topic("")
LONGEST_PROCESS = 100


async def write(request: Request, action: Callable[..., Any], **inputs: Any) -> Any:
    """Call an action in a transaction of its own; the answer is ready after the durable commit.

    What needs more than this transaction is waited for, but not longer than a client waits: it comes to its end anyway.
    """
    begun: list[str] = []

    def work(tx: Transaction) -> Any:
        result = action(tx, request.now, **inputs)
        begun[:] = [topic for topic in tx.topics if topic.startswith(CHORES)]
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


def agent_of(request: Request) -> str | None:
    """Give the id of the agent that calls, if it says one."""
    given = request.headers.get("x-prefect-agent-id")
    if not given:
        return None
    try:
        return str(UUID(given))
    except ValueError:
        return None


def _is_of_1_x(request: Request) -> bool:
    """Tell whether the released client of 1.x calls, whose processes do not name themselves."""
    return agents.is_of_1_x(request.headers.get("x-prefect-core-version"))


def caller_of(request: Request) -> set_state.Caller:
    """Tell who calls: the agent, and the process that works on a flow run."""
    run_id, _, process_id = request.headers.get("x-prefect-run-process", "")[:LONGEST_PROCESS].partition("/")
    return set_state.Caller(agent_of(request), process_id or None, run_id, _is_of_1_x(request))
