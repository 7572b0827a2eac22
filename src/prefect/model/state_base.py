"""State: what the states of all kinds have. The kinds are in ``state``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from prefect.model import codec
from prefect.model.codec import public
from prefect.model.result import NoResult, Result, StoredResult
from prefect.utilities.context import current_content
from prefect.utilities.sameness import same

public_state = public("prefect.engine.state")


@public_state
class State:
    """What a run is at one moment.

    Args:
        message: says why, for people; log lines and the UI show it.
        result: the value that goes with it, or a ``Result`` that says where the value lies.
        context: what a later attempt needs to know; ``tags`` is added inside a task run.
        cached_inputs: argument name -> ``Result`` of the inputs, so that a later attempt can read them again.
    """

    color: ClassVar[str] = "#696969"

    # What a kind is, the kinds derived from it are too.
    _pending: ClassVar[bool] = False
    _queued: ClassVar[bool] = False
    _retrying: ClassVar[bool] = False
    _running: ClassVar[bool] = False
    _cached: ClassVar[bool] = False
    _finished: ClassVar[bool] = False
    _looped: ClassVar[bool] = False
    _scheduled: ClassVar[bool] = False
    _submitted: ClassVar[bool] = False
    _skipped: ClassVar[bool] = False
    _successful: ClassVar[bool] = False
    _failed: ClassVar[bool] = False
    _mapped: ClassVar[bool] = False
    _meta_state: ClassVar[bool] = False

    # The engine found this state in a run: its exception is told to tasks in other processes, come what may.
    _is_of_engine: bool = False

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
        tags = current_content().get("task_tags")
        if tags is None:
            self.context = context or {}
        else:
            self.context = {**context, "tags": list(tags)} if context else {"tags": list(tags)}
        self.cached_inputs = cached_inputs or {}

    def __repr__(self) -> str:
        name = type(self).__name__
        return f"<{name}>" if self.message is None else f'<{name}: "{self.message}">'

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        from prefect.model.state_html import html_of

        return html_of(self)

    def __eq__(self, other: object) -> bool:
        """Compare class, value and own attributes; neither message and context nor where the value lies count."""
        if type(self) is not type(other):
            return False
        assert isinstance(other, State)  # noqa: S101 (tells the type checker what the line above says)
        return same(self._compared(), other._compared())

    # States are keys and members of sets by identity: two runs may be in equal states.
    __hash__ = object.__hash__

    def _compared(self) -> dict[str, Any]:
        kept = {k: v for k, v in vars(self).items() if k[0] != "_" and k not in ("message", "context")}
        kept["result"] = self._result.value
        return kept

    def __copy__(self) -> Self:
        new = object.__new__(type(self))
        new.__dict__.update(self.__dict__)
        return new

    def __setstate__(self, attributes: dict[str, Any]) -> None:
        """Take pickled attributes; one that 1.4.1 pickled has its times under their public names."""
        own = self.__dict__
        own.update(attributes)
        for name in ("start_time", "cached_result_expiration"):
            if name in own:
                setattr(self, name, own.pop(name))

    def __getstate__(self) -> dict[str, Any]:
        """Attributes to pickle; an exception among them travels part by part.

        One that cannot be pickled at all becomes a text that says so, as in 1.4.1, unless the engine made the state:
        then only what cannot be pickled of it is missing.
        """
        value = self._result.value
        if not isinstance(value, Exception):
            return self.__dict__
        from prefect.utilities.raised import Carried, text_of

        result = self._result.copy()
        result.value = Carried(value)
        if not self._is_of_engine:
            import cloudpickle

            try:
                cloudpickle.dumps(value)
            except Exception as error:
                result.value = f"The following exception could not be pickled due to {error!r}: {text_of(value)}"
        return {**self.__dict__, "_result": result}

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
            # A user's own kind of Result may give the plain value instead of another Result.
            self.result = (known if result is None else result).read(known.location)
        return self

    def load_cached_results(self, results: Mapping[str, Result] | None = None) -> State:
        """Read the cached inputs from their locations.

        Args:
            results: argument name -> how to read it, and where when the input does not say; the input's own Result
                where absent.

        Returns:
            This state.
        """
        for name, known in self.cached_inputs.items():
            if known.value is not None:
                continue
            reader = (results or {}).get(name, known)
            location = reader.location if known.location is None else known.location
            if location is not None:
                # Kept as it was read: a user's own kind of Result may give the plain value.
                self.cached_inputs[name] = reader.read(location)
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
        return self._pending

    def is_queued(self) -> bool:
        """Queued: waits for a free place."""
        return self._queued

    def is_retrying(self) -> bool:
        """Retrying: an attempt failed and another follows."""
        return self._retrying

    def is_running(self) -> bool:
        """Running or Cancelling."""
        return self._running

    def is_cached(self) -> bool:
        """Cached: the value of an earlier run is used."""
        return self._cached

    def is_finished(self) -> bool:
        """Finished and its kinds: success, failure, cancellation, one round of a loop."""
        return self._finished

    def is_looped(self) -> bool:
        """Looped: one round of a looping task is done."""
        return self._looped

    def is_scheduled(self) -> bool:
        """Scheduled and its kinds, or Queued: has a start time."""
        return self._scheduled

    def is_submitted(self) -> bool:
        """Submitted: handed to an agent's platform."""
        return self._submitted

    def is_skipped(self) -> bool:
        """Skipped: deliberately not run."""
        return self._skipped

    def is_successful(self) -> bool:
        """Success, Cached, Mapped or Skipped."""
        return self._successful

    def is_failed(self) -> bool:
        """Failed and its kinds; Cancelled is none of them."""
        return self._failed

    def is_mapped(self) -> bool:
        """Mapped: the parent of mapped children."""
        return self._mapped

    def is_meta_state(self) -> bool:
        """Submitted, Queued or ClientFailed: wraps another state."""
        return self._meta_state

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
        if len(value) == 1 and _are_tags(value.get("tags")):
            return {"tags": value["tags"][:]}
        import json

        try:
            copied: dict[str, Any] = json.loads(json.dumps(value))
        except (TypeError, ValueError, RecursionError) as error:
            from prefect.utilities.raised import text_of

            shown = text_of(value)
            raise ValueError(f"{type(self).__name__}.{field} must be JSON compatible: {error}; got {shown}") from None
        return copied

    @classmethod
    def _from_fields(cls, data: Mapping[str, Any], keep_results: bool = False) -> Self:
        message = data.get("message")
        if message is not None and not isinstance(message, str):
            raise ValueError(f"message: not text: {message!r}")
        context = mapping(data, "context")
        cached = mapping(data, "cached_inputs")
        result = None
        if "_result" in data:
            result = _load_result(data["_result"], "_result", keep_results)
        state = cls(message=message, result=result)
        # Not by the constructor: what this process runs at the moment has nothing to do with a state that came by wire.
        state.context = dict(context)
        state.cached_inputs = {name: _load_result(item, "cached_inputs", keep_results) for name, item in cached.items()}
        return state


def _are_tags(tags: object) -> bool:
    """Tell whether this is what nearly every state has as its context: a list of texts."""
    return type(tags) is list and all(type(tag) is str for tag in tags)


def mapping(data: Mapping[str, Any], field: str) -> Mapping[str, Any]:
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
    result: Result = codec.load("result", data)
    if result.location is not None:
        # Whoever wrote the state may have named any place.
        result._is_foreign = True
    return result


def load_count(data: Mapping[str, Any], field: str, default: int) -> int:
    value = data.get(field)
    if value is None:
        return default
    try:
        return int(value)
    except (TypeError, ValueError):
        raise ValueError(f"{field}: not a whole number: {value!r}") from None
