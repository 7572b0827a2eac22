"""Spans of time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any


def retry_delay(
    interval: timedelta | None = None,
    *,
    exponential_backoff: bool = False,
    max_delay: timedelta = timedelta(hours=2),
    **kwargs: Any,
) -> Callable[[int], timedelta]:
    """Give a function from the number of a run (1 is the first) to the delay before the next one.

    Args:
        interval: the delay; or give ``seconds``, ``minutes`` and so on, as ``timedelta`` takes them.
        exponential_backoff: double the delay with every run after the second.
        max_delay: never more than this.

    Raises:
        ValueError: both an interval and keywords, or none.
    """
    if interval is None and not kwargs:
        raise ValueError("Provide either an interval or interval keywords.")
    if interval is not None and kwargs:
        raise ValueError("Provide an interval or interval keywords, but not both.")
    delay = timedelta(**kwargs) if interval is None else interval

    def retry_delay(run_number: int) -> timedelta:
        # The exponent is bounded because 2 ** 10_000 times any delay is past what timedelta holds.
        factor = 2 ** min(max(0, run_number - 2), 64) if exponential_backoff else 1
        try:
            return min(delay * factor, max_delay)
        except OverflowError:
            return max_delay

    return retry_delay
