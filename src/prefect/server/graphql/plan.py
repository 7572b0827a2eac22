"""From a validated operation to a plan: what to compile, what to run, and how its answer is put together.

A plan depends on the variables only in what ``Arguments`` noted, and is kept for all requests that agree in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLArgument,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    StringValueNode,
    Undefined,
    ValueNode,
    VariableNode,
    value_from_ast,
    value_from_ast_untyped,
)

from prefect.server.catalogue import FUNCTIONS, PUBLIC, PublicTable
from prefect.server.store.compiler import Compiled, compile_aggregate, compile_row, compile_rows
from prefect.server.store.dialect import Dialect
from prefect.server.store.selection import (
    Aggregate,
    ColumnValue,
    Compare,
    Count,
    Field,
    Figures,
    Many,
    Nodes,
    One,
    Rows,
    Scope,
    Statistic,
    Text,
    Value,
)

from .arguments import Arguments, json_path
from .operations import Operation
from .scalars import parse_json_text
from .schema import Schema

#: Gives a value once variables are known; ``Undefined``: not given.
Builder = Callable[[Mapping[str, Any]], Any]
Complete = Callable[[Any], Any]


@dataclass(frozen=True)
class TableRoot:
    """A root field that is answered by one statement."""

    key: str
    compiled: Compiled
    is_nullable: bool
    #: The caller may not read this table.
    is_hidden: bool = False
    #: The id of the one flow run that is asked for.
    row: Value | None = None


@dataclass(frozen=True)
class OperationRoot:
    """A root field that is answered by running an operation."""

    key: str
    operation: Operation
    arguments: Builder
    complete: Complete
    is_nullable: bool


@dataclass(frozen=True)
class TextRoot:
    """``__typename`` of the root."""

    key: str
    text: str


@dataclass(frozen=True)
class IntrospectionRoot:
    """``__schema`` or ``__type``: answered by graphql-core."""

    key: str
    nodes: tuple[FieldNode, ...]


Root = TableRoot | OperationRoot | TextRoot | IntrospectionRoot


@dataclass(frozen=True)
class Plan:
    roots: tuple[Root, ...]
    is_mutation: bool
    operation: OperationDefinitionNode
    fragments: Mapping[str, FragmentDefinitionNode]


class Planner:
    """Makes the plan of one operation for one set of values."""

    def __init__(
        self,
        schema: Schema,
        fragments: Mapping[str, FragmentDefinitionNode],
        arguments: Arguments,
        dialect: Dialect,
        scope: Scope | None = None,
    ) -> None:
        self._scope = scope
        self._schema = schema
        self._fragments = fragments
        self._arguments = arguments
        self._dialect = dialect

    def plan(self, operation: OperationDefinitionNode) -> Plan:
        is_mutation = operation.operation is OperationType.MUTATION
        root_type = self._schema.types.get_root_type(operation.operation)
        assert root_type is not None  # noqa: S101 - validated
        found = self._collect([operation.selection_set])
        roots = tuple(self._root(root_type, key, nodes) for key, nodes in found.items())
        return Plan(roots, is_mutation, operation, self._fragments)

    def _collect(self, sets: Iterable[SelectionSetNode | None]) -> dict[str, list[FieldNode]]:
        """Give the selected fields by the key of the answer, fragments and directives resolved."""
        found: dict[str, list[FieldNode]] = {}
        seen: set[str] = set()
        for selections in sets:
            if selections is not None:
                self._collect_into(selections, found, seen)
        return found

    def _collect_into(self, selections: SelectionSetNode, found: dict[str, list[FieldNode]], seen: set[str]) -> None:
        for node in selections.selections:
            if not self._is_wanted(node):
                continue
            if isinstance(node, FieldNode):
                key = node.alias.value if node.alias else node.name.value
                found.setdefault(key, []).append(node)
            elif isinstance(node, FragmentSpreadNode):
                # Another use of it beside the first adds nothing.
                if node.name.value not in seen:
                    seen.add(node.name.value)
                    self._collect_into(self._fragments[node.name.value].selection_set, found, seen)
            else:
                # Every type is an object type, so a valid inline fragment always applies.
                self._collect_into(node.selection_set, found, seen)  # type: ignore[attr-defined]

    def _is_wanted(self, node: Any) -> bool:
        for directive in node.directives or ():
            name = directive.name.value
            if name in ("include", "skip"):
                condition = self._arguments.constant(self._arguments.read(directive.arguments[0].value))
                if bool(condition) != (name == "include"):
                    return False
        return True

    def _inner(self, nodes: list[FieldNode]) -> dict[str, list[FieldNode]]:
        return self._collect(node.selection_set for node in nodes)

    def _given(self, node: FieldNode) -> dict[str, Any]:
        return {argument.name.value: self._arguments.read(argument.value) for argument in node.arguments or ()}

    def _root(self, root_type: GraphQLObjectType, key: str, nodes: list[FieldNode]) -> Root:
        name = nodes[0].name.value
        if name == "__typename":
            return TextRoot(key, root_type.name)
        if name.startswith("__"):
            return IntrospectionRoot(key, tuple(nodes))
        is_mutation = root_type is self._schema.types.mutation_type
        operations = self._schema.mutations if is_mutation else self._schema.queries
        if name in operations:
            return self._operation_root(key, operations[name], root_type, nodes)
        return self._table_root(key, name, nodes)

    def _table_root(self, key: str, name: str, nodes: list[FieldNode]) -> TableRoot:
        given = self._given(nodes[0])
        inner = self._inner(nodes)
        if name.endswith("_by_pk") and name.removesuffix("_by_pk") in PUBLIC:
            table = PUBLIC[name.removesuffix("_by_pk")]
            row_id = self._arguments.value(given["id"], "uuid")
            return TableRoot(
                key,
                compile_row(
                    Rows(table, Compare("id", "_eq", row_id)), self._fields(table, inner), self._dialect, self._scope
                ),
                True,
                self._is_hidden(table),
                row_id if table.name == "flow_run" else None,
            )
        base = name.removesuffix("_aggregate") if name not in PUBLIC and name not in FUNCTIONS else name
        function = base if base in FUNCTIONS else None
        table = PUBLIC[FUNCTIONS.get(base, base)]
        rows = self._arguments.rows(table, given, function)
        if base != name:
            parts = self._aggregate_parts(table, inner)
            return TableRoot(
                key, compile_aggregate(rows, parts, self._dialect, self._scope), False, self._is_hidden(table)
            )
        return TableRoot(
            key,
            compile_rows(rows, self._fields(table, inner), self._dialect, self._scope),
            False,
            self._is_hidden(table),
        )

    def _is_hidden(self, table: PublicTable) -> bool:
        return self._scope is not None and table.name in self._scope.hidden

    def _fields(self, table: PublicTable, selected: Mapping[str, list[FieldNode]]) -> tuple[Field, ...]:
        return tuple(self._field(table, key, nodes) for key, nodes in selected.items())

    def _field(self, table: PublicTable, key: str, nodes: list[FieldNode]) -> Field:
        name = nodes[0].name.value
        if name == "__typename":
            return Text(key, table.name)
        if name in table.columns:
            path = self._arguments.constant(self._given(nodes[0]).get("path"))
            return ColumnValue(key, name, () if path is None else json_path(path))
        inner = self._inner(nodes)
        if name in table.relations and not table.relations[name].is_array:
            relation = table.relations[name]
            return One(key, relation, self._fields(PUBLIC[relation.target], inner))
        given = self._given(nodes[0])
        if name in table.relations:
            relation = table.relations[name]
            target = PUBLIC[relation.target]
            return Many(key, relation, self._arguments.rows(target, given), self._fields(target, inner))
        relation = table.relations[name.removesuffix("_aggregate")]
        target = PUBLIC[relation.target]
        return Aggregate(key, relation, self._arguments.rows(target, given), self._aggregate_parts(target, inner))

    def _aggregate_parts(
        self, table: PublicTable, selected: Mapping[str, list[FieldNode]]
    ) -> tuple[Figures | Nodes | Text, ...]:
        parts: list[Figures | Nodes | Text] = []
        for key, nodes in selected.items():
            name = nodes[0].name.value
            inner = self._inner(nodes)
            if name == "__typename":
                parts.append(Text(key, f"{table.name}_aggregate"))
            elif name == "nodes":
                parts.append(Nodes(key, self._fields(table, inner)))
            else:
                parts.append(Figures(key, tuple(self._figure(table, *item) for item in inner.items())))
        return tuple(parts)

    def _figure(self, table: PublicTable, key: str, nodes: list[FieldNode]) -> Count | Statistic | Text:
        name = nodes[0].name.value
        if name == "__typename":
            return Text(key, f"{table.name}_aggregate_fields")
        if name == "count":
            given = self._arguments.constant(self._given(nodes[0]))
            columns = given.get("columns")
            listed = columns if isinstance(columns, list) else [] if columns is None else [columns]
            return Count(key, tuple(listed), bool(given.get("distinct")))
        columns_selected: list[ColumnValue | Text] = []
        for inner_key, inner_nodes in self._inner(nodes).items():
            column = inner_nodes[0].name.value
            is_text = column == "__typename"
            fixed = f"{table.name}_{name}_fields"
            columns_selected.append(Text(inner_key, fixed) if is_text else ColumnValue(inner_key, column))
        return Statistic(key, name, tuple(columns_selected))

    def _operation_root(
        self, key: str, operation: Operation, root_type: GraphQLObjectType, nodes: list[FieldNode]
    ) -> OperationRoot:
        field = root_type.fields[operation.name]
        builders = self._argument_builders(field.args, nodes[0])
        complete = self._completer(field.type, nodes)
        is_nullable = not isinstance(field.type, GraphQLNonNull)
        if operation.is_mutation:
            return OperationRoot(key, operation, builders.get("input", _nothing), complete, is_nullable)

        def arguments(values: Mapping[str, Any]) -> dict[str, Any]:
            found = {name: build(values) for name, build in builders.items()}
            return {name: value for name, value in found.items() if value is not Undefined}

        return OperationRoot(key, operation, arguments, complete, is_nullable)

    def _argument_builders(self, declared: Mapping[str, GraphQLArgument], node: FieldNode) -> dict[str, Builder]:
        given = {argument.name.value: argument.value for argument in node.arguments or ()}
        builders = {}
        for name, argument in declared.items():
            if name in given:
                builders[name] = _or_default(self._builder(given[name], argument.type), argument.default_value)
            elif argument.default_value is not Undefined:
                builders[name] = _always(argument.default_value)
        return builders

    def _builder(self, node: ValueNode, kind: Any) -> Builder:
        """Make a function that gives the value of an argument of an operation."""
        if isinstance(node, VariableNode):
            name = node.name.value
            return lambda values: values.get(name, Undefined)
        if isinstance(node, NullValueNode):
            return _always(None)
        if isinstance(kind, GraphQLNonNull):
            return self._builder(node, kind.of_type)
        if isinstance(kind, GraphQLList):
            nodes = node.values if isinstance(node, ListValueNode) else (node,)
            items = [self._builder(item, kind.of_type) for item in nodes]
            return lambda values: [None if (item := build(values)) is Undefined else item for build in items]
        if isinstance(kind, GraphQLInputObjectType) and isinstance(node, ObjectValueNode):
            return self._object_builder(node, kind)
        if isinstance(kind, GraphQLScalarType) and kind.name in ("JSON", "jsonb"):
            return self._json_builder(node, is_text=kind.name == "JSON")
        return _always(value_from_ast(node, kind))

    def _json_builder(self, node: ValueNode, *, is_text: bool) -> Builder:
        """Make a function that gives a JSON literal: a string that holds JSON, or a value as it stands."""
        if isinstance(node, VariableNode):
            variable = node.name.value
            return lambda values: values.get(variable)
        if isinstance(node, ObjectValueNode):
            fields = {field.name.value: self._json_builder(field.value, is_text=False) for field in node.fields}
            return lambda values: {key: build(values) for key, build in fields.items()}
        if isinstance(node, ListValueNode):
            items = [self._json_builder(item, is_text=False) for item in node.values]
            return lambda values: [build(values) for build in items]
        if isinstance(node, StringValueNode) and is_text:
            return _always(parse_json_text(node.value))
        return _always(value_from_ast_untyped(node))

    def _object_builder(self, node: ObjectValueNode, kind: GraphQLInputObjectType) -> Builder:
        builders = {
            field.name.value: self._builder(field.value, kind.fields[field.name.value].type) for field in node.fields
        }
        defaults = {
            name: field.default_value for name, field in kind.fields.items() if field.default_value is not Undefined
        }

        def build(values: Mapping[str, Any]) -> dict[str, Any]:
            found = {name: make(values) for name, make in builders.items()}
            return defaults | {name: value for name, value in found.items() if value is not Undefined}

        return build

    def _completer(self, kind: Any, nodes: list[FieldNode]) -> Complete:
        """Make a function that cuts what an operation returned down to what was selected."""
        if isinstance(kind, GraphQLNonNull):
            return self._completer(kind.of_type, nodes)
        if isinstance(kind, GraphQLList):
            inner = self._completer(kind.of_type, nodes)
            return lambda items: None if items is None else [inner(item) for item in items]
        if not isinstance(kind, GraphQLObjectType):
            return _as_it_is
        fields: list[tuple[str, str, Complete]] = []
        texts: dict[str, str] = {}
        for key, selected in self._inner(nodes).items():
            name = selected[0].name.value
            if name == "__typename":
                texts[key] = kind.name
            fields.append((key, name, _as_it_is if key in texts else self._completer(kind.fields[name].type, selected)))

        def complete(payload: Any) -> Any:
            if payload is None:
                return None
            return {key: texts[key] if key in texts else finish(payload.get(name)) for key, name, finish in fields}

        return complete


def _as_it_is(value: Any) -> Any:
    return value


def _nothing(values: Mapping[str, Any]) -> dict[str, Any]:
    return {}


def _always(value: Any) -> Builder:
    return lambda values: value


def _or_default(build: Builder, default: Any) -> Builder:
    def built(values: Mapping[str, Any]) -> Any:
        value = build(values)
        return default if value is Undefined else value

    return built if default is not Undefined else build
