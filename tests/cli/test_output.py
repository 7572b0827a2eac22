"""What is listed leaves in one of five forms, made from one declaration; a table is fitted to a terminal alone."""

from __future__ import annotations

import csv
import io
import json
import shutil
from typing import Any

import click
import pytest
import yaml

from prefect.cli.output import Column, Table, show, show_value
from prefect.cli.tables import TABLES

TABLE = Table(
    "get things",
    (
        Column("name", "", heading="NAME", least=6),
        Column("count", "", heading="COUNT", text=lambda row: f"{row['count']} pieces", may_go=True),
        Column("id", "", heading="ID", is_id=True),
        Column("labels", ""),
    ),
)
ROWS: list[dict[str, Any]] = [
    {"name": "one, two", "count": 1, "id": "11111111-2222", "labels": ["a"]},
    {"name": 'a "line"\nand another', "count": 0, "id": "33333333-4444", "labels": None},
]


def written(form: str, capsys: pytest.CaptureFixture[str], rows: Any = ROWS, columns: str | None = None) -> str:
    show(TABLE, rows, form, columns)
    return capsys.readouterr().out


def test_forms_for_programs_have_the_same_keys_and_values(capsys) -> None:
    as_json = json.loads(written("json", capsys))
    as_lines = [json.loads(line) for line in written("jsonl", capsys).splitlines()]
    as_yaml = yaml.safe_load(written("yaml", capsys))
    as_csv = list(csv.DictReader(io.StringIO(written("csv", capsys))))

    assert as_json == as_lines == as_yaml == ROWS
    assert list(as_json[0]) == ["name", "count", "id", "labels"]
    assert as_csv[0] == {"name": "one, two", "count": "1", "id": "11111111-2222", "labels": '["a"]'}
    assert as_csv[1] == {"name": ROWS[1]["name"], "count": "0", "id": "33333333-4444", "labels": ""}


def test_nothing_is_a_list_of_nothing(capsys) -> None:
    assert json.loads(written("json", capsys, [])) == []
    assert yaml.safe_load(written("yaml", capsys, [])) == []
    assert written("jsonl", capsys, []) == ""
    assert written("csv", capsys, []) == "name,count,id,labels\n"
    assert written("table", capsys, []) == "NAME    COUNT    ID\n"


@pytest.mark.parametrize("form", ["json", "jsonl", "csv", "yaml"])
def test_rows_are_written_as_they_come(form: str, capsys) -> None:
    seen: list[str] = []

    def rows() -> Any:
        yield ROWS[0]
        seen.append(capsys.readouterr().out)
        yield ROWS[1]

    show(TABLE, rows(), form)

    assert "one, two" in seen[0]


def test_columns_are_those_that_were_named_in_their_order(capsys) -> None:
    assert written("csv", capsys, ROWS[:1], "id, NAME") == 'id,name\n11111111-2222,"one, two"\n'
    assert written("table", capsys, ROWS[:1], "labels,count").splitlines() == [
        "LABELS    COUNT",
        "['a']     1 pieces",
    ]
    with pytest.raises(click.BadParameter, match="the columns are name, count, id, labels"):
        written("json", capsys, ROWS, "name,colour")


def test_one_thing_is_shown_whole_in_each_form(capsys) -> None:
    thing = {"b": [1, {"c": None}], "a": "x"}

    def shown(form: str) -> str:
        show_value(thing, form)
        return capsys.readouterr().out

    assert shown("json") == json.dumps(thing, sort_keys=True, indent=2) + "\n"
    assert shown("jsonl") == json.dumps(thing, sort_keys=True) + "\n"
    assert yaml.safe_load(shown("yaml")) == thing
    assert list(csv.DictReader(io.StringIO(shown("csv")))) == [{"b": '[1, {"c": null}]', "a": "x"}]
    assert shown("table").splitlines() == ["FIELD    VALUE", 'b        [1, {"c": null}]', "a        x"]


# ----- the width of a terminal

LONG = [
    {"name": "n" * 40, "count": 3, "id": "12345678-aaaa-bbbb", "labels": None},
    {"name": "m" * 10, "count": 3, "id": "12345699-aaaa-bbbb", "labels": None},
]


def fitted(width: int, capsys, monkeypatch, rows: Any = LONG) -> list[str]:
    with monkeypatch.context() as patch:
        patch.setattr("sys.stdout.isatty", lambda: True, raising=False)
        patch.setattr(shutil, "get_terminal_size", lambda: type("Size", (), {"columns": width})())
        show(TABLE, rows, "table")
    return capsys.readouterr().out.splitlines()


def test_what_goes_to_a_pipe_is_whole_however_narrow_the_terminal(capsys, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")

    assert "n" * 40 + "  3 pieces  12345678-aaaa-bbbb" in written("table", capsys, LONG)


def test_a_terminal_that_is_wide_enough_changes_nothing(capsys, monkeypatch) -> None:
    assert fitted(80, capsys, monkeypatch) == written("table", capsys, LONG).splitlines()


@pytest.mark.parametrize(
    ("width", "line"),
    [
        (61, "n" * 40 + "  3 pieces  12345678"),
        (53, "n" * 40 + "  12345678"),
        (40, "n" * 29 + "…  12345678"),
        (20, "n" * 9 + "…  12345678"),
        (5, "n" * 5 + "…  12345678"),
    ],
)
def test_ids_are_cut_then_columns_left_out_then_texts_cut(capsys, monkeypatch, width: int, line: str) -> None:
    lines = fitted(width, capsys, monkeypatch)

    assert lines[1] == line
    assert all(len(one) <= max(width, 16) for one in lines)


def test_beginnings_of_ids_stay_different(capsys, monkeypatch) -> None:
    rows = [{**LONG[0], "id": "12345678-aaaa"}, {**LONG[0], "id": "12345678-bbbb"}]

    assert [line.split()[-1] for line in fitted(40, capsys, monkeypatch, rows)[1:]] == ["12345678-a", "12345678-b"]


def test_signs_that_steer_a_terminal_are_shown_in_a_table_and_kept_for_programs(capsys) -> None:
    rows = [{**ROWS[0], "name": "a\x1b[2Jb\rc\x9b"}]

    assert written("table", capsys, rows).splitlines()[1].startswith("a\\x1b[2Jb\\x0dc\\x9b  ")
    assert json.loads(written("json", capsys, rows))[0]["name"] == rows[0]["name"]


# ----- what is declared


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.command)
def test_every_column_says_what_it_is_once(table: Table) -> None:
    names = [column.name for column in table.columns]

    assert len(set(names)) == len(names)
    assert all(column.about for column in table.columns)
    assert all(name == name.lower().replace(" ", "_") for name in names)
