# ruff: noqa: S608 - SQL is written here, of names of the catalogue; values are always bound
"""Conditions of a compiled read: which rows, and among those that the reader may see."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext

from prefect.server.catalogue import PUBLIC, PublicTable, Relation, graphql_type, thin

from .fragments import Bind, Fragments, quoted
from .narrowing import SEARCHED, is_anchor, is_deep, is_key, narrowed
from .selection import (
    TENANT_SLOT,
    And,
    Compare,
    Condition,
    IsNull,
    Not,
    Or,
    Related,
    Rows,
    Scope,
    Slot,
    Value,
)
from .texts import chain

__all__ = ["FALSE", "TRUE", "Conditions", "join_of"]

TRUE, FALSE = "TRUE", "FALSE"
# Seen whole by who may act in all tenants.
_OF_THE_SERVER = frozenset({"tenant", "auth_api_key", "audit"})


class Conditions:
    """Writes the conditions of one statement, and keeps the values that stand in it."""

    def __init__(self, fragments: Fragments, scope: Scope | None = None) -> None:
        self.fragments = fragments
        self._scope = scope
        self.is_sqlite = fragments.dialect.name == "sqlite"
        self.sources: list[tuple[Value, Bind | None]] = []
        self._aliases = 0
        #: The rows of this alias are found by these columns, and no others. SQLite, which guesses that any index over a
        #: state leaves few rows, is kept from taking another index: a plus sign hides a column from it.
        self._finding: tuple[str, frozenset[str]] = ("", frozenset())

    def alias(self) -> str:
        self._aliases += 1
        return f"t{self._aliases}"

    def mark(self, value: Value, bind: Bind | None) -> str:
        self.sources.append((value, bind))
        return f"\x00{len(self.sources) - 1}\x00"

    @contextmanager
    def finding(self, alias: str, columns: Iterable[str]) -> Iterator[None]:
        """Let SQLite find the rows of this alias by an index over some of these columns alone, while the block runs."""
        outer, self._finding = self._finding, (alias, frozenset(columns))
        yield
        self._finding = outer

    def column(self, alias: str, column: str) -> str:
        """Write a column of a condition or an order."""
        found, columns = self._finding
        is_hidden = self.is_sqlite and found == alias and column not in columns
        return f"{'+' if is_hidden else ''}{alias}.{quoted(column)}"

    def where(self, rows: Rows, alias: str, join: str) -> str:
        is_anchored = bool(join) or is_deep(rows.where)  # an EXISTS takes less of the parser's room than a list
        where = self.condition(rows.table, alias, narrowed(rows.table, rows.where), is_anchored=is_anchored)
        parts = [join, self.within(rows.table, alias), where]
        return " AND ".join([part for part in parts if part and part != TRUE]) or TRUE

    def within(self, table: PublicTable, alias: str) -> str:
        """Hold the rows to what the reader may see: this stands wherever rows of a table do."""
        scope = self._scope
        if scope is None or (scope.all_tenants and table.name in _OF_THE_SERVER and table.name not in scope.hidden):
            return ""
        column = "id" if table.name == "tenant" else "tenant_id"
        if table.name in scope.hidden or column not in table.columns:
            return FALSE
        mark = self.mark(Slot(TENANT_SLOT), self.fragments.bind("uuid", "_eq"))
        # Nearly all rows are of one tenant: SQLite is kept from taking an index over that for a good one.
        sign = "+" if self.is_sqlite and column != "id" else ""
        return self.fragments.compare(f"{sign}{alias}.{column}", "uuid", "_eq", mark)

    def link(self, relation: Relation, alias: str, other: str) -> str:
        """Join the related row, if the reader may see it."""
        within = self.within(PUBLIC[relation.target], other)
        join = join_of(relation, alias, other)
        return f"{join} AND {within}" if within else join

    def condition(self, table: PublicTable, alias: str, condition: Condition, *, is_anchored: bool = False) -> str:
        """Write a condition.

        Args:
            is_anchored: what holds as well leaves few rows already.
        """
        if isinstance(condition, And):
            return self._all(table, alias, condition, is_anchored)
        if isinstance(condition, Or):
            parts = [self.condition(table, alias, part, is_anchored=is_anchored) for part in condition.parts]
            if TRUE in parts:
                return TRUE
            return f"({chain(' OR ', parts)})" if parts else FALSE
        if isinstance(condition, Not):
            return f"NOT ({self.condition(table, alias, condition.part, is_anchored=is_anchored)})"
        if isinstance(condition, IsNull):
            return f"{self.column(alias, condition.column)} IS {'' if condition.wanted else 'NOT '}NULL"
        if isinstance(condition, Related):
            return self._related(table, alias, condition, is_anchored=is_anchored)
        return self._compare(table, alias, condition)

    def looked_up(self, table: PublicTable, alias: str, condition: Condition) -> str:
        """Write a condition so that an index of SQLite finds the rows that may meet it, or tells of all at once."""
        if not self.is_sqlite or not isinstance(condition, Compare):
            return self.condition(table, alias, condition)
        if condition.operator != "_contains":
            # An index may be over rows alone that have a value, which SQLite does not see in a call.
            return f"{alias}.{quoted(condition.column)} IS NOT NULL AND {self.condition(table, alias, condition)}"
        mark = self.mark(condition.value, self.fragments.bind("jsonb", "_contains"))
        short = thin(condition.column, f"{alias}.")
        meets = self.fragments.compare(short, "jsonb", "_contains", mark)
        empty = "[]" if condition.column == "labels" else "{}"
        return f"{alias}.{condition.column} <> '{empty}' AND ({short} IS NULL OR {meets})"

    def index_of(self, table: PublicTable, condition: Condition) -> str:
        """Name the index of SQLite that is to be read from end to end for rows that ``looked_up`` describes.

        SQLite itself would take the table for as good, since a condition of the index names the whole column.
        """
        if not self.is_sqlite or not isinstance(condition, Compare) or condition.operator != "_contains":
            return ""
        return f" INDEXED BY {quoted(f'{table.name}_{condition.column}_idx')}"

    def uncounted(self, condition: Condition) -> str:
        """Write the beginning of a sum that is beyond any bound when the rows cannot be looked up.

        What is contained is then nothing that a value must have, as an empty list: also rows without a value meet it.
        """
        found = ""
        for part in condition.parts if isinstance(condition, Or) else (condition,):
            if self.is_sqlite and isinstance(part, Compare) and part.operator == "_contains":
                mark = self.mark(part.value, self.fragments.bind("jsonb", "_contains"))
                found += f"(p_telling({mark}) = '') * 1000000 + "
        return found

    def _all(self, table: PublicTable, alias: str, condition: And, is_anchored: bool) -> str:
        is_anchored = is_anchored or any(is_anchor(table, part) for part in condition.parts)
        keyed = any(is_key(table, part) for part in condition.parts)
        parts = []
        for part in condition.parts:
            with self.finding(alias, ("id",)) if keyed else nullcontext():
                parts.append(self.condition(table, alias, part, is_anchored=is_anchored))
        kept = [part for part in parts if part != TRUE]
        if not kept:
            return TRUE
        return kept[0] if len(kept) == 1 else f"({chain(' AND ', kept)})"

    def _related(self, table: PublicTable, alias: str, condition: Related, *, is_anchored: bool) -> str:
        relation = condition.relation
        target, other = PUBLIC[relation.target], self.alias()
        # SQLite looks an EXISTS up for every row; a list of keys lets it start from the related rows.
        is_list = self.is_sqlite and not relation.is_array and not is_anchored
        inner = self.condition(target, other, condition.condition, is_anchored=not is_list)
        if within := self.within(target, other):
            inner = f"{within} AND {inner}"
        source = f"{quoted(target.name)} AS {other}"
        if is_list:
            local = self.column(alias, relation.local)
            found = f"{local} IN (SELECT {other}.{quoted(relation.remote)} FROM {source} WHERE {inner})"
            return f"({local} IS NOT NULL AND {found})" if table.columns[relation.local].nullable else found
        return f"EXISTS (SELECT 1 FROM {source} WHERE {join_of(relation, alias, other)} AND {inner})"

    def _compare(self, table: PublicTable, alias: str, condition: Compare) -> str:
        expression = self.column(alias, condition.column)
        kind = graphql_type(table.columns[condition.column])
        if condition.as_text:
            expression, kind = self.fragments.as_text(expression), "String"
        mark = self.mark(condition.value, self.fragments.bind(kind, condition.operator))
        is_searched = not condition.as_text and (table.name, condition.column) in SEARCHED
        return self.fragments.compare(expression, kind, condition.operator, mark, is_searched=is_searched)


def join_of(relation: Relation, alias: str, other: str) -> str:
    return f"{other}.{quoted(relation.remote)} = {alias}.{quoted(relation.local)}"
