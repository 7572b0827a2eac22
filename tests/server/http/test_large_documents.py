"""A document is bounded before anything is made of it, and a large one keeps nobody waiting."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace
from urllib.parse import quote

import pytest
from graphql import get_introspection_query

from prefect.contract.limits import DOCUMENT_CHARACTERS, DOCUMENT_ERRORS, DOCUMENT_LINES, DOCUMENT_SIZE
from prefect.server.app import App
from prefect.server.graphql import bounds, execute
from prefect.server.settings import load_settings
from prefect.server.store.opening import open_database
from support.api import Api
from support.asgi import call, graphql
from support.beside import not_held_up
from support.sockets import Socket

TOO_MUCH = f"The document asks for too much: expected at most {DOCUMENT_SIZE} fields, fragments and values"


def doubling(steps, root="query_root", inner="hello", head="", opening="", closing=""):
    """A document whose fragments use each other twice: each step doubles what it asks for."""
    fragments = " ".join(f"fragment A{n} on {root} {{ ...A{n + 1} ...A{n + 1} }}" for n in range(steps))
    return f"{head}{{ {opening}...A0{closing} }} {fragments} fragment A{steps} on {root} {{ {inner} }}"


def joined(text, count):
    return " ".join(text.format(n=n, next=n + 1) for n in range(count))


# What is to be said, and a document of each kind that would take minutes or gigabytes.
BOMBS = {
    "fragments": (TOO_MUCH, doubling(26)),
    "more fragments": (TOO_MUCH, doubling(60)),
    "fragments in fields": (TOO_MUCH, doubling(40, "flow", "id", opening="flow { ", closing=" }")),
    "fragments in inline fragments": (TOO_MUCH, doubling(40, inner="... { ... { hello } }")),
    "fragments of a mutation": (TOO_MUCH, doubling(40, "mutation_root", "__typename", head="mutation ")),
    "fragments of introspection": (
        TOO_MUCH,
        doubling(40, "__Type", "name", opening="__schema { types { ", closing=" } }"),
    ),
    "fragments with arguments": (TOO_MUCH, doubling(12, inner="flow(where: {_or: [{}, {}, {}, {}, {}]}) { id }")),
    "aliases of one fragment": (
        TOO_MUCH,
        f"{{ {joined('a{n}: flow {{ ...F }}', 200)} }} fragment F on flow {{ {joined('b{n}: id', 200)} }}",
    ),
    "operations over one fragment": (
        TOO_MUCH,
        f"{joined('query Q{n} {{ ...F }}', 200)} fragment F on query_root {{ {joined('b{n}: hello', 200)} }}",
    ),
    "a chain of fragments": (
        "nested too deeply",
        f"{{ ...F0 }} {joined('fragment F{n} on query_root {{ ...F{next} }}', 1400)} "
        "fragment F1400 on query_root { hello }",
    ),
    "lists in lists": ("nested too deeply", "{ flow(where: {name: {_in: " + "[" * 5000 + "]" * 5000 + "}}) { id } }"),
    "objects in objects": ("nested too deeply", "{ flow(where: " + "{_not: " * 3000 + "{}" + "}" * 3000 + ") { id } }"),
    "inline fragments in inline fragments": ("nested too deeply", "{ " + "... { " * 3000 + "hello" + "}" * 3000 + " }"),
    "words": ("15000 tokens", "{ " + "hello " * 16_000 + "}"),
    "comments": (f"at most {DOCUMENT_LINES} lines", "{ hello }" + "#\n" * 30_000),
    "blanks": (f"at most {DOCUMENT_CHARACTERS} characters", "{ hello }" + " " * DOCUMENT_CHARACTERS),
}  # fmt: skip


@pytest.fixture
def api():
    """A server over SQLite: nothing here depends on the database."""
    with asyncio.Runner() as runner:
        app = App(load_settings({"services_enabled": False}, environment={}), open_database("sqlite://"))
        runner.run(app.start())
        yield Api(app, runner.run)
        runner.run(app.stop())


@pytest.fixture
def aside(api):
    """Ask something large while small things are asked beside it."""

    def ask(query, variables=None):
        large = graphql(api.app, query, variables)
        return api.run_async(not_held_up(large, lambda: graphql(api.app, "{ hello tenant { id } }")))

    return ask


@pytest.mark.parametrize(("message", "query"), BOMBS.values(), ids=BOMBS.keys())
def test_what_would_take_for_ever_is_refused_at_once(aside, message, query):
    answer = aside(query)

    assert answer.status == 400
    assert message in answer.messages[0]


def test_each_fragment_is_visited_once(api, monkeypatch):
    visited = []
    real = bounds._values
    monkeypatch.setattr(bounds, "_values", lambda node: visited.append(node) or real(node))

    assert TOO_MUCH in api.ask(doubling(60)).messages[0]

    assert len(visited) == 2 * 60 + 3


def test_a_fragment_may_be_used_more_than_once(api):
    answer = api.ask(doubling(3, inner="hello tenant { slug }"))

    assert answer.data == {"hello": "👋", "tenant": [{"slug": "default"}]}


def test_a_fragment_bomb_by_get_is_refused(api):
    answer = api.call("GET", f"/graphql?query={quote(doubling(60))}")

    assert TOO_MUCH in answer.messages[0]


@pytest.mark.parametrize("kind", ["query", "subscription"])
def test_a_fragment_bomb_over_a_websocket_is_refused(api, kind):
    root = f"{kind}_root"
    bomb = doubling(60, root, "tenant { id }", head=f"{kind} ")

    async def send():
        async with Socket(api.app) as socket:
            await socket.begin()
            await socket.subscribe(bomb)
            return await socket.hear()

    answer = api.run_async(not_held_up(send(), lambda: graphql(api.app, "{ hello }")))

    assert answer["type"] == "error"
    assert TOO_MUCH in answer["payload"][0]["message"]


LARGE = {
    "equal fields": "{ tenant { %s } }" % ("id " * 2_800),
    "all words that are allowed": "{ tenant { %s } }" % ("id " * 14_000),
    "fragments": f"{{ tenant {{ {joined('...F{n}', 700)} }} }} {joined('fragment F{n} on tenant {{ id }}', 700)}",
    "aliases": "{{ tenant {{ {} }} }}".format(joined("a{n}: id", 1_500)),
    "operations": f"query A {{ hello }} {joined('query Q{n} {{ hello }}', 1_400)}",
    "a long text": '{ tenant(where: {name: {_neq: "%s"}}) { id } }' % ("x" * 900_000),
    "a long list": "{{ tenant(where: {{name: {{_nin: [{}]}}}}) {{ id }} }}".format(joined('"{n}"', 12_000)),
}  # fmt: skip


@pytest.mark.parametrize("query", LARGE.values(), ids=LARGE.keys())
def test_a_large_document_keeps_nobody_waiting(aside, query):
    answer = aside(query)

    assert answer.status == (400 if query.startswith("query A") else 200)


UNKNOWN = ", ".join(f"k{n}: {n}" for n in range(4_000))
WRONG = {
    "keys of an input": f"mutation {{ test_action(input: {{{UNKNOWN}}}) {{ success }} }}",
    "keys of a filter": f"{{ flow(where: {{{UNKNOWN}}}) {{ id }} }}",
    "keys inside a list": f"{{ flow(where: {{_or: [{{}}, {{{UNKNOWN}}}]}}) {{ id }} }}",
    "keys of an order": f"{{ flow(order_by: {{{UNKNOWN}}}) {{ id }} }}",
    "fields": "{{ flow {{ {} }} }}".format(joined("x{n}", 7_000)),
    "arguments": f"{{ flow({UNKNOWN}) {{ id }} }}",
    "directives": "{ hello %s }" % ("@x " * 7_000),
    "fragments": "{{ hello {} }}".format(joined("...F{n}", 7_000)),
    "values": "{ flow(where: {id: {_in: [%s]}}) { id } }" % ("1 " * 14_000),
    "variables": "query({}) {{ hello }}".format(joined("$v{n}: Int", 3_000)),
    "fields on many lines": "{{ flow {{ {}{} }} }}".format("\n" * 19_000, joined("x{n}", 500)),
}  # fmt: skip


@pytest.mark.parametrize("query", WRONG.values(), ids=WRONG.keys())
def test_thousands_of_faults_are_told_as_a_few(aside, query):
    answer = aside(query)

    assert answer.status == 400
    assert 1 <= len(answer.messages) <= DOCUMENT_ERRORS + 1
    assert len(answer.body) < 100_000


WRONG_VALUES = {
    "keys": (
        "$v: test_action_input!",
        "mutation",
        "test_action(input: $v) { success }",
        dict.fromkeys(map(str, range(30_000)), 1),
    ),
    "ids": ("$v: [uuid!]", "query", "flow(where: {id: {_in: $v}}) { id }", ["x"] * 30_000),
    "orders": ("$v: [flow_order_by!]", "query", "flow(order_by: $v) { id }", [{"x": 1}] * 30_000),
}  # fmt: skip


@pytest.mark.parametrize(("declared", "kind", "selected", "value"), WRONG_VALUES.values(), ids=WRONG_VALUES.keys())
def test_thousands_of_faults_in_a_variable_are_told_as_a_few(aside, declared, kind, selected, value):
    answer = aside(f"{kind}({declared}) {{ {selected} }}", {"v": value})

    assert answer.status == 400
    assert 1 <= len(answer.messages) <= DOCUMENT_ERRORS + 1
    assert len(answer.body) < 200_000


def test_an_unknown_key_is_named_with_the_way_to_it_and_what_was_meant(api):
    answer = api.ask('{ flow(where: {_or: [{nam: {_eq: "x"}}]}) { id } }')

    assert answer.messages == [
        "Invalid value at flow.where._or[0].nam: Expected value of type 'flow_bool_exp' not to include "
        "unknown field 'nam'. Did you mean 'name'?"
    ]


def test_all_that_clients_ask_of_the_schema_is_told(aside):
    answer = aside(get_introspection_query())

    assert len(answer.data["__schema"]["types"]) > 300


def test_the_schema_is_not_told_a_thousand_times(aside):
    once = "a{n}: __schema {{ types {{ fields {{ args {{ type {{ inputFields {{ name type {{ name }} }} }} }} }} }} }}"

    answer = aside(f"{{ hello {joined(once, 100)} }}")

    assert "at most 200000 fields of the schema" in answer.messages[0]


CONFLICTS = {
    "arguments": "{ flow(limit: 1) { id } flow(limit: 2) { id } }",
    "other fields": "{ a: hello a: __typename }",
    "inside": "{ flow { a: id } flow { a: name } }",
    "in a fragment": "{ flow { a: id ...F } } fragment F on flow { ... { a: name } }",
    "in two fragments": "{ flow { ...F } flow { ...G } } fragment F on flow { a: id } fragment G on flow { a: name }",
    "with and without": "{ flow { project { id } } flow(limit: 1) { id } }",
}


@pytest.mark.parametrize("query", CONFLICTS.values(), ids=CONFLICTS.keys())
def test_two_things_under_one_key_are_refused(api, query):
    answer = api.ask(query)

    assert answer.status == 400
    assert "conflict" in answer.messages[0]


def test_one_thing_twice_under_one_key_is_one(api):
    query = (
        "query($n: Int) { tenant(limit: $n, where: {slug: {_eq: $s}, name: {}}) { id } "
        "tenant(where: {name: {}, slug: {_eq: $s}}, limit: $n) { slug } }"
    ).replace("$n: Int", "$n: Int, $s: String")

    found = api.ask(query, {"n": 5, "s": "default"}).data["tenant"][0]

    assert set(found) == {"id", "slug"}


def test_a_batch_of_large_documents_keeps_nobody_waiting(api):
    async def send():
        bodies = [{"query": LARGE["fragments"].replace("id", f"a{n}: id", 1)} for n in range(5)]
        return await call(api.app, "POST", "/", json.dumps(bodies).encode())

    answer = api.run_async(not_held_up(send(), lambda: graphql(api.app, "{ hello }")))

    assert answer.status == 200


@pytest.mark.parametrize(
    ("characters", "size", "is_aside"),
    [(0, 0, False), (0, 1, True), (1, 0, True), (1, 1, True)],
    ids=["both small", "a large body", "a long text", "both large"],
)
def test_what_is_large_in_any_way_is_read_beside_the_loop(api, monkeypatch, characters, size, is_aside):
    beside, executor = [], api.app.executor
    monkeypatch.setattr(executor, "aside", lambda work, *given: beside.append(work) or _at_once(work, *given))
    query = "{ hello }"
    query += " " * (execute.SHORT_TEXT + characters - len(query))
    request = SimpleNamespace(app=api.app)

    async def _at_once(work, *given):
        return None

    monkeypatch.setattr(executor, "_prepare", lambda *given: None)
    api.run_async(executor.prepare(request, {"query": query}, execute.SMALL_BODY + size))

    assert bool(beside) == is_aside
