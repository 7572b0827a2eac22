from __future__ import annotations

import copy
import json
import pickle
import textwrap
import uuid
from types import SimpleNamespace

import pytest

from prefect.utilities.graphql import (
    EnumValue,
    GQLObject,
    GraphQLResult,
    LiteralSetValue,
    compress,
    decompress,
    format_graphql_request_error,
    parse_graphql,
    parse_graphql_arguments,
    with_args,
)


class Account(GQLObject):
    id = "id"
    name = "name"


@pytest.mark.parametrize(
    ("document", "text"),
    [
        ({"query": {"user": ["name", "id"]}}, "query { user { name id } }"),
        ({"query": {"u(id: 1)": {"name": True, "x": ..., "y": {"a"}}}}, "query { u(id: 1) { name x y { a } } }"),
        ({"query": [{"user": ["name", {"f": ["a", "b"]}]}, "b"]}, "query { user { name f { a b } } b }"),
        (["a", "b", ["c"]], "a b c"),
        ("abc", "abc"),
        ({"a": ("x", "y")}, "a { x y }"),
        ({"a": "b"}, "a { b }"),
        ({"query": {Account(): [Account.id]}}, "query { account { id } }"),
        ({"query": {Account("z")({"limit": 1}): {"id"}}}, "query { z(limit: 1) { id } }"),
        ({with_args("f", {"input": EnumValue("$input")}): "id"}, "f(input: $input) { id }"),
    ],
)
def test_nested_values_become_a_document(document, text):
    assert parse_graphql(document).split() == text.split()


def test_a_document_is_indented_by_four():
    assert parse_graphql({"query": {"a": {"b"}}}) == "query {\n    a {\n        b\n    }\n}"
    assert parse_graphql({"query": {}}) == "query {\n\n}"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"a": {"x": {"_eq": "2"}, "l": [1, 2.5, None, True]}}, 'a: { x: { _eq: "2" }, l: [1, 2.5, null, true] }'),
        ({"id": uuid.UUID(int=1)}, 'id: "00000000-0000-0000-0000-000000000001"'),
        ({"order_by": {"a": EnumValue("desc")}}, "order_by: { a: desc }"),
        ({"a": 'a "quoted" \n é'}, 'a: "a \\"quoted\\" \\n \\u00e9"'),
        ({"a": {}, "b": []}, "a: {}, b: []"),
        ({"labels": LiteralSetValue(["a", "b"])}, 'labels: "{a, b}"'),
        ("x: 1", "x: 1"),
        ({}, ""),
        ([1, {"a": 2}], "[1, { a: 2 }]"),
    ],
)
def test_values_become_arguments(arguments, text):
    assert parse_graphql_arguments(arguments) == text
    assert with_args("f", arguments) == f"f({text})"


def test_names_of_objects():
    assert (str(Account()), str(Account("zz")), repr(Account())) == ("account", "zz", '<GQL: "account">')
    assert (str(EnumValue("x")), repr(EnumValue("x"))) == ("x", "EnumValue('x')")
    assert {EnumValue("x")} == {EnumValue("x")}


def test_an_answer_is_read_by_attribute_at_every_depth():
    answer = GraphQLResult({"data": {"flow": [{"name": "a", "nested": [[{"b": 1}]]}], "items": 3}})
    assert answer.data.flow[0].name == "a"
    assert answer.data.flow[0].nested[0][0].b == 1
    assert answer.data["items"] == 3
    assert answer == {"data": {"flow": [{"name": "a", "nested": [[{"b": 1}]]}], "items": 3}}
    assert type(answer.to_dict()["data"]) is dict
    assert type(answer.to_dict()["data"]["flow"][0]) is dict
    assert repr(GraphQLResult(a=1)) == '{\n    "a": 1\n}'
    assert json.loads(json.dumps(answer)) == answer
    with pytest.raises(AttributeError, match="'GraphQLResult' object has no attribute 'errors'"):
        answer.errors  # noqa: B018 - the look-up is what is tested
    with pytest.raises(KeyError):
        answer["errors"]


def test_an_answer_can_be_changed_and_copied():
    answer = GraphQLResult(a={"b": 1})
    answer.c = {"d": [{"e": 1}]}
    assert answer.c.d[0].e == 1
    del answer.a
    with pytest.raises(AttributeError):
        del answer.a
    pickled = pickle.loads(pickle.dumps(answer))
    for copied in (copy.deepcopy(answer), copy.copy(answer), pickled, answer | {"x": {"y": 1}}):
        assert type(copied) is GraphQLResult
        assert copied.c.d[0].e == 1
    with pytest.raises(AttributeError, match="is a method"):
        answer.items = 5


def test_compressed_values_come_back():
    assert decompress(compress({"a": [1, "é"]})) == {"a": [1, "é"]}


def _response(body: dict, request: object) -> SimpleNamespace:
    return SimpleNamespace(json=lambda: body, request=SimpleNamespace(body=request))


def test_a_refused_document_is_told_with_its_variables():
    response = _response(
        {"errors": [{"message": "m\nmore", "extensions": {"code": "C"}}, {"extensions": {}}]},
        json.dumps({"query": "query {\n    a\n}", "variables": '{"x": 1}'}).encode(),
    )
    expected = """
        The following error messages were provided by the GraphQL server:

            C: m more
            UNKNOWN_ERROR: No error message supplied.

        The GraphQL query was:

            query {
                a
            }

        The passed variables were:

            {"x": 1}
        """
    assert format_graphql_request_error(response) == textwrap.dedent(expected)
    assert "did not provide any error messages" in format_graphql_request_error(_response({}, '{"query": "q"}'))


def test_a_selection_shows_its_name_also_with_arguments():
    assert repr(GQLObject("account")({"limit": 5})) == '<GQL: "account">'
