"""Steps: the work of finding the next times of a schedule, counted, so that a server can end what has no end.

A step is about as much work as looking at one day, one occurrence or one filter. Without a bound nothing is counted:
users' own schedules are walked as far as they go.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class TooManySteps(Exception):
    """A schedule needs more steps than it is given."""


class Steps:
    """Counts steps up to a bound.

    Attributes:
        taken: how many were taken so far.
    """

    __slots__ = ("most", "taken")

    def __init__(self, most: int) -> None:
        self.most = most
        self.taken = 0

    def take(self, count: int = 1) -> None:
        """Count some.

        Raises:
            TooManySteps: they are more than the bound.
        """
        self.taken += count
        if self.taken > self.most:
            raise TooManySteps(f"More than {self.most} steps.")


_steps: ContextVar[Steps | None] = ContextVar("steps", default=None)


@contextmanager
def bounded(steps: Steps) -> Iterator[None]:
    """Count with these what schedules do in the block."""
    token = _steps.set(steps)
    try:
        yield
    finally:
        _steps.reset(token)


def take(count: int = 1) -> None:
    """Count some steps, if anybody counts.

    Raises:
        TooManySteps: they are more than the bound.
    """
    steps = _steps.get()
    if steps is not None:
        steps.take(count)


def counted_interval(interval: int, weight: int) -> int:
    """Give the interval of a rule of dateutil, which takes steps each time that the rule goes on by it.

    dateutil walks silently through what a rule leaves out; going on by the interval is what each of its turns does.
    """
    steps = _steps.get()
    if steps is None:
        return interval
    counting = _Interval(interval)
    counting.steps, counting.weight = steps, weight
    return counting


class _Interval(int):
    steps: Steps
    weight: int

    def __radd__(self, other: int) -> int:
        self.steps.take(self.weight)
        return other + int(self)

    def __mul__(self, other: int) -> int:  # of weeks
        self.steps.take(self.weight)
        return int(self) * other
