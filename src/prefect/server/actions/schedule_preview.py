"""The next times of clocks that nobody has saved yet, and what the next changes of the clock do to them.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from prefect.schedules import Schedule
from prefect.schedules.clocks import ClockEvent
from prefect.schedules.cron import is_hourly, walls_after
from prefect.schedules.steps import Steps, TooManySteps, bounded
from prefect.schedules.walls import GAP_END, instant_of, wall_of
from prefect.server.actions import flow_document
from prefect.server.actions.checks import check_object
from prefect.server.actions.schedules import group_clock, start_date
from prefect.server.errors import ApiError, BadInput, shorten

__all__ = ["MOST_CLOCKS", "MOST_TIMES", "preview"]

MOST_CLOCKS = 50
MOST_TIMES = 100
#: Steps of finding the next times of all clocks together: about a tenth of a second.
MOST_STEPS = 60_000
#: Changes of the clock are told as far ahead.
CHANGES_DAYS = 370
_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)


def preview(
    now: datetime,
    *,
    clocks: Sequence[Mapping[str, Any]] | None = None,
    schedule: Any = None,
    timezone: str | None = None,
    count: int = 5,
) -> dict[str, Any]:
    """Tell when the runs of a schedule would start.

    Args:
        clocks: as ``set_flow_group_schedule`` takes them: each with ``cron`` or ``interval`` (seconds).
        schedule: instead of them a schedule as it is stored.
        timezone: of ``clocks``; None: UTC.
        count: how many times, of all clocks together and of each.

    Returns:
        ``times``: the next of all clocks; ``clocks``: for each its times or what is wrong with it; ``clock_changes``:
        the changes of the clock in the next 370 days, with a sentence for each.

    Raises:
        ApiError: no schedule at all, or a zone that there is not.
    """
    if not 1 <= count <= MOST_TIMES:
        raise BadInput("count", f"a whole number from 1 to {MOST_TIMES}", count)
    whole = _schedule(now, clocks, schedule, timezone)
    listed = whole.get("clocks")
    listed = listed if isinstance(listed, list) else []
    if not 1 <= len(listed) <= MOST_CLOCKS:
        raise BadInput("clocks", f"1 to {MOST_CLOCKS} clocks", f"{len(listed)} clocks")
    steps = Steps(MOST_STEPS)
    found: list[dict[str, Any]] = []
    events: list[tuple[ClockEvent, int]] = []
    for place, clock in enumerate(listed):
        own, error = _events(clock, whole, now, count, steps)
        events += [(event, place) for event in own]
        found.append({"clock": place, "error": error, "times": [_time(event, place) for event in own]})
    events.sort(key=lambda pair: (pair[0].time, pair[1]))
    sound = [clock for clock, told in zip(listed, found, strict=True) if told["error"] is None]
    return {
        "times": [_time(event, place) for event, place in events[:count]],
        "clocks": found,
        "clock_changes": list(_changes(sound, now)),
    }


def _schedule(
    now: datetime, clocks: Sequence[Mapping[str, Any]] | None, schedule: Any, timezone: str | None
) -> dict[str, Any]:
    if (clocks is None) == (schedule is None):
        raise BadInput("clocks", "clocks or a schedule", "both" if clocks is not None else "neither")
    if clocks is None:
        return check_object("schedule", schedule)
    begin = start_date(now, timezone)
    return {"type": "Schedule", "clocks": [_clock(place, clock, begin) for place, clock in enumerate(clocks)]}


def _clock(place: int, given: Mapping[str, Any], begin: dict[str, str] | None) -> dict[str, Any]:
    cron, interval = given.get("cron"), given.get("interval")
    if (cron is None) == (interval is None):
        raise BadInput(f"clocks[{place}]", "cron or interval", "both" if cron is not None else "neither")
    return group_clock(cron, interval, given.get("parameter_defaults"), begin)


def _events(
    clock: Any, whole: Mapping[str, Any], now: datetime, count: int, steps: Steps
) -> tuple[list[ClockEvent], str | None]:
    """Give the next events of one clock, or a sentence that tells what is wrong with it."""
    alone = {**whole, "clocks": [clock]}
    events: list[ClockEvent] = []
    try:
        flow_document.check(flow_document.SCHEDULE, "schedule", alone)
        with bounded(steps):
            events.extend(islice(Schedule.deserialize(alone).upcoming(now), count))
    except TooManySteps:
        return events, None if events else f"It has no time that is found within {MOST_STEPS} steps."
    except ApiError as error:
        return [], error.message
    except Exception as error:  # whatever a clock says against its input is the caller's to hear
        return [], shorten(str(error)).strip("'\"")
    return events, None if events else "It has no time from now on."


def _time(event: ClockEvent, place: int) -> dict[str, Any]:
    return {
        "time": event.time.isoformat(),
        "local": event.local_time.isoformat(),
        "clock": place,
        "parameter_defaults": event.parameter_defaults,
        "labels": event.labels,
    }


# ---------------------------------------------------------------------------------- changes of the clock


@dataclass(frozen=True, slots=True)
class _Change:
    """A moment at which the clocks of a zone are set: walls before and after."""

    instant: datetime
    before: datetime
    after: datetime


def _changes(clocks: Iterable[Mapping[str, Any]], now: datetime) -> Iterator[dict[str, Any]]:
    """Tell of the clock changes ahead, in the order of their times, and what they do to these clocks."""
    by_zone: dict[str, list[Mapping[str, Any]]] = {}
    for clock in clocks:
        begin = clock.get("start_date")
        zone = begin.get("tz") if isinstance(begin, Mapping) else None
        if isinstance(zone, str):
            by_zone.setdefault(zone, []).append(clock)
    told = []
    for name, own in by_zone.items():
        try:
            zone = ZoneInfo(name)
        except (OSError, ValueError, KeyError):  # an offset such as +01:00, which never changes
            continue
        told += [(change, name, zone, own) for change in _changes_of(zone, now)]
    for change, name, zone, own in sorted(told, key=lambda one: (one[0].instant, one[1])):
        crons = [clock["cron"] for clock in own if isinstance(clock.get("cron"), str)]
        effects = list(dict.fromkeys(effect for cron in crons for effect in _effects(cron, zone, change)))
        yield {
            "time": change.instant.isoformat(),
            "timezone": name,
            "local_before": change.before.isoformat(),
            "local_after": change.after.isoformat(),
            "is_affected": bool(effects),
            "text": " ".join([_sentence(change), *effects]),
        }


def _changes_of(zone: ZoneInfo, now: datetime) -> Iterator[_Change]:
    day = now
    for _ in range(CHANGES_DAYS):
        if day.astimezone(zone).utcoffset() != (day + _DAY).astimezone(zone).utcoffset():
            early, late = day, day + _DAY
            while late - early > _SECOND:
                middle = (early + (late - early) / 2).replace(microsecond=0)
                same = middle.astimezone(zone).utcoffset() == day.astimezone(zone).utcoffset()
                early, late = (max(middle, early + _SECOND), late) if same else (early, middle)
            instant = late.replace(microsecond=0)
            before = wall_of(instant - _SECOND, zone) + _SECOND
            yield _Change(instant.astimezone(UTC), before, wall_of(instant, zone))
        day += _DAY


def _sentence(change: _Change) -> str:
    which = "forward" if change.after > change.before else "back"
    day = f"{change.before.day} {change.before:%B %Y}"
    return f"Clocks go {which} on {day}, from {change.before:%H:%M} to {change.after:%H:%M}."


def _effects(cron: str, zone: ZoneInfo, change: _Change) -> Iterator[str]:
    """Say what becomes of the times of a cron that the clock jumps over, or shows twice."""
    first, last = sorted((change.before, change.after))
    for wall in islice(walls_after(cron, first - _SECOND, day_or=True), 3):
        if not first <= wall < last:
            return
        if is_hourly(cron):
            forward = change.after > change.before
            yield "A clock that runs every hour " + ("leaves the lost hour out." if forward else "runs in both hours.")
            return
        if change.after > change.before:
            start = wall_of(instant_of(wall, zone, GAP_END), zone)
            yield f"{wall:%H:%M} does not exist that day; the run starts at {start:%H:%M}."
        else:
            yield f"{wall:%H:%M} comes twice that day; the run starts at the second."
