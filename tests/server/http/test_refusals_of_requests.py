"""Requests that are refused, each in its own words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
import time_machine

from support.access import Keyed


@pytest.mark.parametrize("path", ["/graphql", "/", "/graphql/"])
def test_a_get_of_a_program_without_a_query_says_that_it_is_missing(api: Any, path: str) -> None:
    answer = api.call("GET", path, headers={"accept": "application/json"})
    assert (answer.status, answer.messages) == (400, ["GET query missing."])


@pytest.mark.parametrize(
    "text", ['mutation { create_project(input: {name: "x"}) { id } }', "subscription { flow { id } }"]
)
@pytest.mark.parametrize("method", ["GET"])
def test_a_get_changes_nothing(api: Any, method: str, text: str) -> None:
    answer = api.call(method, f"/graphql?query={quote(text)}")
    assert (answer.status, answer.messages) == (
        405,
        ["GET supports only query operations; send a mutation by POST."],
    )
    assert answer.json["errors"][0]["extensions"]["code"] == "METHOD_NOT_ALLOWED"
    assert api.ask("{ project { id } }").data == {"project": []}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"query": "{ hello }", "operationName": 5}', "operationName must be a string."),
        (b'{"query": "{ hello }", "operationName": ["a"]}', "operationName must be a string."),
        (b'{"query": 5}', "Must provide query string."),
        (b'{"query": " "}', "Must provide query string."),
        (b"{}", "Must provide query string."),
    ],
)
def test_a_body_names_the_member_that_cannot_be_used(api: Any, body: bytes, said: str) -> None:
    answer = api.call("POST", "/graphql", body)
    assert (answer.status, answer.messages) == (400, [said])


@pytest.mark.parametrize(
    ("text", "code"),
    [("{", "GRAPHQL_PARSE_FAILED"), ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"), ("", "BAD_USER_INPUT")],
)
def test_a_document_that_cannot_be_used_has_its_code(api: Any, text: str, code: str) -> None:
    answer = api.ask(text)
    assert answer.status == 400
    if text:
        assert answer.json["errors"][0]["extensions"]["code"] == code


def test_what_is_told_apart_is_what_is_ordered_by_first(api: Any) -> None:
    said = '"distinct_on" columns must match the initial columns of "order_by".'
    for wrong in (
        "flow(distinct_on: name, order_by: {id: asc}) { id }",
        "flow(distinct_on: [name, version], order_by: [{name: asc}, {id: asc}]) { id }",
        "flow(distinct_on: name, order_by: {project: {name: asc}}) { id }",
    ):
        assert api.ask(f"{{ {wrong} }}").messages == [said], wrong
    for right in (
        "flow(distinct_on: name, order_by: [{name: asc}, {id: asc}]) { id }",
        "flow(distinct_on: [name, version], order_by: [{version: asc}, {name: desc}]) { id }",
        "flow(distinct_on: name) { id }",
    ):
        assert api.ask(f"{{ {right} }}").data == {"flow": []}, right


def test_a_task_run_of_what_is_not_there_is_no_task_run(api: Any) -> None:
    unknown = "00000000-0000-4000-8000-000000000000"
    document = "mutation($input: get_or_create_task_run_input!) { get_or_create_task_run(input: $input) { id } }"
    answer = api.ask(document, {"input": {"flow_run_id": unknown, "task_id": unknown}})
    assert answer.messages == ["Invalid ID"]


@pytest.mark.parametrize("seconds", [-1, 0, 1])
def test_a_key_is_good_until_it_expires(shared_database: Any, tmp_path: Any, seconds: int) -> None:
    keyed = Keyed(*shared_database, tmp_path)
    end = datetime.now(UTC) + timedelta(hours=1)
    holder = keyed.holder(expires_at=end)
    with time_machine.travel(end + timedelta(seconds=seconds), tick=False):
        answer = holder.ask("{ hello }")
    if seconds >= 0:
        assert answer.status == 401
        assert answer.messages == ["This API key has expired."]
    else:
        assert answer.status == 200
