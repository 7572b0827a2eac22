"""What a registered flow tells of its parameters: type, choices, description."""

from __future__ import annotations

import datetime
import enum
from typing import Any, Literal

import pytest

from prefect import Flow, Parameter, task, unmapped
from prefect.core.parameter_hints import with_hints


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


def taking(annotation: Any) -> Any:
    def run(x):
        return x

    run.__annotations__ = {} if annotation is None else {"x": annotation}
    return task(run)


def told(*annotations: Any, **given: Any) -> dict[str, Any]:
    with Flow("flow") as flow:
        parameter = flow.add_task(Parameter("x", **given))
        for annotation in annotations:
            taking(annotation)(parameter)
    (found,) = with_hints(flow, flow.serialize())["parameters"]
    return {key: found[key] for key in ("type_hint", "choices", "description") if key in found}


@pytest.mark.parametrize(
    ("annotation", "text"),
    [
        (int, "int"),
        (list[str], "list[str]"),
        (int | None, "int | None"),
        (datetime.date, "datetime.date"),
        ("list[Unknown]", "list[Unknown]"),
        (dict[str, Any], "dict[str, Any]"),
    ],
    ids=str,
)
def test_the_type_is_that_of_the_function_that_takes_it(annotation, text):
    assert told(annotation)["type_hint"].replace("typing.", "") == text


def test_literals_and_enumerations_are_choices():
    assert told(Literal["a", "b"])["choices"] == ["a", "b"]
    assert told(Colour) == {"type_hint": "Colour", "choices": ["red", "blue"]}


def test_what_nobody_says_is_not_told_and_what_two_say_differently_neither():
    assert told(None) == told(Any) == told(int, str) == told() == {}
    assert told(int, None, int) == {"type_hint": "int"}


def test_a_parameter_says_itself_what_it_is_and_its_word_wins():
    given = {"description": "which day", "choices": ("a", "c")}

    assert told(Literal["a", "b"], **given)["choices"] == ["a", "c"]
    assert told(**given) == {"description": "which day", "choices": ["a", "c"]}
    with pytest.raises(ValueError, match="choices of the parameter 'x'"):
        told(choices=[object()])


def test_an_element_of_a_mapped_value_says_nothing_of_the_whole():
    with Flow("flow") as flow:
        mapped, whole = Parameter("mapped"), Parameter("whole")

        @task
        def both(a: int, b: str) -> None: ...

        both.map(mapped, unmapped(whole))
    found = {p["name"]: p.get("type_hint") for p in with_hints(flow, flow.serialize())["parameters"]}
    assert found == {"mapped": None, "whole": "str"}


def test_a_flow_that_says_nothing_is_written_as_before():
    with Flow("flow") as flow:
        flow.add_task(Parameter("x", default=1))
    assert sorted(flow.serialize()["parameters"][0]) == [
        "__version__", "default", "name", "outputs", "required", "slug", "tags", "type"
    ]  # fmt: skip
