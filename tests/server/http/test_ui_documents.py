"""What the pages of the web UI ask: each document fits the schema and is answered by both databases."""

from __future__ import annotations

from pathlib import Path

import pytest
from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    OperationDefinitionNode,
    Visitor,
    parse,
    print_ast,
    validate,
    visit,
)
from graphql.language import OperationType, TypeNode

from prefect.server.graphql.mutations import MUTATIONS
from prefect.server.graphql.queries import QUERIES
from prefect.server.graphql.schema import build

FOLDER = Path(__file__).parents[3] / "ui" / "src" / "operations"
SCHEMA = build([*QUERIES, *MUTATIONS])
FRAGMENTS = {
    one.name.value: one
    for one in parse((FOLDER / "shared.graphql").read_text()).definitions
    if isinstance(one, FragmentDefinitionNode)
}
DEEPEST = 7
#: How a well-formed question about something that is not there is answered.
NO_FAULT = {"BAD_USER_INPUT", "NOT_FOUND"}
#: What an input type without a default is given, by its name.
GIVEN = {
    "uuid": "6c1a26e5-6305-46bb-b9ca-6f530bbd733d",
    "_uuid": "{6c1a26e5-6305-46bb-b9ca-6f530bbd733d}",
    "timestamptz": "2026-11-27T12:00:00+00:00",
    "Int": 3,
    "Boolean": True,
    "String": "%a%",
    "Float": 1.0,
    "JSON": {},
    "jsonb": {},
} | {"UUID": "6c1a26e5-6305-46bb-b9ca-6f530bbd733d", "DateTime": "2026-11-27T12:00:00+00:00"}


def operations() -> dict[str, OperationDefinitionNode]:
    """All operations by their file and name: a screen's names are its own."""
    found = {}
    for path in sorted(FOLDER.glob("*.graphql")):
        if path.name != "shared.graphql":
            document = parse(path.read_text())
            for one in document.definitions:
                if isinstance(one, OperationDefinitionNode) and one.name:
                    assert f"{path.stem}: {one.name.value}" not in found
                    found[f"{path.stem}: {one.name.value}"] = one
    return found


def as_sent(operation: OperationDefinitionNode) -> str:
    """An operation with the fragments that it uses, as the page sends it."""
    used: dict[str, FragmentDefinitionNode] = {}

    class Spreads(Visitor):
        def enter_fragment_spread(self, node: FragmentSpreadNode, *_: object) -> None:
            name = node.name.value
            if name not in used:
                used[name] = FRAGMENTS[name]
                visit(FRAGMENTS[name], self)

    visit(operation, Spreads())
    return print_ast(DocumentNode(definitions=[operation, *used.values()]))


def depth(selections: object) -> int:
    deepest = 0
    for one in getattr(selections, "selections", ()):
        if isinstance(one, FragmentSpreadNode):
            deepest = max(deepest, depth(FRAGMENTS[one.name.value].selection_set))
        else:
            deepest = max(deepest, 1 + depth(one.selection_set))
    return deepest


def given(node: TypeNode) -> object:
    """Make up a value of an input's type; null where the type allows it."""
    if node.kind != "non_null_type":
        return None
    inner = node.type  # type: ignore[attr-defined]
    if inner.kind == "list_type":
        return []
    return GIVEN.get(inner.name.value, {})


ALL = operations()
READS = {name: one for name, one in ALL.items() if one.operation is not OperationType.MUTATION}


@pytest.mark.parametrize("name", ALL)
def test_a_document_fits_the_schema(name):
    assert validate(SCHEMA.types, parse(as_sent(ALL[name]))) == []
    assert depth(ALL[name].selection_set) <= DEEPEST


@pytest.mark.parametrize("name", [name for name, one in ALL.items() if one.operation is OperationType.SUBSCRIPTION])
def test_what_is_followed_has_one_root(name):
    assert len(ALL[name].selection_set.selections) == 1


def test_every_question_is_answered(api):
    """Whatever a page reads, over rows that are there: no database refuses a form of it."""
    flow_id = api.register()
    api.do("create_flow_run", flow_id=flow_id)
    refused = {}
    for name, operation in READS.items():
        variables = {
            one.variable.name.value: given(one.type)
            for one in operation.variable_definitions or ()
            if not one.default_value
        }
        text = as_sent(operation).replace("subscription ", "query ", 1)
        answer = api.ask(text, variables)
        if "errors" in answer.json:
            refused[name] = answer.json["errors"][0]
    # An operation may say that a made-up input means nothing to it; that is an answer.
    # 1.x gave the code of an internal error to an unknown id as well; its words tell them apart.
    refused = {
        name: error
        for name, error in refused.items()
        if error["extensions"]["code"] not in NO_FAULT and GIVEN["uuid"] not in error["message"]
    }
    assert refused == {}
