"""The list of state handlers of a task or flow, with the ``on_failure`` callback as its last one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any


def handlers_with_failure(state_handlers: Any, on_failure: Callable[..., Any] | None) -> list[Callable[..., Any]]:
    """Give a new list of handlers; ``on_failure(obj, state)`` is wrapped so that it is called for failed states only.

    Raises:
        TypeError: the handlers are no sequence.
    """
    if state_handlers and not isinstance(state_handlers, Sequence):
        raise TypeError("state_handlers should be iterable.")
    handlers = list(state_handlers or ())
    if on_failure is not None:
        handlers.append(_failure_handler(on_failure))
    return handlers


def _failure_handler(callback: Callable[..., Any]) -> Callable[..., Any]:
    def call_when_failed(obj: Any, old_state: Any, new_state: Any) -> Any:
        if new_state.is_failed():
            callback(obj, new_state)
        return new_state

    return call_when_failed
