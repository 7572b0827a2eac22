"""Schedule: clocks joined in order of time, filtered, adjusted."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from prefect.model import codec
from prefect.model.times import as_aware, for_user
from prefect.schedules import adjustments as adjustments_module
from prefect.schedules import filters as filters_module
from prefect.schedules.clocks import Clock, ClockEvent, CronClock, IntervalClock, RRuleClock
from prefect.schedules.steps import take
from prefect.utilities.present import present

if TYPE_CHECKING:
    from dateutil.rrule import rrule, rruleset

__all__ = ["CronSchedule", "IntervalSchedule", "RRuleSchedule", "Schedule"]

# A schedule whose filters refuse everything must come to an end.
MAX_EXAMINED = 10_000

Filter = Callable[[datetime], bool]
Adjustment = Callable[[datetime], datetime]

FILTERS = {f"{filters_module.__name__}.{name}": getattr(filters_module, name) for name in filters_module.__all__}
ADJUSTMENTS = {
    f"{adjustments_module.__name__}.{name}": getattr(adjustments_module, name) for name in adjustments_module.__all__
}


class Schedule:
    """When a flow shall run.

    Args:
        clocks: where the times come from.
        filters: all of them must accept a time.
        or_filters: at least one of them must, if there are any.
        not_filters: none of them may.
        adjustments: change an accepted time, one after the other.

    Raises:
        TypeError: ``clocks`` is no collection.
    """

    def __init__(
        self,
        clocks: Iterable[Clock],
        filters: Iterable[Filter] | None = None,
        or_filters: Iterable[Filter] | None = None,
        not_filters: Iterable[Filter] | None = None,
        adjustments: Iterable[Adjustment] | None = None,
    ) -> None:
        if not isinstance(clocks, Iterable):
            raise TypeError("clocks should be a list of clocks.")
        self.clocks = list(clocks)
        self.filters = list(filters or ())
        self.or_filters = list(or_filters or ())
        self.not_filters = list(not_filters or ())
        self.adjustments = list(adjustments or ())

    @property
    def start_date(self) -> Any:
        """The earliest start of those clocks that have one."""
        return for_user(min((c.bounds[0] for c in self.clocks if c.bounds[0] is not None), default=None))

    @property
    def end_date(self) -> Any:
        """The latest end of those clocks that have one."""
        return for_user(max((c.bounds[1] for c in self.clocks if c.bounds[1] is not None), default=None))

    def next(self, n: int, after: datetime | None = None, return_events: bool = False) -> list[Any]:
        """Give the next times, earliest first.

        Args:
            n: how many; fewer come when the clocks end or the filters refuse 10,000 events.
            after: now when absent; an event at just this instant is left out.
            return_events: give events, with the parameters and labels of their clocks, instead of times.

        Returns:
            ``pendulum.DateTime`` or ``ClockEvent`` objects.
        """
        begin = present() if after is None else as_aware(after)
        found: list[ClockEvent] = []
        if n > 0:
            for event in self.upcoming(begin):
                found.append(event)
                if len(found) == n:
                    break
        return found if return_events else [event.start_time for event in found]

    def upcoming(self, after: datetime) -> Iterator[ClockEvent]:
        """Give the events after an aware time lazily, earliest first; they end as those of ``next`` do."""
        functions = len(self.filters) + len(self.or_filters) + len(self.not_filters) + len(self.adjustments)
        for examined, event in enumerate(self._merged(after)):
            if examined == MAX_EXAMINED:
                return
            take(functions)
            if self._accepts(event.local_time):
                yield ClockEvent(self._adjust(event.local_time), event.parameter_defaults, event.labels)

    def _merged(self, after: datetime) -> Iterator[ClockEvent]:
        """Give the events of all clocks in order of time, equal ones once."""
        streams = [clock.events(after=after) for clock in self.clocks]
        if len(streams) == 1:
            yield from streams[0]
            return
        seen: list[ClockEvent] = []  # the events of the instant at hand
        for event in heapq.merge(*streams, key=lambda event: event.time):
            if seen and seen[0].time != event.time:
                seen = []
            take(len(seen))
            if event not in seen:
                seen.append(event)
                yield event

    def _accepts(self, time: datetime) -> bool:
        if not all(_ask(f, time) for f in self.filters):
            return False
        if self.or_filters and not any(_ask(f, time) for f in self.or_filters):
            return False
        return not any(_ask(f, time) for f in self.not_filters)

    def _adjust(self, time: datetime) -> datetime:
        for adjustment in self.adjustments:
            time = as_aware(_ask(adjustment, time))
        return time

    def serialize(self) -> dict[str, Any]:
        """Give the JSON object of this schedule.

        Raises:
            ValueError: a filter or adjustment that is not one of ours, or an interval below a minute.
        """
        return {
            "clocks": [codec.dump(clock) for clock in self.clocks],
            "filters": _dump_functions(self.filters, FILTERS, "filters"),
            "or_filters": _dump_functions(self.or_filters, FILTERS, "or_filters"),
            "not_filters": _dump_functions(self.not_filters, FILTERS, "not_filters"),
            "adjustments": _dump_functions(self.adjustments, ADJUSTMENTS, "adjustments"),
            "__version__": codec.__version__,
        }

    @classmethod
    def deserialize(cls, json_blob: Mapping[str, Any]) -> Self:
        """Make the schedule that a JSON object describes.

        Raises:
            ValueError: names the field that is missing or wrong.
        """
        if not isinstance(json_blob, Mapping):
            raise ValueError(f"A schedule must be a JSON object, not {type(json_blob).__name__}")
        clocks = json_blob.get("clocks")
        if not isinstance(clocks, list):
            raise ValueError(f"clocks: a schedule needs a list of clocks, not {clocks!r}")
        return cls(
            clocks=[codec.load("clock", clock) for clock in clocks],
            filters=_load_functions(json_blob, "filters", FILTERS),
            or_filters=_load_functions(json_blob, "or_filters", FILTERS),
            not_filters=_load_functions(json_blob, "not_filters", FILTERS),
            adjustments=_load_functions(json_blob, "adjustments", ADJUSTMENTS),
        )


def _ask(function: Callable[[datetime], Any], time: datetime) -> Any:
    """Call a filter or adjustment; one of the user's gets a pendulum time."""
    if getattr(function, "takes_plain_datetimes", False):
        return function(time)
    return function(for_user(time))  # type: ignore[arg-type]


def _dump_functions(
    functions: Iterable[Callable[..., Any]], allowed: Mapping[str, Callable[..., Any]], field: str
) -> list[dict[str, Any] | None]:
    for function in functions:
        if codec.function_name(function) not in allowed:
            raise ValueError(
                f"Schedule.{field}: a backend knows only the functions of prefect.schedules, so {function!r} cannot "
                "be registered."
            )
    return [codec.dump_function(function) for function in functions]


def _load_functions(
    data: Mapping[str, Any], field: str, allowed: Mapping[str, Callable[..., Any]]
) -> list[Callable[..., Any]]:
    references = data.get(field)
    if references is None:
        return []
    if not isinstance(references, list):
        raise ValueError(f"{field}: not a list: {references!r}")
    functions = []
    for reference in references:
        function = codec.load_function(reference, allowed)
        if function is None:
            raise ValueError(f"{field}: invalid function reference: {reference!r}")
        functions.append(function)
    return functions


def IntervalSchedule(
    start_date: datetime | None = None, interval: timedelta | None = None, end_date: datetime | None = None
) -> Schedule:
    """Make a schedule of one interval clock.

    Raises:
        TypeError: the interval is no timedelta.
        ValueError: it is not greater than 0.
    """
    return Schedule([IntervalClock(interval, start_date, end_date)])  # type: ignore[arg-type]


def CronSchedule(
    cron: str, start_date: datetime | None = None, end_date: datetime | None = None, day_or: bool | None = None
) -> Schedule:
    """Make a schedule of one cron clock.

    Raises:
        ValueError: ``Invalid cron string: x``.
    """
    return Schedule([CronClock(cron, start_date, end_date, day_or=day_or)])


def RRuleSchedule(
    rrule_obj: rrule | rruleset, start_date: datetime | None = None, end_date: datetime | None = None
) -> Schedule:
    """Make a schedule of one recurrence rule.

    Raises:
        TypeError: neither rrule nor rruleset.
    """
    return Schedule([RRuleClock(rrule_obj, start_date, end_date)])
