"""What went wrong in a flow run, once for each thing that is said, however many task runs say it."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from prefect.server.errors import BadInput
from prefect.server.store import failures
from prefect.server.store.database import Transaction

__all__ = ["MOST_MESSAGES", "task_run_failures"]

MOST_MESSAGES = 100
#: Task runs that are named for each message.
FIRST = 5
LONGEST_MESSAGE = 2_000


def task_run_failures(tx: Transaction, *, flow_run_id: str, limit: int) -> list[dict[str, Any]]:
    """Group the failed task runs of a flow run by state and message; what is said most often comes first.

    Args:
        limit: how many groups at most.

    Returns:
        For each: ``state``, ``message`` (its beginning, when it is long), ``count``, and ``first``: the five that
        failed first, with id, task, map index and end.
    """
    if not 1 <= limit <= MOST_MESSAGES:
        raise BadInput("limit", f"a whole number from 1 to {MOST_MESSAGES}", limit)
    rows = tx.all(failures.failures, flow_run_id=flow_run_id, first=FIRST, most=FIRST * limit)
    found = []
    for (state, message), group in groupby(rows, key=lambda row: (row["state"], row["state_message"])):
        same = list(group)
        found.append(
            {
                "state": state,
                "message": None if message is None else message[:LONGEST_MESSAGE],
                "count": same[0]["count"],
                "first": [
                    {
                        "task_run_id": row["id"],
                        "task_id": row["task_id"],
                        "map_index": row["map_index"],
                        "end_time": row["end_time"] and row["end_time"].isoformat(),
                    }
                    for row in same
                ],
            }
        )
    return found[:limit]
