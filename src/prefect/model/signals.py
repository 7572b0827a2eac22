"""Exceptions that carry a State: raised in a task or a handler, they decide what the run becomes.

They derive from BaseException, so that ``except Exception`` in a task does not swallow them.
"""

from __future__ import annotations

from typing import Any

from prefect.exceptions import PrefectSignal
from prefect.model.codec import public
from prefect.model.state import (
    Failed,
    Looped,
    Paused,
    Retrying,
    Skipped,
    State,
    Success,
    TriggerFailed,
    ValidationFailed,
)

__all__ = [
    "ENDRUN",
    "FAIL",
    "LOOP",
    "PAUSE",
    "RETRY",
    "SKIP",
    "SUCCESS",
    "TRIGGERFAIL",
    "VALIDATIONFAIL",
    "PrefectStateSignal",
    "signal_from_state",
]

_public = public("prefect.engine.signals")


def signal_from_state(state: State) -> type[PrefectStateSignal]:
    """Find the signal class whose state is exactly of this state's class.

    Raises:
        ValueError: there is none.
    """
    unseen = list(PrefectStateSignal.__subclasses__())
    while unseen:
        signal = unseen.pop(0)
        if signal._state_cls is type(state):
            return signal
        unseen.extend(signal.__subclasses__())
    raise ValueError(f"No signal matches the provided state: {state!r}")


@_public
class ENDRUN(PrefectSignal):
    """Ends the pipeline of a runner with ``state``; for runners, not for tasks."""

    def __init__(self, state: State) -> None:
        self.state = state
        super().__init__()

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.state,)


@_public
class PrefectStateSignal(PrefectSignal):
    """A signal whose class says which state it carries.

    Args:
        message: the state's message.
        kwargs: further arguments of the state; its result is the signal itself unless given.
    """

    _state_cls: type[State] = State

    def __init__(self, message: str | None = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(message)  # type: ignore[arg-type]  # str() of a signal without message is "None"
        kwargs.setdefault("result", self)
        kwargs["message"] = message
        self.state: State = self._state_cls(*args, **kwargs)

    def __reduce__(self) -> tuple[Any, ...]:
        # Made anew without the arguments: they may be anything, and the state (which refers back here) has them all.
        return _bare, (type(self), self.args), self.__dict__


def _bare(cls: type[PrefectStateSignal], args: tuple[Any, ...]) -> PrefectStateSignal:
    return cls.__new__(cls, *args)


@_public
class FAIL(PrefectStateSignal):
    """The task failed."""

    _state_cls = Failed


@_public
class LOOP(PrefectStateSignal):
    """Run the task again, with ``result`` in the next round's context as ``task_loop_result``."""

    _state_cls = Looped

    def __init__(self, message: str | None = None, *args: Any, **kwargs: Any) -> None:
        # The result is checkpointed, and a signal cannot be written sensibly.
        kwargs.setdefault("result", f"{type(self).__name__}({'' if message is None else repr(message)})")
        super().__init__(message, *args, **kwargs)


@_public
class TRIGGERFAIL(FAIL):
    """The task's trigger refused the states of its upstream tasks."""

    _state_cls = TriggerFailed


@_public
class VALIDATIONFAIL(FAIL):
    """The task's value was refused."""

    _state_cls = ValidationFailed


@_public
class SUCCESS(PrefectStateSignal):
    """The task succeeded; ``result`` is its value."""

    _state_cls = Success


@_public
class RETRY(PrefectStateSignal):
    """Try the task again at ``start_time``, whatever its ``max_retries``."""

    _state_cls = Retrying


@_public
class SKIP(PrefectStateSignal):
    """Do not run the task; counts as a success."""

    _state_cls = Skipped


@_public
class PAUSE(PrefectStateSignal):
    """Wait for approval, or until ``start_time``."""

    _state_cls = Paused
