"""Lifting literals out of a document's text, so that documents that differ only in them are one.

The 1.4.1 client writes ids into its queries. Parsing and validating such a text takes a millisecond or two;
with the literals lifted, the next one with another id finds the document, its validation and its plan ready.

Where a literal stood, the document has a variable, declared with the type of that place: whoever reads the document
reads it as any other variable, and cannot take one request's literal for another's.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    ListValueNode,
    NameNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    TypeMetaFieldDef,
    ValueNode,
    VariableDefinitionNode,
    VariableNode,
    parse_type,
)

from .scalars import SCALARS, parse_json_text

__all__ = ["PREFIX", "Lifted", "NotLiftable", "declare", "lift"]

#: How the names of variables begin that stand for literals; a text that has it is taken as it is.
PREFIX = "__literal_"
# Comments are matched so that what looks like a literal inside them is left alone.
_TOKEN = re.compile(
    r'#[^\n\r]*|"(?:[^"\\\n\r]|\\.)*"|(?<![\w.$-])-?(?:0|[1-9]\d*)(?P<fraction>\.\d+)?(?P<exponent>[eE][+-]?\d+)?(?![\w.])'
)
_SURROGATE = re.compile("[\ud800-\udfff]")
#: Beyond these nobody sends the same shape twice.
_LONGEST = 200_000
_MOST = 2_000


class NotLiftable(Exception):
    """A literal stands where no variable of its kind can: the text is better taken as it is."""


@dataclass(frozen=True)
class Lifted:
    """A text with variables in the place of its literals, and the literals by the names of those."""

    key: str
    values: Mapping[str, Any]


def lift(text: str) -> Lifted | None:
    """Lift the literals; None when there are none or the text is better taken as it is."""
    # Block strings have rules of their own; a default value of a variable is part of the document.
    if len(text) > _LONGEST or '"""' in text or PREFIX in text:
        return None
    values: dict[str, Any] = {}

    def take(found: re.Match[str]) -> str:
        token = found[0]
        if token[0] == "#":
            return token
        if token[0] == '"':
            name = f"{PREFIX}s{len(values)}"
            values[name] = token[1:-1] if "\\" not in token else json.loads(token, strict=False)
        elif found["fraction"] or found["exponent"]:
            name = f"{PREFIX}f{len(values)}"
            values[name] = float(token)
            if math.isinf(values[name]):
                raise ValueError(token)
        else:
            name = f"{PREFIX}i{len(values)}"
            values[name] = int(token)
        return f"${name} "

    try:
        key = _TOKEN.sub(take, text, count=_MOST)
    except ValueError:  # an escape that only GraphQL has, or a number with too many digits
        return None
    if not 0 < len(values) < _MOST or "=" in key:
        return None
    if any(isinstance(value, str) and _SURROGATE.search(value) for value in values.values()):
        return None
    return Lifted(key, values)


# ---------------------------------------------------------------------------------------- declaring

Read = Callable[[Any], Any]
_STRINGS = ("uuid", "_uuid", "timestamptz", "interval", "UUID", "DateTime")


def _as_it_is(value: Any) -> Any:
    return value


#: How a literal is read, by the letter of its kind and the scalar of its place: as graphql-core reads it in a document.
_READERS: dict[tuple[str, str], Read] = {
    **{("s", name): SCALARS[name].parse_value for name in _STRINGS},
    ("s", "String"): _as_it_is,
    ("s", "JSON"): parse_json_text,
    ("i", "Int"): SCALARS["Int"].parse_value,
    ("i", "Float"): SCALARS["Float"].parse_value,
    ("f", "Float"): SCALARS["Float"].parse_value,
    **{(letter, "jsonb"): _as_it_is for letter in "sif"},
    **{(letter, "JSON"): _as_it_is for letter in "if"},
}


def _reader(name: str, kind: Any) -> Read:
    if isinstance(kind, GraphQLNonNull):
        return _reader(name, kind.of_type)
    if isinstance(kind, GraphQLList):  # one value stands for a list of one
        inner = _reader(name, kind.of_type)
        return lambda value: [inner(value)]
    found = _READERS.get((name[len(PREFIX)], kind.name)) if isinstance(kind, GraphQLScalarType) else None
    if found is None:
        raise NotLiftable
    return found


def declare(schema: GraphQLSchema, document: DocumentNode) -> tuple[DocumentNode, dict[str, Read]]:
    """Declare the variables that stand for literals in the one operation of a parsed document.

    Returns:
        The document with the declarations, and how the literal of each variable is read.

    Raises:
        NotLiftable: one of them stands where its kind of literal may not, or somewhere unknown.
    """
    operations = [d for d in document.definitions if isinstance(d, OperationDefinitionNode)]
    if len(operations) != 1:
        raise NotLiftable
    [operation] = operations
    kinds = dict(_places(schema, document))
    readers = {name: _reader(name, kind) for name, kind in kinds.items()}
    declared = tuple(_definition(name, kind) for name, kind in kinds.items())
    changed = OperationDefinitionNode(
        operation=operation.operation,
        name=operation.name,
        variable_definitions=(*(operation.variable_definitions or ()), *declared),
        directives=operation.directives,
        selection_set=operation.selection_set,
        loc=operation.loc,
    )
    definitions = tuple(changed if d is operation else d for d in document.definitions)
    return DocumentNode(definitions=definitions, loc=document.loc), readers


def _definition(name: str, kind: Any) -> VariableDefinitionNode:
    written = str(kind) if isinstance(kind, GraphQLNonNull) else f"{kind}!"
    variable = VariableNode(name=NameNode(value=name))
    return VariableDefinitionNode(variable=variable, type=parse_type(written, no_location=True), directives=())


def _places(schema: GraphQLSchema, document: DocumentNode) -> Iterator[tuple[str, Any]]:
    """Find the variables that stand for literals, with the types of their places."""
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            kind: Any = schema.get_root_type(definition.operation)
        elif isinstance(definition, FragmentDefinitionNode):
            kind = schema.get_type(definition.type_condition.name.value)
        else:
            raise NotLiftable
        yield from _in_directives(schema, definition)
        yield from _in_selections(schema, definition.selection_set, kind)


def _in_selections(schema: GraphQLSchema, selections: SelectionSetNode, parent: Any) -> Iterator[tuple[str, Any]]:
    if not isinstance(parent, GraphQLObjectType):
        raise NotLiftable
    for node in selections.selections:
        yield from _in_directives(schema, node)
        if isinstance(node, FieldNode):
            name = node.name.value
            field = TypeMetaFieldDef if name == "__type" else parent.fields.get(name)
            if field is None:
                if name not in ("__typename", "__schema") or node.arguments:
                    raise NotLiftable
                kind: Any = schema.get_type("__Schema")
            else:
                yield from _in_arguments(node, field.args)
                kind = field.type
            while isinstance(kind, GraphQLNonNull | GraphQLList):
                kind = kind.of_type
            if node.selection_set is not None:
                yield from _in_selections(schema, node.selection_set, kind)
        elif not isinstance(node, FragmentSpreadNode):
            condition = node.type_condition  # type: ignore[attr-defined]
            inner = parent if condition is None else schema.get_type(condition.name.value)
            yield from _in_selections(schema, node.selection_set, inner)  # type: ignore[attr-defined]


def _in_directives(schema: GraphQLSchema, node: Any) -> Iterator[tuple[str, Any]]:
    for used in node.directives or ():
        directive = schema.get_directive(used.name.value)
        if directive is None:
            raise NotLiftable
        yield from _in_arguments(used, directive.args)


def _in_arguments(node: Any, declared: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for argument in node.arguments or ():
        if argument.name.value not in declared:
            raise NotLiftable
        yield from _in_value(argument.value, declared[argument.name.value].type)


def _in_value(node: ValueNode, kind: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(node, VariableNode):
        if node.name.value.startswith(PREFIX):
            yield node.name.value, kind
        return
    if isinstance(kind, GraphQLNonNull):
        kind = kind.of_type
    if isinstance(node, ListValueNode):
        for item in node.values:
            yield from _in_value(item, kind.of_type if isinstance(kind, GraphQLList) else _inside(kind))
    elif isinstance(node, ObjectValueNode):
        while isinstance(kind, GraphQLList | GraphQLNonNull):
            kind = kind.of_type
        for field in node.fields:
            if not isinstance(kind, GraphQLInputObjectType):
                yield from _in_value(field.value, _inside(kind))
            elif field.name.value in kind.fields:
                yield from _in_value(field.value, kind.fields[field.name.value].type)
            else:
                raise NotLiftable


def _inside(kind: Any) -> Any:
    """Give the type of what stands inside an object or list that is written for a scalar: JSON as it stands."""
    if isinstance(kind, GraphQLScalarType) and kind.name in ("JSON", "jsonb"):
        return SCALARS["jsonb"]
    raise NotLiftable
