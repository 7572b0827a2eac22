"""Cron expressions: what they say and the walls they name.

croniter reads and checks them. The walls are found here for ordinary expressions, ten times as fast and with the same
answer whatever its version; expressions with seconds, ``L``, ``#`` and the like are left to croniter. It sees naive
times only: what it makes of clock changes differs from version to version.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from prefect.schedules.steps import take

_DAY = timedelta(days=1)
_STEPS_OF_CRONITER = 300  # it does not tell how many it takes; some thousand until it gives up
_YEARS = 50  # as far as croniter looks for the next time; 29 February is at most 8 years away


class Fields(NamedTuple):
    """The times that an expression names; ``None`` for days and weekdays means any."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int] | None
    months: frozenset[int]
    weekdays: frozenset[int] | None  # Sunday is 0


def is_valid(cron: object) -> bool:
    """Say whether croniter can read it."""
    return isinstance(cron, str) and _is_valid(cron)


@lru_cache(maxsize=4096)
def _is_valid(cron: str) -> bool:
    from croniter import croniter

    return bool(croniter.is_valid(cron))


@lru_cache(maxsize=4096)
def is_hourly(cron: str) -> bool:
    """Say whether the expression names every hour of a day."""
    from croniter import croniter

    hours = croniter.expand(cron)[0][1]
    return hours == ["*"] or len(set(hours)) == 24


@lru_cache(maxsize=4096)
def fields_of(cron: str) -> Fields | None:
    """Give the fields of an ordinary expression; None for one that only croniter understands."""
    from croniter import croniter

    expanded, nth_weekdays = croniter.expand(cron)[:2]
    if len(expanded) != 5 or nth_weekdays or cron.count("@") or not set(cron.lower()) <= _ORDINARY:
        return None
    if any(not isinstance(value, int) for field in expanded if field != ["*"] for value in field):
        return None
    minutes, hours, days, months, weekdays = (None if field == ["*"] else field for field in expanded)
    return Fields(
        tuple(range(60)) if minutes is None else tuple(sorted(set(minutes))),
        tuple(range(24)) if hours is None else tuple(sorted(set(hours))),
        None if days is None else frozenset(days),
        frozenset(range(1, 13) if months is None else months),
        None if weekdays is None else frozenset(day % 7 for day in weekdays),
    )


_ORDINARY = set("0123456789*/,- abcdefghijklmnopqrstuvwxyz")


def walls_after(cron: str, start: datetime, *, day_or: bool) -> Iterator[datetime]:
    """Give the walls that the expression names after ``start``, in order, as far as 50 years from one to the next.

    Args:
        day_or: when both day fields are restricted, a day matches that matches either; else it must match both.
    """
    fields = fields_of(cron)
    return _by_croniter(cron, start, day_or) if fields is None else _by_fields(fields, start, day_or)


def _by_fields(fields: Fields, start: datetime, day_or: bool) -> Iterator[datetime]:
    day = start.date()
    if _names_day(fields, day, day_or):
        for hour in fields.hours:
            if hour >= start.hour:
                for minute in fields.minutes:
                    wall = datetime(day.year, day.month, day.day, hour, minute)
                    if wall > start:
                        yield wall
    last_year = min(start.year + _YEARS, date.max.year - 1)
    day += _DAY
    while day.year <= last_year:
        take()
        if day.month not in fields.months:
            day = date(day.year + day.month // 12, day.month % 12 + 1, 1)
            continue
        if _names_day(fields, day, day_or):
            last_year = min(day.year + _YEARS, date.max.year - 1)
            for hour in fields.hours:
                for minute in fields.minutes:
                    yield datetime(day.year, day.month, day.day, hour, minute)
        day += _DAY


def _names_day(fields: Fields, day: date, day_or: bool) -> bool:
    if day.month not in fields.months:
        return False
    if fields.days is None:
        return fields.weekdays is None or day.isoweekday() % 7 in fields.weekdays
    in_days = day.day in fields.days
    if fields.weekdays is None:
        return in_days
    in_weekdays = day.isoweekday() % 7 in fields.weekdays
    return in_days or in_weekdays if day_or else in_days and in_weekdays


def _by_croniter(cron: str, start: datetime, day_or: bool) -> Iterator[datetime]:
    from croniter import CroniterBadDateError, croniter

    steps = croniter(cron, start, day_or=day_or, ret_type=datetime)
    while True:
        take(_STEPS_OF_CRONITER)
        try:
            yield steps.get_next()
        except CroniterBadDateError:
            return  # there is no further time
