"""Recurrence rules of dateutil: their JSON, and the walls they name from a time on.

dateutil walks through a rule from its very start. Rules without a count are therefore begun anew near the time that
is wanted, and those that never come again are given up.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from prefect.model import codec
from prefect.model.times import as_aware, plain_wall, zone_from_name, zone_of
from prefect.schedules.steps import counted_interval, take
from prefect.schedules.walls import wall_of

if TYPE_CHECKING:
    from dateutil.rrule import rrule, rruleset

_YEARS = 50
_LONGEST = (0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)  # days of each month, 1 to 12
_DAYS = 3_660_000  # more than there are from the year 1 to 9999
_MOST_INTERVAL = 2**31 - 1
_MAX_WALKED = 1_000_000  # occurrences of a rule with a count, which has to be walked from its start


def is_rule(value: object) -> bool:
    """Say whether this is an rrule or an rruleset."""
    from dateutil.rrule import rrulebase

    return isinstance(value, rrulebase)


def start_of(rules: Any) -> datetime | None:
    """Give a time whose zone is that of the rules, without walking them."""
    from dateutil.rrule import rruleset

    if not isinstance(rules, rruleset):
        return getattr(rules, "_dtstart", None)
    given: Any = rules
    for rule in given._rrule:
        return start_of(rule)
    return next(iter(given._rdate), None)


def zone_of_rules(rules: Any) -> tzinfo:
    """Give the zone whose clock the rules go by, as one of ours; UTC where they name none."""
    start = start_of(rules)
    if start is None or start.tzinfo is None:
        return UTC
    # dateutil's zones are read from files and do not know their names: at an offset alone, the times of a rule would
    # be told by a clock that is not turned in spring.
    path = getattr(start.tzinfo, "_filename", None)
    return (isinstance(path, str) and _zone_of_file(path)) or zone_of(start)


@lru_cache(maxsize=256)
def _zone_of_file(path: str) -> tzinfo | None:
    parts = path.replace("\\", "/").split("/")
    for length in (3, 2, 1):
        try:
            return zone_from_name("/".join(parts[-length:]))
        except ValueError:
            continue
    return None


def is_hourly(rules: Any) -> bool:
    """Say whether a rule means every hour (or more often) rather than certain times of a day."""
    from dateutil.rrule import HOURLY, rrule

    if not isinstance(rules, rrule):
        return False
    rule: Any = rules
    return not rule._byhour and bool(rule._freq > HOURLY or (rule._freq == HOURLY and rule._interval == 1))


def walls_from(rules: Any, start: datetime, zone: tzinfo) -> Iterator[datetime]:
    """Give the walls of ``zone`` that the rules name from the wall ``start`` on, in order."""
    for walked, time in enumerate(_near(rules, start)):
        take()
        wall = time.replace(tzinfo=None) if time.tzinfo is None or time.tzinfo is zone else _wall(time, zone)
        if wall >= start:
            yield wall
        elif walked > _MAX_WALKED:
            return


def _wall(time: datetime, zone: tzinfo) -> datetime:
    # The rule's own zone may be another library's object for the same zone: walls agree then without conversion,
    # which matters where the clock jumps over one.
    if time.utcoffset() == time.replace(tzinfo=zone).utcoffset():
        return time.replace(tzinfo=None)
    return wall_of(as_aware(time), zone)


def _near(rules: Any, start: datetime) -> Any:
    from dateutil.rrule import rrule, rruleset

    if isinstance(rules, rrule):
        return _counted(_forwarded(rules, start))
    if not isinstance(rules, rruleset):
        return rules
    given: Any = rules
    near: Any = rruleset()
    take(len(given._rdate) + len(given._exdate))
    for rule in given._rrule:
        near.rrule(_counted(_forwarded(rule, start)))
    for rule in given._exrule:
        near.exrule(_counted(_forwarded(rule, start)))
    for date in given._rdate:
        near.rdate(date)
    for date in given._exdate:
        near.exdate(date)
    return near


def _forwarded(rule: Any, start: datetime) -> Any:
    """Give a rule that names the same times from ``start`` on, but begins near it and has an end."""
    from dateutil.rrule import DAILY, HOURLY, MINUTELY, SECONDLY, WEEKLY

    if rule._count is not None:
        return rule
    if _never_comes(rule):
        return ()  # dateutil would walk on to the year 9999
    changes: dict[str, Any] = {}
    begin = plain_wall(rule._dtstart)
    if rule._until is None and max(start, begin).year + _YEARS < datetime.max.year:
        end = max(start, begin)
        changes["until"] = datetime(end.year + _YEARS, 1, 1, tzinfo=rule._dtstart.tzinfo)
    steps = {
        WEEKLY: timedelta(weeks=1),
        DAILY: timedelta(days=1),
        HOURLY: timedelta(hours=1),
        MINUTELY: timedelta(minutes=1),
        SECONDLY: timedelta(seconds=1),
    }
    step = steps.get(rule._freq)  # months and years are long enough to walk
    if step is not None and not rule._bysetpos:
        # A step that goes beyond the calendar, as 999,999 weeks or more, is never made.
        length = step * min(rule._interval, _DAYS // max(step.days, 1))
        passed = (start - begin) // length - 1
        if passed > 0:
            changes["dtstart"] = (begin + passed * length).replace(tzinfo=rule._dtstart.tzinfo)
    return rule.replace(**changes) if changes else rule


def _counted(rule: Any) -> Iterator[datetime]:
    """Walk a rule, counting its turns and its occurrences."""
    if rule != ():
        counting: Any = copy.copy(rule)
        counting._interval = counted_interval(rule._interval, _weight(rule))
        rule = counting
    for time in rule:
        take()
        yield time


def _weight(rule: Any) -> int:
    """Say how many days and times a rule looks at in one turn."""
    from dateutil.rrule import HOURLY, MINUTELY, MONTHLY, WEEKLY, YEARLY

    days = {YEARLY: 366, MONTHLY: 31, WEEKLY: 7}.get(rule._freq, 1)
    seconds = len(rule._bysecond or ())
    times = {HOURLY: len(rule._byminute or ()) * seconds, MINUTELY: seconds}.get(rule._freq, 0)
    return int(days * (1 + len(rule._bysetpos or ())) + times)


def _never_comes(rule: Any) -> bool:
    """Say whether the rule asks for 30 February and the like."""
    if not rule._bymonth or not rule._bymonthday or rule._bynmonthday:
        return False
    return all(day > _LONGEST[month] for month in rule._bymonth for day in rule._bymonthday)


# JSON


def dump_rules(rules: Any) -> dict[str, Any]:
    """Give the JSON object of an rrule or rruleset."""
    from dateutil.rrule import rrule

    if isinstance(rules, rrule):
        return {**_dump_rule(rules), "type": "rrule"}
    return {
        "_rrule": [_dump_rule(rule) for rule in rules._rrule],
        "_rdate": [date.isoformat() for date in rules._rdate],
        "_exrule": [_dump_rule(rule) for rule in rules._exrule],
        "_exdate": [date.isoformat() for date in rules._exdate],
        "type": "rruleset",
        "__version__": codec.__version__,
    }


def _dump_rule(rule: Any) -> dict[str, Any]:
    return {
        "rr": str(rule),
        "_dtstart": None if rule._dtstart is None else rule._dtstart.isoformat(),
        "_until": None if rule._until is None else rule._until.isoformat(),
        "__version__": codec.__version__,
    }


def load_rules(data: Any) -> rrule | rruleset:
    """Make the rrule or rruleset that a JSON object describes.

    Raises:
        ValueError: says what is wrong with it.
    """
    if not isinstance(data, Mapping):
        raise ValueError(f"rrule_obj: not an object: {data!r}")
    kind = data.get("type")
    if kind == "rrule":
        return _load_rule(data)
    if kind != "rruleset":
        raise ValueError(f"rrule_obj: unknown type: {kind!r}")
    from dateutil.rrule import rruleset

    rules = rruleset()
    for field in ("_rrule", "_exrule", "_rdate", "_exdate"):
        take(len(_list(data, field)))
    for rule in _list(data, "_rrule"):
        rules.rrule(_load_rule(rule))
    for rule in _list(data, "_exrule"):
        rules.exrule(_load_rule(rule))
    for date in _list(data, "_rdate"):
        rules.rdate(_time(date))
    for date in _list(data, "_exdate"):
        rules.exdate(_time(date))
    return rules


def _load_rule(data: Any) -> rrule:
    if not isinstance(data, Mapping) or not isinstance(data.get("rr"), str):
        raise ValueError(f"rrule_obj: a rule must be an object with the text 'rr': {data!r}")
    changes: dict[str, Any] = {}
    # The text has no offset: the two times beside it have.
    if data.get("_dtstart") is not None:
        changes["dtstart"] = _time(data["_dtstart"])
    if data.get("_until") is not None:
        changes["until"] = _time(data["_until"])
    try:
        return _read_rule(data["rr"], changes)
    except ValueError as error:
        raise ValueError(f"rrule_obj: not a valid rule: {data['rr']!r}: {error}") from None


def fault_of_rule(data: Mapping[str, Any]) -> str | None:
    """Say why the text ``rr`` of a rule's JSON is no rule, or one that never goes on; None: there is nothing wrong."""
    times = {name: data[f"_{name}"] for name in ("dtstart", "until") if data.get(f"_{name}") is not None}
    try:
        _read_rule(data["rr"], {name: _time(text) for name, text in times.items()})
    except ValueError as error:
        return str(error)
    return None


def _read_rule(text: str, changes: Mapping[str, Any]) -> rrule:
    from dateutil.rrule import rruleset, rrulestr

    try:
        rule: Any = rrulestr(text)
        if isinstance(rule, rruleset):
            raise ValueError("expected one rule")
        if rule._interval < 1:
            raise ValueError("INTERVAL must be at least 1")
        if rule._interval > _MOST_INTERVAL:
            raise ValueError(f"INTERVAL must be at most {_MOST_INTERVAL}")
        if not all(1 <= month <= 12 for month in rule._bymonth or ()):
            raise ValueError("BYMONTH must be from 1 to 12")
        found: rrule = rule.replace(**changes)
        return found
    except (AttributeError, TypeError, KeyError, OverflowError) as error:
        raise ValueError("FREQ is missing" if "'freq'" in str(error) else str(error)) from None


def _time(text: Any) -> datetime:
    try:
        return datetime.fromisoformat(text)  # naive stays naive: rules of both kinds do not mix
    except (TypeError, ValueError):
        raise ValueError(f"rrule_obj: not a valid datetime: {text!r}") from None


def _list(data: Mapping[str, Any], field: str) -> list[Any]:
    value = data.get(field)
    if value is None:
        return []
    if not isinstance(value, list):
        raise ValueError(f"{field}: not a list: {value!r}")
    return value
