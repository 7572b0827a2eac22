"""Pieces of SQL that the named statements share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Table,
    TableClause,
    Uuid,
    bindparam,
    column,
    literal_column,
    update,
)
from sqlalchemy import table as table_clause
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.dml import Update
from sqlalchemy.sql.functions import FunctionElement

__all__ = [
    "INSERTED",
    "TOUCHED",
    "among",
    "bytes_of",
    "inserting",
    "inserting_many",
    "is_empty_list",
    "is_within",
    "new_uuid",
    "quietly",
    "updating",
    "value_of",
]


#: The option of a statement that tells which columns it gives.
INSERTED = "inserted_columns"
#: The option of a statement that writes within a WITH: to which tables.
TOUCHED = "touched_tables"


def inserting_many(table: Table, columns: Iterable[str], count: int) -> Insert:
    """Insert so many rows by one statement, giving the columns of each by their names and its place: ``id_0``."""
    names = tuple(columns)
    return insert(table).values(
        [{name: value_of(f"{name}_{place}", table.c[name]) for name in names} for place in range(count)]
    )


def value_of(name: str, like: ColumnElement[Any]) -> Any:
    """Bind a value by this name, of that column's type."""
    return bindparam(name, type_=like.type)


def inserting(table: Table, *columns: str) -> Insert:
    """Insert a row, giving these columns by their names.

    PostgreSQL's form of INSERT, because its ON CONFLICT compiles for SQLite just as well.
    """
    values = {name: value_of(name, table.c[name]) for name in columns}
    return insert(table).values(values).execution_options(**{INSERTED: columns})


def updating(table: Table, *columns: str, row: str, **values: ColumnElement[Any]) -> Update:
    """Change the row whose id is bound as ``row``; the columns' new values are bound by their names.

    ``updated`` is bound as ``now``.
    """
    assignments: dict[str, Any] = {name: value_of(name, table.c[name]) for name in columns}
    assignments["updated"] = value_of("now", table.c.updated)
    return update(table).where(table.c.id == value_of(row, table.c.id)).values({**assignments, **values})


def quietly(table: Table) -> TableClause:
    """Give the table for an update that does not count as one: ``updated`` and the index over it stay as they are."""
    return table_clause(table.name, *(column(one.name, one.type) for one in table.c))


def among(compared: ColumnElement[Any], names: Iterable[str]) -> ColumnElement[bool]:
    """Compare with fixed words, written into the text so that an index over them can be chosen."""
    return compared.in_([literal_column(f"'{name}'") for name in names])


class is_within(FunctionElement[bool]):
    """Every member of the first JSON list is a member of the second."""

    type = Boolean()
    inherit_cache = True


@compiles(is_within, "postgresql")
def _is_within_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    inner, outer = element.clauses
    return f"({compiler.process(inner, **kw)} <@ CAST({compiler.process(outer, **kw)} AS JSONB))"


@compiles(is_within, "sqlite")
def _is_within_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    inner, outer = (compiler.process(clause, **kw) for clause in element.clauses)
    # A list that somebody spoiled would end the statement with an error, for all rows.
    text = "NOT EXISTS (SELECT 1 FROM json_each({0}) WHERE value NOT IN (SELECT value FROM json_each({1})))"
    return f"(CASE WHEN json_valid({inner}) THEN {text.format(inner, outer)} ELSE 0 END)"


class is_empty_list(FunctionElement[bool]):
    """The JSON list has no members."""

    type = Boolean()
    inherit_cache = True


@compiles(is_empty_list, "postgresql")
def _is_empty_list_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    return f"({compiler.process(next(iter(element.clauses)), **kw)} = CAST('[]' AS JSONB))"


@compiles(is_empty_list, "sqlite")
def _is_empty_list_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    value = compiler.process(next(iter(element.clauses)), **kw)
    return f"(CASE WHEN json_valid({value}) THEN json_array_length({value}) = 0 ELSE 0 END)"


class bytes_of(FunctionElement[int]):
    """The bytes that a text takes, found without reading the text where the database can do that."""

    type = BigInteger()
    inherit_cache = True


@compiles(bytes_of, "postgresql")
def _bytes_of_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    return f"COALESCE(octet_length({compiler.process(next(iter(element.clauses)), **kw)}), 0)"


@compiles(bytes_of, "sqlite")
def _bytes_of_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    return f"COALESCE(length(CAST({compiler.process(next(iter(element.clauses)), **kw)} AS BLOB)), 0)"


class new_uuid(FunctionElement[str]):
    """A uuid of version 7, another one in each row: those of one statement lie side by side in an index."""

    type = Uuid(as_uuid=False)
    inherit_cache = True


@compiles(new_uuid, "postgresql")
def _new_uuid_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    # The time in milliseconds takes the place of the first 12 digits, 7 that of the version.
    now = "CAST(extract(epoch FROM statement_timestamp()) * 1000 AS bigint)"
    rest = "substr(replace(CAST(gen_random_uuid() AS text), '-', ''), 14)"
    return f"CAST(lpad(to_hex({now}), 12, '0') || '7' || {rest} AS uuid)"


@compiles(new_uuid, "sqlite")
def _new_uuid_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    now = "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"
    first = f"printf('%08x-%04x-7', {now} >> 16, {now} & 65535)"
    variant = "substr('89ab', 1 + (random() & 3), 1)"
    three = "substr(hex(randomblob(2)), 2)"
    return f"({first} || lower({three} || '-' || {variant} || {three} || '-' || hex(randomblob(6))))"
