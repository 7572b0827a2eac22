"""Lifting literals out of a document's text changes no answer, whatever was asked before in the same shape."""

from __future__ import annotations

import re
from itertools import pairwise
from random import Random
from uuid import UUID

import pytest
from graphql import parse, print_ast

from prefect.server.graphql import documents
from prefect.server.graphql.documents import Document, Kept
from prefect.server.graphql.inputs import Coercers
from prefect.server.graphql.lift import PREFIX, NotLiftable, declare, lift
from prefect.server.graphql.mutations import MUTATIONS
from prefect.server.graphql.queries import QUERIES
from prefect.server.graphql.schema import build
from prefect.server.store.dialect import SQLITE
from support.documents import ASKED
from support.questions import Asker

#: A text with this in a comment is taken as it is.
AS_IT_IS = f"\n# {PREFIX}"


def test_texts_that_differ_in_literals_have_one_key():
    one = lift('{ flow(where: {id: {_eq: "a"}}, limit: 1) { id } }')
    two = lift('{ flow(where: {id: {_eq: "b c"}}, limit: 250) { id } }')
    assert one.key == two.key
    assert list(one.values.values()) == ["a", 1]
    assert list(two.values.values()) == ["b c", 250]


def test_kinds_of_literals_have_different_keys():
    keys = {lift(f"{{ f(x: {literal}) }}").key for literal in ('"1"', "1", "1.0", '"1" y: "2"')}
    assert len(keys) == 4


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        ('"a\\"b"', 'a"b'),
        ('"\\u00e9\\n"', "é\n"),
        ('""', ""),
        ('"# no comment"', "# no comment"),
        ("0", 0),
        ("-12", -12),
        ("-2.5e3", -2500),
    ],
)
def test_literals_are_read_as_graphql_does(literal, value):
    assert list(lift(f"{{ f(x: {literal}) }}").values.values()) == [value]


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
        f'query(${PREFIX}s0: String) {{ f(x: "a") }}',
        "{ f(x: [%s]) }" % ("1," * 3_000),
    ],
)
def test_what_is_taken_as_it_is(text):
    assert lift(text) is None


@pytest.fixture(scope="module")
def schema():
    return build([*QUERIES, *MUTATIONS])


DECLARED = {
    'query A($n: Int) { flow(limit: $n, where: {id: {_eq: "a"}}) { id } }': ["Int", "uuid!"],
    "{ flow(limit: 1) { id } }": ["Int!"],
    '{ flow(where: {id: {_in: ["a", "b"]}}) { id } }': ["uuid!", "uuid!"],
    '{ flow(where: {id: {_in: "a"}}) { id } }': ["[uuid!]!"],
    '{ __type(name: "flow") { name } }': ["String!"],
    '{ flow { parameters(path: "$.a") } }': ["String!"],
    '{ ...F } fragment F on query_root { ... on query_root { flow { tasks(where: {name: {_eq: "a"}}) { id } } } }': [
        "String!"
    ],
    'mutation { create_flow_run(input: {flow_id: "a", parameters: "{}", context: {a: [1, "b", 2.5]}}) { id } }': [
        *("UUID!", "JSON!", "jsonb!", "jsonb!", "jsonb!")
    ],
}


@pytest.mark.parametrize(("text", "kinds"), DECLARED.items(), ids=range(len(DECLARED)))
def test_a_literal_becomes_a_variable_of_the_type_of_its_place(schema, text, kinds):
    node, readers = declare(schema.types, parse(lift(text).key))

    [operation] = [d for d in node.definitions if d.kind == "operation_definition"]
    declared = {d.variable.name.value: print_ast(d.type) for d in operation.variable_definitions}
    assert list(declared.values()) == kinds
    assert {name for name in declared if name.startswith(PREFIX)} == set(readers)
    Document(schema, lift(text).key, Coercers(), is_lifted=True)


NOT_LIFTABLE = [
    '{ flow(where: {id: {_eq: 1}}) { id } }',
    '{ flow(where: {name: {_is_null: "true"}}) { id } }',
    '{ flow(limit: "1") { id } }',
    "{ flow(limit: 1.0) { id } }",
    '{ flow(order_by: {name: "asc"}) { id } }',
    '{ flow(where: "x") { id } }',
    '{ nothing(x: 1) { id } }',
    '{ flow(where: {nothing: {_eq: "x"}}) { id } }',
    '{ flow @include(if: "x") { id } }',
    'query A { flow(limit: 1) { id } } query B { flow(limit: 2) { id } }',
]  # fmt: skip


@pytest.mark.parametrize("text", NOT_LIFTABLE)
def test_a_literal_that_does_not_fit_its_place_stays(schema, text):
    with pytest.raises(NotLiftable):
        declare(schema.types, parse(lift(text).key))


# ------------------------------------------------------------------------------------- no answer changes


def twin(text):
    """Give a text of the same shape with other literals."""

    def other(found):
        literal = found[0]
        if literal[0] != '"':
            return literal if "." in literal else str(int(literal) + 1)
        try:
            UUID(literal[1:-1])
        except ValueError:
            return '"2001-01-01T00:00:00Z"' if literal[1:5].isdigit() else '"zz"'
        return f'"{UUID(int=0)}"'

    return re.sub(r'"[^"\\]*"|(?<![\w$.-])-?\d+(?:\.\d+)?(?![\w.])', other, text)


def test_a_twin_has_the_same_key():
    text = '{ flow(where: {id: {_eq: "x"}}, limit: 1) { id } }'
    assert twin(text) != text
    assert lift(twin(text)).key == lift(text).key


@pytest.mark.parametrize(("document", "variables", "expected"), ASKED.values(), ids=ASKED.keys())
def test_each_document_of_clients_has_the_same_answer_with_and_without(ask_raw, document, variables, expected):
    ask_raw(twin(document), variables)

    assert ask_raw(document, variables) == ask_raw(document + AS_IT_IS, variables)


@pytest.mark.parametrize("seed", range(2))
def test_random_questions_have_the_same_answer_with_and_without(ask_raw, schema, seed):
    asker = Asker(schema.types, Random(seed))
    lifted = 0
    for _ in range(100):
        query, variables = asker.question()
        ask_raw(twin(query), variables)
        assert ask_raw(query, variables) == ask_raw(query + AS_IT_IS, variables), query
        lifted += lift(query) is not None
    assert lifted > 30


SHAPES = {
    "type": ('{{ __type(name: "{}") {{ name }} }}', ["flow", "task", "nothing", "flow"]),
    "type in a fragment": ('{{ ...F }} fragment F on query_root {{ __type(name: "{}") {{ name }} }}', ["flow", "task"]),
    "two types": ('{{ a: __type(name: "{0}") {{ name }} b: __type(name: "x{0}") {{ name }} }}', ["flow", "task"]),
    "limit": ("{{ flow_run(limit: {}, order_by: {{id: asc}}) {{ id }} }}", ["1", "2", "0", "-1", "99999999999"]),
    "path": ('{{ flow_run(order_by: {{id: asc}}) {{ parameters(path: "{}") }} }}', ["$.a", "$.b", "$[", "a"]),
    "same field twice": (
        "{{ flow_run(limit: {0}) {{ id }} flow_run(limit: {0}) {{ name }} }}", ["1", "2"],
    ),
    "cast": ('{{ flow_run(where: {{parameters: {{_cast: {{String: {{_like: "{}"}}}}}}}}) {{ id }} }}', ["%", "{", "x"]),
    "one of a list": ('{{ flow_run(where: {{name: {{_in: "{}"}}}}) {{ name }} }}', ["alpha", "beta", "zz"]),
    "contained": ('{{ flow_run(where: {{parameters: {{_contains: {{a: "{}"}}}}}}) {{ name }} }}', ["1", "x"]),
    "traversal": (
        '{{ utility_downstream_tasks(args: {{start_task_ids: "{}"}}) {{ depth }} }}', ["{}", "{x}", "x"],
    ),
    "time": ('{{ flow_run(where: {{created: {{_gt: "{}"}}}}) {{ id }} }}', ["2001-01-01", "2999-01-01", "never"]),
}  # fmt: skip


@pytest.mark.parametrize(("shape", "literals"), SHAPES.values(), ids=SHAPES.keys())
def test_one_shape_with_many_literals_has_the_answers_of_each(ask_raw, shape, literals):
    for literal in literals:
        query = shape.format(literal)
        assert ask_raw(query) == ask_raw(query + AS_IT_IS), query


def test_a_variable_of_the_caller_is_no_literal(ask_raw):
    query = '{ flow_run(where: {name: {_eq: "alpha"}}) { name } }'
    [name] = lift(query).values

    assert ask_raw(query, {name: "beta"}) == ask_raw(query)


@pytest.mark.parametrize(
    "query",
    [
        '{ flow_run(where: {name: {_eq: "alpha"}}, limit: 1) { name } }',
        "{ flow_run(where: {id: {_eq: 5}}) { of_its_own: id } }",
        '{ flow_run(where: {name: {_eq: "a"}}) { name } flow_run(where: {name: {_eq: "a"}}) { id } }',
    ],
    ids=["lifted", "wrong", "not liftable"],
)
def test_the_text_under_which_another_is_kept_is_a_text_of_its_own(ask_raw, query):
    key = lift(query).key
    declared = " ".join(f"${name}: {'Int' if name[10] == 'i' else 'String'}" for name in lift(query).values)
    alone = [ask_raw(text + AS_IT_IS) for text in (key, f"query({declared}) {key}")]

    for _ in range(2):
        ask_raw(query)
        status, answer = ask_raw(key)
        assert status == 400
        assert "is not defined" in answer["errors"][0]["message"]
        # Where the errors stand differs, nothing else does.
        again = [ask_raw(text) for text in (key, f"query({declared}) {key}")]
        assert [one[0] for one in again] == [one[0] for one in alone]


# ------------------------------------------------------------------------------------- what is kept


def test_what_is_kept_is_bounded_in_characters_and_count(monkeypatch):
    monkeypatch.setattr(documents, "KEPT_DOCUMENTS", 10)
    monkeypatch.setattr(documents, "KEPT_CHARACTERS", 1_000)
    kept = Kept()
    for number in range(20):
        kept.keep(f"{number:03}", NotLiftable())
    assert len(kept) == 10
    assert kept.size == 30
    assert "010" in kept
    for number in range(20):
        kept.keep(f"{number:03}".ljust(300), NotLiftable())
    assert len(kept) == 3
    assert kept.size == 900
    kept.keep("x" * (documents.LONGEST_KEPT_TEXT + 1), NotLiftable())
    assert kept.size == 900


def test_a_plan_is_made_once_for_all_values_that_do_not_shape_it():
    document = Document(
        build([]), "query($n: Int, $id: uuid) { flow(limit: $n, where: {id: {_eq: $id}}) { id } }", Coercers()
    )
    (operation,) = document.operations
    plans = [operation.plan(values, SQLITE, None) for values in ({"n": 1, "id": "a"}, {"n": 2, "id": "b"})]
    assert plans[0] is plans[1]
    without = operation.plan({"n": None, "id": "a"}, SQLITE, None)
    assert operation.plan({"n": 3, "id": "c"}, SQLITE, None) is not without


def test_a_shape_that_can_not_be_lifted_is_tried_once(ask, monkeypatch):
    tried = []
    real = documents.declare
    monkeypatch.setattr(documents, "declare", lambda *given: tried.append(1) or real(*given))
    for number in range(5):
        errors = ask(f"{{ flow_run(where: {{id: {{_eq: {number}}}}}) {{ unheard_of: id }} }}", status=400)
        assert "written as a string" in errors[0]["message"]
    assert len(tried) == 1


@pytest.mark.parametrize(("bound", "most"), [("KEPT_PLANS", 3), ("KEPT_SQL", 1_500)])
def test_plans_of_one_document_are_bounded_in_count_and_size(monkeypatch, bound, most):
    monkeypatch.setattr(documents, bound, most)
    text = "query($where: flow_bool_exp) { flow(where: $where) { id } }"
    operation = Document(build([]), text, Coercers()).operation(None)
    sizes = []
    for number in range(1, 20):
        where = {"_or": [{"name": {"_eq": "a"}}] * number}
        plan = operation.plan({"where": where}, SQLITE, None)
        assert operation.plan({"where": where}, SQLITE, None) is plan
        kept = operation._plans.values()
        size, own = (sum(len(root.compiled.sql) for one in plans for root in one.roots) for plans in (kept, [plan]))
        sizes.append(len(kept) if bound == "KEPT_PLANS" else size)
        # One that is larger than all that may be kept is kept alone.
        assert sizes[-1] <= (most if bound == "KEPT_PLANS" else max(most, own))
    assert any(after < before for before, after in pairwise(sizes))


@pytest.mark.parametrize(("count", "is_lifted"), [(1_999, True), (2_000, False)])
def test_so_many_literals_are_lifted_of_one_text_or_none(count, is_lifted):
    found = lift("{ f(x: [" + "1 " * count + "]) }")
    assert (found is not None) == is_lifted
    assert found is None or len(found.values) == count


@pytest.mark.parametrize(("length", "is_lifted"), [(200_000, True), (200_001, False)])
def test_a_text_of_so_many_signs_is_lifted(length, is_lifted):
    text = "{ f(x: 1) }"
    assert (lift(text + " " * (length - len(text))) is not None) == is_lifted


def test_of_documents_those_stay_that_were_asked_for_last(monkeypatch):
    monkeypatch.setattr(documents, "KEPT_DOCUMENTS", 2)
    kept = Kept()
    one, two, three = (NotLiftable(name) for name in ("one", "two", "three"))
    kept.keep("1", one)
    kept.keep("2", two)
    assert kept.get("1") is one
    kept.keep("3", three)

    assert [text in kept for text in ("1", "2", "3")] == [True, False, True]
    assert (len(kept), kept.size) == (2, 2)
    kept.keep("3", one)
    assert (kept.get("3"), kept.size) == (one, 2)
    assert kept.get("2") is None


def test_documents_of_so_many_characters_are_kept(monkeypatch):
    monkeypatch.setattr(documents, "KEPT_CHARACTERS", 6)
    monkeypatch.setattr(documents, "LONGEST_KEPT_TEXT", 4)
    kept = Kept()
    for text in ("12345", "1234", "12", "3"):
        kept.keep(text, NotLiftable(text))
    assert [text in kept for text in ("12345", "1234", "12", "3")] == [False, False, True, True]
    assert kept.size == 3


def test_a_plan_stays_while_those_that_came_after_it_fit(monkeypatch):
    text = "query($where: flow_bool_exp) { flow(where: $where) { id } }"
    operation = Document(build([]), text, Coercers()).operation(None)

    def plan(number):
        return operation.plan({"where": {"_or": [{"name": {"_eq": "a"}}] * number}}, SQLITE, None)

    sizes = [sum(len(root.compiled.sql) for root in plan(number).roots) for number in (1, 2, 3)]
    for spare, stays in ((0, True), (-1, False)):
        operation = Document(build([]), text, Coercers()).operation(None)
        monkeypatch.setattr(documents, "KEPT_SQL", sum(sizes) + spare)
        first, _, third = plan(1), plan(2), plan(3)
        assert plan(3) is third
        assert (plan(1) is first) == stays


def test_a_mutation_is_no_query_and_a_query_no_mutation():
    schema = build([*QUERIES, *MUTATIONS])
    queries, mutations = {one.name for one in QUERIES}, {one.name for one in MUTATIONS}
    assert set(schema.types.mutation_type.fields) == mutations == set(schema.mutations)
    assert set(schema.queries) == queries
    assert queries <= set(schema.types.query_type.fields)
    assert not mutations & set(schema.types.query_type.fields)


@pytest.mark.parametrize(("directive", "is_known"), [("include(if: true)", True), ("n(o: 1)", False)])
def test_a_literal_of_a_directive_is_known_with_it(directive, is_known):
    schema = build([]).types
    found = lift("{ flow(limit: 3) @" + directive + " { id } }")
    if is_known:
        _, literals = declare(schema, parse(found.key))
        assert set(literals) == set(found.values)
    else:
        with pytest.raises(NotLiftable):
            declare(schema, parse(found.key))
