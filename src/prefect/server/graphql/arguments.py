"""Arguments of table fields: from a document and its variables to conditions, orders and paging.

A plan is made once and used again with other values. So this notes what a plan depends on: a variable
whose value only goes into the statement leaves a slot; one that shapes the statement (a whole filter,
an order, a null that switches a filter off) is part of the key under which the plan is kept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from graphql import (
    BooleanValueNode,
    EnumValueNode,
    FloatValueNode,
    GraphQLError,
    GraphQLNonNull,
    GraphQLScalarType,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    StringValueNode,
    ValueNode,
    VariableNode,
    get_named_type,
)

from prefect.contract import limits
from prefect.server.catalogue import PUBLIC, PublicTable, Relation, graphql_type
from prefect.server.store.selection import (
    ALWAYS,
    NEVER,
    And,
    Compare,
    Condition,
    Const,
    IsNull,
    ListOf,
    Not,
    Or,
    Order,
    Related,
    Rows,
    Slot,
    Value,
)

from .scalars import SCALARS

#: A database plans a filter in time that grows fast with the relationships in it.
MOST_RELATIONS_DEEP = 10
MOST_DEEP = 30
MOST_CONDITIONS = 3_000

_LISTS = frozenset({"_in", "_nin", "_has_keys_any", "_has_keys_all"})


class _Leaf:
    """A scalar or enum value written in the document."""

    __slots__ = ("node",)

    def __init__(self, node: ValueNode) -> None:
        self.node = node


class _Later:
    """A value that comes with each execution: a variable."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name


class Arguments:
    """Reads the arguments of one operation and notes what the result depends on."""

    def __init__(self, types: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        self._types = types
        self._values = values
        self._conditions = 0
        #: Variables of which only matters whether they are null.
        self.null_matters: set[str] = set()
        #: Variables whose value shapes the plan.
        self.value_matters: set[str] = set()

    def read(self, node: ValueNode) -> Any:
        """Take a value apart: dicts in the client's order, lists, None, leaves, values that come later."""
        if isinstance(node, VariableNode):
            return self._variable(node.name.value)
        if isinstance(node, NullValueNode):
            return None
        if isinstance(node, ObjectValueNode):
            return {field.name.value: self.read(field.value) for field in node.fields}
        if isinstance(node, ListValueNode):
            return [self.read(item) for item in node.values]
        return _Leaf(node)

    def _variable(self, name: str) -> Any:
        kind = get_named_type(self._types[name])
        value = self._values.get(name)
        if isinstance(kind, GraphQLScalarType) and kind.name != "Boolean":
            if not isinstance(self._types[name], GraphQLNonNull):
                self.null_matters.add(name)
            return None if value is None else _Later(name)
        self.value_matters.add(name)
        return value

    def constant(self, value: Any) -> Any:
        """Give a value that the plan itself needs."""
        if isinstance(value, _Later):
            self.value_matters.add(value.name)
            return self._values[value.name]
        if isinstance(value, _Leaf):
            return _plain(value.node)
        if isinstance(value, dict):
            return {key: self.constant(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.constant(item) for item in value]
        return value

    def value(self, value: Any, kind: str) -> Value:
        """Give a value that only goes into the statement."""
        if isinstance(value, _Later):
            return Slot(value.name)
        if isinstance(value, _Leaf):
            return Const(_parse(kind, _plain(value.node), value.node))
        if kind == "jsonb":
            return Const(self.constant(value))
        return Const(value)

    def values(self, value: Any, kind: str) -> Value:
        """Give a list of values; one value stands for a list of one."""
        if isinstance(value, _Later):
            return Slot(value.name)
        found = tuple(self.value(item, kind) for item in (value if isinstance(value, list) else [value]))
        if all(isinstance(item, Const) for item in found):
            return Const([item.value for item in found if isinstance(item, Const)])
        return ListOf(found)

    def condition(self, table: PublicTable, value: Any, deep: int = 0, relations: int = 0) -> Condition:
        """Read a filter; null anywhere means: no condition.

        Args:
            deep: how many filters this one stands in.
            relations: through how many relationships.
        """
        if value is None:
            return ALWAYS
        self._conditions += 1 + len(value)
        self._check_size(deep, relations)
        deep += 1
        parts: list[Condition] = []
        for key, inner in value.items():
            if inner is None:
                continue
            if key == "_and":
                parts.append(And(tuple(self.condition(table, item, deep, relations) for item in _listed(inner))))
            elif key == "_or":
                parts.append(Or(tuple(self.condition(table, item, deep, relations) for item in _listed(inner))))
            elif key == "_not":
                parts.append(Not(self.condition(table, inner, deep, relations)))
            elif key in table.relations:
                relation = table.relations[key]
                parts.append(Related(relation, self.condition(PUBLIC[relation.target], inner, deep, relations + 1)))
            else:
                parts += self._comparisons(key, graphql_type(table.columns[key]), inner)
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _check_size(self, deep: int, relations: int) -> None:
        found = ((deep, MOST_DEEP, "filters inside of each other"), (relations, MOST_RELATIONS_DEEP, "relationships"))
        for count, most, what in found:
            if count > most:
                raise GraphQLError(f"A filter is nested too deeply: expected at most {most} {what}.")
        if self._conditions > MOST_CONDITIONS:
            raise GraphQLError(f"The filters are too large: expected at most {MOST_CONDITIONS} conditions.")

    def _comparisons(self, column: str, kind: str, operators: Any, *, as_text: bool = False) -> list[Condition]:
        found: list[Condition] = []
        for operator, value in operators.items():
            if value is None:
                continue
            if operator == "_is_null":
                found.append(IsNull(column, self.constant(value)))
            elif operator == "_cast":
                found += self._comparisons(column, "String", value.get("String") or {}, as_text=True)
            elif operator in _LISTS:
                found.append(self._in_list(column, kind, operator, value, as_text=as_text))
            else:
                operand = "String" if operator == "_has_key" else kind
                found.append(Compare(column, operator, self.value(value, operand), as_text))
        return found

    def _in_list(self, column: str, kind: str, operator: str, value: Any, *, as_text: bool) -> Condition:
        values = self.values(value, "String" if operator.startswith("_has_keys") else kind)
        if isinstance(values, Const) and not values.value and operator in ("_in", "_nin"):
            return NEVER if operator == "_in" else ALWAYS
        return Compare(column, operator, values, as_text)

    def order(self, table: PublicTable, value: Any) -> tuple[Order, ...]:
        """Read an order; the keys of an object count in the client's order."""
        if value is None:
            return ()
        return tuple(term for item in _listed(value) for term in self._order_terms(table, item, ()))

    def _order_terms(self, table: PublicTable, value: Any, through: tuple[Relation, ...]) -> list[Order]:
        terms: list[Order] = []
        for key, inner in (value or {}).items():
            if inner is None:
                continue
            if key in table.columns:
                terms.append(self._order_term(key, inner, through, None))
            elif key in table.relations:
                relation = table.relations[key]
                terms += self._order_terms(PUBLIC[relation.target], inner, (*through, relation))
            else:
                relation = table.relations[key.removesuffix("_aggregate")]
                terms += self._aggregate_terms(inner, (*through, relation))
        return terms

    def _aggregate_terms(self, value: Any, through: tuple[Relation, ...]) -> list[Order]:
        terms = []
        for function, inner in value.items():
            if inner is None:
                continue
            if function == "count":
                terms.append(self._order_term("", inner, through, "count"))
                continue
            for column, direction in inner.items():
                if direction is not None:
                    terms.append(self._order_term(column, direction, through, function))
        return terms

    def _order_term(self, column: str, value: Any, through: tuple[Relation, ...], function: str | None) -> Order:
        direction = self.constant(value)
        descending = direction.startswith("desc")
        # PostgreSQL's rule: null is larger than everything.
        nulls_first = direction.endswith("_nulls_first") or (descending and not direction.endswith("_nulls_last"))
        return Order(column, descending, nulls_first, through, function)

    def rows(self, table: PublicTable, given: Mapping[str, Any], function: str | None = None) -> Rows:
        """Read where, order_by, limit, offset and distinct_on."""
        order = self.order(table, given.get("order_by"))
        distinct = given.get("distinct_on")
        columns = () if distinct is None else tuple(dict.fromkeys(self.constant(c) for c in _listed(distinct)))
        leading = {term.column for term in order[: len(columns)] if not term.through}
        if columns and order and leading != set(columns):
            raise GraphQLError('"distinct_on" columns must match the initial columns of "order_by".')
        return Rows(
            table,
            self.condition(table, given.get("where")),
            order,
            self._count(given.get("limit")),
            self._count(given.get("offset")),
            columns,
            function,
            {} if function is None else self._function_arguments(given["args"]),
        )

    def _count(self, value: Any) -> Value | None:
        return None if value is None else self.value(value, "Int")

    def _function_arguments(self, value: Any) -> dict[str, Value]:
        starts, depth = value.get("start_task_ids"), value.get("depth_limit")
        return {
            "start_task_ids": Const([]) if starts is None else self.value(starts, "_uuid"),
            "depth_limit": Const(50) if depth is None else self.value(depth, "Int"),
        }


MOST_STEPS = limits.PATH_STEPS
_PATH_STEP = re.compile(r"""\.?([A-Za-z_$][\w$-]*)|\[(\d+)\]|\.?\["((?:[^"\\]|\\.)*)"\]|\.?\['((?:[^'\\]|\\.)*)'\]""")


def json_path(text: str) -> tuple[str, ...]:
    """Read ``$.a.b[0]`` into its keys and indexes."""
    position = 1 if text.startswith("$") else 0
    steps: list[str] = []
    while position < len(text):
        if len(steps) == MOST_STEPS:
            raise GraphQLError(f"Invalid path: expected at most {MOST_STEPS} keys and indexes.")
        found = _PATH_STEP.match(text, position)
        if found is None:
            raise GraphQLError(f"Invalid path {text!r}: expected a JSON path such as '$.a.b[0]'.")
        steps.append(next(group for group in found.groups() if group is not None))
        position = found.end()
    return tuple(steps)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _plain(node: ValueNode) -> Any:
    """Give the value of a literal as JSON has it."""
    if isinstance(node, IntValueNode):
        return int(node.value)
    if isinstance(node, FloatValueNode):
        return float(node.value)
    if isinstance(node, StringValueNode | BooleanValueNode | EnumValueNode):
        return node.value
    raise TypeError(f"No literal: {node.kind}")


def _parse(kind: str, value: Any, node: ValueNode | None = None) -> Any:
    return value if kind == "jsonb" else SCALARS[kind].parse_value(value)
