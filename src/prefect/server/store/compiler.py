# ruff: noqa: S608 - SQL is written here, of names of the catalogue; values are always bound
"""From a selection to one SQL statement whose result is JSON text.

Both databases get the same shape: each row is written as text, ``'{"id":' || ... || '}'``, related rows are
correlated subqueries inside it. ``docs/decisions/0003-graphql-to-sql.md`` tells why it is built as text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from prefect.server.catalogue import PUBLIC, PublicTable, Relation, graphql_type

from .database import InvalidValue
from .dialect import Dialect
from .fragments import Bind, Fragments, fragments_of, quoted
from .moments import is_relative
from .selection import (
    TENANT_SLOT,
    And,
    ColumnValue,
    Compare,
    Condition,
    Const,
    Count,
    Field,
    Figures,
    IsNull,
    Many,
    Nodes,
    Not,
    One,
    Or,
    Order,
    Related,
    Rows,
    Scope,
    Slot,
    Statistic,
    Text,
    Value,
    resolve,
)


@dataclass(frozen=True)
class Compiled:
    """A finished statement; every row has one column, the JSON text of a row or of an aggregate."""

    sql: str
    sources: tuple[tuple[Value, Bind | None], ...]
    #: Shown as a list of rows; otherwise as the one row, or null.
    is_list: bool
    #: Where among the bound values stands how many rows there may be; None: there may be any number.
    limit_at: int | None = None

    def values(self, slots: Mapping[str, Any]) -> list[Any]:
        """Give the values to bind.

        Raises:
            InvalidValue: a value can not be used where it stands.
        """
        bound = []
        for source, bind in self.sources:
            value = resolve(source, slots)
            bound.append(value if bind is None else bind(value))
        return bound


def compile_rows(rows: Rows, fields: tuple[Field, ...], dialect: Dialect, scope: Scope | None = None) -> Compiled:
    """Compile a list of rows."""
    writer = _Writer(fragments_of(dialect), scope)
    alias = writer.alias()
    return writer.finish(writer.select(rows, alias, writer.row(rows.table, alias, fields), ""), is_list=True)


def compile_row(rows: Rows, fields: tuple[Field, ...], dialect: Dialect, scope: Scope | None = None) -> Compiled:
    """Compile the one row that the condition names."""
    writer = _Writer(fragments_of(dialect), scope)
    alias = writer.alias()
    return writer.finish(writer.select(rows, alias, writer.row(rows.table, alias, fields), ""), is_list=False)


def compile_aggregate(
    rows: Rows, parts: tuple[Figures | Nodes | Text, ...], dialect: Dialect, scope: Scope | None = None
) -> Compiled:
    """Compile figures and nodes of a list of rows."""
    writer = _Writer(fragments_of(dialect), scope)
    return writer.finish(f"SELECT {writer.aggregate(rows, parts, None, '')}", is_list=False)


def compile_groups(rows: Rows, keys: tuple[str, ...], dialect: Dialect, scope: Scope | None = None) -> Compiled:
    """Compile counts of the rows by keys: a row for each group, with its keys and its count, the largest first.

    Args:
        keys: SQL in which ``{0}`` stands for the table.
    """
    writer = _Writer(fragments_of(dialect), scope)
    alias = writer.alias()
    written = ", ".join(key.format(alias) for key in keys)
    places = ", ".join(str(place) for place in range(1, len(keys) + 1))
    text = (
        f"SELECT {written}, count(*) AS n {writer.source_of(rows, alias)} GROUP BY {places} ORDER BY n DESC, {places}"
    )
    return writer.finish(f"{text}{writer.paging(rows)}", is_list=True)


def compile_figures(rows: Rows, figures: tuple[str, ...], dialect: Dialect, scope: Scope | None = None) -> Compiled:
    """Compile figures over the rows: one row of them.

    Args:
        figures: SQL of aggregates, in which ``{0}`` stands for the table.
    """
    writer = _Writer(fragments_of(dialect), scope)
    alias = writer.alias()
    written = ", ".join(figure.format(alias) for figure in figures)
    return writer.finish(f"SELECT {written} {writer.source_of(rows, alias)}", is_list=False)


# Every table that a statement reads stands behind one of these words, under a short name.
_READ = re.compile(r'\b(?:FROM|JOIN) "?(\w+)"? AS t?\w')


#: Where a statement reads flow runs.
RUNS_READ = re.compile(r'\b(?:FROM|JOIN) "?flow_run"? AS t?\w')


def tables_of(compiled: Compiled) -> frozenset[str]:
    """Find the tables that a statement reads."""
    return frozenset(name for name in _READ.findall(compiled.sql) if name in PUBLIC)


# A mark in the text under construction; the parts are not written in the order in which they stand.
_MARK = re.compile("\x00(\\d+)\x00")
_TRUE, _FALSE = "TRUE", "FALSE"
# Seen whole by who may act in all tenants.
_OF_THE_SERVER = frozenset({"tenant", "auth_api_key", "audit"})


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


#: A chain of operators is a tree that leans to one side, and SQLite takes none that is 1,000 high.
_LONGEST_CHAIN = 30


def _chain(operator: str, parts: list[str]) -> str:
    """Write ``a op b op c`` as a tree that is not high."""
    while len(parts) > _LONGEST_CHAIN:
        groups = [parts[start : start + _LONGEST_CHAIN] for start in range(0, len(parts), _LONGEST_CHAIN)]
        parts = [f"({operator.join(group)})" for group in groups]
    return operator.join(parts)


def _joined(parts: list[tuple[bool, str]]) -> str:
    """Concatenate literal texts (True) and expressions, neighbouring literals as one.

    No expression here needs brackets: each is a call, a cast, a CASE, a select in brackets or a concatenation. SQLite's
    parser can hold a hundred open signs, and answers nest.
    """
    written: list[str] = []
    pending = ""
    for is_literal, text in parts:
        if is_literal:
            pending += text
            continue
        if pending:
            written.append(_literal(pending))
            pending = ""
        written.append(text)
    if pending:
        written.append(_literal(pending))
    return _chain(" || ", written)


def _check_count(name: str) -> Bind:
    def check(value: int) -> int:
        if value < 0:
            raise InvalidValue(f"Unexpected negative value for {name}: {value}; expected 0 or more.")
        return value

    return check


class _Writer:
    """Writes one statement."""

    def __init__(self, fragments: Fragments, scope: Scope | None = None) -> None:
        self.fragments = fragments
        self._scope = scope
        self._sqlite = fragments.dialect.name == "sqlite"
        self._sources: list[tuple[Value, Bind | None]] = []
        self._aliases = 0
        #: The limit of the rows that were selected last: those of the statement, since inner ones are written before.
        self._outer_limit: int | None = None
        #: The rows of this alias are found by their key. SQLite, which guesses that any index over a state leaves
        #: ten rows, is kept from taking another one: a plus sign hides a column from it.
        self._unindexed = ""

    def alias(self) -> str:
        self._aliases += 1
        return f"t{self._aliases}"

    def mark(self, value: Value, bind: Bind | None) -> str:
        self._sources.append((value, bind))
        return f"\x00{len(self._sources) - 1}\x00"

    def finish(self, text: str, *, is_list: bool) -> Compiled:
        """Number the values in the order in which they stand in the text; known ones are converted now."""
        order: list[tuple[Value, Bind | None]] = []
        limit_at: int | None = None

        def place(found: re.Match[str]) -> str:
            nonlocal limit_at
            value, bind = self._sources[int(found[1])]
            if int(found[1]) == self._outer_limit:
                limit_at = len(order)
            if isinstance(value, Const) and bind is not None and not is_relative(value.value):
                value, bind = Const(bind(value.value)), None
            order.append((value, bind))
            return self.fragments.dialect.mark

        sql = _MARK.sub(place, text)
        return Compiled(sql, tuple(order), is_list, limit_at)

    def row(self, table: PublicTable, alias: str, fields: tuple[Field, ...]) -> str:
        """Write a row as the text of a JSON object."""
        parts: list[tuple[bool, str]] = [(True, "{")]
        for number, field in enumerate(fields):
            parts.append((True, f'{"," if number else ""}"{field.key}":'))
            parts.append(self._field(table, alias, field))
        parts.append((True, "}"))
        return _joined(parts)

    def _field(self, table: PublicTable, alias: str, field: Field) -> tuple[bool, str]:
        if isinstance(field, Text):
            return True, f'"{field.text}"'
        if isinstance(field, ColumnValue):
            return False, self._column(table, alias, field)
        if isinstance(field, One):
            target = PUBLIC[field.relation.target]
            other = self.alias()
            inner = self.row(target, other, field.fields)
            join, within = _join(field.relation, alias, other), self._within(target, other)
            found = f"(SELECT {inner} FROM {quoted(target.name)} AS {other} WHERE {join}"
            column = table.columns[field.relation.local]
            is_there = not within and not column.nullable and bool(column.foreign_keys)
            found += f" AND {within})" if within else ")"
            return False, found if is_there else f"coalesce({found}, 'null')"
        other = self.alias()
        if isinstance(field, Many):
            expression = self.row(field.rows.table, other, field.fields)
            return False, self._list(self.select(field.rows, other, expression, _join(field.relation, alias, other)))
        return False, self.aggregate(field.rows, field.parts, field.relation, alias)

    def _column(self, table: PublicTable, alias: str, field: ColumnValue) -> str:
        column = table.columns[field.column]
        expression = f"{alias}.{quoted(field.column)}"
        kind = graphql_type(column)
        nullable = bool(column.nullable)
        if field.path:
            expression = self.fragments.at_path(expression, self.mark(Const(self.fragments.path(field.path)), None))
            kind, nullable = "part of jsonb", True
        return self.fragments.leaf(expression, kind, nullable=nullable)

    def _list(self, select: str) -> str:
        """Write the rows of a select as the text of a JSON list."""
        function = self.fragments.concatenate
        return f"(SELECT coalesce('[' || {function}(j, ',') || ']', '[]') FROM ({select}) AS s)"

    def aggregate(
        self, rows: Rows, parts: tuple[Figures | Nodes | Text, ...], relation: Relation | None, parent: str
    ) -> str:
        """Write figures and nodes as the text of a JSON object; each part reads the rows for itself."""
        written: list[tuple[bool, str]] = [(True, "{")]
        for number, part in enumerate(parts):
            written.append((True, f'{"," if number else ""}"{part.key}":'))
            if isinstance(part, Text):
                written.append((True, f'"{part.text}"'))
                continue
            alias = self.alias()
            join = "" if relation is None else _join(relation, parent, alias)
            if isinstance(part, Nodes):
                written.append(
                    (False, self._list(self.select(rows, alias, self.row(rows.table, alias, part.fields), join)))
                )
            else:
                written.append(
                    (False, f"(SELECT {self._figures(rows.table, alias, part)} {self._from(rows, alias, join)})")
                )
        written.append((True, "}"))
        return _joined(written)

    def _figures(self, table: PublicTable, alias: str, figures: Figures) -> str:
        written: list[tuple[bool, str]] = [(True, "{")]
        for number, part in enumerate(figures.parts):
            written.append((True, f'{"," if number else ""}"{part.key}":'))
            if isinstance(part, Text):
                written.append((True, f'"{part.text}"'))
            elif isinstance(part, Count):
                # As text: SQLite would take a bare number, PostgreSQL not.
                written.append((False, f"CAST({self._count(alias, part)} AS TEXT)"))
            else:
                written += self._statistic(table, alias, part)
        written.append((True, "}"))
        return _joined(written)

    def _count(self, alias: str, count: Count) -> str:
        columns = [f"{alias}.{quoted(column)}" for column in count.columns]
        if not columns or (len(columns) > 1 and not count.distinct):
            return "count(*)"
        counted = columns[0] if len(columns) == 1 else self.fragments.distinct_key(columns)
        return f"count({'DISTINCT ' if count.distinct else ''}{counted})"

    def _statistic(self, table: PublicTable, alias: str, statistic: Statistic) -> list[tuple[bool, str]]:
        written: list[tuple[bool, str]] = [(True, "{")]
        for number, part in enumerate(statistic.columns):
            written.append((True, f'{"," if number else ""}"{part.key}":'))
            if isinstance(part, Text):
                written.append((True, f'"{part.text}"'))
                continue
            kind = graphql_type(table.columns[part.column])
            found = self.fragments.statistic(statistic.function, f"{alias}.{quoted(part.column)}", kind)
            leaf_kind = kind if statistic.function in ("max", "min") else "Float"
            written.append((False, self.fragments.leaf(found, leaf_kind, nullable=True)))
        written.append((True, "}"))
        return written

    def select(self, rows: Rows, alias: str, expression: str, join: str) -> str:
        """Write a select of one expression, ``j``, over some rows in their order."""
        if rows.distinct_on:
            return f"SELECT {expression} AS j FROM ({self._distinct(rows, alias, join)}) AS {alias}"
        paging = self.paging(rows)
        order = self._order(rows, alias)
        source = self._source(rows, alias)
        where = self._where(rows, alias, join)
        if self._sqlite and paging and order and rows.table.has_key:
            # SQLite would write the JSON of every row before it sorts and cuts: find the keys first.
            keys = f"SELECT {alias}.id AS id FROM {source} WHERE {where}{order}{paging}"
            return f"SELECT {expression} AS j FROM ({keys}) AS k CROSS JOIN {source} ON {alias}.id = k.id"
        return f"SELECT {expression} AS j FROM {source} WHERE {where}{order}{paging}"

    def source_of(self, rows: Rows, alias: str) -> str:
        """Write the FROM and WHERE of a select."""
        return f"FROM {self._source(rows, alias)} WHERE {self._where(rows, alias, '')}"

    def _from(self, rows: Rows, alias: str, join: str) -> str:
        """Write the FROM of an aggregate over some rows."""
        if rows.distinct_on:
            return f"FROM ({self._distinct(rows, alias, join)}) AS {alias}"
        source, where = self._source(rows, alias), self._where(rows, alias, join)
        paging = self.paging(rows)
        if not paging:
            return f"FROM {source} WHERE {where}"
        return f"FROM (SELECT {alias}.* FROM {source} WHERE {where}{self._order(rows, alias)}{paging}) AS {alias}"

    def _distinct(self, rows: Rows, alias: str, join: str) -> str:
        """Write a select of whole rows, the first for each value of the distinct columns."""
        source, where, paging = self._source(rows, alias), self._where(rows, alias, join), self.paging(rows)
        keys = ", ".join(f"{alias}.{quoted(column)}" for column in rows.distinct_on)
        order = self._order(rows, alias) or f" ORDER BY {keys}"
        if not self._sqlite:
            return f"SELECT DISTINCT ON ({keys}) {alias}.* FROM {source} WHERE {where}{order}{paging}"
        # Sorting whole rows would carry their JSON along: number the keys, then fetch the rows.
        has_key = rows.table.has_key
        numbered = (
            f"SELECT {alias}.{'id' if has_key else '*'}, row_number() OVER (PARTITION BY {keys}{order}) AS p_first, "
            f"row_number() OVER ({order.strip()}) AS p_order FROM {source} WHERE {where}"
        )
        # Without a limit SQLite takes the order of a joined subquery for meaningless, and drops it.
        first = f"SELECT * FROM ({numbered}) WHERE p_first = 1 ORDER BY p_order{paging or ' LIMIT -1'}"
        return f"SELECT {alias}.* FROM ({first}) AS k CROSS JOIN {source} ON {alias}.id = k.id" if has_key else first

    def _source(self, rows: Rows, alias: str) -> str:
        if rows.function is None:
            # Rows of that table are made by the two functions alone; asked for by itself it is empty.
            none = f"(SELECT tenant_id, id AS task_id, max_retries AS depth FROM task WHERE {_FALSE})"
            return f"{quoted(rows.table.name) if rows.table.has_key else none} AS {alias}"
        return f"({self._traversal(rows)}) AS {alias}"

    def _traversal(self, rows: Rows) -> str:
        """Write the tasks that lie down or up the edges, each with its longest distance."""
        near, far = ("upstream_task_id", "downstream_task_id")
        if rows.function == "utility_upstream_tasks":
            near, far = far, near
        kind = "uuid"
        starts = self.mark(rows.arguments["start_task_ids"], self.fragments.bind(kind, "_in"))
        limit = self.mark(rows.arguments["depth_limit"], lambda depth: max(0, min(50, depth)))
        return (
            "WITH RECURSIVE walk(tenant_id, task_id, depth) AS ("
            f"SELECT a.tenant_id, a.id, 0 FROM task AS a WHERE {self.fragments.compare('a.id', kind, '_in', starts)} "
            f"UNION SELECT e.tenant_id, e.{far}, walk.depth + 1 FROM walk JOIN edge AS e ON e.{near} = walk.task_id "
            f"WHERE walk.depth < {limit}) "
            "SELECT t.tenant_id AS tenant_id, walk.task_id AS task_id, max(walk.depth) AS depth "
            "FROM walk JOIN task AS t ON t.id = walk.task_id GROUP BY t.tenant_id, walk.task_id"
        )

    def _where(self, rows: Rows, alias: str, join: str) -> str:
        parts = [join, self._within(rows.table, alias), self.condition(rows.table, alias, rows.where)]
        return " AND ".join([part for part in parts if part and part != _TRUE]) or _TRUE

    def _within(self, table: PublicTable, alias: str) -> str:
        """Hold the rows to what the reader may see: this stands wherever rows of a table do."""
        scope = self._scope
        if scope is None or (scope.all_tenants and table.name in _OF_THE_SERVER and table.name not in scope.hidden):
            return ""
        column = "id" if table.name == "tenant" else "tenant_id"
        if table.name in scope.hidden or column not in table.columns:
            return _FALSE
        mark = self.mark(Slot(TENANT_SLOT), self.fragments.bind("uuid", "_eq"))
        # Nearly all rows are of one tenant: SQLite is kept from taking an index over that for a good one.
        sign = "+" if self._sqlite and column != "id" else ""
        return self.fragments.compare(f"{sign}{alias}.{column}", "uuid", "_eq", mark)

    def _link(self, relation: Relation, alias: str, other: str) -> str:
        """Join the related row, if the reader may see it."""
        within = self._within(PUBLIC[relation.target], other)
        join = _join(relation, alias, other)
        return f"{join} AND {within}" if within else join

    def paging(self, rows: Rows) -> str:
        self._outer_limit = None
        if rows.limit is None and rows.offset is None:
            return ""
        limit = "" if rows.limit is None else f" LIMIT {self.mark(rows.limit, _check_count('limit'))}"
        if limit:
            self._outer_limit = len(self._sources) - 1
        if rows.offset is None:
            return limit
        # SQLite has no OFFSET without LIMIT.
        if not limit and self._sqlite:
            limit = " LIMIT -1"
        return f"{limit} OFFSET {self.mark(rows.offset, _check_count('offset'))}"

    def _order(self, rows: Rows, alias: str) -> str:
        terms = [self._term(rows.table, alias, order) for order in rows.order_by]
        if not terms and rows.table.name == "tenant" and not rows.distinct_on:
            # Clients take the first tenant for theirs: it must stay the same one.
            terms = [f"{alias}.created", f"{alias}.id"]
        elif not terms and rows.function is not None and not rows.distinct_on:
            terms = [f"{alias}.depth", f"{alias}.task_id"]
        return f" ORDER BY {', '.join(terms)}" if terms else ""

    def _term(self, table: PublicTable, alias: str, order: Order) -> str:
        expression, kind, nullable = self._ordered(table, alias, order, order.through)
        if self._sqlite and kind == "jsonb":
            expression += " COLLATE JSONB"
        direction = " DESC" if order.descending else " ASC"
        if not nullable:  # without it SQLite can take the order from an index
            return f"{expression}{direction}"
        return f"{expression}{direction} NULLS {'FIRST' if order.nulls_first else 'LAST'}"

    def _ordered(
        self, table: PublicTable, alias: str, order: Order, through: tuple[Relation, ...]
    ) -> tuple[str, str, bool]:
        if not through:
            column = table.columns[order.column]
            expression, kind = f"{alias}.{quoted(order.column)}", graphql_type(column)
            return expression, kind, bool(column.nullable)
        relation, *rest = through
        target, other = PUBLIC[relation.target], self.alias()
        join = self._link(relation, alias, other)
        kind = "Int"
        if relation.is_array and order.function == "count":
            inner, nullable = "count(*)", False
        elif relation.is_array and order.function is not None:
            kind = graphql_type(target.columns[order.column])
            inner = self.fragments.statistic(order.function, f"{other}.{quoted(order.column)}", kind)
            nullable = True
        else:
            inner, kind, _ = self._ordered(target, other, order, tuple(rest))
            nullable = True
        return f"(SELECT {inner} FROM {quoted(target.name)} AS {other} WHERE {join})", kind, nullable

    def condition(self, table: PublicTable, alias: str, condition: Condition) -> str:
        if isinstance(condition, And):
            return self._all(table, alias, condition)
        if isinstance(condition, Or):
            parts = [self.condition(table, alias, part) for part in condition.parts]
            if _TRUE in parts:
                return _TRUE
            return f"({_chain(' OR ', parts)})" if parts else _FALSE
        if isinstance(condition, Not):
            return f"NOT ({self.condition(table, alias, condition.part)})"
        if isinstance(condition, IsNull):
            return f"{alias}.{quoted(condition.column)} IS {'' if condition.wanted else 'NOT '}NULL"
        if isinstance(condition, Related):
            return self._related(table, alias, condition, is_anchored=True)
        return self._compare(table, alias, condition)

    def _all(self, table: PublicTable, alias: str, condition: And) -> str:
        anchored = any(_is_anchor(table, part) for part in condition.parts)
        keyed = any(_is_key(table, part) for part in condition.parts)
        parts = []
        for part in condition.parts:
            outer = self._unindexed
            if keyed and self._sqlite and not _is_key(table, part):
                self._unindexed = alias
            if isinstance(part, Related):
                parts.append(self._related(table, alias, part, is_anchored=anchored))
            else:
                parts.append(self.condition(table, alias, part))
            self._unindexed = outer
        kept = [part for part in parts if part != _TRUE]
        if not kept:
            return _TRUE
        return kept[0] if len(kept) == 1 else f"({_chain(' AND ', kept)})"

    def _related(self, table: PublicTable, alias: str, condition: Related, *, is_anchored: bool) -> str:
        relation = condition.relation
        target, other = PUBLIC[relation.target], self.alias()
        inner = self.condition(target, other, condition.condition)
        if within := self._within(target, other):
            inner = f"{within} AND {inner}"
        local_column = table.columns[relation.local]
        if inner == _TRUE and not relation.is_array and local_column.foreign_keys:
            # A key that is there leads to a row: nothing is left to look for. Clients of 1.x send such filters all
            # the time, for every option that was not given.
            return f"{alias}.{quoted(relation.local)} IS NOT NULL" if local_column.nullable else _TRUE
        source = f"{quoted(target.name)} AS {other}"
        if self._sqlite and not relation.is_array and not is_anchored:
            # SQLite looks an EXISTS up for every row; a list of keys lets it start from the related rows.
            local = f"{alias}.{quoted(relation.local)}"
            found = f"{local} IN (SELECT {other}.{quoted(relation.remote)} FROM {source} WHERE {inner})"
            return f"({local} IS NOT NULL AND {found})" if table.columns[relation.local].nullable else found
        return f"EXISTS (SELECT 1 FROM {source} WHERE {_join(relation, alias, other)} AND {inner})"

    def _compare(self, table: PublicTable, alias: str, condition: Compare) -> str:
        expression = f"{alias}.{quoted(condition.column)}"
        kind = graphql_type(table.columns[condition.column])
        if self._unindexed == alias:
            expression = f"+{expression}"
        if condition.as_text:
            expression, kind = self.fragments.as_text(expression), "String"
        mark = self.mark(condition.value, self.fragments.bind(kind, condition.operator))
        return self.fragments.compare(expression, kind, condition.operator, mark)


def _join(relation: Relation, alias: str, other: str) -> str:
    return f"{other}.{quoted(relation.remote)} = {alias}.{quoted(relation.local)}"


def _is_key(table: PublicTable, part: Condition) -> bool:
    """Tell whether the condition names rows by their key."""
    return isinstance(part, Compare) and part.operator in ("_eq", "_in") and table.columns[part.column].primary_key


def _is_anchor(table: PublicTable, part: Condition) -> bool:
    """Tell whether the condition alone leaves few rows: a key, or the key of a parent."""
    if not isinstance(part, Compare) or part.operator not in ("_eq", "_in"):
        return False
    column = table.columns[part.column]
    return column.primary_key or (bool(column.foreign_keys) and part.column != "tenant_id")


__all__ = [
    "Compiled",
    "compile_aggregate",
    "compile_figures",
    "compile_groups",
    "compile_row",
    "compile_rows",
    "tables_of",
]
