"""Small readers of the GraphQL room, each by itself: what they take, what they leave, and where their bound is."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from graphql import GraphQLError, parse

from prefect.server.actions import run_events
from prefect.server.graphql import access, explaining, writing
from prefect.server.graphql.arguments import MOST_STEPS, json_path
from prefect.server.graphql.bounds import check_depth
from prefect.server.graphql.documents import Document
from prefect.server.graphql.execute import _read_body, describe
from prefect.server.graphql.inputs import Coercers
from prefect.server.graphql.operations import Request
from prefect.server.graphql.schema import build
from prefect.server.store.database import TookTooLong


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("$.a.b[0]", ("a", "b", "0")),
        ("a.b", ("a", "b")),
        ("$", ()),
        ("", ()),
        ("$[3][4]", ("3", "4")),
        ("$" + ".a" * MOST_STEPS, ("a",) * MOST_STEPS),
    ],
)
def test_a_path_is_read_into_its_keys_and_indexes(text: str, steps: tuple[str, ...]) -> None:
    assert json_path(text) == steps


@pytest.mark.parametrize("text", ["$" + ".a" * (MOST_STEPS + 1), "[0]" * (MOST_STEPS + 1)], ids=["keys", "indexes"])
def test_a_path_has_so_many_steps(text: str) -> None:
    with pytest.raises(GraphQLError, match=f"^Invalid path: expected at most {MOST_STEPS} keys and indexes"):
        json_path(text)


@pytest.mark.parametrize("text", ["$..a", "$.a[", "$.a[x]", "a b", "$."])
def test_what_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(GraphQLError, match=r"^Invalid path .*: expected a JSON path such as"):
        json_path(text)


# ----- what the audit tells of inputs


def test_ids_and_names_are_told_and_values_are_not() -> None:
    inputs = {
        "flow_run_id": "r-1", "name": "n", "slug": "s", "value": "hush", "parameters": {"name": "hush"},
        "tenant_name": "t", "names": ["hush"], "flow_id": 5, "id": "x", "token": "hush",
    }  # fmt: skip

    told = access._detail(inputs)

    assert told.items() >= {"flow_run_id": "r-1", "name": "n", "slug": "s", "tenant_name": "t"}.items()
    assert "hush" not in str(told)
    assert "flow_id" not in told


@pytest.mark.parametrize("more", [0, 1])
def test_so_many_inputs_are_told(more: int) -> None:
    inputs = {f"f{number}_id": str(number) for number in range(access.MOST_DETAILS + more)}

    told = access._detail(inputs)

    assert told == dict(list(inputs.items())[: access.MOST_DETAILS])


@pytest.mark.parametrize("text", ["x" * access.LONGEST_DETAIL, "a\x00b", "ä"], ids=["long", "nul", "umlaut"])
def test_a_strange_text_is_made_tellable(text: str) -> None:
    told = access._detail({"name": text})["name"]

    assert told == access._tellable(text)
    assert "\x00" not in told
    assert len(told.encode()) <= access.LONGEST_DETAIL + 10
    plain = "x" * (access.LONGEST_DETAIL - 1)
    assert access._detail({"name": plain}) == {"name": plain}


# ----- who calls


@pytest.mark.parametrize(("length", "kept"), [(63, 63), (64, 63)])
def test_the_name_of_a_process_is_kept_to_a_hundred_characters_with_its_run(length: int, kept: int) -> None:
    run_id, process_id = str(UUID(int=1)), "p" * length
    headers = {"x-prefect-run-process": f"{run_id}/{process_id}"}
    request = Request(app=None, headers=headers, now=datetime.now(UTC))  # type: ignore[arg-type]

    caller = writing.caller_of(request)

    assert (caller.process_of, caller.process_id) == (run_id, "p" * kept)


# ----- places in the events of a run


@pytest.mark.parametrize("time", ["12:00:00", "12:00:00Z", "12:00:00+00:00", "13:00:00+01:00", "07:00:00-05:00"])
@pytest.mark.parametrize("run_id", ["", str(UUID(int=7))], ids=["a time alone", "a task run"])
def test_a_place_is_read_as_it_was_told_and_a_time_without_a_zone_is_of_utc(time: str, run_id: str) -> None:
    place = run_events.Place.read("after", f"2026-01-01T{time}{'/' if run_id else ''}{run_id}")

    assert str(place) == f"2026-01-01T12:00:00+00:00/{run_id or run_events.NO_ID}"
    assert run_events.Place.read("after", str(place)) == place


# ----- bodies


@pytest.mark.parametrize(
    ("body", "said"),
    [
        *((body, "The request body must be a JSON object.") for body in ([], "x", 5, None)),
        *(({"query": query}, "Must provide query string.") for query in (None, 5, "", "  ", [])),
        ({}, "Must provide query string."),
        ({"query": "{ hello }", "operationName": 5}, "operationName must be a string."),
    ],
)
def test_a_body_that_cannot_be_used_is_refused_by_what_is_wrong(body: Any, said: str) -> None:
    with pytest.raises(Exception, match=f"^{said}$"):
        _read_body(body)


@pytest.mark.parametrize("given", [None, {}, "", " ", "{}", '{"a": 1}', {"a": 1}], ids=repr)
def test_variables_may_be_left_out_or_come_as_a_text(given: Any) -> None:
    text, values, name = _read_body({"query": "{ hello }", "variables": given})

    assert (text, name) == ("{ hello }", None)
    assert values == ({"a": 1} if "a" in str(given) else {})


def test_a_variable_that_only_we_refuse_is_refused_in_general_words() -> None:
    operation = Document(build([]), "query($x: Int) { flow(limit: $x) { id } }", Coercers()).operation(None)
    (error,) = operation.variables._errors({"x": 1})
    assert error.message == "A variable does not have the type that the operation declares for it."
    (error,) = operation.variables._errors({"x": "one"})
    assert "Int" in error.message


@pytest.mark.parametrize(
    ("around", "innermost", "is_refused"),
    [(7, "f", False), (8, "f", True), (8, "__typename", False), (9, "__typename", True), (8, "...x", True)],
)
def test_an_operation_is_so_deep_and_the_name_of_a_type_is_no_level(
    around: int, innermost: str, is_refused: bool
) -> None:
    text = "query q " + "{ f " * around + "{ " + innermost + " }" + " }" * around
    errors = check_depth(parse(text + (" fragment x on y { f }" if "..." in innermost else "")))
    assert [error.message for error in errors] == ["'q' exceeds maximum operation depth of 7"] * is_refused


@pytest.mark.parametrize(
    ("given", "agent"),
    [
        ({}, None),
        ({"x-prefect-agent-id": ""}, None),
        ({"x-prefect-agent-id": "no id"}, None),
        ({"x-prefect-agent-id": "6C1A26E5630546BBB9CA6F530BBD733D"}, "6c1a26e5-6305-46bb-b9ca-6f530bbd733d"),
    ],
    ids=str,
)
def test_who_says_no_id_of_an_agent_is_none(given: dict[str, str], agent: str | None) -> None:
    assert writing.agent_of(SimpleNamespace(headers=given)) == agent  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"flow_run_id": "a"}, "There is no flow run a."),
        ({"tenant_id": "t", "flow_id": "f"}, "There is no flow f."),
        ({"tenant_id": "t"}, "There is no tenant t."),
        ({"name": "n"}, "There is no thing 'n'."),
        ({"name": 5, "flow_id": None}, "Nothing was there to change."),
        ({}, "Nothing was there to change."),
    ],
    ids=str,
)
def test_an_answer_without_a_reason_is_given_one(inputs: dict[str, Any], said: str) -> None:
    operation: Any = SimpleNamespace(name="delete_thing", inputs=dict.fromkeys(inputs, "String"))
    assert explaining._reason(operation, inputs) == said


def test_what_took_too_long_is_told_as_that() -> None:
    assert describe(TookTooLong()) == (str(TookTooLong()), "TOOK_TOO_LONG")
