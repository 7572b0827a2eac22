"""Reading variables: from JSON to the values that operations and tables take.

graphql-core's own reader is slower and loses the order of the keys of an input object, which matters to
``order_by``; its error texts are used, by asking it again when a value does not fit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    GraphQLSchema,
    OperationDefinitionNode,
    Undefined,
    VariableDefinitionNode,
    get_named_type,
    get_variable_values,
    type_from_ast,
    value_from_ast,
)

from prefect.contract.limits import DOCUMENT_ERRORS

Coerce = Callable[[Any], Any]
HIDDEN = "***"


class Mismatch(Exception):
    """A value does not have its type; only says so, the text for the user is graphql-core's."""


#: Enums whose variables may hold other values too. A client of 1.x that has one line with a level of its user's own
#: would otherwise be refused, keep the batch, and never send another line.
OPEN_ENUMS = frozenset({"log_level"})
LONGEST_OPEN_VALUE = 64


class Coercers:
    """For each input type the function that reads a JSON value, made once."""

    def __init__(self) -> None:
        self._made: dict[Any, Coerce] = {}

    def of(self, kind: Any) -> Coerce:
        found = self._made.get(kind)
        if found is None:
            found = self._made[kind] = self._make(kind)
        return found

    def _make(self, kind: Any) -> Coerce:
        if isinstance(kind, GraphQLNonNull):
            return self._non_null(self.of(kind.of_type))
        if isinstance(kind, GraphQLList):
            return self._list(kind)
        if isinstance(kind, GraphQLInputObjectType):
            return self._object(kind)
        if isinstance(kind, GraphQLEnumType):
            return self._enum(kind)
        return _scalar(kind)

    def _non_null(self, inner: Coerce) -> Coerce:
        def coerce(value: Any) -> Any:
            if value is None:
                raise Mismatch
            return inner(value)

        return coerce

    def _list(self, kind: Any) -> Coerce:
        inner = self.of(kind.of_type)

        def coerce(value: Any) -> Any:
            if value is None:
                return None
            if isinstance(value, list):
                return [inner(item) for item in value]
            return [inner(value)]

        return coerce

    def _enum(self, kind: GraphQLEnumType) -> Coerce:
        names = frozenset(kind.values)
        is_open = kind.name in OPEN_ENUMS

        def coerce(value: Any) -> Any:
            if value is None:
                return None
            if not isinstance(value, str) or not (value in names or (is_open and len(value) <= LONGEST_OPEN_VALUE)):
                raise Mismatch
            return value

        return coerce

    def _field(self, kind: GraphQLInputObjectType, of: Any) -> Coerce:
        """Give the reader of a field; an id or a time of an operation that may be absent may be an empty text, too."""
        coerce = self.of(of)
        if not (kind.name.endswith("_input") and getattr(of, "name", "") in ("UUID", "DateTime")):
            return coerce
        return lambda value: None if value == "" else coerce(value)

    def _object(self, kind: GraphQLInputObjectType) -> Coerce:
        # Made at the first value: an input type may hold itself.
        fields: dict[str, Coerce] = {}
        required: tuple[str, ...] = ()
        defaults: dict[str, Any] = {}

        def coerce(value: Any) -> Any:
            nonlocal required
            if value is None:
                return None
            if not isinstance(value, dict):
                raise Mismatch
            if not fields:
                for name, field in kind.fields.items():
                    if field.default_value is not Undefined:
                        defaults[name] = field.default_value
                required = tuple(
                    name
                    for name, field in kind.fields.items()
                    if isinstance(field.type, GraphQLNonNull) and name not in defaults
                )
                fields.update({name: self._field(kind, field.type) for name, field in kind.fields.items()})
            try:
                found = {name: fields[name](item) for name, item in value.items()}
            except KeyError:
                raise Mismatch from None
            for name in required:
                if name not in found:
                    raise Mismatch
            return defaults | found if defaults else found

        return coerce


def _scalar(kind: GraphQLScalarType) -> Coerce:
    if kind.name == "String":
        return _string
    if kind.name in ("JSON", "jsonb"):
        return lambda value: value
    parse = kind.parse_value

    def coerce(value: Any) -> Any:
        if value is None:
            return None
        try:
            return parse(value)
        except GraphQLError:
            raise Mismatch from None

    return coerce


def _string(value: Any) -> Any:
    if value is None or isinstance(value, str):
        return value
    raise Mismatch


def _without_secret(kind: Any, value: Any) -> Any:
    """Take a secret out of what an error will repeat."""
    if getattr(get_named_type(kind), "name", "") != "set_secret_input":
        return value
    if isinstance(value, dict):
        return {key: HIDDEN if key == "value" and item is not None else item for key, item in value.items()}
    return value if value is None else HIDDEN


class Variables:
    """The variables of one operation.

    Args:
        literals: those that stand for literals of the text, and how each is read.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        operation: OperationDefinitionNode,
        coercers: Coercers,
        literals: Mapping[str, Coerce],
    ) -> None:
        self._schema = schema
        self._definitions: list[VariableDefinitionNode] = []
        self._literals = tuple(literals.items())
        self.types: dict[str, Any] = {}
        self._readers: list[tuple[str, Coerce, bool, Any]] = []
        for definition in operation.variable_definitions or ():
            name = definition.variable.name.value
            kind: Any = type_from_ast(schema, definition.type)
            self.types[name] = kind
            if name in literals:
                continue
            self._definitions.append(definition)
            default: Any = Undefined
            if definition.default_value is not None:
                default = value_from_ast(definition.default_value, kind)
            self._readers.append((name, coercers.of(kind), isinstance(kind, GraphQLNonNull), default))

    def coerce(self, given: Mapping[str, Any]) -> dict[str, Any] | list[GraphQLError]:
        """Read the given values; absent ones without default stay absent. A list is the errors."""
        found = {}
        try:
            for name, coerce, is_required, default in self._readers:
                if name in given:
                    found[name] = coerce(given[name])
                elif default is not Undefined:
                    found[name] = default
                elif is_required:
                    raise Mismatch
        except Mismatch:
            return self._errors(given)
        return found

    def read_literals(self, lifted: Mapping[str, Any]) -> dict[str, Any]:
        """Read the literals of a text that were lifted out of it.

        Raises:
            GraphQLError: one is not what its place wants.
        """
        return {name: read(lifted[name]) for name, read in self._literals}

    def _errors(self, given: Mapping[str, Any]) -> list[GraphQLError]:
        shown = {name: _without_secret(self.types.get(name), value) for name, value in given.items()}
        told = get_variable_values(self._schema, self._definitions, shown, max_errors=DOCUMENT_ERRORS)
        if isinstance(told, list):
            return told
        return [GraphQLError("A variable does not have the type that the operation declares for it.")]
