"""Adjustments: functions that move a time. Those here can be registered with a backend; others cannot."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from prefect.model.times import as_aware, plain_duration
from prefect.schedules.filters import plain
from prefect.schedules.walls import shifted

__all__ = ["add", "next_weekday"]

Adjustment = Callable[[datetime], datetime]


# The argument's name is part of the JSON form, as with the filters.
def add(interval: timedelta) -> Adjustment:
    """Make an adjustment by a duration: exact below a day, else by the wall clock."""
    interval = plain_duration(interval)

    @plain
    def _adjust(dt: datetime) -> datetime:
        return _like(shifted(as_aware(dt), interval), dt)

    return _adjust


@plain
def next_weekday(dt: datetime) -> datetime:
    """Move a Saturday or Sunday to Monday, same time of day."""
    day = dt.weekday()
    return dt if day < 5 else _like(shifted(as_aware(dt), timedelta(days=7 - day)), dt)


def _like(moved: datetime, given: datetime) -> datetime:
    """Give pendulum to whom gave pendulum."""
    if type(given) is datetime:
        return moved
    from prefect.model.times import for_user

    return for_user(moved) or moved
