"""Filters: functions that say whether a time counts. Those here can be registered with a backend; others cannot.

They look at the time in its own zone and take plain and pendulum datetimes alike.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import TypeVar

from prefect.model.times import as_aware

__all__ = [
    "at_time",
    "between_dates",
    "between_datetimes",
    "between_times",
    "is_day_of_week",
    "is_month_end",
    "is_month_start",
    "is_weekday",
    "is_weekend",
    "on_date",
    "on_datetime",
]

Filter = Callable[[datetime], bool]
F = TypeVar("F", bound=Callable[[datetime], object])


def plain(function: F) -> F:
    """Mark a function of ours: it can be given plain datetimes, so nobody needs pendulum for it."""
    function.takes_plain_datetimes = True  # type: ignore[attr-defined]
    return function


# In the makers below the arguments' names are part of the JSON form: a filter travels as its maker and what it closed
# over (codec.dump_function).


def on_datetime(dt: datetime) -> Filter:
    """Make a filter for just this instant."""

    @plain
    def _filter(*value: datetime, **named: datetime) -> bool:
        # The name by which it may be given is taken here: by the argument above.
        (time,) = value or (named["dt"],)
        return as_aware(time) == as_aware(dt)

    return _filter


def between_datetimes(start: datetime, end: datetime) -> Filter:
    """Make a filter for the instants from ``start`` to ``end``, both included."""

    @plain
    def _filter(dt: datetime) -> bool:
        return as_aware(start) <= as_aware(dt) <= as_aware(end)

    return _filter


def on_date(month: int, day: int) -> Filter:
    """Make a filter for one day of every year."""

    @plain
    def _filter(dt: datetime) -> bool:
        return (dt.month, dt.day) == (month, day)

    return _filter


def between_dates(start_month: int, start_day: int, end_month: int, end_day: int) -> Filter:
    """Make a filter for a part of every year, both days included; it may go over the end of the year."""

    @plain
    def _filter(dt: datetime) -> bool:
        day, start, end = (dt.month, dt.day), (start_month, start_day), (end_month, end_day)
        if start_month > end_month:
            return day >= start or day <= end
        return start <= day <= end

    return _filter


def at_time(t: time) -> Filter:
    """Make a filter for one time of day."""

    @plain
    def _filter(dt: datetime) -> bool:
        return dt.time() == t

    return _filter


def between_times(start: time, end: time) -> Filter:
    """Make a filter for a part of every day, both times included; it may go over midnight."""

    @plain
    def _filter(dt: datetime) -> bool:
        if start > end:
            return dt.time() >= start or dt.time() <= end
        return start <= dt.time() <= end

    return _filter


def is_day_of_week(day_of_week: int) -> Filter:
    """Make a filter for one day of the week; Monday is 0."""

    @plain
    def _filter(dt: datetime) -> bool:
        return dt.weekday() == day_of_week

    return _filter


@plain
def is_weekday(dt: datetime) -> bool:
    """Monday to Friday."""
    return dt.weekday() < 5


@plain
def is_weekend(dt: datetime) -> bool:
    """Saturday and Sunday."""
    return dt.weekday() > 4


@plain
def is_month_end(dt: datetime) -> bool:
    """The last day of a month."""
    return (dt.replace(tzinfo=None) + timedelta(days=1)).day == 1


@plain
def is_month_start(dt: datetime) -> bool:
    """The first day of a month."""
    return dt.day == 1
