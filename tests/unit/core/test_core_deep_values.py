"""Values deeper than the stack, or that contain themselves: constants like others, or refused in one sentence."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from prefect import Flow, Parameter, apply_map, task, unmapped
from prefect.core.conversion import DEEPEST
from prefect.engine.cache_validators import all_inputs
from prefect.engine.state import Success
from prefect.executors import LocalDaskExecutor
from prefect.utilities.storage import flow_to_bytes_pickle
from prefect.utilities.tasks import as_task

DEPTH = 100_000


@task
def outermost(x: Any) -> str:
    return type(x).__name__


@task
def one() -> int:
    return 1


def nested(depth: int, wrap: Callable[[Any], Any], inside: Any = 1) -> Any:
    for _ in range(depth):
        inside = wrap(inside)
    return inside


def self_containing_list() -> list[Any]:
    value: list[Any] = [1]
    value.append(value)
    return value


def self_containing_dict() -> dict[str, Any]:
    value: dict[str, Any] = {}
    value["self"] = value
    return value


VALUES = {
    "list": lambda: nested(DEPTH, lambda inner: [inner]),
    "tuple": lambda: nested(DEPTH, lambda inner: (inner,)),
    "dict": lambda: nested(DEPTH, lambda inner: {"a": inner}),
    "list in itself": self_containing_list,
    "dict in itself": self_containing_dict,
}


@pytest.fixture(params=VALUES)
def value(request: pytest.FixtureRequest) -> Any:
    return VALUES[request.param]()


def test_a_deep_constant_is_built_serialized_copied_and_run(value: Any) -> None:
    with Flow("f") as flow:
        given = outermost(value)
        beside = outermost([value, one()])
        kept = outermost.map([1, 2], upstream_tasks=[unmapped(value)])
    flow.validate()
    assert flow.serialize()["name"] == "f"
    assert flow.copy() == flow
    for executor in (None, LocalDaskExecutor(scheduler="threads", num_workers=2)):
        state = flow.run(executor=executor)
        assert state.is_successful(), state
        assert state.result[given].result == type(value).__name__
        assert state.result[beside].result == "list"
        assert state.result[kept].result == ["int", "int"]


def test_a_deep_constant_is_named_by_its_type(value: Any) -> None:
    name = as_task(value).name
    assert len(name) <= 8 or name == f"Constant[{type(value).__name__}]"


def test_a_deep_value_travels_between_tasks_and_as_a_parameter(value: Any) -> None:
    @task
    def give() -> Any:
        return value

    with Flow("f") as flow:
        of_task = outermost(give())
        of_parameter = outermost(Parameter("p"))
        of_map = apply_map(outermost, [value, value])
    state = flow.run(p=value)
    kind = type(value).__name__
    assert [state.result[one].result for one in (of_task, of_parameter, of_map)] == [kind, kind, [kind, kind]]


def test_a_deep_input_can_be_cached_or_not_but_ends_no_run(value: Any) -> None:
    with Flow("f") as flow:
        cached = outermost(value, task_args={"cache_for": timedelta(hours=1), "cache_validator": all_inputs})
    for _ in range(2):
        assert flow.run().result[cached].is_successful()


def test_a_deep_default_or_context_is_no_json(value: Any) -> None:
    with Flow("f") as flow:
        outermost(Parameter("p", default=value))
    with pytest.raises(ValueError, match=r"`Parameter.default` must be JSON compatible"):
        flow.serialize()
    with pytest.raises(ValueError, match="context must be JSON compatible"):
        Success(context={"x": value}).serialize()


@pytest.mark.parametrize("kind", ["list", "tuple", "dict"])
def test_a_flow_that_cannot_be_pickled_says_by_what(kind: str) -> None:
    with Flow("f") as flow:
        outermost(VALUES[kind]())
        outermost(1)
    with pytest.raises((pickle.PicklingError, RecursionError)) as raised:
        flow_to_bytes_pickle(flow)
    (note,) = raised.value.__notes__
    assert note.startswith("<Flow: name=\"f\"> cannot be stored as it is: the argument 'x' of <Task: outermost> cannot")


@pytest.mark.parametrize("wrap", [lambda inner: [inner], lambda inner: (0, inner), lambda inner: {"a": inner}])
def test_tasks_lie_so_deep_and_no_deeper(wrap: Callable[[Any], Any]) -> None:
    with Flow("f") as flow:
        deep = outermost(nested(DEEPEST, wrap, one()))
        before = set(flow.tasks)
        for depth in (DEEPEST + 1, 3_000):
            with pytest.raises(ValueError, match="nested more than 50 levels deep, or contains itself"):
                outermost(nested(depth, wrap, one))
        assert {left.name for left in flow.tasks - before} <= {"outermost"}, "no half of a collection is left"
    assert flow.run().result[deep].is_successful()


def test_tasks_in_a_collection_that_contains_itself_are_refused() -> None:
    value = self_containing_list()
    value.append(one)
    with Flow("f"), pytest.raises(ValueError, match="or contains itself"):
        outermost(value)


class Unshown:
    def __len__(self) -> int:
        raise TypeError("unsized, like an array of no dimension")

    def __repr__(self) -> str:
        raise ValueError("not to be shown")


def test_a_constant_that_cannot_be_shown_is_one_all_the_same() -> None:
    assert as_task(Unshown()).name == "Constant[Unshown]"
    with Flow("f") as flow:
        given = outermost(Unshown())
        with pytest.raises(TypeError, match="Cannot map over unsubscriptable object"):
            outermost.map(Unshown())
    assert flow.run().result[given].result == "Unshown"
