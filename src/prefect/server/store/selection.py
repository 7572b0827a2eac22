"""What a reader of tables wants, in words of the catalogue: the input of the compiler.

It knows neither GraphQL nor SQL. A value is written down (``Const``), comes at execution
(``Slot``), or is a list of both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from prefect.server.catalogue import PublicTable, Relation


@dataclass(frozen=True)
class Const:
    """A value known when the statement is compiled."""

    value: Any


@dataclass(frozen=True)
class Slot:
    """A value known when the statement is executed, by its name."""

    name: str


@dataclass(frozen=True)
class ListOf:
    """A list of values, some known later."""

    items: tuple[Value, ...]


Value = Const | Slot | ListOf


def resolve(value: Value, slots: Mapping[str, Any]) -> Any:
    """Give a value, now that the slots are filled."""
    if isinstance(value, Const):
        return value.value
    if isinstance(value, Slot):
        return slots[value.name]
    return [resolve(item, slots) for item in value.items]


@dataclass(frozen=True)
class And:
    parts: tuple[Condition, ...] = ()


@dataclass(frozen=True)
class Or:
    parts: tuple[Condition, ...] = ()


@dataclass(frozen=True)
class Not:
    part: Condition


@dataclass(frozen=True)
class Compare:
    """A column beside a value; ``as_text`` compares the text of a jsonb column."""

    column: str
    operator: str
    value: Value
    as_text: bool = False


@dataclass(frozen=True)
class IsNull:
    column: str
    wanted: bool


@dataclass(frozen=True)
class Related:
    """Some related row meets the condition."""

    relation: Relation
    condition: Condition


@dataclass(frozen=True)
class Scope:
    """What a reader may see: rows of its tenant, and none of the tables in ``hidden``."""

    #: Tenants, keys and audit are shown whole.
    all_tenants: bool = False
    hidden: frozenset[str] = frozenset()


#: The slot in which the reader's tenant comes; no variable can have this name.
TENANT_SLOT = "tenant of the caller"

Condition = And | Or | Not | Compare | IsNull | Related
ALWAYS = And()
NEVER = Or()


@dataclass(frozen=True)
class Order:
    """One term of an order: a column of this row, of one reached over ``through``, or an aggregate of related rows."""

    column: str
    descending: bool
    nulls_first: bool
    through: tuple[Relation, ...] = ()
    #: Aggregate of the array relation that ``through`` ends with: count, max, avg...
    function: str | None = None


@dataclass(frozen=True)
class Rows:
    """Some rows of a table, in order."""

    table: PublicTable
    where: Condition = ALWAYS
    order_by: tuple[Order, ...] = ()
    limit: Value | None = None
    offset: Value | None = None
    distinct_on: tuple[str, ...] = ()
    #: For a table that a function makes: its name and arguments.
    function: str | None = None
    arguments: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class Text:
    """A fixed text under this key."""

    key: str
    text: str


@dataclass(frozen=True)
class ColumnValue:
    key: str
    column: str
    #: Keys and indexes into a jsonb column.
    path: tuple[str, ...] = ()


@dataclass(frozen=True)
class One:
    """The related row, or null."""

    key: str
    relation: Relation
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class Many:
    """The related rows."""

    key: str
    relation: Relation
    rows: Rows
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class Count:
    key: str
    columns: tuple[str, ...] = ()
    distinct: bool = False


@dataclass(frozen=True)
class Statistic:
    """``function`` over some columns: pairs of key and column, or fixed texts."""

    key: str
    function: str
    columns: tuple[ColumnValue | Text, ...]


@dataclass(frozen=True)
class Figures:
    """The ``aggregate`` part of an aggregate."""

    key: str
    parts: tuple[Count | Statistic | Text, ...]


@dataclass(frozen=True)
class Nodes:
    """The rows themselves, inside an aggregate."""

    key: str
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class Aggregate:
    """Figures and rows of the related rows."""

    key: str
    relation: Relation
    rows: Rows
    parts: tuple[Figures | Nodes | Text, ...]


Field = Text | ColumnValue | One | Many | Aggregate
