"""The text by which rows are passed over without reading their JSON: it stands in every row that could be meant."""

from __future__ import annotations

import json
from typing import Any

import pytest

from prefect.server.store import sqlite_functions
from prefect.server.store.sqlite_functions import LONGEST_PART, _telling


@pytest.mark.parametrize(
    ("part", "text"),
    [
        ({"a": "short", "b": "longer"}, '"longer"'),
        ({"a": ["x", {"deep": "deepest"}]}, '"deepest"'),
        ({"key": 1, "longest_key": 2}, '"longest_key":2'),
        ({"longest_key": 0, "k": 2.0}, '"k":2'),
        ({"longest_key": 1e300, "k": [5]}, '"longest_key"'),
        ({"k": 0.25, "flag": True}, '"flag":true'),
        ([{"key": None}], '"key":null'),
        (["value", {"a_much_longer_key": 1}], '"value"'),
        ({}, ""),
        ([], ""),
        ([1, 2.5, True, None], ""),
        ("a text", ""),
        (5, ""),
        (None, ""),
    ],
    ids=str,
)
def test_the_longest_value_tells_or_else_the_longest_key(part: Any, text: str) -> None:
    assert _telling(json.dumps(part)) == text


@pytest.mark.parametrize("part", [None, "{broken", "", "nonsense"])
def test_what_is_no_json_tells_nothing(part: str | None) -> None:
    assert _telling(part) == ""


@pytest.mark.parametrize("sign", ['"', "\\", "é", "\n", "\u2028", "🦀"])
def test_a_text_that_may_be_written_in_several_ways_tells_nothing(sign: str) -> None:
    assert _telling(json.dumps({"a": f"some{sign}text"})) in ("", '"a"')
    assert _telling(json.dumps({"a": f"some{sign}text", "b": "plain"})) == '"plain"'


@pytest.mark.parametrize("more", [0, 1])
def test_a_long_part_is_not_looked_into(more: int) -> None:
    part = '["text"]'
    part = part.replace("]", " " * (LONGEST_PART + more - len(part)) + "]")
    assert len(part) == LONGEST_PART + more

    assert bool(_telling(part)) is not bool(more)


def test_a_stored_text_that_somebody_spoiled_is_a_string() -> None:
    assert sqlite_functions._load("{broken") == "{broken"
    assert sqlite_functions._load('{"a": 1}') == {"a": 1}
    assert sqlite_functions._load(5) == "5"  # type: ignore[arg-type]
