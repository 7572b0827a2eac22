"""What is large, deep or odd is answered the same by both databases, or refused with an error that says why."""

from __future__ import annotations

import pytest
from graphql import parse

from prefect.server.graphql import bounds
from support.rows import EXTRACT, uid


def nested(opening, closing, levels, inner='name: {_eq: "alpha"}'):
    return f"{{ flow_run(where: {{{opening * levels}{inner}{closing * levels}}}) {{ name }} }}"


def flow_runs(where, selected="name", more=""):
    return f"{{ flow_run(where: {{{where}}}{more}) {{ {selected} }} }}"


def names_compared(operator):
    return ", ".join(f'{{name: {{{operator}: "{n}"}}}}' for n in range(1200))


FIRST = ", order_by: {name: asc}, limit: 1"
IDS = ", ".join(f'"{uid(n)}"' for n in range(5000))
LARGE = {
    "conditions": (flow_runs(f"_or: [{names_compared('_eq')}]"), []),
    "conditions that all hold": (flow_runs(f"_and: [{names_compared('_neq')}]", more=FIRST), [{"name": "alpha"}]),
    "fields": (
        flow_runs('name: {_eq: "alpha"}', " ".join(f"a{n}: name" for n in range(1500))),
        [{f"a{n}": "alpha" for n in range(1500)}],
    ),
    "list": (flow_runs(f"id: {{_in: [{IDS}]}}", more=FIRST), [{"name": "alpha"}]),
    "filters in filters": (nested("_not: {", "}", 28), [{"name": "alpha"}]),
    "lists of filters in filters": (nested("_and: [{_or: [{", "}]}]", 14), [{"name": "alpha"}]),
    "relationships in relationships": (
        nested("flow: {flow_runs: {", "}}", 5),
        [{"name": name} for name in ("alpha", "beta", "delta", "gamma")],
    ),
}


@pytest.mark.parametrize(("query", "expected"), LARGE.values(), ids=LARGE.keys())
def test_large_queries_are_answered(ask, query, expected):
    assert sorted(ask(query)["flow_run"], key=lambda row: str(row)) == expected


def test_answers_nest_as_deeply_as_the_limit_on_depth_allows(ask):
    order = "order_by: [{created: desc}, {id: asc}], offset: 0"
    filters = 'where: {flow: {name: {_neq: "x"}}}'
    inner = "id labels"
    for level in range(3):
        figures = f"flow_runs_aggregate({filters}) {{ aggregate {{ count }} }}" if level else ""
        runs = f"flow_runs(distinct_on: state, order_by: [{{state: desc}}, {{id: asc}}], {filters}) {{ {inner} }}"
        inner = f"id flow {{ id tenant_id {runs} {figures} }}"
    found = ask(f"{{ flow_run({filters}, {order}) {{ {inner} }} }}")["flow_run"]
    assert found[0]["flow"]["flow_runs"][0]["flow"]["flow_runs"][0]["flow"]["flow_runs"][0]["id"]


def _not(levels):
    found = {"name": {"_eq": "x"}}
    for _ in range(levels):
        found = {"_not": found}
    return found


TOO_LARGE = {
    "too many conditions": ({"_or": [{"name": {"_eq": "x"}}] * 2000}, "at most 3000 conditions"),
    "too deep": (_not(400), "nested too deeply"),
    "too many relationships": (
        {"flow": {"flow_runs": {"flow": {"flow_runs": {"flow": {"flow_runs": {"flow": {"flow_runs": {
            "flow": {"flow_runs": {"flow": {"name": {"_eq": "x"}}}}}}}}}}}}},
        "at most 10 relationships",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("where", "message"), TOO_LARGE.values(), ids=TOO_LARGE.keys())
def test_larger_ones_are_refused_and_told_the_limit(ask, where, message):
    errors = ask("query($w: flow_run_bool_exp) { flow_run(where: $w) { id } }", {"w": where}, status=400)
    assert message in errors[0]["message"]


@pytest.mark.parametrize("query", ["{}", "{ flow_run {} }", "query A {}"])
def test_nothing_selected_is_refused(ask, query):
    assert ask(query, status=400)[0]["extensions"]["code"]


def test_one_field_with_two_arguments_is_refused_whatever_was_asked_before(ask):
    twice = "{{ flow_run(limit: {}) {{ id }} flow_run(limit: {}) {{ name }} }}"
    assert set(ask(twice.format(1, 1))["flow_run"][0]) == {"id", "name"}
    assert "differing arguments" in ask(twice.format(1, 2), status=400)[0]["message"]
    assert len(ask(twice.format(3, 3))["flow_run"]) == 3


def test_the_table_of_traversals_is_empty_by_itself(ask):
    assert ask("{ utility_traversal { task_id depth task { id } } }") == {"utility_traversal": []}
    count = ask("{ utility_traversal_aggregate { aggregate { count max { depth } } nodes { depth } } }")
    assert count["utility_traversal_aggregate"] == {"aggregate": {"count": 0, "max": {"depth": None}}, "nodes": []}


def test_followers_come_nearest_first(ask):
    found = ask(f'{{ utility_downstream_tasks(args: {{start_task_ids: "{{{EXTRACT}}}"}}) {{ depth }} }}')
    assert [row["depth"] for row in found["utility_downstream_tasks"]] == [0, 1, 2, 2]


def test_figures_have_all_their_digits(ask):
    found = ask("{ flow_run_aggregate { aggregate { stddev { version } avg { version } } } }")
    assert found["flow_run_aggregate"]["aggregate"] == {
        "stddev": {"version": 1.5811388300841898},
        "avg": {"version": 2},
    }


@pytest.mark.parametrize("length", [1, 6_000, 60_000])
def test_texts_of_any_length_are_searched_for(ask, length):
    query = "query($p: String) { flow_run(where: {name: {_ilike: $p}}) { name } }"
    assert ask(query, {"p": "%" + "z" * length + "%"}) == {"flow_run": []}
    assert ask(query, {"p": "%LPH%"}) == {"flow_run": [{"name": "alpha"}]}


def test_distinct_rows_come_in_the_order_asked_for(ask):
    query = "{ flow_run(distinct_on: state, order_by: [{state: %s}, {name: desc}]) { name } }"
    states = [row["name"] for row in ask(query % "desc")["flow_run"]]
    assert states == ["epsilon", "delta", "gamma", "beta"]
    assert [row["name"] for row in ask(query % "asc")["flow_run"]] == ["beta", "gamma", "delta", "epsilon"]


@pytest.mark.parametrize(
    "query",
    [
        "{ flow_run { id name flow { name project { name } } states { state } task_runs { task { name } } } }",
        "{ flow_run_aggregate { aggregate { count max { version } } nodes { name logs { message } } } }",
        '{ flow_run(distinct_on: state, where: {flow: {name: {_eq: "etl"}}}, limit: 3, offset: 1) { name } }',
        "{ flow(order_by: {flow_runs_aggregate: {count: desc}}) { flow_runs_aggregate { aggregate { count } } } }",
        '{ utility_downstream_tasks(args: {start_task_ids: "{}"}) { task { name } } }',
    ],
)
def test_a_root_field_is_one_statement(ask, query, monkeypatch):
    from prefect.server.store import postgres, sqlite

    sent = []
    for kind in (sqlite.SqliteTransaction, postgres.PostgresTransaction):
        real = kind.texts

        def texts(self, sql, *values, real=real, **more):
            sent.append(sql)
            return real(self, sql, *values, **more)

        monkeypatch.setattr(kind, "texts", texts)
        monkeypatch.setattr(kind, "raw", None)
        monkeypatch.setattr(kind, "all", None)
        monkeypatch.setattr(kind, "one", None)
    ask(query)
    assert len(sent) == 1
    assert ";" not in sent[0]
    ask(query.replace("{ ", "{ a: ", 1)[:-1] + " b: tenant { id } }")
    assert len(sent) == 3


#: Each definition, field, fragment and value counts one, those of a fragment each time it is used.
SIZES = {
    "{ hello }": 2,
    "{ a b }": 3,
    "{ t(limit: 1) { id } }": 4,
    "{ t(where: {id: {_eq: 1}, n: [1, 2]}) { id } }": 9,
    "query($a: Int = 1) { t(l: $a) { id } }": 6,
    "{ a @include(if: true) }": 3,
    "{ ...F ...F } fragment F on query_root { a b }": 10,
    "{ ... on query_root { a } }": 3,
}


@pytest.mark.parametrize(("text", "size"), SIZES.items())
def test_a_document_may_be_as_large_as_the_bound_and_no_larger(monkeypatch, text, size):
    document = parse(text)
    monkeypatch.setattr(bounds, "DOCUMENT_SIZE", size)
    assert bounds.check_size(document) == []

    monkeypatch.setattr(bounds, "DOCUMENT_SIZE", size - 1)
    (error,) = bounds.check_size(document)
    assert error.message.startswith(f"The document asks for too much: expected at most {size - 1} fields")
