"""When a failed task run is tried again: pure, knows no runner."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from prefect.model.state import Retrying, State

if TYPE_CHECKING:
    from prefect.core.task import Task


def is_worth_retry(task: Task, state: State) -> bool:
    """Say whether ``retry_on`` allows another attempt after this failure; always without ``retry_on``."""
    if not task.retry_on:
        return True
    failure = state.result
    return failure is None or isinstance(failure, tuple(task.retry_on))


def retry_state(
    task: Task,
    *,
    run_count: int,
    loop_count: int | None,
    loop_result: object,
    now: datetime | None = None,
) -> Retrying | None:
    """Give the Retrying state that follows a failure, or None when there is no attempt left.

    Args:
        run_count: number of the attempt that failed, from 1.
        loop_count: number of the round that failed when the task loops; it is repeated with the same ``loop_result``.
        now: aware UTC.
    """
    if run_count > task.max_retries:
        return None
    start_time = now or datetime.now(UTC)
    if task.retry_delay is not None:
        start_time += task.retry_delay
    looping = loop_count is not None
    return Retrying(
        start_time=start_time,
        context={"_loop_count": loop_count} if looping else None,
        result=loop_result if looping else None,
        message=f"Retrying Task (after attempt {run_count} of {task.max_retries + 1})",
        run_count=run_count,
    )
