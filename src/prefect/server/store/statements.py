"""A statement of SQLAlchemy Core as finished text with its conversions, made once for each dialect.

SQLAlchemy's own execution costs some 80 µs a statement; with the text, the names and the conversions
kept, a statement costs what the driver takes.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy.sql import operators
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import Insert, UpdateBase
from sqlalchemy.sql.elements import BinaryExpression, BindParameter

from prefect.server.live import ANY_ROW, row_topic, table_topic

from .database import UnreadableRow
from .dialect import Convert, Dialect
from .phrases import INSERTED, TOUCHED, inserting, inserting_many

Row = dict[str, Any]
#: The tables of which it is told whose rows were written, and where they name their flow run.
ROW_TABLES = {"flow_run": "id", "flow_run_state": "flow_run_id"}
logger = logging.getLogger("prefect.server.store")


class Prepared:
    """One statement for one dialect and one set of given names."""

    __slots__ = (
        "_compiled",
        "_defaults",
        "_dialect",
        "_many",
        "_order",
        "_places",
        "_readers",
        "_writers",
        "changes",
        "columns",
        "row",
        "statement",
        "text",
    )

    def __init__(self, statement: Any, keys: tuple[str, ...], dialect: Dialect) -> None:
        column_keys = keys if isinstance(statement, UpdateBase) else None
        compiled = statement.compile(dialect=dialect.compiler, column_keys=column_keys)
        self.statement = statement  # keeps the identity taken while this is cached
        self.text: str = compiled.string
        written = [getattr(statement.table, "name", "")] if isinstance(statement, UpdateBase) else []
        written += statement.get_execution_options().get(TOUCHED, ())
        #: The topics of the tables that the statement writes to; none: it only reads.
        self.changes: tuple[str, ...] = tuple(table_topic(name) for name in written)
        #: What names the flow run whose rows it writes; empty: it may be any; None: it writes no such rows.
        self.row: str | None = _row_of(statement, keys) if set(written) & ROW_TABLES.keys() else None
        self._dialect = dialect
        self._compiled: SQLCompiler | None = compiled if compiled.post_compile_params else None
        #: The names of the values in the order of their places; None: the driver finds them by their names.
        self._order: tuple[str, ...] | None = tuple(compiled.positiontup) if compiled.positional else None
        self._many: dict[int, str] = {}
        self._writers: dict[str, Convert | None] = {}
        self._defaults: Row = {}
        for parameter, name in compiled.bind_names.items():
            write = dialect.writer(parameter.type)
            if parameter.expanding and write is not None:
                write = _each(write)
            self._writers[name] = write
            if not parameter.required:
                value = parameter.effective_value
                self._defaults[name] = value if value is None or write is None else write(value)
        #: Where every value is given and has its place, the common case: its name and how it is stored.
        self._places: tuple[tuple[str, Convert | None], ...] | None = None
        if self._order is not None and self._compiled is None and set(self._order) <= set(keys):
            self._places = tuple((name, self._writers[name]) for name in self._order)
        unknown = [key for key in keys if key not in self._writers]
        if unknown:
            raise TypeError(f"The statement takes no value named {', '.join(unknown)}: {self.text}")
        missing = [name for name in self._writers if name not in self._defaults and name not in keys]
        if missing:
            raise TypeError(f"The statement needs a value named {', '.join(missing)}: {self.text}")
        self.columns: tuple[str, ...] | None = None
        self._readers: tuple[tuple[str, Convert], ...] = ()
        if not getattr(statement, "is_text", False):
            columns = getattr(statement, "exported_columns", ())
            self.columns = tuple(column.key for column in columns)
            self._readers = tuple(
                (column.key, read) for column in columns if (read := dialect.reader(column.type)) is not None
            )

    def row_topic(self, values: Mapping[str, Any]) -> str:
        """Name the flow run whose rows are written with these values."""
        return row_topic(str(values[self.row])) if self.row and self.row in values else ANY_ROW

    def bind(self, values: Mapping[str, Any]) -> tuple[str, Any]:
        """Give the text to execute and its values in stored form, as the driver takes them."""
        if self._places is not None:
            return self.text, [
                value if (value := values[name]) is None or write is None else write(value)
                for name, write in self._places
            ]
        bound = self._defaults.copy()
        writers = self._writers
        for name, value in values.items():
            write = writers[name]
            bound[name] = value if write is None or value is None else write(value)
        order = self._order
        if self._compiled is None:
            return self.text, bound if order is None else [bound[name] for name in order]
        expanded = self._compiled.construct_expanded_state(bound)
        return expanded.statement, dict(expanded.parameters) if order is None else expanded.positional_parameters

    def bind_together(self, rows: Sequence[Mapping[str, Any]]) -> tuple[str, Row] | None:
        """Give one INSERT of several rows and its values.

        None for any other statement, and for an INSERT with more behind its values.
        """
        count = len(rows)
        text = self._many.get(count)
        if text is None:
            text = self._many[count] = self._text_of_many(count)
        if not text:
            return None
        bound = [self.bind(row)[1] for row in rows]
        return text, {f"{name}_{index}": value for index, row in enumerate(bound) for name, value in row.items()}

    def _text_of_many(self, count: int) -> str:
        columns = self.statement.get_execution_options().get(INSERTED)
        if columns is None:
            return ""
        table, compiler = self.statement.table, self._dialect.compiler
        alone = inserting(table, *columns).compile(dialect=compiler, column_keys=list(columns))
        if str(alone) != self.text:
            return ""
        return str(inserting_many(table, columns, count).compile(dialect=compiler))

    def load(self, stored: Sequence[Any], names: Sequence[str]) -> Row:
        """Make a row of what the driver gave."""
        row = dict(zip(self.columns or names, stored, strict=True))
        for name, read in self._readers:
            value = row[name]
            if value is not None:
                try:
                    row[name] = read(value)
                except (ValueError, TypeError, ArithmeticError) as error:
                    raise UnreadableRow(row.get("id"), name, error) from None
        return row

    def load_all(self, stored: Iterable[Sequence[Any]], names: Sequence[str]) -> list[Mapping[str, Any]]:
        """Make rows; one that cannot be read is left out and named in the log, so that it stops none of the others."""
        rows: list[Mapping[str, Any]] = []
        for one in stored:
            try:
                rows.append(self.load(one, names))
            except UnreadableRow as error:
                logger.warning("%s It is left out.", error)
        return rows


def _row_of(statement: Any, keys: tuple[str, ...]) -> str:
    """Find the name of the value that says of which flow run the rows are that a statement writes."""
    table = getattr(statement, "table", None)
    name = ROW_TABLES.get(getattr(table, "name", "flow_run"), "")
    if isinstance(statement, Insert) or not isinstance(statement, UpdateBase):
        return name if name in keys else ""  # one that writes to several tables makes a run
    for condition in getattr(statement, "_where_criteria", ()):
        if (
            isinstance(condition, BinaryExpression)
            and condition.operator is operators.eq
            and getattr(condition.left, "name", None) == name
            and isinstance(condition.right, BindParameter)
        ):
            return condition.right.key if condition.right.key in keys else ""
    return ""


def _each(write: Convert) -> Callable[[Sequence[Any]], list[Any]]:
    return lambda values: [write(value) for value in values]


class Statements:
    """The prepared statements of one dialect."""

    #: Statements live in modules; beyond this, somebody builds them anew for every call.
    LIMIT = 5000

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self._prepared: dict[tuple[int, tuple[str, ...]], Prepared] = {}

    def prepare(self, statement: Any, values: Mapping[str, Any]) -> Prepared:
        keys = tuple(values)
        found = self._prepared.get((id(statement), keys))
        if found is None:
            found = Prepared(statement, keys, self.dialect)
            if len(self._prepared) >= self.LIMIT:
                self._prepared.clear()
            self._prepared[id(statement), keys] = found
        return found
