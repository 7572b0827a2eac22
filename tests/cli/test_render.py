"""What is printed: tables, ages, log lines, closing bars."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

import pytest

from prefect.cli import render


def test_table_has_left_aligned_columns_and_no_spaces_at_the_end() -> None:
    text = render.table([("one", 2, None), ("a longer name", 10, "x")], ["NAME", "VERSION", "ID"])

    assert text.splitlines() == [
        "NAME           VERSION    ID",
        "one            2",
        "a longer name  10         x",
    ]


def test_table_without_rows_is_its_header() -> None:
    assert render.table([], ["NAME", "AGE"]) == "NAME    AGE"


def test_cell_of_several_lines_stays_in_its_column() -> None:
    text = render.table([("INFO", "multi\nline"), ("DEBUG", "")], ["LEVEL", "MESSAGE"])

    assert text.splitlines() == ["LEVEL    MESSAGE", "INFO     multi", "         line", "DEBUG"]


@pytest.mark.parametrize(
    ("since", "text"),
    [
        (timedelta(days=3, hours=1), "3 days ago"),
        (timedelta(hours=21, minutes=1), "21 hours ago"),
        (timedelta(minutes=1, seconds=1), "1 minute ago"),
        (timedelta(days=32), "1 month ago"),
    ],
)
def test_age_is_in_words(since: timedelta, text: str) -> None:
    assert render.age((datetime.now(UTC) - since).isoformat()) == text


def test_log_line_is_in_local_time_with_a_padded_level() -> None:
    time = datetime(2030, 1, 1, 12, tzinfo=UTC)

    line = render.log_line(time, logging.INFO, "hello")

    assert line == f"└── {time.astimezone():%H:%M:%S} | INFO    | hello"


def test_plain_time_is_shown_in_its_own_zone() -> None:
    assert render.plain_time("2026-11-20T10:00:00.123456+00:00") == "2026-11-20 10:00:00"
    assert render.plain_time(None) == ""


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ([("2 built", "green")], "=" * 26 + " 2 built " + "=" * 26),
        (
            [("0 registered", "green"), ("2 skipped", "yellow")],
            "=" * 18 + " 0 registered, 2 skipped " + "=" * 18,
        ),
        (
            [("1 registered", "green"), ("1 skipped", "yellow"), ("1 errored", "red")],
            "=" * 13 + " 1 registered, 1 skipped, 1 errored " + "=" * 13,
        ),
        ([("1 registered", "green")], "=" * 24 + " 1 registered " + "=" * 24),
    ],
)
def test_closing_bar_is_as_long_on_either_side(
    parts: list[tuple[str, str | None]], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    render.bar(parts)

    assert capsys.readouterr().out == text + "\n"
