"""Equality of values that have none of their own: arrays, tables, collections of them, and what raises."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from prefect.engine import cache_validators as validators
from prefect.engine.results import LocalResult
from prefect.engine.state import Cached, Success
from prefect.utilities.sameness import same

SOON = datetime.now(UTC) + timedelta(days=1)


class Raising:
    def __eq__(self, other: object) -> bool:
        raise RuntimeError("not comparable")

    __hash__ = None  # type: ignore[assignment]


def nested(depth: int) -> Any:
    value: Any = np.array([1, 2])
    for _ in range(depth):
        value = [value]
    return value


CASES = [
    (1, 1.0, True),
    ([1, 2], (1, 2), False),
    (np.array([1, 2]), np.array([1, 2]), True),
    (np.array([1, 2]), np.array([1, 3]), False),
    (np.array([1, 2]), np.array([1, 2, 3]), False),
    (np.array([]), np.array([1]), False),
    (np.array([[1, 2]]), np.array([1, 2]), False),
    (np.array([1, 1]), 1, False),
    (np.float64(1), 1.0, True),
    (pd.DataFrame({"a": [1, 2]}), pd.DataFrame({"a": [1, 2]}), True),
    (pd.DataFrame({"a": [1, 2]}), pd.DataFrame({"a": [1, 3]}), False),
    (pd.DataFrame({"a": [1, 2]}), pd.DataFrame({"b": [1, 2]}), False),
    (pd.Series([1, 2]), pd.Series([1, 2]), True),
    ({"x": [np.array([1, 2])], "y": 1}, {"x": [np.array([1, 2])], "y": 1}, True),
    ({"x": [np.array([1, 2])]}, {"x": [np.array([2, 2])]}, False),
    ({"x": np.array([1, 2])}, {"y": np.array([1, 2])}, False),
    ((np.array([1, 2]),), [np.array([1, 2])], False),
    (nested(3), nested(3), True),
    (nested(100_000), nested(100_000), False),
    (Raising(), Raising(), False),
    (Raising(), 1, False),
]


@pytest.mark.parametrize(("one", "other", "expected"), CASES, ids=[str(number) for number in range(len(CASES))])
def test_equality_is_told_and_never_raises(one: Any, other: Any, expected: bool) -> None:
    assert same(one, other) is expected
    assert same(one, one) is True
    assert (Success(result=one) == Success(result=other)) is expected
    assert (LocalResult(dir="/tmp", value=one) == LocalResult(dir="/tmp", value=other)) is expected


def test_where_a_value_lies_does_not_count_in_a_state() -> None:
    assert Success(result=LocalResult(dir="/tmp", value=1, location="x")) == Success(result=1)
    assert Success(result=LocalResult(dir="/tmp", value=1)) != Success(result=2)
    assert Success(result=None) == Success(result=LocalResult(dir="/tmp", value=None))


@pytest.mark.parametrize(
    "validator",
    [validators.all_parameters, validators.partial_parameters_only(["p"])],
    ids=["all_parameters", "partial_parameters_only"],
)
def test_parameters_that_are_arrays_are_compared(validator: Any) -> None:
    state = Cached(cached_parameters={"p": np.array([1, 2])}, cached_result_expiration=SOON)
    assert validator(state, {}, {"p": np.array([1, 2])}) is True
    assert validator(state, {}, {"p": np.array([1, 3])}) is False


@pytest.mark.parametrize(
    "validator",
    [validators.all_inputs, validators.partial_inputs_only(["x"])],
    ids=["all_inputs", "partial_inputs_only"],
)
def test_inputs_that_are_arrays_are_compared(validator: Any) -> None:
    inputs = {"x": LocalResult(dir="/tmp", value=np.array([1, 2]))}
    state = Cached(cached_inputs=inputs, cached_result_expiration=SOON)
    assert validator(state, {"x": np.array([1, 2])}, {}) is True
    assert validator(state, {"x": np.array([2, 2])}, {}) is False
