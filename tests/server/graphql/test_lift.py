"""Lifting literals out of a document's text."""

from __future__ import annotations

import pytest

from prefect.server.graphql.lift import lift


def test_texts_that_differ_in_literals_have_one_key():
    one = lift('{ flow(where: {id: {_eq: "a"}}, limit: 1) { id } }')
    two = lift('{ flow(where: {id: {_eq: "b c"}}, limit: 250) { id } }')
    assert one.key == two.key
    assert (dict(one.values), dict(two.values)) == ({"#0": "a", "#1": 1}, {"#0": "b c", "#1": 250})


def test_kinds_of_literals_have_different_keys():
    keys = {lift(f"{{ f(x: {literal}) }}").key for literal in ('"1"', "1", "1.0", '"1" y: "2"')}
    assert len(keys) == 4


def test_names_point_into_the_text():
    text = '{ f(x: "one", y: -2.5e3) }'
    lifted = lift(text)
    assert {text[start:][:4]: lifted.values[name] for start, name in lifted.names().items()} == {
        '"one': "one",
        "-2.5": -2500,
    }


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        ('"a\\"b"', 'a"b'),
        ('"\\u00e9\\n"', "é\n"),
        ('""', ""),
        ('"# no comment"', "# no comment"),
        ("0", 0),
        ("-12", -12),
    ],
)
def test_literals_are_read_as_graphql_does(literal, value):
    assert lift(f"{{ f(x: {literal}) }}").values["#0"] == value


@pytest.mark.parametrize(
    "text",
    [
        "{ flow { id } }",
        "{ a1: flow2 { x_3 } }",
        'query($n: Int = 5) { flow(limit: $n, where: {name: {_eq: "x"}}) { id } }',
        '{ f(x: """block "quoted" text""") }',
        '{ f(x: "\\u{1F600}") }',
        '{ f(x: "\\ud800") }',
        '# "no literal" 12\n{ flow { id } }',
    ],
)
def test_what_is_taken_as_it_is(text):
    assert lift(text) is None
