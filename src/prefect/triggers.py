"""Triggers: functions that decide from the states upstream of a task whether it may run.

A trigger takes ``{edge: state}`` and returns True, or raises the signal of the state that the task shall have instead.
The children of a mapped task count one by one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from prefect._lazy import lazy
from prefect.model.signals import PAUSE, SKIP, TRIGGERFAIL
from prefect.utilities.context import context

if TYPE_CHECKING:
    from prefect.core.edge import Edge
    from prefect.model.state import State

    Trigger = Callable[[dict[Edge, State]], bool]

__all__ = [
    "all_failed",
    "all_finished",
    "all_successful",
    "always_run",
    "any_failed",
    "any_successful",
    "manual_only",
    "not_all_skipped",
    "some_failed",
    "some_successful",
]


def _each(upstream_states: dict[Edge, State]) -> list[State]:
    """Give the upstream states, each once, with the children of mapped ones in place of their parents.

    A task that is upstream by several edges counts once.
    """
    states: dict[int, State] = {}
    for state in upstream_states.values():
        if state.is_mapped():
            states.update((id(child), child) for child in state.map_states)  # type: ignore[attr-defined]
        else:
            states[id(state)] = state
    return list(states.values())


def _fail(name: str, reason: str) -> TRIGGERFAIL:
    return TRIGGERFAIL(f'Trigger was "{name}" but {reason}')


def all_finished(upstream_states: dict[Edge, State]) -> bool:
    """Run as soon as everything upstream has ended, in whatever state."""
    if not all(s is not None and s.is_finished() for s in _each(upstream_states)):
        raise _fail("all_finished", "some of the upstream tasks were not finished.")
    return True


always_run = all_finished


def manual_only(upstream_states: dict[Edge, State]) -> bool:
    """Wait until somebody resumes the task."""
    if context.get("resume"):
        return True
    raise PAUSE('Trigger function is "manual_only"')


def all_successful(upstream_states: dict[Edge, State]) -> bool:
    """Run if everything upstream succeeded; skipped tasks count as successful."""
    for state in upstream_states.values():
        # The common case of the common trigger: no list is made for it.
        if not state.is_successful() or state.is_mapped():
            break
    else:
        return True
    if not all(s is not None and s.is_successful() for s in _each(upstream_states)):
        raise _fail("all_successful", "some of the upstream tasks failed.")
    return True


def all_failed(upstream_states: dict[Edge, State]) -> bool:
    """Run if everything upstream failed."""
    if not all(s is not None and s.is_failed() for s in _each(upstream_states)):
        raise _fail("all_failed", "some of the upstream tasks succeeded.")
    return True


def any_successful(upstream_states: dict[Edge, State]) -> bool:
    """Run if something upstream succeeded, or there is nothing upstream."""
    if upstream_states and not any(s is not None and s.is_successful() for s in _each(upstream_states)):
        raise _fail("any_successful", "none of the upstream tasks succeeded.")
    return True


def any_failed(upstream_states: dict[Edge, State]) -> bool:
    """Run if something upstream failed, or there is nothing upstream."""
    if upstream_states and not any(s is not None and s.is_failed() for s in _each(upstream_states)):
        raise _fail("any_failed", "none of the upstream tasks failed.")
    return True


def _is_between(count: int, total: int, at_least: float | None, at_most: float | None) -> bool:
    """Tell whether a count keeps its bounds; a bound below 1 is a share of the total."""

    def bound(given: float) -> float:
        return given * total if given < 1 else given

    return (at_least is None or count >= bound(at_least)) and (at_most is None or count <= bound(at_most))


def _public(name: str) -> Callable[[Any], Any]:
    """Let a trigger travel under the name of the function that makes it."""

    def enter(function: Any) -> Any:
        function.public_name = f"prefect.triggers.{name}"
        return function

    return enter


def some_failed(at_least: float | None = None, at_most: float | None = None) -> Trigger:
    """Make a trigger that runs if enough, and not too many, upstream tasks failed.

    Args:
        at_least, at_most: how many, inclusive; below 1 a share of all upstream tasks.
    """

    @_public("some_failed")
    def _some_failed(upstream_states: dict[Edge, State]) -> bool:
        if not upstream_states:
            return True
        states = _each(upstream_states)
        count = sum(1 for s in states if s is not None and s.is_failed())
        if not _is_between(count, len(states), at_least, at_most):
            raise _fail("some_failed", "thresholds were not met.")
        return True

    return _some_failed  # type: ignore[no-any-return]


def some_successful(at_least: float | None = None, at_most: float | None = None) -> Trigger:
    """Make a trigger that runs if enough, and not too many, upstream tasks succeeded.

    Args:
        at_least, at_most: how many, inclusive; below 1 a share of all upstream tasks.
    """

    @_public("some_successful")
    def _some_successful(upstream_states: dict[Edge, State]) -> bool:
        if not upstream_states:
            return True
        states = _each(upstream_states)
        count = sum(1 for s in states if s is not None and s.is_successful())
        if not _is_between(count, len(states), at_least, at_most):
            raise _fail("some_successful", "thresholds were not met.")
        return True

    return _some_successful  # type: ignore[no-any-return]


def not_all_skipped(upstream_states: dict[Edge, State]) -> bool:
    """Run if everything upstream succeeded and something was not skipped; skip if all was skipped."""
    states = _each(upstream_states)
    if all(s is not None and s.is_skipped() for s in states):
        raise SKIP("All upstreams were skipped", result=None)
    if not all(s is not None and s.is_successful() for s in states):
        raise _fail("not_all_skipped", "some of the upstream tasks failed.")
    return True


if not TYPE_CHECKING:  # names that are looked for here, because this module of 1.x had them too
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "prefect": "prefect:",
            "signals": "prefect.engine.signals:",
        },
    )
