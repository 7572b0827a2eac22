"""How much a document asks for: counted before anything is made of it, in time linear in its text.

A fragment is visited once, however often it is used: what it holds is remembered, and sums end at the bound.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FloatValueNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    IntValueNode,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    print_ast,
)
from graphql.utilities.sort_value_node import sort_value_node

from prefect.contract.limits import DOCUMENT_DEPTH, DOCUMENT_SIZE

__all__ = ["check_depth", "check_merging", "check_size"]

#: Of a number written in a document; Python reads no longer ones.
MOST_DIGITS = 4_000
Fragments = dict[str, FragmentDefinitionNode]


def fragments_of(document: DocumentNode) -> Fragments:
    """Give the fragments of a document by their names."""
    return {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}


def _operations(document: DocumentNode) -> Iterator[OperationDefinitionNode]:
    return (d for d in document.definitions if isinstance(d, OperationDefinitionNode))


def _values(node: Any) -> int:
    """Count the values in the arguments and directives of a node."""
    arguments = [*(getattr(node, "arguments", None) or ())]
    for directive in getattr(node, "directives", None) or ():
        arguments += directive.arguments or ()
    found, waiting = 0, [argument.value for argument in arguments]
    if (default := getattr(node, "default_value", None)) is not None:
        waiting.append(default)
    while waiting:
        value: ValueNode = waiting.pop()
        found += 1
        if isinstance(value, FloatValueNode | IntValueNode):
            _check_number(value)
        if isinstance(value, ObjectValueNode):
            waiting += [field.value for field in value.fields]
        elif isinstance(value, ListValueNode):
            waiting += value.values
    return found


def _check_number(node: FloatValueNode | IntValueNode) -> None:
    """Refuse what would become infinite, or is longer than any whole number that is read.

    Raises:
        GraphQLError: it is.
    """
    if len(node.value) > MOST_DIGITS or (isinstance(node, FloatValueNode) and not math.isfinite(float(node.value))):
        shown = node.value if len(node.value) <= 20 else f"{node.value[:20]}…"
        raise GraphQLError(f"Expected a number that JSON can hold, up to {MOST_DIGITS} digits; got {shown}.", node)


class _Sizes:
    """Counts the fields, fragments and values that a selection comes to; never further than one past the bound."""

    def __init__(self, fragments: Fragments) -> None:
        self._fragments = fragments
        self._known: dict[str, int] = {}

    def of(self, selections: SelectionSetNode | None) -> int:
        found = 0
        for node in () if selections is None else selections.selections:
            found += 1 + _values(node)
            if isinstance(node, FragmentSpreadNode):
                found += self.of_fragment(node.name.value)
            else:
                found += self.of(node.selection_set)  # type: ignore[attr-defined]
        return min(found, DOCUMENT_SIZE + 1)

    def of_fragment(self, name: str) -> int:
        if name not in self._known:
            # One that uses itself, or is not there, is for validation to tell of.
            self._known[name] = 0
            if name in self._fragments:
                self._known[name] = self.of(self._fragments[name].selection_set)
        return self._known[name]


def check_size(document: DocumentNode) -> list[GraphQLError]:
    """Find out whether a document asks for more than ``DOCUMENT_SIZE``, or has a number that nothing can hold."""
    try:
        found = _size(document, _Sizes(fragments_of(document)))
    except GraphQLError as error:
        return [error]
    if found <= DOCUMENT_SIZE:
        return []
    expected = f"at most {DOCUMENT_SIZE} fields, fragments and values, those of a fragment each time it is used"
    return [GraphQLError(f"The document asks for too much: expected {expected}.")]


def _size(document: DocumentNode, sizes: _Sizes) -> int:
    found = 0
    for definition in document.definitions:
        found += 1
        if isinstance(definition, FragmentDefinitionNode):
            found += sizes.of_fragment(definition.name.value)
        elif isinstance(definition, OperationDefinitionNode):
            found += sizes.of(definition.selection_set) + _values(definition)
            for variable in definition.variable_definitions or ():
                found += 1 + _values(variable)
    return found


def check_depth(document: DocumentNode) -> list[GraphQLError]:
    """Find in a valid document empty selections, and operations that select deeper than ``DOCUMENT_DEPTH``."""
    fragments = fragments_of(document)
    known: dict[str, int] = {}
    errors: list[GraphQLError] = []

    def depth_of(selections: SelectionSetNode | None) -> int:
        """Count the levels of fields below; 0 when there are none."""
        if selections is None:
            return 0
        if not selections.selections:
            # No version of GraphQL allows it, and the parser lets it pass.
            errors.append(GraphQLError("Expected at least one field between { and }.", selections))
        deepest = 0
        for node in selections.selections:
            if isinstance(node, FieldNode):
                depth = 1 + depth_of(node.selection_set)
                if node.name.value.startswith("__"):
                    depth = 0
            elif isinstance(node, FragmentSpreadNode):
                depth = of_fragment(node.name.value)
            else:
                depth = depth_of(node.selection_set)  # type: ignore[attr-defined]
            deepest = max(deepest, depth)
        return deepest

    def of_fragment(name: str) -> int:
        if name not in known:
            known[name] = depth_of(fragments[name].selection_set)
        return known[name]

    for definition in _operations(document):
        if depth_of(definition.selection_set) - 1 > DOCUMENT_DEPTH:
            name = definition.name.value if definition.name else ""
            errors.append(GraphQLError(f"'{name}' exceeds maximum operation depth of {DOCUMENT_DEPTH}", definition))
    return errors


def check_merging(document: DocumentNode) -> list[GraphQLError]:
    """Find in an otherwise valid document two fields of one key that are not the same field with the same arguments.

    The rule of graphql-core compares each field with each other one. There are no interfaces and unions here, so two
    fields of one key always stand for one and the same: each has only to be as the first is. One look at each field
    for each place that it is used in, which ``check_size`` has bounded.
    """
    fragments = fragments_of(document)
    for operation in _operations(document):
        waiting = [[operation.selection_set]]
        while waiting:
            for nodes in _by_key(waiting.pop(), fragments).values():
                first = nodes[0]
                for node in nodes[1:]:
                    if what := _difference(first, node):
                        return [GraphQLError(f"Fields '{_key(first)}' conflict because {what}.", [first, node])]
                inner = [node.selection_set for node in nodes if node.selection_set is not None]
                if inner:
                    waiting.append(inner)
    return []


def _by_key(sets: Iterable[SelectionSetNode], fragments: Fragments) -> dict[str, list[FieldNode]]:
    found: dict[str, list[FieldNode]] = {}
    seen: set[str] = set()
    waiting = [*sets]
    while waiting:
        for node in waiting.pop().selections:
            if isinstance(node, FieldNode):
                found.setdefault(_key(node), []).append(node)
            elif not isinstance(node, FragmentSpreadNode):
                waiting.append(node.selection_set)  # type: ignore[attr-defined]
            elif node.name.value not in seen:
                seen.add(node.name.value)
                waiting.append(fragments[node.name.value].selection_set)
    return found


def _key(node: FieldNode) -> str:
    return node.alias.value if node.alias else node.name.value


def _difference(first: FieldNode, node: FieldNode) -> str:
    if first is node:
        return ""
    if first.name.value != node.name.value:
        return f"'{first.name.value}' and '{node.name.value}' are different fields"
    if (first.arguments or node.arguments) and _arguments(first) != _arguments(node):
        return "they have differing arguments"
    return ""


def _arguments(node: FieldNode) -> dict[str, str]:
    return {argument.name.value: print_ast(sort_value_node(argument.value)) for argument in node.arguments or ()}
