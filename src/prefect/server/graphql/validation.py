"""The rules that a document must keep, each in time about linear in what the document says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from graphql import (
    SKIP,
    DocumentNode,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLSchema,
    ListValueNode,
    ObjectFieldNode,
    ObjectValueNode,
    ValueNode,
    get_named_type,
    get_nullable_type,
    is_list_type,
    specified_rules,
    validate,
)
from graphql.pyutils import did_you_mean, suggestion_list
from graphql.validation import OverlappingFieldsCanBeMergedRule, ValuesOfCorrectTypeRule

from prefect.contract.limits import DOCUMENT_ERRORS

from .bounds import check_depth, check_merging, check_size

__all__ = ["errors_in"]

#: Looking for a similar name takes a millisecond.
MOST_SUGGESTIONS = 3


class _Values(ValuesOfCorrectTypeRule):
    """Tells of unknown fields without writing the whole object, which may have thousands, for each of them."""

    def is_valid_value_node(self, node: ValueNode, *given: Any) -> Any:
        kind = given[0] if given else self.context.get_input_type()
        unknown = False
        for number, (field, owner) in enumerate(_unknown_fields(node, kind)):
            unknown = True
            name = field.name.value
            similar = suggestion_list(name, list(owner.fields)) if number < MOST_SUGGESTIONS else []
            message = f"Expected value of type '{owner.name}' not to include unknown field '{name}'."
            self.report_error(GraphQLError(f"{message}{did_you_mean(similar)}", field))
        return SKIP if unknown else super().is_valid_value_node(node, *given)


def _unknown_fields(value: ValueNode, kind: Any) -> Iterator[tuple[ObjectFieldNode, GraphQLInputObjectType]]:
    waiting = [(value, kind)]
    while waiting:
        node, expected = waiting.pop()
        expected = get_nullable_type(expected)
        if isinstance(node, ListValueNode):
            item = expected.of_type if is_list_type(expected) else None
            waiting += [(one, item) for one in reversed(node.values) if item is not None]
        elif isinstance(node, ObjectValueNode):
            # A single value stands for a list of one.
            owner = get_named_type(expected)
            if isinstance(owner, GraphQLInputObjectType):
                for field in node.fields:
                    if field.name.value in owner.fields:
                        waiting.append((field.value, owner.fields[field.name.value].type))
                    else:
                        yield field, owner


# The rule about fields of one key takes time with the square of their count; ``check_merging`` stands for it.
_OWN: dict[Any, tuple[Any, ...]] = {OverlappingFieldsCanBeMergedRule: (), ValuesOfCorrectTypeRule: (_Values,)}
RULES: tuple[Any, ...] = tuple(kept for rule in specified_rules for kept in _OWN.get(rule, (rule,)))


def errors_in(schema: GraphQLSchema, document: DocumentNode) -> list[GraphQLError]:
    """Find what is wrong with a parsed document; what is counted comes before what takes time."""
    return (
        check_size(document)
        or validate(schema, document, RULES, max_errors=DOCUMENT_ERRORS)
        or check_depth(document)
        or check_merging(document)
    )
