"""May a cached state stand for a new run? Functions of (state, inputs, parameters).

All but ``never_use`` first ask whether the cached value has expired.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from prefect.model.codec import public
from prefect.model.tokens import tokenize
from prefect.utilities.sameness import same

if TYPE_CHECKING:
    from prefect.model.state import Cached

__all__ = [
    "all_inputs",
    "all_parameters",
    "duration_only",
    "never_use",
    "partial_inputs_only",
    "partial_parameters_only",
]

Validator = Callable[["Cached", Mapping[str, Any], Mapping[str, Any]], bool]
_public = public("prefect.engine.cache_validators")


@_public
def never_use(state: Cached, inputs: Mapping[str, Any], parameters: Mapping[str, Any]) -> bool:
    """Never."""
    return False


@_public
def duration_only(state: Cached, inputs: Mapping[str, Any], parameters: Mapping[str, Any]) -> bool:
    """Until it expires; without an expiration for ever."""
    expiration = state.expiration_time
    return expiration is None or expiration > datetime.now(UTC)


@_public
def all_inputs(state: Cached, inputs: Mapping[str, Any], parameters: Mapping[str, Any]) -> bool:
    """Only for the same inputs."""
    if not duration_only(state, inputs, parameters):
        return False
    if state.hashed_inputs is not None:
        return {name: tokenize(value) for name, value in inputs.items()} == state.hashed_inputs
    return same({name: result.value for name, result in state.cached_inputs.items()}, inputs)


@_public
def all_parameters(state: Cached, inputs: Mapping[str, Any], parameters: Mapping[str, Any]) -> bool:
    """Only for the same parameters of the flow run."""
    return duration_only(state, inputs, parameters) and same(state.cached_parameters, parameters)


def _names(given: Iterable[str] | None) -> list[str] | None:
    # A text is one name: not its letters.
    return [given] if isinstance(given, str) else None if given is None else list(given)


def _named(values: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    # What is not there at all is not the same as None.
    return {name: values[name] for name in names if name in values}


@_public
def partial_parameters_only(validate_on: Iterable[str] | None = None) -> Validator:
    """Make a validator that compares only the parameters named; None: none of them."""
    # Under its own name: that is how it travels.
    validate_on = _names(validate_on)

    @_public
    def _partial_parameters_only(state: Cached, inputs: Mapping[str, Any], parameters: Mapping[str, Any]) -> bool:
        if not duration_only(state, inputs, parameters):
            return False
        if validate_on is None:
            return True
        cached = state.cached_parameters or {}
        return same(_named(cached, validate_on), _named(parameters or {}, validate_on))

    return _partial_parameters_only


@_public
def partial_inputs_only(validate_on: Iterable[str] | None = None) -> Validator:
    """Make a validator that compares only the inputs named; None: none of them."""
    # Under its own name: that is how it travels.
    validate_on = _names(validate_on)

    @_public
    def _partial_inputs_only(state: Cached, inputs: Mapping[str, Any], parameters: Mapping[str, Any]) -> bool:
        if not duration_only(state, inputs, parameters):
            return False
        if validate_on is None:
            return True
        given = inputs or {}
        if state.hashed_inputs is not None:
            tokens = {name: tokenize(given[name]) for name in validate_on if name in given}
            return all(state.hashed_inputs.get(name) == tokens.get(name) for name in validate_on)
        cached = {name: result.value for name, result in state.cached_inputs.items()}
        return same(_named(cached, validate_on), _named(given, validate_on))

    return _partial_inputs_only
