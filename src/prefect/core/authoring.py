"""Small words for authors of tasks and flows: ``tags``, ``pause_task``, ``defaults_from_attrs``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import wraps
from typing import Any, TypeVar

from prefect.core.signature import run_signature
from prefect.utilities.context import context

F = TypeVar("F", bound=Callable[..., Any])


@contextmanager
def tags(*tags: str) -> Iterator[None]:
    """Give these tags to every task made or bound inside the block, besides those of the blocks around it."""
    with context(tags=set(tags).union(context.get("tags") or ())):
        yield


def pause_task(message: str | None = None, duration: timedelta | None = None) -> None:
    """Pause the task that is running; it goes on when its run is resumed, and then this call does nothing.

    Args:
        duration: how long until it goes on by itself; None waits for somebody to resume it.

    Raises:
        PAUSE: unless the run is being resumed.
    """
    if context.get("resume", False):
        return
    from prefect.model.signals import PAUSE

    start_time = None
    if duration is not None:
        from datetime import UTC, datetime

        start_time = datetime.now(UTC) + duration
    raise PAUSE(message=message or "Pause signal raised during task execution.", start_time=start_time)


def defaults_from_attrs(*attr_args: str) -> Callable[[F], F]:
    """Let arguments of ``run`` that are not given take the value of the task's attribute of the same name.

    An argument given as None stays None.

    Raises:
        AttributeError: at run time, when the task has no such attribute.
    """

    def decorate(run: F) -> F:
        positional = run_signature(run).positional[1:]

        @wraps(run)
        def run_with_defaults(self: Any, *args: Any, **kwargs: Any) -> Any:
            given = positional[: len(args)] if args else ()
            for name in attr_args:
                if name not in kwargs and name not in given:
                    kwargs[name] = getattr(self, name)
            return run(self, *args, **kwargs)

        return run_with_defaults  # type: ignore[return-value]

    return decorate
