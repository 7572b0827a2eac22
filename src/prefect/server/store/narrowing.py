"""What a condition says about how few rows it leaves, and the same condition said of the row itself.

Pure: a condition in, a condition or a yes or no out.  It helps the compiler to write what a planner finds an index for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from prefect.server.catalogue import PUBLIC, PublicTable

from .selection import ALWAYS, And, Compare, Condition, IsNull, Not, Or, Related, Rows

__all__ = [
    "SEARCHED",
    "Way",
    "excludes_null",
    "in_order",
    "is_anchor",
    "is_deep",
    "is_key",
    "narrowed",
    "other_ways",
    "searches",
]

#: Columns in which a row carries what never changes in its related row, which every row has: table and relation ->
#: remote and own name.
_CARRIED: Mapping[tuple[str, str], Mapping[str, str]] = {
    ("flow_run", "flow"): {"id": "flow_id", "flow_group_id": "flow_group_id"},
    ("flow_run_state", "flow_run"): {"id": "flow_run_id"},
    ("task_run", "flow_run"): {"id": "flow_run_id"},
    ("task_run", "task"): {"id": "task_id"},
    ("task_run_state", "task_run"): {"id": "task_run_id"},
}
_NAMING = ("_eq", "_in")


def narrowed(table: PublicTable, condition: Condition) -> Condition:
    """Ask the row for what it carries of its related rows, and write conditions that all must hold in one row."""
    if isinstance(condition, And):
        return _all([narrowed(table, part) for part in condition.parts])
    if isinstance(condition, Or):
        return Or(tuple(narrowed(table, part) for part in condition.parts))
    if isinstance(condition, Not):
        return Not(narrowed(table, condition.part))
    if not isinstance(condition, Related):
        return condition
    relation = condition.relation
    inner = narrowed(PUBLIC[relation.target], condition.condition)
    carried = _CARRIED.get((table.name, relation.name), {})
    own: list[Condition] = []
    others: list[Condition] = []
    for part in _parts(inner):
        if isinstance(part, Compare) and part.operator in _NAMING and part.column in carried and not part.as_text:
            own.append(Compare(carried[part.column], part.operator, part.value))
        else:
            others.append(part)
    local = table.columns[relation.local]
    if not own and not others and not relation.is_array and local.foreign_keys:
        # A key that is there leads to a row: nothing is left to look for. Clients of 1.x send such filters all the
        # time, for every option that was not given.
        return IsNull(relation.local, wanted=False) if local.nullable else ALWAYS
    if not own:
        return Related(relation, inner)
    return _all([*own, *([Related(relation, _all(others))] if others else [])])


def _parts(condition: Condition) -> Iterator[Condition]:
    """Give what all must hold."""
    if not isinstance(condition, And):
        yield condition
        return
    for part in condition.parts:
        yield from _parts(part)


def _all(conditions: list[Condition]) -> Condition:
    parts = tuple(part for condition in conditions for part in _parts(condition))
    return parts[0] if len(parts) == 1 else And(parts)


def is_key(table: PublicTable, part: Condition) -> bool:
    """Tell whether the condition names rows by their key."""
    return isinstance(part, Compare) and part.operator in _NAMING and table.columns[part.column].primary_key


def is_anchor(table: PublicTable, part: Condition) -> bool:
    """Tell whether the condition alone leaves few rows: a key, or the key of a parent."""
    if not isinstance(part, Compare) or part.operator not in _NAMING:
        return False
    column = table.columns[part.column]
    return column.primary_key or (bool(column.foreign_keys) and part.column != "tenant_id")


def excludes_null(rows: Rows, column: str) -> bool:
    """Tell whether each of the rows has a value in the column."""
    return any(
        (isinstance(part, IsNull) and part.column == column and not part.wanted)
        or (isinstance(part, Compare) and part.column == column)
        for part in _parts(narrowed(rows.table, rows.where))
    )


@dataclass(frozen=True)
class Way:
    """An index that has the rows in the order of their first term."""

    index: str
    #: The columns before the one they are in the order of: all the rows have the same value there.
    prefix: frozenset[str]


def in_order(rows: Rows, joined_by: str) -> Way | None:
    """Find the index that has the rows in their order; of several the one that has the least of other rows.

    Args:
        joined_by: a column in which all the rows have the same value, besides those that the condition names; may be
            empty.
    """
    if not rows.order_by or rows.order_by[0].through or rows.function is not None or is_deep(rows.where):
        return None
    parts = list(_parts(narrowed(rows.table, rows.where)))
    if any(is_key(rows.table, part) for part in parts):
        return None
    same = {part.column for part in parts if isinstance(part, Compare) and part.operator == "_eq" and not part.as_text}
    if joined_by:
        same.add(joined_by)
    found: Way | None = None
    column = rows.order_by[0].column
    for name, names in _indexes(rows.table).items():
        before = frozenset(names[: names.index(column)]) if column in names else None
        if before is None or (joined_by and joined_by not in before):
            continue
        if before <= same and (found is None or len(before) > len(found.prefix)):
            found = Way(name, before)
    return found


def _indexes(table: PublicTable) -> dict[str, list[str]]:
    """Give the columns of the table's indexes over all its rows, in either database, by their names."""
    return {
        str(index.name): list(index.columns.keys())
        for index in sorted(table.table.indexes, key=lambda index: str(index.name))
        if "only" not in index.info and index.dialect_options["sqlite"].get("where") is None
    }


def _leading(table: PublicTable) -> set[str]:
    """Give the columns by one value of which an index finds all rows that have it."""
    found = {names[0] for names in _indexes(table).values()}
    for index in table.table.indexes:
        where, names = index.dialect_options["sqlite"].get("where"), list(index.columns.keys())
        if "only" not in index.info and where is not None and str(where) == f"{names[0]} IS NOT NULL":
            found.add(names[0])
    return found - {"tenant_id"}


#: More ways than these are not weighed against each other.
_MOST_WAYS = 2
#: Columns whose texts are in an index of SQLite, which is read from end to end: what they are asked.
SEARCHED: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("flow_run", "name"): ("_ilike", "_like", "_eq"),
    ("task_run", "name"): ("_ilike", "_like", "_eq"),
    ("flow_run", "labels"): ("_contains",),
    ("flow_run", "parameters"): ("_contains",),
}


def other_ways(rows: Rows, index: Way | None) -> list[Condition]:
    """Find by which of its conditions the rows could be found instead of in their order, by the index."""
    if rows.function is not None or rows.limit is None or is_deep(rows.where):
        return []
    parts = list(_parts(narrowed(rows.table, rows.where)))
    if any(is_key(rows.table, part) for part in parts):
        return []
    taken = frozenset() if index is None else index.prefix | {rows.order_by[0].column}
    is_anchored = any(is_anchor(rows.table, part) for part in parts)
    found = [part for part in parts if _is_way(rows.table, part, taken, is_anchored=is_anchored)]
    return found[:_MOST_WAYS]


def searches(rows: Rows) -> list[Condition]:
    """Find the conditions that look for a text in all rows, where nothing else says which rows are wanted."""
    if rows.function is not None or rows.limit is not None or rows.offset is not None or is_deep(rows.where):
        return []
    parts = list(_parts(narrowed(rows.table, rows.where)))
    if any(is_anchor(rows.table, part) for part in parts):
        return []
    return [part for part in parts if _looks(rows.table, part) and _is_way(rows.table, part)][:1]


def is_deep(condition: Condition, left: int = 3) -> bool:
    """Tell whether the condition goes through so many relationships that SQLite's parser cannot hold more around it."""
    if isinstance(condition, Related):
        return left == 0 or is_deep(condition.condition, left - 1)
    if isinstance(condition, Not):
        return is_deep(condition.part, left)
    return isinstance(condition, And | Or) and any(is_deep(part, left) for part in condition.parts)


def _looks(table: PublicTable, part: Condition) -> bool:
    if isinstance(part, Or):
        return any(_looks(table, one) for one in part.parts)
    return isinstance(part, Compare) and part.operator in SEARCHED.get((table.name, part.column), ())


def _is_way(
    table: PublicTable, part: Condition, taken: frozenset[str] = frozenset(), *, is_anchored: bool = False
) -> bool:
    """Tell whether an index finds the rows that meet the condition."""
    if isinstance(part, Or):
        return bool(part.parts) and all(_is_way(table, one, is_anchored=is_anchored) for one in part.parts)
    leading = _leading(table) - taken
    if isinstance(part, Related):
        return not part.relation.is_array and part.relation.local in leading and not is_anchored
    if not isinstance(part, Compare) or part.as_text:
        return False
    if part.operator in SEARCHED.get((table.name, part.column), ()):
        return not is_anchored
    return part.operator in _NAMING and part.column in leading
