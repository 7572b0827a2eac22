"""The GraphQL schema: tables from the catalogue, everything else from operations.

Only types are made here. No field has a resolver: table roots are compiled to SQL, operations are run by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLField,
    GraphQLFloat,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLString,
    ListTypeNode,
    NonNullTypeNode,
    TypeNode,
    parse_const_value,
    parse_type,
    specified_directives,
)

from prefect.server.catalogue import FUNCTIONS, PUBLIC, PublicTable, Relation, graphql_type

from .operations import ENUMS, INPUT_TYPES, OBJECT_TYPES, SUCCESS, Operation
from .scalars import SCALARS

COMPARE = ("_eq", "_neq", "_gt", "_gte", "_lt", "_lte")
TEXT_OPERATORS = (
    *("_like", "_nlike", "_ilike", "_nilike", "_similar", "_nsimilar"),
    *("_regex", "_nregex", "_iregex", "_niregex"),
)
ORDERS = ("asc", "asc_nulls_first", "asc_nulls_last", "desc", "desc_nulls_first", "desc_nulls_last")
NUMERIC = frozenset({"Int", "Float"})
NOT_COMPARABLE = frozenset({"jsonb", "Boolean"})
#: Operations that can be subscribed to, beside every table.
SUBSCRIBED = ("flow_run_events",)
STATISTICS = ("avg", "stddev", "stddev_pop", "stddev_samp", "sum", "var_pop", "var_samp", "variance")


@dataclass
class Schema:
    """The types, and the operations by the name of their root field."""

    types: GraphQLSchema
    queries: dict[str, Operation] = field(default_factory=dict)
    mutations: dict[str, Operation] = field(default_factory=dict)


def build(operations: Iterable[Operation]) -> Schema:
    """Make the schema of all tables and these operations."""
    listed = list(operations)
    queries = {operation.name: operation for operation in listed if not operation.is_mutation}
    mutations = {operation.name: operation for operation in listed if operation.is_mutation}
    types = _Types()
    query = GraphQLObjectType("query_root", lambda: types.table_roots() | types.query_fields(queries.values()))
    mutation = GraphQLObjectType("mutation_root", lambda: types.mutation_fields(mutations.values()))
    watched = [queries[name] for name in SUBSCRIBED if name in queries]
    subscription = GraphQLObjectType("subscription_root", lambda: types.table_roots() | types.query_fields(watched))
    schema = GraphQLSchema(
        query=query,
        mutation=mutation if mutations else None,
        subscription=subscription,
        directives=specified_directives,
        types=[*SCALARS.values(), *types.comparisons.values()],
        assume_valid=True,
    )
    return Schema(schema, queries, mutations)


def _non_null(kind: Any) -> Any:
    return GraphQLNonNull(kind)


def _list_of(kind: Any) -> Any:
    return GraphQLList(GraphQLNonNull(kind))


class _Types:
    """Every type by its name, each made once."""

    def __init__(self) -> None:
        self.named: dict[str, Any] = dict(SCALARS)
        self.order_by = GraphQLEnumType("order_by", {name: name for name in ORDERS})
        self.named["order_by"] = self.order_by
        self.comparisons = {
            name: self._comparison(name) for name in ("String", "Int", "Boolean", "uuid", "timestamptz", "interval")
        }
        self.comparisons["jsonb"] = self._comparison("jsonb")
        self.rows = {name: self._row(table) for name, table in PUBLIC.items()}
        self.filters = {name: self._filter(table) for name, table in PUBLIC.items()}
        self.orders = {name: self._order(table) for name, table in PUBLIC.items()}
        self.columns = {
            name: GraphQLEnumType(f"{name}_select_column", {column: column for column in table.columns})
            for name, table in PUBLIC.items()
        }
        self.aggregates = {name: self._aggregate(table) for name, table in PUBLIC.items()}
        self.aggregate_orders = {name: self._aggregate_order(table) for name, table in PUBLIC.items()}
        self.named |= {f"{name}_bool_exp": found for name, found in self.filters.items()}
        for name, values in ENUMS.items():
            self.named[name] = GraphQLEnumType(name, {value: value for value in values})
        for name, fields in INPUT_TYPES.items():
            self.named[name] = self._input(name, fields)
        for name, outputs in OBJECT_TYPES.items():
            self.named[name] = self._object(name, outputs)

    def _comparison(self, name: str) -> GraphQLInputObjectType:
        scalar = SCALARS[name]

        def fields() -> dict[str, GraphQLInputField]:
            found: dict[str, Any] = dict.fromkeys(COMPARE, scalar)
            found |= {"_in": _list_of(scalar), "_nin": _list_of(scalar), "_is_null": GraphQLBoolean}
            if name == "String":
                found |= dict.fromkeys(TEXT_OPERATORS, scalar)
            if name == "jsonb":
                found |= {"_contains": scalar, "_contained_in": scalar, "_has_key": GraphQLString}
                found |= {"_has_keys_any": _list_of(GraphQLString), "_has_keys_all": _list_of(GraphQLString)}
                found["_cast"] = self._cast
            return {key: GraphQLInputField(kind) for key, kind in found.items()}

        if name == "jsonb":
            self._cast = GraphQLInputObjectType(
                "jsonb_cast_exp", {"String": GraphQLInputField(self.comparisons["String"])}
            )
        return GraphQLInputObjectType(f"{name}_comparison_exp", fields)

    def _row(self, table: PublicTable) -> GraphQLObjectType:
        def fields() -> dict[str, GraphQLField]:
            found = {}
            for name, column in table.columns.items():
                kind = graphql_type(column)
                args = {"path": GraphQLArgument(GraphQLString)} if kind == "jsonb" else None
                found[name] = GraphQLField(SCALARS[kind] if column.nullable else _non_null(SCALARS[kind]), args)
            for relation in table.relations.values():
                found |= self._relation_fields(table, relation)
            return found

        return GraphQLObjectType(table.name, fields)

    def _relation_fields(self, table: PublicTable, relation: Relation) -> dict[str, GraphQLField]:
        if relation.is_array:
            return self._rows_fields(relation.name, relation.target)
        sure = not table.columns[relation.local].nullable
        row = self.rows[relation.target]
        return {relation.name: GraphQLField(_non_null(row) if sure else row)}

    def _rows_fields(self, name: str, target: str, **more: GraphQLArgument) -> dict[str, GraphQLField]:
        args = more | self._rows_arguments(target)
        return {
            name: GraphQLField(_non_null(_list_of(self.rows[target])), args),
            f"{name}_aggregate": GraphQLField(_non_null(self.aggregates[target]), args),
        }

    def _rows_arguments(self, target: str) -> dict[str, GraphQLArgument]:
        return {
            "distinct_on": GraphQLArgument(_list_of(self.columns[target])),
            "limit": GraphQLArgument(GraphQLInt),
            "offset": GraphQLArgument(GraphQLInt),
            "order_by": GraphQLArgument(_list_of(self.orders[target])),
            "where": GraphQLArgument(self.filters[target]),
        }

    def _filter(self, table: PublicTable) -> GraphQLInputObjectType:
        def fields() -> dict[str, GraphQLInputField]:
            own = self.filters[table.name]
            found: dict[str, Any] = {"_and": _list_of(own), "_not": own, "_or": _list_of(own)}
            found |= {name: self.comparisons[graphql_type(column)] for name, column in table.columns.items()}
            found |= {relation.name: self.filters[relation.target] for relation in table.relations.values()}
            return {name: GraphQLInputField(kind) for name, kind in found.items()}

        return GraphQLInputObjectType(f"{table.name}_bool_exp", fields)

    def _order(self, table: PublicTable) -> GraphQLInputObjectType:
        def fields() -> dict[str, GraphQLInputField]:
            found: dict[str, Any] = dict.fromkeys(table.columns, self.order_by)
            for relation in table.relations.values():
                if relation.is_array:
                    found[f"{relation.name}_aggregate"] = self.aggregate_orders[relation.target]
                else:
                    found[relation.name] = self.orders[relation.target]
            return {name: GraphQLInputField(kind) for name, kind in found.items()}

        return GraphQLInputObjectType(f"{table.name}_order_by", fields)

    def _aggregated(self, table: PublicTable) -> dict[str, dict[str, Any]]:
        """Find for each function the columns it works on, with the type of its result."""
        kinds = {name: graphql_type(column) for name, column in table.columns.items()}
        numbers = {name: GraphQLFloat for name, kind in kinds.items() if kind in NUMERIC}
        comparable = {name: SCALARS[kind] for name, kind in kinds.items() if kind not in NOT_COMPARABLE}
        found: dict[str, dict[str, Any]] = {"max": comparable, "min": comparable}
        if numbers:
            found |= dict.fromkeys(STATISTICS, numbers)
            found["sum"] = {name: SCALARS[kinds[name]] for name in numbers}
        return found

    def _aggregate(self, table: PublicTable) -> GraphQLObjectType:
        name = table.name

        def aggregate_fields() -> dict[str, GraphQLField]:
            count = {
                "columns": GraphQLArgument(_list_of(self.columns[name])),
                "distinct": GraphQLArgument(GraphQLBoolean),
            }
            found = {"count": GraphQLField(_non_null(GraphQLInt), count)}
            for function, columns in self._aggregated(table).items():
                fields = {column: GraphQLField(kind) for column, kind in columns.items()}
                found[function] = GraphQLField(GraphQLObjectType(f"{name}_{function}_fields", fields))
            return found

        inner = GraphQLObjectType(f"{name}_aggregate_fields", aggregate_fields)
        return GraphQLObjectType(
            f"{name}_aggregate",
            lambda: {
                "aggregate": GraphQLField(inner),
                "nodes": GraphQLField(_non_null(_list_of(self.rows[name]))),
            },
        )

    def _aggregate_order(self, table: PublicTable) -> GraphQLInputObjectType:
        name = table.name

        def fields() -> dict[str, GraphQLInputField]:
            found: dict[str, Any] = {"count": self.order_by}
            for function, columns in self._aggregated(table).items():
                inner = {column: GraphQLInputField(self.order_by) for column in columns}
                found[function] = GraphQLInputObjectType(f"{name}_{function}_order_by", inner)
            return {key: GraphQLInputField(kind) for key, kind in found.items()}

        return GraphQLInputObjectType(f"{name}_aggregate_order_by", fields)

    def table_roots(self) -> dict[str, GraphQLField]:
        found: dict[str, GraphQLField] = {}
        for name, table in PUBLIC.items():
            found |= self._rows_fields(name, name)
            if table.has_key:
                key = GraphQLArgument(_non_null(SCALARS["uuid"]))
                found[f"{name}_by_pk"] = GraphQLField(self.rows[name], {"id": key})
        for name, target in FUNCTIONS.items():
            args = GraphQLArgument(_non_null(self._function_arguments(f"{name}_args")))
            found |= self._rows_fields(name, target, args=args)
        return found

    def _function_arguments(self, name: str) -> GraphQLInputObjectType:
        if name not in self.named:
            arguments = {
                "start_task_ids": GraphQLInputField(SCALARS["_uuid"]),
                "depth_limit": GraphQLInputField(GraphQLInt, default_value=50),
            }
            self.named[name] = GraphQLInputObjectType(name, arguments)
        found: GraphQLInputObjectType = self.named[name]
        return found

    def type_of(self, text: str) -> Any:
        return self._type(parse_type(text))

    def _type(self, node: TypeNode) -> Any:
        if isinstance(node, NonNullTypeNode):
            return GraphQLNonNull(self._type(node.type))
        if isinstance(node, ListTypeNode):
            return GraphQLList(self._type(node.type))
        return self.named[node.name.value]  # type: ignore[attr-defined]

    def _input(self, name: str, fields: Mapping[str, str]) -> GraphQLInputObjectType:
        return GraphQLInputObjectType(
            name, lambda: {key: GraphQLInputField(kind, **default) for key, (kind, default) in self._typed(fields)}
        )

    def _typed(self, fields: Mapping[str, str]) -> Iterable[tuple[str, tuple[Any, dict[str, Any]]]]:
        """Read ``name: "type = default"``."""
        for name, written in fields.items():
            text, _, default = written.partition("=")
            given = {"default_value": _constant(default)} if default else {}
            yield name, (self.type_of(text), given)

    def _object(self, name: str, fields: Mapping[str, str]) -> GraphQLObjectType:
        return GraphQLObjectType(name, lambda: {key: GraphQLField(self.type_of(kind)) for key, kind in fields.items()})

    def _output(self, operation: Operation) -> Any:
        if isinstance(operation.output, str):
            return self.type_of(operation.output)
        name = "success_payload" if operation.output == SUCCESS else f"{operation.name}_payload"
        if name not in self.named:
            self.named[name] = self._object(name, operation.output)
        return self.named[name]

    def query_fields(self, operations: Iterable[Operation]) -> dict[str, GraphQLField]:
        found = {}
        for operation in operations:
            args = {key: GraphQLArgument(kind, **default) for key, (kind, default) in self._typed(operation.inputs)}
            found[operation.name] = GraphQLField(self._output(operation), args)
        return found

    def mutation_fields(self, operations: Iterable[Operation]) -> dict[str, GraphQLField]:
        found = {}
        for operation in operations:
            args = {}
            if operation.inputs:
                name = f"{operation.name}_input"
                if name not in self.named:
                    self.named[name] = self._input(name, operation.inputs)
                args = {"input": GraphQLArgument(_non_null(self.named[name]))}
            found[operation.name] = GraphQLField(self._output(operation), args)
        return found


def _constant(text: str) -> Any:
    from graphql import value_from_ast_untyped

    return value_from_ast_untyped(parse_const_value(text.strip()))
