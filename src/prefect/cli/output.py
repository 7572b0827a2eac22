"""How what is listed or shown leaves: as a table for a person, or as JSON, JSON lines, YAML or CSV for a program.

A listing is declared once, as a :class:`Table` of columns; each form is made from it. Names of columns are the keys of
every other form, and stay; ``docs/reference/output.md`` lists them. Only a table on a terminal is fitted to its width:
what goes to a pipe or a file is whole.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import click

from prefect.cli.suggestions import did_you_mean

__all__ = ["FORMATS", "Column", "Table", "format_option", "output_options", "show", "show_value"]

FORMATS = ("table", "json", "jsonl", "yaml", "csv")

Row = Mapping[str, Any]
_SHORTEST_ID = 8
_STEERING = r"[\x00-\x09\x0b-\x1f\x7f-\x9f]"
_HELP = "How it is written: a table for people, the rest for programs, with the same keys."


class Column:
    """One thing that a listing tells of each row.

    No dataclass, as every command that lists something makes some when it is loaded, and that takes milliseconds.

    Args:
        name: its key in every form but a table, and what ``--columns`` calls it.
        about: what it is, for the reference.
        of: takes the value out of a row; absent means the row's own key of this name.
        heading: of the column in a table; None: only a table that is asked for it has it.
        text: what a table shows of a row in place of the value.
        least: a narrow terminal may cut its texts to so many characters; None: it must not.
        is_id: a narrow terminal may cut its texts to their beginnings, as long as they stay different.
        may_go: a narrow terminal may leave it out, before texts are cut.
    """

    __slots__ = ("about", "heading", "is_id", "least", "may_go", "name", "of", "text")

    def __init__(
        self,
        name: str,
        about: str,
        *,
        of: Callable[[Row], Any] | None = None,
        heading: str | None = None,
        text: Callable[[Row], Any] | None = None,
        least: int | None = None,
        is_id: bool = False,
        may_go: bool = False,
    ) -> None:
        self.name, self.about, self.of, self.heading = name, about, of, heading
        self.text, self.least, self.is_id, self.may_go = text, least, is_id, may_go

    def value(self, row: Row) -> Any:
        """Give what programs get."""
        return row.get(self.name) if self.of is None else self.of(row)

    def shown(self, row: Row) -> Any:
        """Give what a table shows."""
        return self.value(row) if self.text is None else self.text(row)


class Table:
    """A listing: which command gives it, and its columns."""

    __slots__ = ("columns", "command")

    def __init__(self, command: str, columns: tuple[Column, ...]) -> None:
        self.command, self.columns = command, columns

    def chosen(self, names: str | None, *, is_table: bool) -> tuple[Column, ...]:
        """Give the columns that were named, in the order of their names; else those that a form has by itself.

        Raises:
            click.BadParameter: there is none of this name.
        """
        if names is None:
            return tuple(column for column in self.columns if column.heading is not None or not is_table)
        known = {column.name: column for column in self.columns}
        wanted = [name.strip().lower().replace("-", "_") for name in names.split(",")]
        for name in wanted:
            if name not in known:
                raise click.BadParameter(
                    f"there is no column {name!r}{did_you_mean(name, known)}; the columns are {', '.join(known)}",
                    param_hint="--columns",
                )
        return tuple(known[name] for name in dict.fromkeys(wanted))


def format_option(default: str = "table") -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add ``-o``: in which form what the command shows is written."""
    return click.option("--output", "-o", type=click.Choice(FORMATS), default=default, show_default=True, help=_HELP)


def output_options(table: Table) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add ``-o`` and ``--columns`` to a command that lists rows of a table."""
    names = ", ".join(column.name for column in table.columns)
    columns = click.option("--columns", help=f"Only these, in this order, with commas between: {names}.")
    return lambda command: format_option()(columns(command))


# ----------------------------------------------------------------------------------------------- rows of a table


def show(table: Table, rows: Iterable[Row], output: str, columns: str | None = None) -> int:
    """Print rows in one of the forms; all but a table are written as the rows come.

    Args:
        columns: the names that ``--columns`` gave.

    Returns:
        How many rows there were.
    """
    chosen = table.chosen(columns, is_table=output == "table")
    if output == "table":
        held = list(rows)
        click.echo(_fitted([[column.shown(row) for column in chosen] for row in held], chosen))
        return len(held)
    values = ({column.name: column.value(row) for column in chosen} for row in rows)
    return _WRITERS[output](values, [column.name for column in chosen])


def _write_json(values: Iterable[Row], names: Sequence[str]) -> int:
    count = 0
    for value in values:
        text = _json(value, indent=2).replace("\n", "\n  ")
        click.echo(f"{',' if count else '['}\n  {text}", nl=False)
        count += 1
    click.echo("\n]" if count else "[]")
    return count


def _write_json_lines(values: Iterable[Row], names: Sequence[str]) -> int:
    count = 0
    for value in values:
        click.echo(_json(value))
        count += 1
    return count


def _write_yaml(values: Iterable[Row], names: Sequence[str]) -> int:
    count = 0
    for value in values:
        click.echo(_yaml([value], sort_keys=False), nl=False)
        count += 1
    if not count:
        click.echo("[]")
    return count


def _write_csv(values: Iterable[Row], names: Sequence[str]) -> int:
    import csv

    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(names)
    count = 0
    for value in values:
        writer.writerow([_cell(value[name]) for name in names])
        count += 1
    return count


_WRITERS: dict[str, Callable[[Iterable[Row], Sequence[str]], int]] = {
    "json": _write_json,
    "jsonl": _write_json_lines,
    "yaml": _write_yaml,
    "csv": _write_csv,
}


# ------------------------------------------------------------------------------------------------- one thing, whole


def show_value(value: Any, output: str) -> None:
    """Print one thing, or a list of them, as it is: keys sorted, in JSON and YAML as 1.x printed them."""
    if output == "json":
        click.echo(_json(value, indent=2, sort_keys=True))
    elif output == "yaml":
        click.echo(_yaml(value, sort_keys=True))
    elif output == "jsonl":
        for one in value if isinstance(value, list) else [value]:
            click.echo(_json(one, sort_keys=True))
    elif output == "csv" or isinstance(value, list):
        rows = [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, Mapping)]
        show(_table_of(rows), rows, output)
    else:
        from prefect.cli import render

        rows = [{"field": name, "value": _cell(inner)} for name, inner in dict(value).items()]
        click.echo(render.table([(row["field"], row["value"]) for row in rows], ["FIELD", "VALUE"]))


def _table_of(rows: Sequence[Row]) -> Table:
    names = dict.fromkeys(name for row in rows for name in row)
    return Table("", tuple(Column(name, "", heading=_heading(name), text=_CellOf(name)) for name in names))


class _CellOf:
    """Gives the text of one value of a row."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self, row: Row) -> str:
        return _cell(row[self._name])


def _heading(name: str) -> str:
    return name.upper().replace("_", " ")


def _cell(value: Any) -> str:
    """Put a value as the text of one cell: texts as they are, nothing as nothing, all else as JSON."""
    if value is None:
        return ""
    return value if isinstance(value, str) else _json(value)


def _json(value: Any, **options: Any) -> str:
    return json.dumps(value, default=str, **options)


def _yaml(value: Any, *, sort_keys: bool) -> str:
    import yaml

    return yaml.safe_dump(value, sort_keys=sort_keys)


# ---------------------------------------------------------------------------------------------- width of a terminal


def _fitted(rows: list[list[Any]], columns: Sequence[Column]) -> str:
    """Lay rows out as a table, no wider than the terminal if there is one and its texts can be cut."""
    import shutil

    from prefect.cli import render

    headings = [_heading(column.name) if column.heading is None else column.heading for column in columns]
    rows = [[_told(cell) for cell in row] for row in rows]
    if sys.stdout.isatty():
        rows, headings = _fit(rows, headings, columns, shutil.get_terminal_size().columns)
    return render.table(rows, headings)


def _told(cell: Any) -> Any:
    """Put signs that steer a terminal as their numbers; a break between lines stays."""
    import re

    return re.sub(_STEERING, lambda sign: f"\\x{ord(sign[0]):02x}", cell) if isinstance(cell, str) else cell


def _fit(
    rows: list[list[Any]], headings: list[str], columns: Sequence[Column], width: int
) -> tuple[list[list[Any]], list[str]]:
    """Make a table narrower: cut ids, leave columns out, cut texts, in this order and only as far as needed."""
    from prefect.cli import render

    kept = list(columns)
    for column in columns:
        place = kept.index(column)
        if render.table_width(rows, headings) <= width:
            break
        if column.is_id:
            shortest = _beginning([str(row[place] or "") for row in rows])
            rows = [[*row[:place], str(row[place] or "")[:shortest], *row[place + 1 :]] for row in rows]
    for column in columns:
        place = kept.index(column)
        if column.may_go and render.table_width(rows, headings) > width:
            del kept[place], headings[place]
            rows = [row[:place] + row[place + 1 :] for row in rows]
    while (over := render.table_width(rows, headings) - width) > 0:
        cut = _widest(rows, headings, kept, over)
        if cut is None:
            break
        place, length = cut
        rows = [[*row[:place], _cut(str(row[place] or ""), length), *row[place + 1 :]] for row in rows]
    return rows, headings


def _widest(
    rows: list[list[Any]], headings: Sequence[str], columns: Sequence[Column], over: int
) -> tuple[int, int] | None:
    """Say which column is cut next, and to how many characters; None: none can be.

    The widest gives way first, and then those that are as wide as it has become.
    """
    from prefect.cli import render

    widths = {}
    for place, column in enumerate(columns):
        longest = max((len(str(row[place] or "")) for row in rows), default=0)
        if column.least is not None and longest > max(column.least, render.heading_width(headings[place])):
            widths[place] = longest
    if not widths:
        return None
    widest = max(widths, key=widths.__getitem__)
    least = max(columns[widest].least or 0, render.heading_width(headings[widest]))
    next_widest = max((longest for place, longest in widths.items() if place != widest), default=0)
    length = max(widths[widest] - over, least, min(next_widest, widths[widest] - 1))
    return widest, length


def _beginning(ids: Sequence[str]) -> int:
    """Say how many characters tell these ids apart, 8 at least."""
    longest = max(map(len, ids), default=0)
    lengths = range(_SHORTEST_ID, longest)
    return next((length for length in lengths if len({one[:length] for one in ids}) == len(set(ids))), longest)


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
