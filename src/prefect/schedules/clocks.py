"""Clocks: sources of the times at which a flow shall run.

Events come in order of time, lazily, without end unless the clock has one. How clock changes are treated is said in
``walls``; intervals of a day or more keep the wall clock, shorter ones are exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import count
from typing import TYPE_CHECKING, Any, ClassVar, Self

from prefect.model import codec
from prefect.model.codec import register
from prefect.model.times import UserTime, as_aware, for_user, plain, plain_duration, zone_of
from prefect.schedules import rules, walls
from prefect.schedules.cron import is_hourly, is_valid, walls_after
from prefect.schedules.steps import take
from prefect.utilities.present import present

if TYPE_CHECKING:
    from dateutil.rrule import rrule, rruleset

__all__ = ["Clock", "ClockEvent", "CronClock", "DatesClock", "IntervalClock", "RRuleClock"]

_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)
_ANCHOR = datetime(2019, 1, 1, tzinfo=UTC)


class ClockEvent:
    """One time at which a flow shall run, with what its clock wants for that run.

    Args:
        start_time: when.
        parameter_defaults: parameters of the run.
        labels: labels of the run; None: those of the flow.
    """

    __slots__ = ("labels", "local_time", "parameter_defaults", "time")

    def __init__(
        self,
        start_time: datetime,
        parameter_defaults: dict[str, Any] | None = None,
        labels: list[str] | None = None,
    ) -> None:
        #: The time in the zone of its clock.
        self.local_time = as_aware(start_time)
        #: The time in UTC. Comparisons need it: within one zone Python compares walls, and some are shown twice.
        self.time = plain(start_time).astimezone(UTC)
        self.parameter_defaults = parameter_defaults or {}
        self.labels = labels

    @property
    def start_time(self) -> Any:
        """When, as a ``pendulum.DateTime``."""
        return for_user(self.local_time)

    def __eq__(self, other: object) -> bool:
        """Compare with another event by all it holds, with a datetime by the time."""
        if isinstance(other, datetime):
            return other.tzinfo is not None and self.time == plain(other)
        if not isinstance(other, ClockEvent):
            return False
        return (self.time, self.parameter_defaults, self.labels) == (
            other.time,
            other.parameter_defaults,
            other.labels,
        )

    __hash__ = None  # type: ignore[assignment]

    def __lt__(self, other: ClockEvent | datetime) -> bool:
        return self.time < _time_of(other, "<")

    def __gt__(self, other: ClockEvent | datetime) -> bool:
        return self.time > _time_of(other, ">")

    def __repr__(self) -> str:
        return f"<{self.local_time.isoformat()},{self.labels},{self.parameter_defaults}>"


def _time_of(value: ClockEvent | datetime, operator: str) -> datetime:
    if isinstance(value, ClockEvent):
        return value.time
    if isinstance(value, datetime):
        return plain(value)
    raise TypeError(f"{operator!r} not supported between instances of 'ClockEvent' and {type(value).__name__}")


class Clock:
    """A source of times.

    Args:
        start_date: no event is earlier; naive counts as UTC.
        end_date: no event is later.
        parameter_defaults: parameters of the runs that this clock causes.
        labels: labels of those runs; None: those of the flow.
    """

    has_dates: ClassVar[bool] = True  # its JSON has start_date and end_date

    start_date = UserTime()
    end_date = UserTime()
    _start_date: datetime | None
    _end_date: datetime | None

    def __init__(
        self,
        start_date: datetime | None = None,
        end_date: datetime | None = None,
        parameter_defaults: dict[str, Any] | None = None,
        labels: list[str] | None = None,
    ) -> None:
        self.start_date = start_date
        self.end_date = end_date
        self.parameter_defaults = parameter_defaults or {}
        self.labels = labels

    @property
    def bounds(self) -> tuple[datetime | None, datetime | None]:
        """Start and end as aware ``datetime``, for code that needs no pendulum."""
        return self._start_date, self._end_date

    def events(self, after: datetime | None = None) -> Iterator[ClockEvent]:
        """Give the events after an instant, in order of time.

        Args:
            after: now when absent; an event at just this instant is left out, unless it is the clock's start and
                comes later.
        """
        begin, inclusive = self._begin(after)
        end = None if self._end_date is None else plain(self._end_date).astimezone(UTC)
        zone = self._zone
        last: datetime | None = None
        for time in self._times(begin):
            take()
            if time < begin or (time == begin and not inclusive) or time == last:
                continue
            if end is not None and time > end:
                return
            last = time
            yield ClockEvent(time.astimezone(zone), self.parameter_defaults, self.labels)

    def _begin(self, after: datetime | None) -> tuple[datetime, bool]:
        """Instant (UTC) to begin at, and whether an event at it counts."""
        begin = present() if after is None else plain(after).astimezone(UTC)
        if self._start_date is not None:
            start = plain(self._start_date).astimezone(UTC)
            if start > begin:
                return start, True
        return begin, False

    def _times(self, begin: datetime) -> Iterator[datetime]:
        """Give increasing instants (UTC) that leave out none from ``begin`` on; earlier ones may come with them."""
        raise NotImplementedError("Must be implemented on Clock subclasses")

    @property
    def _zone(self) -> tzinfo:
        return UTC if self._start_date is None else zone_of(self._start_date)

    def _to_fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = {"parameter_defaults": self.parameter_defaults, "labels": self.labels}
        if self.has_dates:
            fields["start_date"] = codec.dump_time_tz(self._start_date)
            fields["end_date"] = codec.dump_time_tz(self._end_date)
        return fields

    @classmethod
    def _from_fields(cls, data: Mapping[str, Any]) -> Self:
        return cls(**cls._arguments(data))

    @classmethod
    def _arguments(cls, data: Mapping[str, Any]) -> dict[str, Any]:
        labels = data.get("labels")
        if labels is not None and not isinstance(labels, list):
            raise ValueError(f"labels: not a list: {labels!r}")
        defaults = data.get("parameter_defaults")
        if defaults is not None and not isinstance(defaults, Mapping):
            raise ValueError(f"parameter_defaults: not an object: {defaults!r}")
        arguments: dict[str, Any] = {"parameter_defaults": dict(defaults or {}), "labels": labels}
        if cls.has_dates:
            arguments["start_date"] = codec.load_time_tz(data.get("start_date"), "start_date")
            arguments["end_date"] = codec.load_time_tz(data.get("end_date"), "end_date")
        return arguments


def _required(data: Mapping[str, Any], field: str) -> Any:
    value = data.get(field)
    if value is None:
        raise ValueError(f"{field}: missing data for required field")
    return value


@register("clock")
class IntervalClock(Clock):
    """Every ``interval`` from ``start_date`` on; without one, counted from 2019-01-01 UTC.

    Raises:
        TypeError: the interval is no timedelta.
        ValueError: it is not greater than 0.
    """

    def __init__(
        self,
        interval: timedelta,
        start_date: datetime | None = None,
        end_date: datetime | None = None,
        parameter_defaults: dict[str, Any] | None = None,
        labels: list[str] | None = None,
    ) -> None:
        try:
            length = plain_duration(interval)
        except ValueError:
            raise TypeError("Interval must be a timedelta.") from None
        if length <= timedelta(0):
            raise ValueError("Interval must be greater than 0.")
        super().__init__(start_date, end_date, parameter_defaults, labels)
        self.interval = interval if isinstance(interval, timedelta) else length

    def _times(self, begin: datetime) -> Iterator[datetime]:
        anchor = _ANCHOR if self._start_date is None else plain(self._start_date)
        # Other libraries' durations refuse to divide, or count by the calendar.
        interval = plain_duration(self.interval)
        zone = self._zone
        start = anchor.astimezone(UTC)
        elapsed = begin - start
        try:
            if interval < _DAY or zone is UTC:
                for k in count(max(0, elapsed // interval)):
                    yield start + k * interval
            else:
                # By the wall clock the count may be off by a clock change: begin one earlier.
                wall = walls.wall_of(anchor, zone)
                yield start
                for k in count(max(1, elapsed // interval - 1)):
                    yield walls.instant_of(wall + k * interval, zone)
        except OverflowError:
            return  # the calendar ends with the year 9999

    def _to_fields(self) -> dict[str, Any]:
        return {
            **super()._to_fields(),
            "interval": codec.dump_microseconds(_registrable(plain_duration(self.interval))),
        }

    @classmethod
    def _arguments(cls, data: Mapping[str, Any]) -> dict[str, Any]:
        interval = codec.load_microseconds(_required(data, "interval"), "interval")
        assert interval is not None  # noqa: S101 (tells the type checker what _required has made sure of)
        return {**super()._arguments(data), "interval": _registrable(interval)}


def _registrable(interval: timedelta) -> timedelta:
    if interval < _MINUTE:
        raise ValueError(f"Interval can not be less than one minute when a backend runs it: {interval}")
    return interval


@register("clock")
class CronClock(Clock):
    """At the times of a cron expression, by the clock of ``start_date``'s zone (without one: UTC).

    Args:
        cron: five fields, or six with seconds last.
        day_or: what to do when both day fields are restricted: match either of them (as cron does), or both.

    Raises:
        ValueError: ``Invalid cron string: x``.
    """

    def __init__(
        self,
        cron: str,
        start_date: datetime | None = None,
        end_date: datetime | None = None,
        parameter_defaults: dict[str, Any] | None = None,
        labels: list[str] | None = None,
        day_or: bool | None = None,
    ) -> None:
        if not is_valid(cron):
            raise ValueError(f"Invalid cron string: {cron}")
        super().__init__(start_date, end_date, parameter_defaults, labels)
        self.cron = cron
        self.day_or = True if day_or is None else day_or

    def _times(self, begin: datetime) -> Iterator[datetime]:
        zone = self._zone
        named = walls_after(self.cron, walls.first_wall(begin, zone), day_or=self.day_or)
        return walls.instants(named, zone, every_hour=is_hourly(self.cron), gap=walls.GAP_END)

    def _to_fields(self) -> dict[str, Any]:
        return {**super()._to_fields(), "cron": self.cron, "day_or": self.day_or}

    @classmethod
    def _arguments(cls, data: Mapping[str, Any]) -> dict[str, Any]:
        return {**super()._arguments(data), "cron": _required(data, "cron"), "day_or": data.get("day_or")}


@register("clock")
class DatesClock(Clock):
    """At the given times.

    Raises:
        ValueError: there are none.
    """

    has_dates = False

    def __init__(
        self,
        dates: Iterable[datetime],
        parameter_defaults: dict[str, Any] | None = None,
        labels: list[str] | None = None,
    ) -> None:
        self._dates = [as_aware(date) for date in dates]
        if not self._dates:
            raise ValueError("DatesClock needs at least one date.")
        super().__init__(min(self._dates), max(self._dates), parameter_defaults, labels)

    @property
    def dates(self) -> list[Any]:
        """The times as ``pendulum.DateTime``, in the order given."""
        return [for_user(date) for date in self._dates]

    def _times(self, begin: datetime) -> Iterator[datetime]:
        take(len(self._dates))
        return iter(sorted(plain(date).astimezone(UTC) for date in self._dates))

    def _to_fields(self) -> dict[str, Any]:
        return {**super()._to_fields(), "dates": [codec.dump_time_tz(date) for date in self._dates]}

    @classmethod
    def _arguments(cls, data: Mapping[str, Any]) -> dict[str, Any]:
        dates = _required(data, "dates")
        if not isinstance(dates, list):
            raise ValueError(f"dates: not a list: {dates!r}")
        take(len(dates))
        return {**super()._arguments(data), "dates": [codec.load_time_tz(date, "dates") for date in dates]}


@register("clock")
class RRuleClock(Clock):
    """At the times of a dateutil recurrence rule, by the clock of its own zone (naive: UTC).

    Raises:
        TypeError: neither rrule nor rruleset.
    """

    def __init__(
        self,
        rrule_obj: rrule | rruleset,
        start_date: datetime | None = None,
        end_date: datetime | None = None,
        parameter_defaults: dict[str, Any] | None = None,
        labels: list[str] | None = None,
    ) -> None:
        if not rules.is_rule(rrule_obj):
            raise TypeError(f"rrule_obj must be an rrule or rruleset, got: {rrule_obj!r}")
        super().__init__(start_date, end_date, parameter_defaults, labels)
        self.rrule_obj = rrule_obj

    def _begin(self, after: datetime | None) -> tuple[datetime, bool]:
        begin, inclusive = super()._begin(after)
        return begin, inclusive or after is None

    def _times(self, begin: datetime) -> Iterator[datetime]:
        zone = self._zone
        named = rules.walls_from(self.rrule_obj, walls.first_wall(begin, zone), zone)
        return walls.instants(named, zone, every_hour=rules.is_hourly(self.rrule_obj), gap=walls.SHIFT)

    @property
    def _zone(self) -> tzinfo:
        return rules.zone_of_rules(self.rrule_obj)

    def _to_fields(self) -> dict[str, Any]:
        return {**super()._to_fields(), "rrule_obj": rules.dump_rules(self.rrule_obj)}

    @classmethod
    def _arguments(cls, data: Mapping[str, Any]) -> dict[str, Any]:
        return {**super()._arguments(data), "rrule_obj": rules.load_rules(_required(data, "rrule_obj"))}
