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

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar, Self

from prefect.model import codec
from prefect.model.codec import public, register
from prefect.model.result import NoResult, Result, StoredResult
from prefect.model.times import UserTime, as_aware
from prefect.utilities.context import context as run_context

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

_public = public("prefect.engine.state")
_context_get = run_context.get


@_public
class State:
    """What a run is at one moment.

    Args:
        message: says why, for people; log lines and the UI show it.
        result: the value that goes with it, or a ``Result`` that says where the value lies.
        context: what a later attempt needs to know; ``tags`` is added inside a task run.
        cached_inputs: argument name -> ``Result`` of the inputs, so that a later attempt can read them again.
    """

    color: ClassVar[str] = "#696969"

    message: str | None
    context: dict[str, Any]
    cached_inputs: dict[str, Result]
    _result: Result

    def __init__(
        self,
        message: str | None = None,
        result: Any = None,
        context: dict[str, Any] | None = None,
        cached_inputs: dict[str, Result] | None = None,
    ) -> None:
        self.message = message
        if result is None:
            self._result = NoResult
        elif isinstance(result, Result):
            self._result = result
        else:
            self._result = Result(result)
        tags = _context_get("task_tags")
        if tags is None:
            self.context = context or {}
        else:
            self.context = {**context, "tags": list(tags)} if context else {"tags": list(tags)}
        self.cached_inputs = cached_inputs or {}

    def __repr__(self) -> str:
        name = type(self).__name__
        return f"<{name}>" if self.message is None else f'<{name}: "{self.message}">'

    def __eq__(self, other: object) -> bool:
        """Compare class, result and own attributes; neither message nor context count."""
        if type(self) is not type(other):
            return False
        assert isinstance(other, State)  # noqa: S101 (tells the type checker what the line above says)
        return self._compared() == other._compared()

    # States are keys and members of sets by identity: two runs may be in equal states.
    __hash__ = object.__hash__

    def _compared(self) -> dict[str, Any]:
        kept = {k: v for k, v in vars(self).items() if k[0] != "_" and k not in ("message", "context")}
        kept["_result"] = self._result
        return kept

    def __copy__(self) -> Self:
        new = object.__new__(type(self))
        new.__dict__.update(self.__dict__)
        return new

    def __getstate__(self) -> dict[str, Any]:
        """Attributes to pickle: an exception that cannot be pickled becomes a text that says so."""
        kept = self.__dict__
        value = self._result.value
        if isinstance(value, Exception):
            import cloudpickle

            try:
                # Also loaded: exceptions with an __init__ of their own often pickle and then cannot be read.
                cloudpickle.loads(cloudpickle.dumps(value))
            except Exception as error:
                result = self._result.copy()
                result.value = f"The following exception could not be pickled due to {error!r}: {value!r}"
                kept = {**kept, "_result": result}
        return kept

    @property
    def result(self) -> Any:
        """The raw value; None when there is none."""
        return self._result.value

    @result.setter
    def result(self, value: Any) -> None:
        self._result = value if isinstance(value, Result) else Result(value)

    # Reading values from where they lie

    def load_result(self, result: Result | None = None) -> State:
        """Read the value from its location, if it has one and is not here already.

        Args:
            result: how to read it; the state's own Result when absent.

        Returns:
            This state.
        """
        known = self._result
        if known.value is None and known.location is not None:
            self._result = (result or known).read(known.location)
        return self

    def load_cached_results(self, results: Mapping[str, Result] | None = None) -> State:
        """Read the cached inputs from their locations.

        Args:
            results: argument name -> how to read it; the input's own Result where absent.

        Returns:
            This state.
        """
        readers = results or {}
        for name, known in self.cached_inputs.items():
            if known.value is None and known.location is not None:
                self.cached_inputs[name] = (readers.get(name) or known).read(known.location)
        return self

    # The tree

    @classmethod
    def children(cls, include_self: bool = False, names_only: bool = False) -> list[Any]:
        """List all descendants, depth first; with ``include_self`` this class comes last."""
        found: list[type[State]] = []
        for child in cls.__subclasses__():
            if not child.__name__.startswith("_"):
                found.append(child)
            found.extend(child.children())
        if include_self:
            found.append(cls)
        return [c.__name__ for c in found] if names_only else found

    @classmethod
    def parents(cls, include_self: bool = False, names_only: bool = False) -> list[Any]:
        """List all ancestors, nearest first; with ``include_self`` this class comes last."""
        found = [c for c in cls.__mro__[1:] if issubclass(c, State) and not c.__name__.startswith("_")]
        if include_self:
            found.append(cls)
        return [c.__name__ for c in found] if names_only else list(found)

    def is_pending(self) -> bool:
        """Pending, Scheduled and its kinds: not started, or to be started again."""
        return isinstance(self, Pending)

    def is_queued(self) -> bool:
        """Queued: waits for a free place."""
        return isinstance(self, Queued)

    def is_retrying(self) -> bool:
        """Retrying: an attempt failed and another follows."""
        return isinstance(self, Retrying)

    def is_running(self) -> bool:
        """Running or Cancelling."""
        return isinstance(self, Running)

    def is_cached(self) -> bool:
        """Cached: the value of an earlier run is used."""
        return isinstance(self, Cached)

    def is_finished(self) -> bool:
        """Finished and its kinds: success, failure, cancellation, one round of a loop."""
        return isinstance(self, Finished)

    def is_looped(self) -> bool:
        """Looped: one round of a looping task is done."""
        return isinstance(self, Looped)

    def is_scheduled(self) -> bool:
        """Scheduled and its kinds, or Queued: has a start time."""
        return isinstance(self, (Scheduled, Queued))

    def is_submitted(self) -> bool:
        """Submitted: handed to an agent's platform."""
        return isinstance(self, Submitted)

    def is_skipped(self) -> bool:
        """Skipped: deliberately not run."""
        return isinstance(self, Skipped)

    def is_successful(self) -> bool:
        """Success, Cached, Mapped or Skipped."""
        return isinstance(self, Success)

    def is_failed(self) -> bool:
        """Failed and its kinds; Cancelled is none of them."""
        return isinstance(self, Failed)

    def is_mapped(self) -> bool:
        """Mapped: the parent of mapped children."""
        return isinstance(self, Mapped)

    def is_meta_state(self) -> bool:
        """Submitted, Queued or ClientFailed: wraps another state."""
        return isinstance(self, _MetaState)

    # JSON

    def serialize(self) -> dict[str, Any]:
        """Give the JSON object of this state; of its result only the location."""
        return codec.dump(self)

    @staticmethod
    def deserialize(json_blob: Mapping[str, Any], *, keep_results: bool = False) -> State:
        """Make the state that a JSON object describes; ``{"type": "Success"}`` is enough.

        Args:
            keep_results: results of kinds that are not loaded stay what they are in JSON, instead of being looked
                up: for the server, which passes them on and must not load what a client names.

        Raises:
            ValueError: unknown type, or a field of a wrong kind.
        """
        name = json_blob.get("type") if isinstance(json_blob, Mapping) else None
        cls = codec.find("state", name) if name is not None else None
        if cls is None:
            return codec.load("state", json_blob)  # type: ignore[no-any-return]  # says what is wrong
        return cls._from_fields(json_blob, keep_results)  # type: ignore[attr-defined, no-any-return]

    def _to_fields(self) -> dict[str, Any]:
        message = self.message
        return {
            "message": message if message is None or isinstance(message, str) else str(message),
            "_result": codec.dump(self._result),
            "context": self.context and self._checked("context", self.context),
            "cached_inputs": self.cached_inputs
            and {
                name: codec.dump(item if isinstance(item, Result) else Result(item))
                for name, item in self.cached_inputs.items()
            },
        }

    def _checked(self, field: str, value: Mapping[str, Any]) -> dict[str, Any]:
        """Give values as JSON would; refuse what it cannot hold."""
        try:
            copied: dict[str, Any] = json.loads(json.dumps(value))
        except (TypeError, ValueError) as error:
            raise ValueError(f"{type(self).__name__}.{field} must be JSON compatible: {error}; got {value!r}") from None
        return copied

    @classmethod
    def _from_fields(cls, data: Mapping[str, Any], keep_results: bool = False) -> Self:
        message = data.get("message")
        if message is not None and not isinstance(message, str):
            raise ValueError(f"message: not text: {message!r}")
        context = _mapping(data, "context")
        cached = _mapping(data, "cached_inputs")
        result = None
        if "_result" in data:
            result = _load_result(data["_result"], "_result", keep_results)
        state = cls(message=message, result=result)
        # Not by the constructor: what this process runs at the moment has nothing to do with a state that came by wire.
        state.context = dict(context)
        state.cached_inputs = {name: _load_result(item, "cached_inputs", keep_results) for name, item in cached.items()}
        return state


def _mapping(data: Mapping[str, Any], field: str) -> Mapping[str, Any]:
    value = data.get(field)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ValueError(f"{field}: not an object: {value!r}")
    return value


def _load_result(data: Any, field: str, keep: bool) -> Result:
    if not isinstance(data, Mapping):
        raise ValueError(f"{field}: must be an object, not {'null' if data is None else type(data).__name__}")
    if keep and not codec.is_registered("result", data.get("type")):
        return StoredResult(data)
    return codec.load("result", data)  # type: ignore[no-any-return]


def _load_count(data: Mapping[str, Any], field: str, default: int) -> int:
    value = data.get(field)
    if value is None:
        return default
    try:
        return int(value)
    except (TypeError, ValueError):
        raise ValueError(f"{field}: not a whole number: {value!r}") from None


@register("state")
@_public
class Pending(State):
    """Not started."""

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
@_public
class Scheduled(Pending):
    """To be started at ``start_time``; without one: now."""

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
        self._start_time = datetime.now(UTC) if start_time is None else as_aware(start_time)
        run_count = _context_get("task_run_count")
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
@_public
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
@_public
class ClientFailed(_MetaState):
    """The backend could not be told of the state that this one keeps."""

    color = "#eb0000"


@register("state")
@_public
class Submitted(_MetaState):
    """An agent has taken the run and hands it to its platform."""

    color = "#ffdf5d"


@register("state")
@_public
class Queued(_MetaState):
    """Waits for a free place under a concurrency limit; is tried again from ``start_time`` on."""

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
        self._start_time = datetime.now(UTC) if start_time is None else as_aware(start_time)

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
@_public
class Resume(Scheduled):
    """Was Paused and may go on."""

    color = "#f58c0c"


@register("state")
@_public
class Retrying(Scheduled):
    """Failed and is to be tried again at ``start_time``; ``run_count`` attempts were made."""

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
        self.run_count: int = _context_get("task_run_count", 1) if run_count is None else run_count

    def _to_fields(self) -> dict[str, Any]:
        return {**super()._to_fields(), "run_count": self.run_count}

    @classmethod
    def _from_fields(cls, data: Mapping[str, Any], keep_results: bool = False) -> Self:
        state = super()._from_fields(data, keep_results)
        state.run_count = _load_count(data, "run_count", 1)
        return state


@register("state")
@_public
class Running(State):
    """Works at this moment."""

    color = "#3d67ff"


@register("state")
@_public
class Cancelling(Running):
    """Still works, but shall stop as soon as it can."""

    color = "#E8E8E8"


@register("state")
@_public
class Finished(State):
    """Done; on its own it says neither success nor failure."""

    color = "#003ccb"


@register("state")
@_public
class Looped(Finished):
    """Round ``loop_count`` of a looping task is done and another follows."""

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
        self.loop_count: int = _context_get("task_loop_count", 1) if loop_count is None else loop_count

    def _to_fields(self) -> dict[str, Any]:
        return {**super()._to_fields(), "loop_count": self.loop_count}

    @classmethod
    def _from_fields(cls, data: Mapping[str, Any], keep_results: bool = False) -> Self:
        state = super()._from_fields(data, keep_results)
        state.loop_count = _load_count(data, "loop_count", 1)
        return state


@register("state")
@_public
class Success(Finished):
    """Did what it should."""

    color = "#28a745"


@register("state")
@_public
class Cached(Success):
    """The value of an earlier success stands, until ``cached_result_expiration`` (without one: for ever).

    Args:
        cached_parameters: the parameters of the flow run that made the value.
        hashed_inputs: argument name -> token of the value that went in.
    """

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
            state.cached_parameters = dict(_mapping(data, "cached_parameters"))
        if data.get("hashed_inputs") is not None:
            state.hashed_inputs = dict(_mapping(data, "hashed_inputs"))
        state.cached_result_expiration = codec.load_time(
            data.get("cached_result_expiration"), "cached_result_expiration"
        )
        return state


@register("state")
@_public
class Mapped(Success):
    """Has ``n_map_states`` children, whose states are ``map_states`` (those that are known)."""

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
        state = super()._from_fields(data, keep_results)
        state.map_states = [None] * _load_count(data, "n_map_states", 0)
        return state


@register("state")
@_public
class Cancelled(Finished):
    """Was stopped on request; neither failed nor successful."""

    color = "#bdbdbd"


@register("state")
@_public
class Failed(Finished):
    """Did not do what it should; the result is often the exception."""

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
@_public
class TimedOut(Failed):
    """Took longer than its timeout."""

    color = "#ff4e33"


@register("state")
@_public
class TriggerFailed(Failed):
    """Did not run: its trigger refused the states of its upstream tasks."""

    color = "#ff5131"


@register("state")
@_public
class ValidationFailed(Failed):
    """Ran, but its value was refused."""

    color = "#ff5131"


@register("state")
@_public
class Skipped(Success):
    """Was deliberately not run; counts as a success."""

    color = "#62757f"
