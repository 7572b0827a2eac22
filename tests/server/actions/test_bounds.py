"""Bounds of inputs: what is just within is taken, one past it is refused with the field's name and the bound."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from prefect.server import errors
from prefect.server.actions import automations, checks, flow_document, limits, logs, runs, slots
from prefect.server.errors import ApiError, BadInput
from prefect.server.graphql import execute
from support.world import World

Check = Callable[[Any], Any]

LONGEST_INTERVAL = 10_000 * 366 * 86_400 * 1_000_000  # microseconds: 10,000 years of 366 days


def _every(microseconds: int) -> None:
    clock = {"type": "IntervalClock", "interval": microseconds}
    flow_document.schedule("schedule", {"type": "Schedule", "clocks": [clock]})


@pytest.mark.parametrize(
    ("check", "within", "past", "said"),
    [
        (lambda v: checks.check_name("f", v), "é" * 1000, "é" * 1000 + "x", "Invalid f: expected at most 2000 bytes"),
        (lambda v: checks.check_text("f", v), "x" * 1_000_000, "x" * 1_000_001, "expected at most 1000000 characters"),
        (lambda v: checks.check_labels("f", v), ["x" * 2000], ["x" * 2001], "label in f: expected at most 2000 bytes"),
        (
            lambda v: checks.check_labels("f", v),
            list(map(str, range(1000))),
            list(map(str, range(1001))),
            "1001 labels",
        ),
        (lambda v: checks.check_object("f", v), {"": "x" * 4_999_992}, {"": "x" * 4_999_993}, "at most 5000000 bytes"),
        (lambda v: checks.check_object("f", v, 8), '{"a": 1}', '{"a": 12}', "at most 8 bytes of JSON, got '9 bytes'"),
        (automations._seconds, 366 * 86_400, 366 * 86_400 + 1, "duration_seconds: expected a whole number from 1 to"),
        (automations._seconds, 1, 0, "duration_seconds"),
        (lambda v: automations._ids("f", v), ["x"] * 1000, ["x"] * 1001, "at most 1000 ids, got '1001 ids'"),
        (lambda v: flow_document.number("f", v), 2_147_483_647, 2_147_483_648, "a number from 0 to 2147483647"),
        (lambda v: flow_document.number("f", v), 0, -1, "a number from 0 to"),
        (_every, LONGEST_INTERVAL - 1, LONGEST_INTERVAL, "schedule.clocks[0].interval: expected a number of micro"),
        (_every, 1, 0, "microseconds greater than 0"),
    ],
)
def test_a_bound_holds_exactly(check: Check, within: Any, past: Any, said: str) -> None:
    check(within)
    with pytest.raises(BadInput) as caught:
        check(past)
    assert said in str(caught.value)
    assert caught.value.code == "BAD_USER_INPUT"


@pytest.mark.parametrize(
    ("check", "value", "said"),
    [
        (lambda v: checks.check_name("f", v), "", "Invalid f: expected a text that is not empty, got ''."),
        (lambda v: checks.check_name("f", v), " \t", "expected a text that is not empty"),
        (lambda v: checks.check_key("f", v), " ", "Invalid f: expected a text that is not empty"),
        (lambda v: checks.check_name("f", v), "a\x00b", "a text without the character U+0000"),
        (lambda v: checks.check_name("f", v), "\ud800", "expected valid Unicode"),
        (lambda v: checks.check_text("f", v), "a\x00b", "a text without the character U+0000"),
        (lambda v: checks.check_labels("f", v), ["a", ""], "label in f"),
        (lambda v: checks.check_object("f", v), "[1]", "expected a JSON object"),
        (lambda v: checks.check_object("f", v), "{nonsense", "expected a JSON object, got '{nonsense'"),
        (lambda v: checks.check_object("f", v), "[" * 100_000, "expected a JSON object"),
        (lambda v: checks.check_object("f", v), 5, "expected a JSON object, got 5"),
        (lambda v: checks.size_of("f", v), {1, 2}, "JSON that can be stored"),
        (lambda v: checks.size_of("f", v), float("nan"), "JSON that can be stored"),
        (lambda v: checks.size_of("f", v), "\ud800", "JSON that can be stored"),
        (lambda v: checks.size_of("f", v), ["a\x00"], "JSON without the character U+0000"),
        (checks.check_slug, "Not a slug", "slugified"),
        (checks.check_slug, "", "slug"),
    ],
)
def test_what_no_database_keeps_is_refused_by_name(check: Check, value: Any, said: str) -> None:
    with pytest.raises(ApiError) as caught:
        check(value)
    assert said in str(caught.value)


def test_a_long_key_is_kept_as_its_beginning_and_a_digest() -> None:
    assert checks.check_key("f", "é" * 800) == "é" * 800
    kept, other = (checks.check_key("f", "é" * 800 + end) for end in "xy")
    assert kept.startswith("é" * 300 + "…sha256:")
    assert kept != other
    assert checks.check_key("f", kept) == kept


def test_values_that_are_fine_come_back() -> None:
    nested: list[Any] = []
    for _ in range(50):
        nested = [nested]
    assert checks.check_text("f", None) is None
    assert checks.check_labels("f", ["b", "a", "b"]) == ["a", "b"]
    assert checks.check_object("f", None) == checks.check_object("f", "null") == {}
    assert checks.check_object("f", '{"a": [1]}') == {"a": [1]}
    assert checks.read_json('  [1, {"a": 2}]') == [1, {"a": 2}]
    assert checks.read_json("plain") == "plain"
    assert checks.read_json("[broken") == "[broken"
    assert checks.read_json("[" * 100_000) == "[" * 100_000
    assert checks.size_of("f", "é") == 4
    assert checks.size_of("f", nested) == 102
    assert checks.slugify("Crème  Brûlée, Inc.") == "creme-brulee-inc"
    assert checks.slugify("--a__b--") == "a-b"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("x" * 80, repr("x" * 80)[:80] + "…"),
        ("x" * 78, repr("x" * 78)),
        ("x" * 81, "a text of 81 characters"),
        ([1] * 26, repr([1] * 26)),
        ([1] * 27, repr([1] * 27)[:80] + "…"),
        (None, "None"),
    ],
    ids=["80", "78", "81", "short list", "long list", "none"],
)
def test_an_error_repeats_only_a_little_of_what_came(value: Any, shown: str) -> None:
    assert errors.shorten(value) == shown


def test_a_long_message_of_the_language_is_cut() -> None:
    cut = execute._shortened
    assert cut("x" * 4000) == "x" * 4000
    assert cut("x" * 4001) == "x" * 4000 + "…"


# ----- what is checked where it is written


def log_lines(world: World, count: int) -> Any:
    run_id = world.running()
    return world.do(logs.write_run_logs, logs_given=[{"flow_run_id": run_id, "message": "m"}] * count)


def info_of(world: World, size: int) -> Any:
    line = {"flow_run_id": world.running(), "message": "m", "info": "x" * (size - 2)}
    return world.do(logs.write_run_logs, logs_given=[line])


def limit_of(world: World, count: int) -> Any:
    return world.do(slots.set_limit, tenant_id=world.tenant_id, kind=slots.FLOW, name="l", limit=count)


def value_of(world: World, size: int) -> Any:
    return world.do(limits.set_key_value, tenant_id=world.tenant_id, key="k", value="x" * (size - 2))


def map_index(world: World, index: int) -> Any:
    run_id = world.running()
    task_id = world.task_run(run_id)["task_id"]
    return world.do(runs.get_or_create_task_run, flow_run_id=run_id, task_id=task_id, map_index=index)


def template(world: World, length: int) -> Any:
    config = {"url": "http://example.com", "message": "x" * length}
    return world.do(automations.create_action, tenant_id=world.tenant_id, action_type="WEBHOOK", action_config=config)


@pytest.mark.parametrize(
    ("do", "within", "past", "said"),
    [
        (log_lines, 10_000, 10_001, "at most 10000 lines at once"),
        (info_of, 1_000_000, 1_000_001, "at most 1000000 bytes"),
        (limit_of, 2**31 - 1, 2**31, "from 0 to 2147483647"),
        (limit_of, 0, -1, "from 0 to 2147483647"),
        (value_of, 10_000, 10_001, "10 KB"),
        (map_index, 2**31 - 1, 2**31, "from -1 to 2147483647"),
        (map_index, -1, -2, "from -1 to 2147483647"),
        (template, 10_000, 10_001, "at most 10000 characters"),
    ],
)
def test_a_bound_of_what_is_kept_holds_exactly(
    world: World, do: Callable[[World, int], Any], within: int, past: int, said: str
) -> None:
    with pytest.raises(ApiError, match=said):
        do(world, past)
    assert do(world, within)


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ({"a": "x\0"}, "parameters.a"),
        ({"a": {"b": [1, "x", ["\0"]]}}, "parameters.a.b[2][0]"),
        ({"a": ["x"], "b": "\0", "c": "\0"}, "parameters.b"),
        ({"a": {"b\0": 1}}, "parameters.a"),
    ],
    ids=repr,
)
def test_a_character_that_cannot_be_stored_is_named_with_its_place(value: Any, place: str) -> None:
    with pytest.raises(BadInput, match=f"^Invalid {re.escape(place)}: expected JSON without the character U"):
        checks.size_of("parameters", value)
    assert checks.size_of("parameters", {"a": "\\u0000"}) > 0
