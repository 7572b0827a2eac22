"""Times and lengths of time as people write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import click

__all__ = ["duration", "moment", "start_time"]

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DURATION = r"(\d{1,9})\s*([smhdw])"
_LONG_UNIT = r"(s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|weeks?)"
_PART = rf"(\d{{1,9}}|an?(?=\s))\s*{_LONG_UNIT}(?![a-z])"
_FROM_NOW = rf"(?:in\s+|\+)?((?:{_PART}[\s,]*(?:and\s+)?)+)"


def duration(text: str, hint: str) -> timedelta:
    """Read a length of time: ``30s``, ``15m``, ``2h``, ``7d``, ``4w``."""
    read = re.fullmatch(_DURATION, text.strip())
    try:
        return timedelta(**{_UNITS[read[2]]: int(read[1])}) if read else _wrong_duration(text, hint)
    except OverflowError:
        return _wrong_duration(text, hint)


def _wrong_duration(text: str, hint: str) -> timedelta:
    raise click.BadParameter(f"expected a length of time such as 30m, 2h or 7d, got {text!r}", param_hint=hint)


def moment(text: str, now: datetime, hint: str) -> str:
    """Read a time: one in ISO 8601 (UTC unless it says), or how long ago it was."""
    try:
        if re.fullmatch(_DURATION, text.strip()):
            return (now - duration(text, hint)).isoformat()
        return _iso(text)
    except (ValueError, OverflowError):
        raise click.BadParameter(
            f"expected a time such as 2026-11-27T10:00, or how long ago it was such as 2h, got {text!r}",
            param_hint=hint,
        ) from None


def start_time(text: str, now: datetime, hint: str) -> str:
    """Read when something is to start: a time in ISO 8601 (UTC unless it says), ``now``, or how long from now.

    That is ``in 10 minutes``, ``in 1 hour and 30 minutes``, ``in an hour``, ``90s`` or ``+2h``.
    """
    plain = " ".join(text.lower().split())
    try:
        if plain == "now":
            return now.isoformat()
        if read := re.fullmatch(_FROM_NOW, plain):
            parts: dict[str, int] = {}
            for number, unit in re.findall(_PART, read[1]):
                name = _UNITS[unit[0]]
                parts[name] = parts.get(name, 0) + (1 if number in ("a", "an") else int(number))
            return (now + timedelta(**parts)).isoformat()
        return _iso(text)
    except (ValueError, OverflowError):
        raise click.BadParameter(
            f"expected a time such as 2026-11-27T10:00, or how long from now such as 'in 10 minutes', got {text!r}",
            param_hint=hint,
        ) from None


def _iso(text: str) -> str:
    time = datetime.fromisoformat(text.strip())
    return (time.replace(tzinfo=UTC) if time.tzinfo is None else time).isoformat()
