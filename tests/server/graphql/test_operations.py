# ruff: noqa: E501 - a question and its answer stand side by side
"""Running operations: what reaches them, what of their answer reaches the client, and how they fail."""

from __future__ import annotations

import asyncio
import json
import logging
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from prefect.server.errors import ApiError, extensions_of
from prefect.server.graphql.execute import INTERNAL, Executor
from prefect.server.graphql.operations import READS_AT_ONCE, SUCCESS, Operation, Request
from prefect.server.graphql.schema import build
from prefect.server.store.database import DatabaseUnavailable, UniquenessViolation
from prefect.server.store.dialect import SQLITE
from prefect.server.tracing import Spans

ID = "6c1a26e5-6305-46bb-b9ca-6f530bbd733d"
EVERY_INPUT = {
    "id": "UUID!",
    "json": "JSON",
    "when": "DateTime",
    "labels": "[String!]",
    "limit": "Int",
    "level": "log_level",
    "states": "[set_flow_run_state_input!]",
    "some": "Int = 7",
}


class Api:
    """A few operations, and a record of how they were called."""

    def __init__(self):
        self.calls = []
        self.now_running = 0
        self.most_running = 0
        operations = [
            Operation("keep", EVERY_INPUT, {"id": "UUID", "when": "DateTime", "json": "JSON"}, self._keep),
            Operation("fail", {"how": "String!"}, SUCCESS, self._fail),
            Operation("set_states", {}, {"states": "[set_flow_run_state_payload!]"}, self._states),
            Operation("slow", {"n": "Int!"}, SUCCESS, self._slow),
            Operation("hello", {}, "String", self._hello, is_mutation=False),
            Operation("look", {"n": "Int!", "more": "Int = 5", "data": "JSON"}, "JSON", self._look, is_mutation=False),
            Operation("wait", {"n": "Int"}, "Int", self._wait, is_mutation=False),
        ]
        self.executor = Executor(build(operations))
        self.request = Request(
            SimpleNamespace(database=SimpleNamespace(dialect=SQLITE), spans=Spans()), {}, datetime.now(UTC)
        )

    async def _keep(self, request, inputs):
        self.calls.append(inputs)
        return inputs

    async def _fail(self, request, inputs):
        raise {
            "api": ApiError("No such thing.", "NOT_THERE"),
            "unique": UniquenessViolation(),
            "database": DatabaseUnavailable("Database file /secret/path is gone"),
            "bug": ZeroDivisionError("secret"),
        }[inputs["how"]]

    async def _states(self, request, inputs):
        return {"states": [{"id": ID, "status": "SUCCESS"}, {"id": ID, "status": "QUEUED", "message": "full"}]}

    async def _slow(self, request, inputs):
        self.now_running += 1
        self.most_running = max(self.most_running, self.now_running)
        await asyncio.sleep(0)
        self.now_running -= 1
        self.calls.append(inputs["n"])
        return {"success": True}

    async def _hello(self, request, inputs):
        return "\N{WAVING HAND SIGN}"

    async def _look(self, request, inputs):
        self.calls.append(inputs)
        return {"big": 2**80, "at": datetime(2026, 1, 1, tzinfo=UTC)}

    async def _wait(self, request, inputs):
        self.now_running += 1
        self.most_running = max(self.most_running, self.now_running)
        await asyncio.sleep(0)
        self.now_running -= 1
        return inputs.get("n")


@pytest.fixture
def api():
    return Api()


@pytest.fixture
def ask(api, run_async):
    def ask(query, variables=None):
        status, answer = run_async(api.executor.execute(api.request, {"query": query, "variables": variables}))
        return status, json.loads(answer)

    return ask


def test_variables_reach_an_operation_coerced(api, ask):
    given = {
        "id": ID.upper(),
        "json": {"a": "1"},
        "when": "2026-01-01T00:00:00-05:00",
        "labels": "x",
        "level": "INFO",
        "states": {"flow_run_id": ID, "state": {"type": "Running"}},
    }
    status, answer = ask("mutation($input: keep_input!) { keep(input: $input) { id when json } }", {"input": given})
    when = datetime(2026, 1, 1, 5, tzinfo=UTC)
    assert api.calls == [
        {
            "id": ID,
            "json": {"a": "1"},
            "when": when,
            "labels": ["x"],
            "level": "INFO",
            "states": [{"flow_run_id": ID, "state": {"type": "Running"}}],
            "some": 7,
        }
    ]
    assert api.calls[0]["when"].tzinfo is UTC
    assert (status, answer) == (
        200,
        {"data": {"keep": {"id": ID, "when": "2026-01-01T05:00:00+00:00", "json": {"a": "1"}}}},
    )


def test_literals_reach_an_operation_coerced(api, ask):
    text = """mutation($run: UUID!, $none: Int) { keep(input: {id: "%s", json: "{\\"a\\": %d}", when: "2026-01-01", labels: "x",
              level: ERROR, limit: $none, states: [{flow_run_id: $run, version: %d, state: "{}"}]}) { id } }"""
    for number in (1, 2):
        status, _ = ask(text % (ID, number, number), {"run": ID})
        assert status == 200
        assert api.calls[-1] == {
            "id": ID,
            "json": {"a": number},
            "when": datetime(2026, 1, 1, tzinfo=UTC),
            "labels": ["x"],
            "level": "ERROR",
            "states": [{"flow_run_id": ID, "version": number, "state": {}}],
            "some": 7,
        }


def test_json_written_as_an_object_is_taken_as_it_stands(api, ask):
    for word in ("one", "two"):
        ask(
            f'mutation($v: JSON) {{ keep(input: {{id: "{ID}", json: {{a: ["{word}", 1.5, true, null], v: $v}}}}) {{ id }} }}',
            {"v": [1]},
        )
        assert api.calls[-1]["json"] == {"a": [word, 1.5, True, None], "v": [1]}


def test_null_and_absent_are_told_apart(api, ask):
    ask(f'mutation {{ keep(input: {{id: "{ID}", json: null, some: null}}) {{ id }} }}')
    ask("mutation($input: keep_input!) { keep(input: $input) { id } }", {"input": {"id": ID, "limit": None}})
    assert api.calls == [{"id": ID, "json": None, "some": None}, {"id": ID, "limit": None, "some": 7}]


def test_arguments_of_queries(api, ask):
    status, answer = ask(
        'query($data: JSON) { look(n: 3, data: $data) hello other: look(n: 4, data: "[1]") }', {"data": {"x": 1}}
    )
    assert status == 200
    assert api.calls == [{"n": 3, "more": 5, "data": {"x": 1}}, {"n": 4, "more": 5, "data": [1]}]
    assert answer["data"]["look"] == {"big": 2**80, "at": "2026-01-01T00:00:00+00:00"}
    assert list(answer["data"]) == ["look", "hello", "other"]


def test_only_what_was_selected_is_answered(ask):
    _, answer = ask("mutation { set_states { __typename states { status note: message } } }")
    assert answer == {
        "data": {
            "set_states": {
                "__typename": "set_states_payload",
                "states": [{"status": "SUCCESS", "note": None}, {"status": "QUEUED", "note": "full"}],
            }
        }
    }


def test_mutations_run_one_after_the_other_and_queries_side_by_side(api, ask):
    ask(
        "mutation { a: slow(input: {n: 1}) { success } b: slow(input: {n: 2}) { success } c: slow(input: {n: 3}) { success } }"
    )
    assert (api.calls, api.most_running) == ([1, 2, 3], 1)
    _, answer = ask("{ a: wait(n: 1) b: wait(n: 2) c: wait(n: 3) }")
    assert answer == {"data": {"a": 1, "b": 2, "c": 3}}
    assert api.most_running == READS_AT_ONCE == 2


@pytest.mark.parametrize(
    ("how", "message", "code"),
    [
        ("api", "No such thing.", "NOT_THERE"),
        ("unique", "Uniqueness violation.", "ALREADY_EXISTS"),
        ("database", "Unable to connect to the database.", "DATABASE_UNAVAILABLE"),
        ("bug", INTERNAL, "INTERNAL_SERVER_ERROR"),
    ],
)
def test_a_failure_is_null_and_an_entry_in_errors(ask, caplog, how, message, code):
    with caplog.at_level(logging.CRITICAL, "prefect.server.graphql"):
        status, answer = ask(
            f'mutation {{ ok: set_states {{ states {{ id }} }} fail(input: {{how: "{how}"}}) {{ success }} }}'
        )
    assert status == 200
    assert answer["data"]["fail"] is None
    assert len(answer["data"]["ok"]["states"]) == 2
    error = answer["errors"][0]
    assert error == {"message": message, "path": ["fail"], "extensions": extensions_of(code)}


def test_success_has_no_errors_key(ask):
    assert ask("{ hello }") == (200, {"data": {"hello": "\N{WAVING HAND SIGN}"}})


@pytest.mark.parametrize(
    ("query", "variables", "message"),
    [
        ("mutation { keep(input: {}) { id } }", None, "id"),
        ('mutation { keep(input: {id: "x"}) { id } }', None, "Could not parse UUID: 'x'"),
        (f'mutation {{ keep(input: {{id: "{ID}", json: "{{"}}) {{ id }} }}', None, "Could not parse JSON"),
        (f'mutation {{ keep(input: {{id: "{ID}", level: LOUD}}) {{ id }} }}', None, "LOUD"),
        ("mutation($input: keep_input!) { keep(input: $input) { id } }", {"input": {"id": ID, "levl": 1}}, "levl"),
        ("mutation($input: keep_input!) { keep(input: $input) { id } }", {"input": {"id": ID, "limit": "1"}}, "limit"),
        (
            "mutation($input: keep_input!) { keep(input: $input) { id } }",
            {"input": {"id": ID, "when": "later"}},
            "DateTime",
        ),
        ("mutation($input: keep_input!) { keep(input: $input) { id } }", {}, "input"),
        ("mutation { nothing { id } }", None, "nothing"),
    ],
)
def test_bad_input_is_refused_before_anything_runs(api, ask, query, variables, message):
    status, answer = ask(query, variables)
    assert status == 400
    assert "data" not in answer
    assert message in answer["errors"][0]["message"]
    assert api.calls == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("NaN", "NaN is no number"),
        ('{"a": [-Infinity]}', "-Infinity is no number"),
        ("[1e999]", "1e999 is no number"),
        ('"\\ud800"', "surrogate"),
        ("[" * 100_000, "nested too deeply"),
        ("1" * 5000, "digits"),
    ],
    ids=["nan", "infinity", "infinite float", "half a pair", "deep", "long number"],
)
def test_a_string_that_is_nearly_json_is_refused_also_in_a_known_document(api, ask, text, message):
    mutation = f'mutation {{ keep(input: {{id: "{ID}", json: %s}}) {{ id }} }}'
    assert ask(mutation % json.dumps('{"a": 1}'))[0] == 200
    api.calls.clear()

    status, answer = ask(mutation % json.dumps(text))

    assert status == 400
    assert message in answer["errors"][0]["message"]
    assert len(answer["errors"][0]["message"]) < 5000
    assert api.calls == []


def test_pairs_of_surrogates_and_large_whole_numbers_are_kept(api, ask):
    ask(
        f'mutation {{ keep(input: {{id: "{ID}", json: %s}}) {{ id }} }}'
        % json.dumps('["\\ud83d\\ude00", 12345678901234567890123]')
    )
    assert api.calls[0]["json"] == ["\N{GRINNING FACE}", 12345678901234567890123]
