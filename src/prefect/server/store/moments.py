"""Times that are known only when a statement is executed: ``now`` and the days around it.

A document is kept with its plan; what is relative in it must be worked out anew for each request.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

__all__ = ["Moment", "at_wall", "is_relative", "settled"]


@dataclass(frozen=True, slots=True)
class Moment:
    """A time relative to the moment of the statement.

    ``days`` counts from the present day in UTC, None stands for the moment itself; ``since_midnight`` is what a clock
    in ``zone`` shows then.
    """

    days: int | None = None
    since_midnight: timedelta = timedelta()
    zone: tzinfo = UTC

    def at(self, now: datetime) -> datetime:
        """Give the time, as of now."""
        if self.days is None:
            return now
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None) + timedelta(days=self.days)
        return at_wall(midnight + self.since_midnight, self.zone)


def at_wall(wall: datetime, zone: tzinfo) -> datetime:
    """Give the time at which a clock in the zone shows this, as PostgreSQL takes it.

    Of a time that comes twice, the second; one that is left out is read by the clock from before.

    Raises:
        OverflowError: in UTC it is beyond the years 1 to 9999.
    """
    first, second = (wall.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    offsets = first.utcoffset(), second.utcoffset()
    comes_twice = None not in offsets and offsets[0] > offsets[1]  # type: ignore[operator]
    return (second if comes_twice else first).astimezone(UTC)


def settled(value: Any) -> Any:
    """Give a time that can be bound."""
    return value.at(datetime.now(UTC)) if type(value) is Moment else value


def is_relative(value: Any) -> bool:
    """Tell whether a value, or one of a list, is relative."""
    return type(value) is Moment or (isinstance(value, list) and any(type(item) is Moment for item in value))
