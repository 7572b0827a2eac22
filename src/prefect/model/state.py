"""The State tree: what a flow run or a task run is, or was, at one moment.

::

    State
    ├── Pending
    │   └── Scheduled
    │       ├── Paused, Resume, Retrying
    ├── ClientFailed, Submitted, Queued      (meta states: they wrap another state)
    ├── Running
    │   └── Cancelling
    └── Finished
        ├── Looped
        ├── Success
        │   ├── Cached, Mapped, Skipped
        ├── Cancelled
        └── Failed
            ├── TimedOut, TriggerFailed, ValidationFailed

A state is a plain value. Several are made for every task run, so making one must stay cheap.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Self

from prefect.model import codec
from prefect.model.codec import register
from prefect.model.result import Result
from prefect.model.state_base import State, load_count, mapping, public_state
from prefect.model.times import UserTime, as_aware
from prefect.utilities.context import current_content
from prefect.utilities.present import present

__all__ = [
    "Cached",
    "Cancelled",
    "Cancelling",
    "ClientFailed",
    "Failed",
    "Finished",
    "Looped",
    "Mapped",
    "Paused",
    "Pending",
    "Queued",
    "Resume",
    "Retrying",
    "Running",
    "Scheduled",
    "Skipped",
    "State",
    "Submitted",
    "Success",
    "TimedOut",
    "TriggerFailed",
    "ValidationFailed",
]


@register("state")
@public_state
class Pending(State):
    """Not started."""

    _pending = True
    color = "#7ebdff"

    def __init__(
        self,
        message: str | None = None,
        result: Any = None,
        cached_inputs: dict[str, Result] | None = None,
        context: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message, result, context, cached_inputs)


@register("state")
@public_state
class Scheduled(Pending):
    """To be started at ``start_time``; without one: now."""

    _scheduled = True
    color = "#ffab00"
    start_time = UserTime()

    def __init__(
        self,
        message: str | None = None,
        result: Any = None,
        start_time: datetime | None = None,
        cached_inputs: dict[str, Result] | None = None,
        context: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message, result, cached_inputs, context)
        self._start_time = present() if start_time is None else as_aware(start_time)
        run_count = current_content().get("task_run_count")
        if run_count is not None:
            self.context = {**self.context, "task_run_count": run_count}

    _start_time: datetime | None

    @property
    def due_time(self) -> datetime | None:
        """The start time as a plain aware ``datetime``, for code that needs no pendulum."""
        return self._start_time

    def _compared(self) -> dict[str, Any]:
        return {**super()._compared(), "start_time": self._start_time}

    def _to_fields(self) -> dict[str, Any]:
        return {**super()._to_fields(), "start_time": codec.dump_time(self._start_time)}

    @classmethod
    def _from_fields(cls, data: Mapping[str, Any], keep_results: bool = False) -> Self:
        state = super()._from_fields(data, keep_results)
        start_time = codec.load_time(data.get("start_time"), "start_time")
        if start_time is not None:
            state._start_time = start_time
        return state


@register("state")
@public_state
class Paused(Scheduled):
    """Waits for somebody's approval, or until ``start_time``; without one: for ever."""

    color = "#99a8e8"

    def __init__(
        self,
        message: str | None = None,
        result: Any = None,
        start_time: datetime | None = None,
        cached_inputs: dict[str, Result] | None = None,
        context: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message, result, start_time, cached_inputs, context)
        if start_time is None:
            self._start_time = None


class _MetaState(State):
    """A state about another one, which it keeps; wrapping a meta state takes what that one wraps."""

    _meta_state = True

    def __init__(
        self,
        message: str | None = None,
        result: Any = None,
        state: State | None = None,
        context: dict[str, Any] | None = None,
        cached_inputs: dict[str, Result] | None = None,
    ) -> None:
        super().__init__(message, result, context, cached_inputs)
        self.state = state

    @property
    def state(self) -> State | None:
        """The state that this one is about."""
        return self._state

    @state.setter
    def state(self, state: State | None) -> None:
        self._state = state.state if isinstance(state, _MetaState) else state

    def _to_fields(self) -> dict[str, Any]:
        inner = self._state
        return {**super()._to_fields(), "state": None if inner is None else codec.dump(inner)}

    @classmethod
    def _from_fields(cls, data: Mapping[str, Any], keep_results: bool = False) -> Self:
        state = super()._from_fields(data, keep_results)
        inner = data.get("state")
        if inner is not None:
            state.state = State.deserialize(inner, keep_results=keep_results)
        return state


@register("state")
@public_state
class ClientFailed(_MetaState):
    """The backend could not be told of the state that this one keeps."""

    color = "#eb0000"


@register("state")
@public_state
class Submitted(_MetaState):
    """An agent has taken the run and hands it to its platform."""

    _submitted = True
    color = "#ffdf5d"


@register("state")
@public_state
class Queued(_MetaState):
    """Waits for a free place under a concurrency limit; is tried again from ``start_time`` on."""

    _queued = True
    _scheduled = True
    color = "#ffea7f"
    start_time = UserTime()
    _start_time: datetime

    def __init__(
        self,
        message: str | None = None,
        result: Any = None,
        state: State | None = None,
        start_time: datetime | None = None,
        context: dict[str, Any] | None = None,
        cached_inputs: dict[str, Result] | None = None,
    ) -> None:
        super().__init__(message, result, state, context, cached_inputs)
        self._start_time = present() if start_time is None else as_aware(start_time)

    @property
    def due_time(self) -> datetime:
        """The start time as a plain aware ``datetime``, for code that needs no pendulum."""
        return self._start_time

    def _compared(self) -> dict[str, Any]:
        return {**super()._compared(), "start_time": self._start_time}

    def _to_fields(self) -> dict[str, Any]:
        return {**super()._to_fields(), "start_time": codec.dump_time(self._start_time)}

    @classmethod
    def _from_fields(cls, data: Mapping[str, Any], keep_results: bool = False) -> Self:
        state = super()._from_fields(data, keep_results)
        start_time = codec.load_time(data.get("start_time"), "start_time")
        if start_time is not None:
            state._start_time = start_time
        return state


@register("state")
@public_state
class Resume(Scheduled):
    """Was Paused and may go on."""

    color = "#f58c0c"


@register("state")
@public_state
class Retrying(Scheduled):
    """Failed and is to be tried again at ``start_time``; ``run_count`` attempts were made."""

    _retrying = True
    color = "#f66a0a"

    def __init__(
        self,
        message: str | None = None,
        result: Any = None,
        start_time: datetime | None = None,
        cached_inputs: dict[str, Result] | None = None,
        context: dict[str, Any] | None = None,
        run_count: int | None = None,
    ) -> None:
        super().__init__(message, result, start_time, cached_inputs, context)
        self.run_count: int = current_content().get("task_run_count", 1) if run_count is None else run_count

    def _to_fields(self) -> dict[str, Any]:
        return {**super()._to_fields(), "run_count": self.run_count}

    @classmethod
    def _from_fields(cls, data: Mapping[str, Any], keep_results: bool = False) -> Self:
        state = super()._from_fields(data, keep_results)
        state.run_count = load_count(data, "run_count", 1)
        return state


@register("state")
@public_state
class Running(State):
    """Works at this moment."""

    _running = True
    color = "#3d67ff"


@register("state")
@public_state
class Cancelling(Running):
    """Still works, but shall stop as soon as it can."""

    color = "#E8E8E8"


@register("state")
@public_state
class Finished(State):
    """Done; on its own it says neither success nor failure."""

    _finished = True
    color = "#003ccb"


@register("state")
@public_state
class Looped(Finished):
    """Round ``loop_count`` of a looping task is done and another follows."""

    _looped = True
    color = "#003ccb"

    def __init__(
        self,
        message: str | None = None,
        result: Any = None,
        loop_count: int | None = None,
        context: dict[str, Any] | None = None,
        cached_inputs: dict[str, Result] | None = None,
    ) -> None:
        super().__init__(message, result, context, cached_inputs)
        self.loop_count: int = current_content().get("task_loop_count", 1) if loop_count is None else loop_count

    def _to_fields(self) -> dict[str, Any]:
        return {**super()._to_fields(), "loop_count": self.loop_count}

    @classmethod
    def _from_fields(cls, data: Mapping[str, Any], keep_results: bool = False) -> Self:
        state = super()._from_fields(data, keep_results)
        state.loop_count = load_count(data, "loop_count", 1)
        return state


@register("state")
@public_state
class Success(Finished):
    """Did what it should."""

    _successful = True
    color = "#28a745"


@register("state")
@public_state
class Cached(Success):
    """The value of an earlier success stands, until ``cached_result_expiration`` (without one: for ever).

    Args:
        cached_parameters: the parameters of the flow run that made the value.
        hashed_inputs: argument name -> token of the value that went in.
    """

    _cached = True
    color = "#34d058"
    cached_result_expiration = UserTime()
    _cached_result_expiration: datetime | None

    def __init__(
        self,
        message: str | None = None,
        result: Any = None,
        cached_inputs: dict[str, Result] | None = None,
        cached_parameters: dict[str, Any] | None = None,
        cached_result_expiration: datetime | None = None,
        context: dict[str, Any] | None = None,
        hashed_inputs: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message, result, context, cached_inputs)
        self.hashed_inputs = hashed_inputs
        self.cached_parameters = cached_parameters
        self.cached_result_expiration = cached_result_expiration

    @property
    def expiration_time(self) -> datetime | None:
        """The expiration as a plain aware ``datetime``, for code that needs no pendulum."""
        return self._cached_result_expiration

    def _compared(self) -> dict[str, Any]:
        return {**super()._compared(), "cached_result_expiration": self._cached_result_expiration}

    def _to_fields(self) -> dict[str, Any]:
        return {
            **super()._to_fields(),
            "cached_parameters": self.cached_parameters and self._checked("cached_parameters", self.cached_parameters),
            "cached_result_expiration": codec.dump_time(self._cached_result_expiration),
            "hashed_inputs": self.hashed_inputs and {name: str(token) for name, token in self.hashed_inputs.items()},
        }

    @classmethod
    def _from_fields(cls, data: Mapping[str, Any], keep_results: bool = False) -> Self:
        state = super()._from_fields(data, keep_results)
        if data.get("cached_parameters") is not None:
            state.cached_parameters = dict(mapping(data, "cached_parameters"))
        if data.get("hashed_inputs") is not None:
            state.hashed_inputs = dict(mapping(data, "hashed_inputs"))
        state.cached_result_expiration = codec.load_time(
            data.get("cached_result_expiration"), "cached_result_expiration"
        )
        return state


@register("state")
@public_state
class Mapped(Success):
    """Has ``n_map_states`` children, whose states are ``map_states`` (those that are known)."""

    _mapped = True
    color = "#003ccb"

    def __init__(
        self,
        message: str | None = None,
        result: Any = None,
        map_states: list[State | None] | None = None,
        context: dict[str, Any] | None = None,
        cached_inputs: dict[str, Result] | None = None,
        n_map_states: int | None = None,
    ) -> None:
        super().__init__(message, result, context, cached_inputs)
        self.map_states: list[State | None] = [] if map_states is None else map_states
        self._n_map_states = n_map_states

    @property
    def n_map_states(self) -> int:
        """How many children there are; as many as ``map_states`` unless said otherwise."""
        return len(self.map_states) if self._n_map_states is None else self._n_map_states

    @n_map_states.setter
    def n_map_states(self, value: int | None) -> None:
        self._n_map_states = value

    def load_result(self, result: Result | None = None) -> State:
        """Read the values of all children; this state's result becomes their list.

        Returns:
            This state.
        """
        for child in self.map_states:
            if child is not None:
                child.load_result(result)
        self.result = [None if child is None else child.result for child in self.map_states]
        return self

    def _to_fields(self) -> dict[str, Any]:
        fields = super()._to_fields()
        # The children have rows of their own, and with them their results.
        del fields["_result"]
        return {**fields, "n_map_states": self.n_map_states}

    @classmethod
    def _from_fields(cls, data: Mapping[str, Any], keep_results: bool = False) -> Self:
        # A result is not among its fields: the children have their own.
        state = super()._from_fields({k: v for k, v in data.items() if k != "_result"}, keep_results)
        state.map_states = [None] * load_count(data, "n_map_states", 0)
        return state


@register("state")
@public_state
class Cancelled(Finished):
    """Was stopped on request; neither failed nor successful."""

    color = "#bdbdbd"


@register("state")
@public_state
class Failed(Finished):
    """Did not do what it should; the result is often the exception."""

    _failed = True
    color = "#eb0000"

    def __init__(
        self,
        message: str | None = None,
        result: Any = None,
        cached_inputs: dict[str, Result] | None = None,
        context: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message, result, context, cached_inputs)


@register("state")
@public_state
class TimedOut(Failed):
    """Took longer than its timeout."""

    color = "#ff4e33"


@register("state")
@public_state
class TriggerFailed(Failed):
    """Did not run: its trigger refused the states of its upstream tasks."""

    color = "#ff5131"


@register("state")
@public_state
class ValidationFailed(Failed):
    """Ran, but its value was refused."""

    color = "#ff5131"


@register("state")
@public_state
class Skipped(Success):
    """Was deliberately not run; counts as a success."""

    _skipped = True
    color = "#62757f"
