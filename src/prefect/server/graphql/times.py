"""Reading times as PostgreSQL reads them, which had the filters of 1.x: ISO 8601 in all its forms, dates with the names
of months, zones by name, and words such as ``now()``, ``today`` and ``infinity``.

Without a zone a time is UTC, as in 1.x's database. What has no year, and years before 1 or after 9999, is no time here.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from prefect.contract import limits
from prefect.server.store.moments import Moment, at_wall

__all__ = ["read_time"]

LONGEST = limits.TIME_CHARACTERS
FOREVER = datetime.max.replace(tzinfo=UTC)
BEFORE_ALL = datetime.min.replace(tzinfo=UTC)
_WHOLE: dict[str, datetime | Moment] = {
    "now": Moment(),
    "now()": Moment(),
    "epoch": datetime(1970, 1, 1, tzinfo=UTC),
    "infinity": FOREVER,
    "+infinity": FOREVER,
    "-infinity": BEFORE_ALL,
}
_DAYS = {"yesterday": -1, "today": 0, "tomorrow": 1}
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january",
            "feb february",
            "mar march",
            "apr april",
            "may",
            "jun june",
            "jul july",
            "aug august",
            "sep sept september",
            "oct october",
            "nov november",
            "dec december",
        ),
        1,
    )
    for name in names.split()
}
_WEEKDAYS = frozenset(
    word
    for words in (
        "mon monday tue tues tuesday wed weds wednesday",
        "thu thur thurs thursday fri friday sat saturday sun sunday on",
    )
    for word in words.split()
)
# Hours east of Greenwich, as PostgreSQL's default abbreviations have them.
_ABBREVIATIONS = {
    **dict.fromkeys(("z", "utc", "gmt", "ut", "uct", "zulu", "wet"), 0.0),
    **dict.fromkeys(("bst", "cet", "west", "met"), 1.0),
    **dict.fromkeys(("cest", "eet", "ist", "sast", "mest"), 2.0),
    **dict.fromkeys(("eest", "msk", "idt"), 3.0),
    **{"sgt": 8.0, "hkt": 8.0, "pht": 8.0, "awst": 8.0, "jst": 9.0, "kst": 9.0, "acst": 9.5, "aest": 10.0},
    **{"acdt": 10.5, "aedt": 11.0, "nzst": 12.0, "nzdt": 13.0},
    **{"brt": -3.0, "art": -3.0, "ast": -4.0, "adt": -3.0, "nst": -3.5, "ndt": -2.5, "edt": -4.0, "est": -5.0},
    **{"cdt": -5.0, "cst": -6.0, "mdt": -6.0, "mst": -7.0, "pdt": -7.0, "pst": -8.0, "akdt": -8.0, "akst": -9.0},
    "hst": -10.0,
}
_TOKEN = re.compile(
    r"""(?P<blank>[\s,]+)
    |(?P<clock>\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?)
    |(?P<ymd>\d{4}([-/.])\d{1,2}\4\d{1,2}(?!\d))
    |(?P<mdy>\d{1,2}([-/])\d{1,2}\6\d{4}(?!\d))
    |(?P<named>\d{1,4}-[a-z]{3,9}-\d{1,4}(?!\d))
    |(?P<ordinal>\d{4}[-.]\d{3}(?!\d))
    |(?P<compact>\d{8}(?!\d))
    |(?P<digits>\d{6}(?:\.\d{1,9})?(?!\d))
    |(?P<offset>[+-]\d{1,2}(?::?\d{2}(?::?\d{2})?)?(?!\d))
    |j(?P<julian>\d{1,7})(?!\d)
    |(?P<number>\d{1,4})(?:st|nd|rd|th)?(?![\w])
    |(?P<half>[ap]m)(?![a-z])
    |t(?=\d)
    |(?P<word>[a-z_]+(?:/[a-z0-9_+-]+)*)""",
    re.VERBOSE,
)
_JULIAN_BEFORE_ALL = 1_721_425  # the day number of the day before 0001-01-01


def read_time(text: str) -> datetime | Moment:
    """Read a time.

    Raises:
        ValueError: it is none.
        OverflowError: it is beyond the years 1 to 9999.
    """
    text = text.strip()
    try:
        found = datetime.fromisoformat(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except ValueError:
        pass
    lower = text.lower()
    if lower in _WHOLE:
        return _WHOLE[lower]
    if len(text) > LONGEST:
        raise ValueError("too long")
    return _Reading(lower).time()


class _Reading:
    """What has been read of a text so far."""

    def __init__(self, text: str) -> None:
        self._day: date | int | None = None  # a number counts days from the present one
        self._clock: timedelta | None = None
        self._half: str | None = None
        self._zone: tzinfo | None = None
        self._month: int | None = None
        self._numbers: list[str] = []
        position = 0
        while position < len(text):
            token = _TOKEN.match(text, position)
            if token is None:
                raise ValueError(f"{text[position:]!r} is no part of a time")
            position = token.end()
            kind = token.lastgroup
            if kind is not None and kind != "blank":
                getattr(self, f"_take_{kind}")(token[kind])

    def time(self) -> datetime | Moment:
        """Put the parts together."""
        self._settle_named_day()
        if self._day is None:
            raise ValueError("no day")
        clock = self._on_the_clock()
        zone = self._zone or UTC
        if isinstance(self._day, int):
            return Moment(self._day, clock, zone)
        return at_wall(datetime(self._day.year, self._day.month, self._day.day) + clock, zone)

    # ----- days

    def _set_day(self, day: date | int) -> None:
        if self._day is not None:
            raise ValueError("two days")
        self._day = day

    def _take_ymd(self, text: str) -> None:
        self._set_day(date(*(int(part) for part in re.split("[-/.]", text))))

    def _take_mdy(self, text: str) -> None:
        month, day, year = (int(part) for part in re.split("[-/]", text))
        self._set_day(date(year, month, day))

    def _take_named(self, text: str) -> None:
        first, name, last = text.split("-")
        year, day = (first, last) if len(first) == 4 else (last, first)
        if name not in _MONTHS or len(year) != 4:
            raise ValueError("no month, or no year")
        self._set_day(date(int(year), _MONTHS[name], int(day)))

    def _take_ordinal(self, text: str) -> None:
        year, number = int(text[:4]), int(text[5:])
        day = date(year, 1, 1) + timedelta(days=number - 1)
        if not number or day.year != year:
            raise ValueError("no day of this year")
        self._set_day(day)

    def _take_compact(self, text: str) -> None:
        self._set_day(date(int(text[:4]), int(text[4:6]), int(text[6:])))

    def _take_julian(self, text: str) -> None:
        self._set_day(date.fromordinal(int(text) - _JULIAN_BEFORE_ALL))

    def _take_number(self, text: str) -> None:
        self._numbers.append(text)

    def _settle_named_day(self) -> None:
        """Read ``Jan 5 2021``, ``5 January 2021``, ``2021 Jan 5``."""
        if self._month is None and not self._numbers:
            return
        years = [text for text in self._numbers if len(text) > 2]
        days = [text for text in self._numbers if len(text) <= 2]
        if self._month is None or len(years) != 1 or len(days) != 1:
            raise ValueError("no day, or no year")
        self._set_day(date(int(years[0]), self._month, int(days[0])))

    # ----- the clock and its zone

    def _take_clock(self, text: str) -> None:
        hours, minutes, *rest = text.replace(",", ".").split(":")
        self._set_clock(int(hours), int(minutes), float(rest[0]) if rest else 0.0)

    def _take_digits(self, text: str) -> None:
        self._set_clock(int(text[:2]), int(text[2:4]), float(text[4:]))

    def _set_clock(self, hours: int, minutes: int, seconds: float) -> None:
        clock = timedelta(hours=hours, minutes=minutes, microseconds=round(seconds * 1_000_000))
        if self._clock is not None or minutes > 59 or seconds > 60 or clock > timedelta(hours=24):
            raise ValueError("no time of a day")
        self._clock = clock

    def _take_half(self, text: str) -> None:
        self._half = text

    def _on_the_clock(self) -> timedelta:
        clock = self._clock or timedelta()
        if self._half is None:
            return clock
        if self._clock is None or not timedelta() <= clock < timedelta(hours=13):
            raise ValueError("no half of a day")
        clock %= timedelta(hours=12)
        return clock + timedelta(hours=12) if self._half == "pm" else clock

    def _set_zone(self, zone: tzinfo) -> None:
        if self._zone is not None:
            raise ValueError("two zones")
        self._zone = zone

    def _take_offset(self, text: str) -> None:
        digits = text[1:].replace(":", "")
        hours = digits if len(digits) <= 2 else digits[:-2] if len(digits) <= 4 else digits[:-4]
        rest = digits[len(hours) :].ljust(4, "0")
        size = timedelta(hours=int(hours), minutes=int(rest[:2]), seconds=int(rest[2:4]))
        if size > timedelta(hours=15, minutes=59, seconds=59):
            raise ValueError("no offset")
        self._set_zone(timezone(-size if text[0] == "-" else size))

    def _take_word(self, word: str) -> None:
        if word in _DAYS:
            self._set_day(_DAYS[word])
        elif word in _MONTHS:
            self._month = _MONTHS[word]
        elif word == "allballs":
            self._set_clock(0, 0, 0.0)
            self._set_zone(UTC)
        elif word in _ABBREVIATIONS:
            self._set_zone(timezone(timedelta(hours=_ABBREVIATIONS[word])))
        elif word not in _WEEKDAYS:
            self._set_zone(_zone_named(word))


@lru_cache(maxsize=256)
def _zone_named(word: str) -> tzinfo:
    name = _zone_names().get(word)
    if name is None:
        raise ValueError(f"no zone {word!r}")
    try:
        return ZoneInfo(name)
    except ZoneInfoNotFoundError as error:
        raise ValueError(str(error)) from None


@lru_cache(maxsize=1)
def _zone_names() -> dict[str, str]:
    return {name.lower(): name for name in available_timezones()}
