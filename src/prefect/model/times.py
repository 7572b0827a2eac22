"""Aware times inside, pendulum times for the user: the conversions between the two, and zone names."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import pendulum

T = TypeVar("T")

_OFFSET = re.compile(r"([+-])(\d{2}):?(\d{2})(?::?(\d{2}))?")


def as_aware(value: datetime) -> datetime:
    """Give the time itself, a naive one as UTC.

    Raises:
        ValueError: no datetime, nor what numpy has instead.
    """
    if not isinstance(value, datetime):
        value = _from_array_library(value, "datetime64[us]", datetime, "datetime")
    return value if value.tzinfo is not None else value.replace(tzinfo=UTC)


def plain_duration(value: Any) -> timedelta:
    """Give a duration as a ``timedelta`` of the standard library, whichever library's it is: pendulum's, numpy's, ...

    Raises:
        ValueError: no duration.
    """
    if type(value) is timedelta:
        return value
    if not isinstance(value, timedelta):
        return _from_array_library(value, "timedelta64[us]", timedelta, "timedelta")
    # Not by its days and seconds: pendulum's durations count years and months apart.
    return timedelta(seconds=value.total_seconds())


def _from_array_library(value: Any, unit: str, kind: type[T], wanted: str) -> T:
    """Give a time or duration of numpy as one of the standard library, without loading numpy."""
    if type(value).__module__ == "numpy" and type(value).__name__ == unit.partition("[")[0]:
        found = value.astype(unit).item()
        if isinstance(found, kind):
            return found
    raise ValueError(f"expected a {wanted}, not {type(value).__name__}: {value!r}")


def plain_wall(value: datetime) -> datetime:
    """Give what a clock shows at a time, without its zone, as a ``datetime`` of the standard library."""
    return datetime(
        value.year, value.month, value.day, value.hour, value.minute, value.second, value.microsecond, fold=value.fold
    )


def plain(value: datetime) -> datetime:
    """Give an aware time as a ``datetime`` of the standard library in a zone of ours.

    Arithmetic with subclasses gives their own kind of duration, which the integer division of durations refuses.
    """
    value = as_aware(value)
    zone = zone_of(value)
    if type(value) is datetime and zone is value.tzinfo:
        return value
    return plain_wall(value).replace(tzinfo=zone)


def for_user(value: datetime | None) -> pendulum.DateTime | None:
    """Give the same instant in the same zone as a ``pendulum.DateTime``."""
    if value is None:
        return None
    import pendulum  # costs 40 ms: only when a user looks at a time

    from prefect.model.user_time import DateTime

    if isinstance(value, pendulum.DateTime):
        return value
    return DateTime(
        value.year,
        value.month,
        value.day,
        value.hour,
        value.minute,
        value.second,
        value.microsecond,
        tzinfo=_user_zone(zone_name(as_aware(value))),
        fold=value.fold,
    )


@lru_cache(maxsize=256)
def _user_zone(name: str) -> tzinfo:
    import pendulum

    if name == "UTC":
        return pendulum.UTC
    offset = _OFFSET.fullmatch(name)
    if offset is None:
        return pendulum.timezone(name)
    sign, hours, minutes, seconds = offset.groups()
    size = int(hours) * 3600 + int(minutes) * 60 + int(seconds or 0)
    return pendulum.timezone(-size if sign == "-" else size)


class UserTime:
    """Attribute that keeps any aware time as it was given and shows it as ``pendulum.DateTime``."""

    __slots__ = ("slot",)

    def __set_name__(self, owner: type, name: str) -> None:
        self.slot = "_" + name

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        if instance is None:
            return self
        return for_user(instance.__dict__.get(self.slot))

    def __set__(self, instance: Any, value: datetime | None) -> None:
        instance.__dict__[self.slot] = None if value is None else as_aware(value)


def zone_name(value: datetime) -> str:
    """Name of an aware time's zone: ``Europe/Berlin``, ``UTC``, or an offset such as ``+05:30``."""
    zone = value.tzinfo
    name = getattr(zone, "key", None) or getattr(zone, "name", None) or getattr(zone, "zone", None)
    if isinstance(name, str) and name:
        return name
    if zone is UTC:
        return "UTC"
    return _offset_name(value.utcoffset() or timedelta(0), value.tzname())


def _offset_name(offset: timedelta, name: str | None) -> str:
    if not offset and name in ("UTC", "GMT", "Z", None):
        return "UTC"
    minutes = int(offset.total_seconds()) // 60
    sign = "-" if minutes < 0 else "+"
    return f"{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


@lru_cache(maxsize=256)
def zone_from_name(name: str) -> tzinfo:
    """Zone of a name given by ``zone_name``.

    Raises:
        ValueError: no such zone.
    """
    if not isinstance(name, str):
        raise ValueError(f"a time zone must be text: {name!r}")
    if name in ("UTC", "Z"):
        return UTC
    offset = _OFFSET.fullmatch(name)
    if offset is not None:
        sign, hours, minutes, seconds = offset.groups()
        size = timedelta(hours=int(hours), minutes=int(minutes), seconds=int(seconds or 0))
        return timezone(-size if sign == "-" else size)
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):  # ZoneInfoNotFoundError is a KeyError; a folder's name gives an OSError
        raise ValueError(f"unknown time zone: {name!r}") from None


def zone_of(value: datetime) -> tzinfo:
    """Zone of an aware time as one of ours (``ZoneInfo``, ``UTC`` or a fixed offset), whatever library made it."""
    zone = value.tzinfo
    if zone is UTC or type(zone) is timezone:
        return zone
    from zoneinfo import ZoneInfo

    if type(zone) is ZoneInfo:
        return zone
    return zone_from_name(zone_name(value))
