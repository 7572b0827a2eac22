"""Errors about a value written in a document say which argument or field it was meant for."""

from __future__ import annotations

from collections.abc import Iterator

from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    GraphQLError,
    ListValueNode,
    Node,
    ObjectFieldNode,
    ObjectValueNode,
    ValueNode,
    Visitor,
    visit,
)

__all__ = ["name_values"]


def name_values(errors: list[GraphQLError], document: DocumentNode) -> list[GraphQLError]:
    """Give the errors again; those about a value begin with the way to it, such as ``create_flow_run.input.labels``."""
    if not any(_value_of(error) for error in errors):
        return errors
    ways = _Ways()
    visit(document, ways)
    return [_named(error, ways.found) for error in errors]


def _value_of(error: GraphQLError) -> Node | None:
    node = error.nodes[-1] if error.nodes else None
    return node if isinstance(node, ValueNode | ObjectFieldNode) else None


def _named(error: GraphQLError, ways: dict[int, str]) -> GraphQLError:
    node = _value_of(error)
    way = None if node is None else ways.get(id(node))
    return error if way is None else GraphQLError(f"Invalid value at {way}: {error.message}", error.nodes)


class _Ways(Visitor):
    """Notes for each value of a document how one comes to it."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[int, str] = {}
        self._fields: list[str] = []

    def enter_field(self, node: FieldNode, *_: object) -> None:
        self._fields.append(node.name.value)

    def leave_field(self, *_: object) -> None:
        self._fields.pop()

    def enter_argument(self, node: ArgumentNode, *_: object) -> None:
        field = self._fields[-1] if self._fields else "@"
        self.found.update(_ways(node.value, f"{field}.{node.name.value}"))


def _ways(value: Node, way: str) -> Iterator[tuple[int, str]]:
    yield id(value), way
    if isinstance(value, ObjectValueNode):
        for field in value.fields:
            yield id(field), f"{way}.{field.name.value}"
            yield from _ways(field.value, f"{way}.{field.name.value}")
    elif isinstance(value, ListValueNode):
        for place, item in enumerate(value.values):
            yield from _ways(item, f"{way}[{place}]")
