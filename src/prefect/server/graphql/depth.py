"""The limit on how deep a document may select."""

from __future__ import annotations

from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    OperationDefinitionNode,
    SelectionSetNode,
    Visitor,
    visit,
)

#: The root field is at depth 0; introspection is exempt.
MAX_DEPTH = 7


class _Empty(Visitor):
    """Finds braces with nothing selected between them, which no version of GraphQL allows and the parser lets pass."""

    def __init__(self) -> None:
        super().__init__()
        self.errors: list[GraphQLError] = []

    def enter_selection_set(self, node: SelectionSetNode, *_: Any) -> None:
        if not node.selections:
            self.errors.append(GraphQLError("Expected at least one field between { and }.", node))


def check_depth(document: DocumentNode) -> list[GraphQLError]:
    """Find in a valid document empty selections, and operations that select deeper than ``MAX_DEPTH``."""
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    known: dict[str, int] = {}

    def depth_of(selections: SelectionSetNode | None) -> int:
        """Count the levels of fields below; 0 when there are none."""
        if selections is None:
            return 0
        deepest = 0
        for node in selections.selections:
            if isinstance(node, FieldNode):
                depth = 0 if node.name.value.startswith("__") else 1 + depth_of(node.selection_set)
            elif isinstance(node, FragmentSpreadNode):
                name = node.name.value
                if name not in known:
                    known[name] = depth_of(fragments[name].selection_set)
                depth = known[name]
            else:
                depth = depth_of(node.selection_set)  # type: ignore[attr-defined]
            deepest = max(deepest, depth)
        return deepest

    errors = []
    empty = _Empty()
    visit(document, empty)
    errors += empty.errors
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode) and depth_of(definition.selection_set) - 1 > MAX_DEPTH:
            name = definition.name.value if definition.name else ""
            errors.append(GraphQLError(f"'{name}' exceeds maximum operation depth of {MAX_DEPTH}", definition))
    return errors
