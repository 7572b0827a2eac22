"""What both runners have in common: named steps that turn a state into another, and the handlers told of each change.

A runner is a pipeline. Every step takes the present state and gives the next one; a step ends the pipeline by raising
``ENDRUN``. Knows no flow and no task: the two runners add those.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import wraps
from typing import TYPE_CHECKING, Any

from prefect._lazy import lazy
from prefect.model.signals import ENDRUN, PAUSE, PrefectStateSignal
from prefect.model.state import Failed, Pending, State
from prefect.utilities.context import current_content
from prefect.utilities.logging import get_logger
from prefect.utilities.present import latest

__all__ = ["ENDRUN", "Runner", "call_state_handlers"]

StateHandler = Callable[[Any, State, State], State | None]


def call_state_handlers(method: Callable[..., State]) -> Callable[..., State]:
    """Make a method ``(self, state, ...) -> State`` a step: its exceptions become states, its change is announced.

    * ``ENDRUN`` gives its state; after the handlers were told, the pipeline still ends.
    * Another state signal gives its state, an exception gives Failed.
    * A state other than the given object goes through ``Runner.handle_state_change``.
    """

    @wraps(method)
    def step(self: Runner, state: State, *args: Any, **kwargs: Any) -> State:
        try:
            new_state = method(self, state, *args, **kwargs)
        except BaseException as error:
            # Not several clauses: a step that does not raise, which is nearly every one, should stay cheap.
            return _after_error(self, state, error)
        if new_state is state or self._is_unheard:
            return new_state
        return self.handle_state_change(old_state=state, new_state=new_state)

    return step


def _after_error(runner: Runner, state: State, error: BaseException) -> State:
    if isinstance(error, ENDRUN):
        new_state = error.state
        if new_state is not state:
            new_state = runner.handle_state_change(old_state=state, new_state=new_state)
        raise ENDRUN(new_state) from None
    if isinstance(error, PrefectStateSignal):
        runner.logger.info("%s signal raised: %r", type(error).__name__, error)
        if _must_raise():
            raise error
        return runner.handle_state_change(old_state=state, new_state=error.state)
    if not isinstance(error, Exception):
        raise error
    runner.logger.error("Unexpected error: %r", error, exc_info=error)
    if _must_raise():
        raise error
    return runner.handle_state_change(
        old_state=state, new_state=Failed(message=f"Unexpected error: {error!r}", result=error)
    )


def _must_raise() -> bool:
    return bool(current_content().get("raise_on_exception"))


def not_before_now(told: object) -> datetime:
    """Give a time that was told, or the present one where that is later, or where none was told.

    Clients that stand in for one, in users' tests, tell no time.
    """
    now = latest()
    return max(now, told) if isinstance(told, datetime) else now


class Runner:
    """Runs one thing once.

    Args:
        state_handlers: called as ``f(runner, old_state, new_state)`` at every change of state, after the handlers of
            the thing that is run; each may return another state.

    Raises:
        TypeError: ``state_handlers`` is no sequence.
    """

    # Whether there is nobody to tell of a change of state, no log either.
    _is_unheard: bool = False

    def __init__(self, state_handlers: Iterable[StateHandler] | None = None) -> None:
        if state_handlers is not None and not isinstance(state_handlers, Sequence):
            raise TypeError("state_handlers should be iterable.")
        self.state_handlers = state_handlers or []
        self.logger = get_logger(type(self).__name__)

    def __repr__(self) -> str:
        return '<"Runner">'

    def _heartbeat(self) -> bool:
        """Say whether this run is to tell somebody regularly that it lives; asked once, before its main step."""
        return False

    def latest_time(self) -> datetime:
        """Give the time by which it is judged whether a run is due."""
        return latest()

    def initialize_run(self, state: State | None, context: dict[str, Any]) -> tuple[State, dict[str, Any]]:
        """Give the state and the context that the pipeline starts with.

        A meta state is replaced by the state that it wraps, an absent one by Pending.
        """
        while state is not None and state.is_meta_state():
            state = state.state  # type: ignore[attr-defined]
        return (Pending() if state is None else state), context

    def call_runner_target_handlers(self, old_state: State, new_state: State) -> State:
        """Tell the handlers of what is run (a flow or a task) of a change, and give the state they agree on."""
        return new_state

    def handle_state_change(self, old_state: State, new_state: State) -> State:
        """Tell all handlers of a change of state, and give the state that comes out of it.

        A state signal raised by a handler replaces the state; the handlers behind it are not asked.

        Raises:
            ENDRUN: a handler raised it, or failed.
            PAUSE: a handler raised it.
        """
        try:
            new_state = self.call_runner_target_handlers(old_state, new_state) or new_state
            for handler in self.state_handlers:
                new_state = handler(self, old_state, new_state) or new_state
        except (PAUSE, ENDRUN):
            raise
        except PrefectStateSignal as signal:
            self.logger.debug("%s signal raised while calling state handlers.", type(signal).__name__)
            return signal.state
        except Exception as error:
            message = f"Unexpected error while calling state handlers: {error!r}"
            self.logger.error(message, exc_info=True)
            if _must_raise():
                raise
            raise ENDRUN(Failed(message, result=error)) from None
        return new_state

    def _call_handlers_of(self, target: Any, old_state: State, new_state: State) -> State:
        for handler in target.state_handlers:
            answer = handler(target, old_state, new_state)
            if answer is None:
                continue
            if not isinstance(answer, State):
                raise TypeError(
                    f"The state handler {getattr(handler, '__name__', handler)!r} of {target!r} gave {answer!r}; "
                    "a state handler gives a State or None."
                )
            new_state = answer
        return new_state


if not TYPE_CHECKING:  # names that are looked for here, because this module of 1.x had them too
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "prefect": "prefect:",
            "signals": "prefect.engine.signals:",
        },
    )
