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

from .conditions import FALSE, Conditions, join_of
from .database import InvalidValue
from .dialect import Dialect
from .fragments import Bind, Fragments, fragments_of, quoted
from .moments import is_relative
from .narrowing import Way, excludes_null, in_order, other_ways, searches
from .selection import (
    ColumnValue,
    Condition,
    Const,
    Count,
    Field,
    Figures,
    Many,
    Nodes,
    One,
    Or,
    Order,
    Related,
    Rows,
    Scope,
    Statistic,
    Text,
    Value,
    resolve,
)
from .texts import joined


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


def _check_count(name: str) -> Bind:
    def check(value: int) -> int:
        if value < 0:
            raise InvalidValue(f"Unexpected negative value for {name}: {value}; expected 0 or more.")
        return value

    return check


def _limited(limit: str, only_if: str) -> str:
    return f"(SELECT CASE WHEN {only_if} THEN {limit} ELSE 0 END FROM ways)" if only_if else limit


#: So few rows SQLite finds and sorts within some 20 ms; where more are wanted of a million, 50 are met about as soon.
FEW_TO_SORT = 5_000


class _Writer(Conditions):
    """Writes one statement."""

    def __init__(self, fragments: Fragments, scope: Scope | None = None) -> None:
        super().__init__(fragments, scope)
        #: The limit of the rows that were selected last: those of the statement, since inner ones are written before.
        self._outer_limit: int | None = None

    def finish(self, text: str, *, is_list: bool) -> Compiled:
        """Number the values in the order in which they stand in the text; known ones are converted now."""
        order: list[tuple[Value, Bind | None]] = []
        limit_at: int | None = None

        def place(found: re.Match[str]) -> str:
            nonlocal limit_at
            value, bind = self.sources[int(found[1])]
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
        return joined(parts)

    def _field(self, table: PublicTable, alias: str, field: Field) -> tuple[bool, str]:
        if isinstance(field, Text):
            return True, f'"{field.text}"'
        if isinstance(field, ColumnValue):
            return False, self._column(table, alias, field)
        if isinstance(field, One):
            target = PUBLIC[field.relation.target]
            other = self.alias()
            inner = self.row(target, other, field.fields)
            join, within = join_of(field.relation, alias, other), self.within(target, other)
            found = f"(SELECT {inner} FROM {quoted(target.name)} AS {other} WHERE {join}"
            column = table.columns[field.relation.local]
            is_there = not within and not column.nullable and bool(column.foreign_keys)
            found += f" AND {within})" if within else ")"
            return False, found if is_there else f"coalesce({found}, 'null')"
        other = self.alias()
        if isinstance(field, Many):
            expression = self.row(field.rows.table, other, field.fields)
            join = join_of(field.relation, alias, other)
            return False, self._list(self.select(field.rows, other, expression, join, field.relation.remote))
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
            join = "" if relation is None else join_of(relation, parent, alias)
            if isinstance(part, Nodes):
                row = self.row(rows.table, alias, part.fields)
                column = "" if relation is None else relation.remote
                written.append((False, self._list(self.select(rows, alias, row, join, column))))
            else:
                written.append((False, self._sums(rows, alias, part, join)))
        written.append((True, "}"))
        return joined(written)

    def _sums(self, rows: Rows, alias: str, figures: Figures, join: str) -> str:
        """Write the figures of some rows as one value; rows that are searched for a text, as in a list."""
        every = f"SELECT {self._figures(rows.table, alias, figures)} {self._from(rows, alias, join)}"
        ways = [] if join or rows.distinct_on else self._worth_counting(searches(rows))
        if not ways:
            return f"({every})"
        with self.finding(alias, ()):
            among = f"{alias}.{self._row_id} IN (SELECT r FROM h0)"
            few = f"SELECT {self._figures(rows.table, alias, figures)} {self._from(rows, alias, among)}"
        is_few = f"(SELECT w0 FROM ways) <= {FEW_TO_SORT}"
        return f"({self._ways(rows, ways)} SELECT CASE WHEN {is_few} THEN ({few}) ELSE ({every}) END)"

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
        return joined(written)

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

    def select(self, rows: Rows, alias: str, expression: str, join: str, column: str = "") -> str:
        """Write a select of one expression, ``j``, over some rows in their order.

        Args:
            join: the condition that makes them those of another row, by the value of ``column``.
        """
        if rows.distinct_on:
            return f"SELECT {expression} AS j FROM ({self._distinct(rows, alias, join)}) AS {alias}"
        source = self._source(rows, alias)
        is_page = (rows.limit is not None or rows.offset is not None) and rows.table.has_key
        is_ordered = bool(self._terms(rows, alias))
        if is_page and (is_ordered or self.is_sqlite):
            index = None if rows.limit is None else in_order(rows, column)
            ways = self._worth_counting(other_ways(rows, index)) if not join and (index or not is_ordered) else []
            # SQLite would write the JSON of every row before it sorts and cuts, PostgreSQL would read every row that it
            # skips: find the keys first, which may be in the index.
            if self.is_sqlite or ways or rows.offset is not None or self._has_turned_nulls(rows, index):
                keys = self._keys(rows, alias, join, index, ways)
                found = f"SELECT {expression} AS j FROM ({keys}) AS k CROSS JOIN {source} WHERE {alias}.id = k.id"
                return found if self.is_sqlite else f"{found}{self._numbered_order(rows, alias)}"
        where = self.where(rows, alias, join)
        return f"SELECT {expression} AS j FROM {source} WHERE {where}{self._order(rows, alias)}{self.paging(rows)}"

    def _worth_counting(self, ways: list[Condition]) -> list[Condition]:
        """Leave out what PostgreSQL has an idea of: what stands in one column, and of which flow a run is."""
        if self.is_sqlite:
            return ways
        return [
            way for way in ways if isinstance(way, Or) or (isinstance(way, Related) and way.relation.name != "flow")
        ]

    def _keys(self, rows: Rows, alias: str, join: str, index: Way | None, ways: list[Condition]) -> str:
        """Write the select of the keys, found by what they have in common or in the order of the index.

        SQLite has no idea how many rows are in a state or of a flow, PostgreSQL none how many are of some other row's
        own.  They are counted, up to a bound: few are found and sorted; of many those wanted are met soon in their
        order.  What is not done is not begun: it has no limit but zero, or a condition that is looked at once.
        """
        if not ways:
            return self._walk(rows, alias, join, index)
        found, earlier = [], ""
        for place in range(len(ways)):
            is_way = f"{earlier}w{place} <= {FEW_TO_SORT}"
            with self.finding(alias, ()):
                among = f"{alias}.{self._row_id} IN (SELECT r FROM h{place})"
                found.append((is_way, self._plainly(rows, alias, among, None, is_way if self.is_sqlite else "")))
            earlier += f"w{place} > {FEW_TO_SORT} AND "
        is_walk = earlier.removesuffix(" AND ")
        found.append((is_walk, self._walk(rows, alias, join, index, is_walk if self.is_sqlite else "")))
        if self.is_sqlite:
            every = " UNION ALL ".join(f"SELECT id FROM ({text})" for _, text in found)
        else:
            every = " UNION ALL ".join(
                f"SELECT * FROM ({text}) AS s{place} WHERE (SELECT {only_if} FROM ways)"
                for place, (only_if, text) in enumerate(found)
            )
        return f"{self._ways(rows, ways)} {every}"

    @property
    def _row_id(self) -> str:
        return "rowid" if self.is_sqlite else "id"

    def _ways(self, rows: Rows, ways: list[Condition]) -> str:
        """Write the WITH that tells which rows each way finds, as ``r`` of ``h0``, and how many, up to a bound."""
        hits, counts, enough = [], [], ""
        for place, way in enumerate(ways):
            found = []
            for part in way.parts if isinstance(way, Or) else (way,):
                other = self.alias()
                source = f"{quoted(rows.table.name)} AS {other}{self.index_of(rows.table, part)}"
                condition = self.looked_up(rows.table, other, part)
                found.append(f"SELECT {other}.{self._row_id} AS r FROM {source} WHERE {condition}")
            every = " UNION ALL ".join(found)
            hits.append(f"h{place} AS MATERIALIZED (SELECT r FROM ({every}) AS u LIMIT {FEW_TO_SORT + 1})")
            count = f"{self.uncounted(way)}(SELECT count(*) FROM h{place})"
            # When the one before is good enough this one is not tried.
            counts.append(f"{f'CASE WHEN {enough} THEN 0 ELSE {count} END' if place else count} AS w{place}")
            enough = f"{count} <= {FEW_TO_SORT}"
        return f"WITH {', '.join(hits)}, ways AS MATERIALIZED (SELECT {', '.join(counts)})"

    def _plainly(self, rows: Rows, alias: str, join: str, index: Way | None, only_if: str = "") -> str:
        shown = "" if self.is_sqlite else self._numbered(rows, alias)
        source, where = self._source(rows, alias, index), self.where(rows, alias, join)
        found = f"SELECT {alias}.id AS id{shown} FROM {source} WHERE {where}"
        return f"{found}{self._order(rows, alias)}{self.paging(rows, only_if)}"

    def _walk(self, rows: Rows, alias: str, join: str, index: Way | None, only_if: str = "") -> str:
        """Write the select of the keys in the order of an index, if there is one.

        Args:
            only_if: a condition over the counts of ways; else there are no rows.
        """
        if not self._has_turned_nulls(rows, index):
            return self._plainly(rows, alias, join, index, only_if)
        first, *rest = rows.order_by
        value = self.column(alias, first.column)
        # Without NULLS: that is the order of the index, and there are none.
        with_value = (value, " DESC" if first.descending else " ASC")
        halves = []
        for is_null, leading in (("IS NOT NULL", [with_value]), ("IS NULL", [])):
            terms = [*leading, *(self._term(rows, alias, order) for order in rest)]
            order = f" ORDER BY {', '.join(map(''.join, terms))}" if terms else ""
            found = f"SELECT {alias}.id AS id{self._numbered(rows, alias)} FROM {self._source(rows, alias, index)}"
            where = f"{self.where(rows, alias, join)} AND {value} {is_null}"
            halves.append(f"SELECT * FROM ({found} WHERE {where}{order} LIMIT {self._reach(rows, only_if)}) AS h")
        # No more brackets than need be: SQLite's parser can hold a hundred open signs, and answers nest.
        return f"{' UNION ALL '.join(halves)}{self._numbered_order(rows, alias)}{self.paging(rows, only_if)}"

    def _has_turned_nulls(self, rows: Rows, index: Way | None) -> bool:
        """Tell whether some rows of an order are wanted that has its nulls where its index has not.

        An index begins with them in SQLite, read upwards, and ends with them in PostgreSQL.
        """
        if rows.limit is None or index is None:
            return False
        first = rows.order_by[0]
        if not rows.table.columns[first.column].nullable or excludes_null(rows, first.column):
            return False
        return (first.nulls_first is first.descending) is self.is_sqlite

    def _numbered(self, rows: Rows, alias: str) -> str:
        """Write what the rows are ordered by as columns, each with its number."""
        return "".join(f", {term} AS o{place}" for place, (term, _) in enumerate(self._terms(rows, alias)))

    def _numbered_order(self, rows: Rows, alias: str) -> str:
        return f" ORDER BY {', '.join(f'o{place}{way}' for place, (_, way) in enumerate(self._terms(rows, alias)))}"

    def _reach(self, rows: Rows, only_if: str) -> str:
        """Write how many rows there are up to the last that is wanted."""
        limit = "" if rows.limit is None else self.mark(rows.limit, _check_count("limit"))
        if rows.offset is not None:
            offset = self.mark(rows.offset, _check_count("offset"))
            limit = f"{limit} + {offset}" if self.is_sqlite else f"{limit}::bigint + {offset}::bigint"
        return _limited(limit, only_if)

    def source_of(self, rows: Rows, alias: str) -> str:
        """Write the FROM and WHERE of a select."""
        return f"FROM {self._source(rows, alias)} WHERE {self.where(rows, alias, '')}"

    def _from(self, rows: Rows, alias: str, join: str) -> str:
        """Write the FROM of an aggregate over some rows."""
        if rows.distinct_on:
            return f"FROM ({self._distinct(rows, alias, join)}) AS {alias}"
        source, where = self._source(rows, alias), self.where(rows, alias, join)
        paging = self.paging(rows)
        if not paging:
            return f"FROM {source} WHERE {where}"
        return f"FROM (SELECT {alias}.* FROM {source} WHERE {where}{self._order(rows, alias)}{paging}) AS {alias}"

    def _distinct(self, rows: Rows, alias: str, join: str) -> str:
        """Write a select of whole rows, the first for each value of the distinct columns."""
        source, where, paging = self._source(rows, alias), self.where(rows, alias, join), self.paging(rows)
        keys = ", ".join(f"{alias}.{quoted(column)}" for column in rows.distinct_on)
        order = self._order(rows, alias) or f" ORDER BY {keys}"
        if not self.is_sqlite:
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

    def _source(self, rows: Rows, alias: str, index: Way | None = None) -> str:
        if rows.function is not None:
            return f"({self._traversal(rows)}) AS {alias}"
        # Rows of that table are made by the two functions alone; asked for by itself it is empty.
        none = f"(SELECT tenant_id, id AS task_id, max_retries AS depth FROM task WHERE {FALSE})"
        # SQLite knows too little of the rows to weigh one index against another.
        by = f" INDEXED BY {quoted(index.index)}" if self.is_sqlite and index is not None else ""
        return f"{quoted(rows.table.name) if rows.table.has_key else none} AS {alias}{by}"

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

    def paging(self, rows: Rows, only_if: str = "") -> str:
        self._outer_limit = None
        if rows.limit is None and rows.offset is None:
            return ""
        limit = ""
        if rows.limit is not None:
            limit = f" LIMIT {_limited(self.mark(rows.limit, _check_count('limit')), only_if)}"
            self._outer_limit = len(self.sources) - 1
        if rows.offset is None:
            return limit
        # SQLite has no OFFSET without LIMIT.
        if not limit and self.is_sqlite:
            limit = " LIMIT -1"
        return f"{limit} OFFSET {self.mark(rows.offset, _check_count('offset'))}"

    def _order(self, rows: Rows, alias: str) -> str:
        terms = self._terms(rows, alias)
        return f" ORDER BY {', '.join(map(''.join, terms))}" if terms else ""

    def _terms(self, rows: Rows, alias: str) -> list[tuple[str, str]]:
        """Write what the rows are ordered by, each term as an expression and its way."""
        terms = [self._term(rows, alias, order) for order in rows.order_by]
        if not terms and rows.table.name == "tenant" and not rows.distinct_on:
            # Clients take the first tenant for theirs: it must stay the same one.
            terms = [(f"{alias}.created", ""), (f"{alias}.id", "")]
        elif not terms and rows.function is not None and not rows.distinct_on:
            terms = [(f"{alias}.depth", ""), (f"{alias}.task_id", "")]
        return terms

    def _term(self, rows: Rows, alias: str, order: Order) -> tuple[str, str]:
        expression, kind, nullable = self._ordered(rows.table, alias, order, order.through)
        nullable = nullable and (bool(order.through) or not excludes_null(rows, order.column))
        way = " COLLATE JSONB" if self.is_sqlite and kind == "jsonb" else ""
        way += " DESC" if order.descending else " ASC"
        if not nullable:  # without it the order can be that of an index
            return expression, way
        return expression, f"{way} NULLS {'FIRST' if order.nulls_first else 'LAST'}"

    def _ordered(
        self, table: PublicTable, alias: str, order: Order, through: tuple[Relation, ...]
    ) -> tuple[str, str, bool]:
        if not through:
            column = table.columns[order.column]
            return self.column(alias, order.column), graphql_type(column), bool(column.nullable)
        relation, *rest = through
        target, other = PUBLIC[relation.target], self.alias()
        join = self.link(relation, alias, other)
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


__all__ = [
    "Compiled",
    "compile_aggregate",
    "compile_figures",
    "compile_groups",
    "compile_row",
    "compile_rows",
    "tables_of",
]
