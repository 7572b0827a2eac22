"""How text on the command line becomes values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from prefect.cli import key_values
from prefect.cli.failures import TerminalError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5", 5),
        ("1.5", 1.5),
        ("-1e3", -1000.0),
        ("12345678901234567890", 12345678901234567890),
        ("true", True),
        ("null", None),
        ("[1, 2]", [1, 2]),
        ('{"a": 1}', {"a": 1}),
        ('"x"', "x"),
        ('"5"', "5"),
        ("abc", "abc"),
        ("hello world", "hello world"),
        ("2020-01-01", "2020-01-01"),
        ("a,b", "a,b"),
        ("True", "True"),
        ("", ""),
        (r"tab\there", "tab\there"),
        ("two\nlines", "two\nlines"),
        ("a=b", "a=b"),
        ("ü", "ü"),
    ],
)
def test_value_is_json_or_else_the_text(text: str, value: Any) -> None:
    assert key_values.parse([f"key={text}"], "parameter") == {"key": value}


def test_an_item_may_have_an_empty_value_and_later_items_win() -> None:
    assert key_values.parse(["a=", "b=1", "b=2", "c d=3"], "parameter") == {"a": "", "b": 2, "c d": 3}


@pytest.mark.parametrize("text", ['{"b":', '"x', "{x}", "[1", "{'x': 1}", '{"a": 1} x"'])
def test_broken_json_is_refused_with_key_value_and_reason(text: str) -> None:
    with pytest.raises(TerminalError) as caught:
        key_values.parse([f"key={text}"], "context")

    head, shown, reason = caught.value.message.split("\n\n")
    assert head == "Failed to parse JSON for context 'key' with value"
    assert shown == f"\t{text}"
    assert reason.startswith("JSON Error: ")


def test_file_gives_the_object_in_it(tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text('{"a": [1], "b": "ü"}', encoding="utf-8")

    assert key_values.read_file(str(tmp_path / "p.json")) == {"a": [1], "b": "ü"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "Parameter file does not exist: '{path}'"),
        (b'{"a": }', "Failed to parse JSON at '{path}': Expecting value: line 1 column 7 (char 6)"),
        (b"[1]", "Failed to read parameters from '{path}': expected a JSON object, got list"),
        (b"\xff\xfe{", "Failed to parse JSON at '{path}': "),
    ],
)
def test_unusable_file_is_refused_with_its_path(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "p.json"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(TerminalError) as caught:
        key_values.read_file(str(path))

    assert caught.value.message.startswith(message.format(path=path))
