"""Writes a document anew with parts of it in fragments, which mean the same; all by a ``random.Random``."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    InlineFragmentNode,
    NamedTypeNode,
    NameNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    parse,
    print_ast,
)

__all__ = ["fragmented", "spoiled_fragments"]


def fragmented(random: Random, schema: GraphQLSchema, text: str) -> str:
    """Write a document so that some of what is selected stands in fragments, some of those in others and used twice."""
    document = parse(text)
    found: list[FragmentDefinitionNode] = []
    written: list[Any] = []
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            root = schema.get_root_type(definition.operation)
            moved = _moved(random, schema, root, definition.selection_set, found)
            written.append(replace(definition, selection_set=moved))
        else:
            written.append(definition)
    return print_ast(replace(document, definitions=(*written, *found)))


def _moved(random: Random, schema: GraphQLSchema, kind: Any, selected: SelectionSetNode, found: list[Any]) -> Any:
    selections: list[Any] = []
    for field in selected.selections:
        if isinstance(field, FieldNode) and field.selection_set is not None:
            inner = kind.fields.get(field.name.value)
            if inner is not None:
                inside = _moved(random, schema, get_named_type(inner.type), field.selection_set, found)
                selections.append(replace(field, selection_set=inside))
                continue
        selections.append(field)
    # Neighbours only: fields of an answer stand in the order in which they are met.
    begin = random.randrange(len(selections))
    end = random.randint(begin + 1, len(selections))
    part = SelectionSetNode(selections=tuple(selections[begin:end]))
    named = NamedTypeNode(name=NameNode(value=kind.name))
    how = random.random()
    if how < 0.55:
        name = NameNode(value=f"F{len(found)}")
        found.append(FragmentDefinitionNode(name=name, type_condition=named, selection_set=part, directives=()))
        spread = FragmentSpreadNode(name=name, directives=())
        selections[begin:end] = [spread] * random.choice((1, 1, 1, 2))
    elif how < 0.8:
        condition = random.choice((None, named))
        selections[begin:end] = [InlineFragmentNode(type_condition=condition, selection_set=part, directives=())]
    return SelectionSetNode(selections=tuple(selections))


def spoiled_fragments(random: Random, text: str) -> str:
    """Add fragments that use each other anyhow, also in a circle, of any type, used or not."""
    count = random.randint(1, 30)
    types = ("query_root", "flow", "flow_run", "task_run", "no_such_type", "String", "flow_bool_exp", "mutation_root")
    fields = ("id", "name", "flow_run { id }", "flow { name }", "__typename", "nothing", "a: id", "id @skip(if: $x)")
    definitions = []
    for number in range(count):
        spreads = [f"...G{random.randrange(count + 1)}" for _ in range(random.randint(0, 4))]
        selected = [*spreads, *random.sample(fields, random.randint(0, 3))] or ["id"]
        random.shuffle(selected)
        name = f"G{number if random.random() < 0.95 else random.randrange(count)}"
        definitions.append(f"fragment {name} on {random.choice(types)} {{ {' '.join(selected)} }}")
    place = text.find("{", random.randrange(len(text))) + 1 or text.find("{") + 1
    return f"{text[:place]} ...G{random.randrange(count)} {text[place:]} {' '.join(definitions)}"
