"""Text for a terminal: tables, ages, trees, log lines. Where the output is no terminal, click takes colours out."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import click

LOG_FORMAT = "└── %(asctime)s | %(levelname)-7s | %(message)s"
LOG_TIME_FORMAT = "%H:%M:%S"
NO_LOGS = 100
"""A level that no record reaches."""

_HEADER_PADDING = 2
_GAP = "  "
_BAR_WIDTH = 60


def table(rows: Iterable[Sequence[Any]], headers: Sequence[str] | None = None) -> str:
    """Lay rows out in columns, left aligned; None is empty, a value of several lines takes several lines."""
    texts = [["" if cell is None else str(cell) for cell in row] for row in rows]
    heading = list(headers or ())
    widths = _widths(texts, heading)
    lines = [_line(heading, widths)] if headers else []
    for row in texts:
        parts = [cell.splitlines() or [""] for cell in row]
        for index in range(max(map(len, parts), default=0)):
            lines.append(_line([part[index] if index < len(part) else "" for part in parts], widths))
    return "\n".join(lines)


def table_width(rows: Iterable[Sequence[Any]], headers: Sequence[str]) -> int:
    """Say how many columns of a terminal a table takes; what pads its last column is not written."""
    widths = _widths([["" if cell is None else str(cell) for cell in row] for row in rows], headers)
    padding = _HEADER_PADDING if widths and widths[-1] == heading_width(headers[-1]) else 0
    return sum(widths) + len(_GAP) * (len(widths) - 1) - padding


def heading_width(heading: str) -> int:
    """Say how wide a column is at the least."""
    return len(heading) + _HEADER_PADDING


def _widths(texts: Sequence[Sequence[str]], heading: Sequence[str]) -> list[int]:
    columns = max(max((len(row) for row in texts), default=0), len(heading))
    widths = [heading_width(name) for name in heading] + [0] * (columns - len(heading))
    for row in texts:
        for place, cell in enumerate(row):
            widths[place] = max(widths[place], *map(len, cell.splitlines()), 0)
    return widths


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return _GAP.join(cell.ljust(width) for cell, width in zip(cells, widths, strict=False)).rstrip()


def age(time: str | None) -> str:
    """Say how long ago a time (ISO 8601) was: ``3 days ago``."""
    if time is None:
        return ""
    import pendulum

    return pendulum.instance(datetime.fromisoformat(time)).diff_for_humans()


def plain_time(time: str | None) -> str:
    """Give a time (ISO 8601) as ``YYYY-MM-DD HH:MM:SS`` in its own zone."""
    return "" if time is None else f"{datetime.fromisoformat(time):%Y-%m-%d %H:%M:%S}"


def tree(entries: Mapping[str, Any]) -> str:
    """Put entries as the lines below a title."""
    return "\n".join(f"└── {name}: {value}" for name, value in entries.items())


def log_line(timestamp: datetime, level: int, message: str) -> str:
    """Put a log record as one line, in local time."""
    time = timestamp.astimezone().strftime(LOG_TIME_FORMAT)
    return f"└── {time} | {logging.getLevelName(level):<7} | {message}"


def say_log(timestamp: datetime, level: int, message: str, *, err: bool = False) -> None:
    """Print a log record in the colour of its level; on standard error if told."""
    click.secho(log_line(timestamp, level, message), err=err, **log_colour(level))


def log_colour(level: int) -> dict[str, Any]:
    """Give the colour of a level, as click takes it."""
    if level >= logging.ERROR:
        return {"fg": "red"}
    if level >= logging.WARNING:
        return {"fg": "yellow"}
    return {"dim": True} if level <= logging.DEBUG else {}


def bar(parts: Iterable[tuple[str, str | None]]) -> None:
    """Print a closing bar: each text in its colour, between equally many ``=`` signs."""
    texts = list(parts)
    length = sum(len(text) for text, _ in texts) + 2 * (len(texts) - 1)
    side = "=" * ((_BAR_WIDTH - length) // 2)
    coloured = click.style(", ").join(click.style(text, fg=colour) for text, colour in texts)
    click.echo(f"{side} {coloured} {side}")
