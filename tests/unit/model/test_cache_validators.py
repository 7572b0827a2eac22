from datetime import UTC, datetime, timedelta

import pytest

from prefect.core.cache_validators import (
    all_inputs,
    all_parameters,
    duration_only,
    never_use,
    partial_inputs_only,
    partial_parameters_only,
)
from prefect.model import codec
from prefect.model.result import Result
from prefect.model.state import Cached
from prefect.model.tokens import _hash, tokenize

INPUTS, PARAMETERS = {"x": 1, "y": 2}, {"p": 1, "q": 2}
HASHED = {name: tokenize(value) for name, value in INPUTS.items()}
RESULTS = {name: Result(value) for name, value in INPUTS.items()}
SOON = datetime.now(UTC) + timedelta(hours=1)


@pytest.mark.parametrize(
    ("validator", "state", "valid"),
    [
        (never_use, Cached(), False),
        (duration_only, Cached(), True),
        (duration_only, Cached(cached_result_expiration=SOON), True),
        (all_inputs, Cached(), False),
        (all_inputs, Cached(hashed_inputs=HASHED), True),
        (all_inputs, Cached(hashed_inputs={**HASHED, "x": "other"}), False),
        (all_inputs, Cached(hashed_inputs={"x": HASHED["x"]}), False),
        (all_inputs, Cached(cached_inputs=RESULTS), True),
        (all_inputs, Cached(cached_inputs={**RESULTS, "x": Result(2)}), False),
        (all_parameters, Cached(cached_parameters={"p": 1, "q": 2}), True),
        (all_parameters, Cached(cached_parameters={"p": 1}), False),
        (all_parameters, Cached(), False),
        (partial_inputs_only(), Cached(), True),
        (partial_inputs_only(validate_on=["x"]), Cached(hashed_inputs={**HASHED, "y": "other"}), True),
        (partial_inputs_only(validate_on=["x"]), Cached(hashed_inputs={"y": HASHED["y"]}), False),
        (partial_inputs_only(validate_on=["x"]), Cached(cached_inputs={**RESULTS, "y": Result(9)}), True),
        (partial_inputs_only(validate_on=["x"]), Cached(cached_inputs={}), False),
        (partial_inputs_only(validate_on=["z"]), Cached(hashed_inputs=HASHED), True),
        (partial_parameters_only(), Cached(), True),
        (partial_parameters_only(validate_on=["p"]), Cached(cached_parameters={"p": 1, "q": 9}), True),
        (partial_parameters_only(validate_on=["p"]), Cached(cached_parameters={"p": 9, "q": 2}), False),
        (partial_parameters_only(validate_on=["p"]), Cached(), False),
        (partial_parameters_only(validate_on=["zz"]), Cached(), True),
    ],
)
def test_what_is_compared(validator, state, valid):
    assert validator(state, INPUTS, PARAMETERS) is valid


@pytest.mark.parametrize(
    "validator",
    [duration_only, all_inputs, all_parameters, partial_inputs_only(), partial_parameters_only()],
    ids=["duration", "inputs", "parameters", "partial inputs", "partial parameters"],
)
def test_an_expired_state_is_never_valid(validator):
    past = datetime.now(UTC) - timedelta(seconds=1)
    state = Cached(cached_result_expiration=past, hashed_inputs=HASHED, cached_parameters=PARAMETERS)
    assert not validator(state, INPUTS, PARAMETERS)


def test_validators_travel_under_their_public_names():
    assert codec.dump_function(all_inputs) == {"fn": "prefect.engine.cache_validators.all_inputs", "kwargs": {}}
    assert codec.dump_function(partial_inputs_only(validate_on=["x"])) == {
        "fn": "prefect.engine.cache_validators.partial_inputs_only",
        "kwargs": {"validate_on": ["x"]},
    }


@pytest.mark.parametrize("token", [tokenize, _hash], ids=["dask", "without dask"])
def test_tokens_are_equal_for_equal_values(token):
    assert token({"a": 1, "b": {1, 2, 3}}) == token({"b": {3, 2, 1}, "a": 1})
    assert token(1) != token(2)
    assert token([1]) != token((1,))
