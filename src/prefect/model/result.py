"""Result: where a value lies and how to read it; the kinds that need nothing but memory and JSON.

The JSON of a result is its location alone, never its value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Self

from prefect.model.codec import public, register
from prefect.model.serializers import DateTimeSerializer, JSONSerializer, PickleSerializer, Serializer
from prefect.utilities.ids import new_id
from prefect.utilities.sameness import same

if TYPE_CHECKING:
    import logging

_PICKLE = PickleSerializer()
_JSON = JSONSerializer()


@public("prefect.engine.result.base")
class ResultNotImplementedError(NotImplementedError):
    """Raised when a value shall be read or written and only the base Result, which knows no place, is configured."""


@register("result", fallback="CustomResult")
@public("prefect.engine.result.base")
class Result:
    """One value and the place where it lies, if it lies anywhere.

    Args:
        value: the value itself.
        location: text with ``{name}`` fields filled by ``format``, or a function of the same keyword arguments
            that gives the text.
        serializer: how the value is written; pickle when absent.
    """

    _is_foreign = False
    """Whether it came by wire: its location is then the word of whoever wrote the state."""
    serializer: Any  # a plain attribute here, a property where a subclass checks it

    def __init__(
        self,
        value: Any = None,
        location: str | Callable[..., str] | None = None,
        serializer: Serializer | None = None,
    ) -> None:
        self.value = value
        self.serializer = _PICKLE if serializer is None else serializer
        if location is None or isinstance(location, str):
            self.location = location
            self._formatter: Callable[..., str] | None = None
        else:
            self.location = None
            self._formatter = location

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return False
        mine, theirs = vars(self), vars(other)
        return same({k: v for k, v in mine.items() if k[:1] != "_"}, {k: v for k, v in theirs.items() if k[:1] != "_"})

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.value!r}>"

    @property
    def logger(self) -> logging.Logger:
        """Logger of this kind of result."""
        return _get_logger()(type(self).__name__)

    @property
    def default_location(self) -> str:
        """A fresh location: the day and a random name."""
        now = datetime.now(UTC)
        return f"{now.year}/{now.month}/{now.day}/{new_id()}.prefect_result"

    def copy(self) -> Self:
        """Give another result with the same value, location and settings."""
        new = object.__new__(type(self))
        new.__dict__.update(self.__dict__)
        return new

    def from_value(self, value: Any) -> Self:
        """Give a result of the same settings that holds ``value`` and lies nowhere."""
        new = self.copy()
        new.value = value
        new.location = None
        return new

    def format(self, /, **kwargs: Any) -> Self:
        """Give a copy whose location is filled in; without a template it gets a default one.

        Raises:
            KeyError: the template names a field that is not among ``kwargs``.
            ValueError: what was filled in leads out of the folder that the template names.
        """
        new = self.copy()
        template = self._template
        if template is None:
            new.location = self.default_location
            return new
        new.location = template.format(**kwargs) if isinstance(template, str) else template(**kwargs)
        self._check_filled(new.location, kwargs)
        return new

    @property
    def _template(self) -> str | Callable[..., str] | None:
        """What a location is made from: one that was set after a callable was given, as by a task's target, stands."""
        return self.location if isinstance(self.location, str) else self._formatter

    def check_location(self, location: str) -> None:
        """Refuse a location of an unknown origin: it must lie where this result writes values.

        Whoever may write a state may name any location in it, and reading one may run what lies there. A result that
        knows no place, or whose locations are values, has nothing to refuse.

        Raises:
            ValueError: it lies elsewhere.
        """

    def _check_filled(self, location: str, values: Mapping[str, Any]) -> None:
        """Refuse a location that what was filled into the template led elsewhere."""

    def exists(self, /, location: str, **kwargs: Any) -> bool:
        """Say whether a value lies at ``location``, filled in with ``kwargs``."""
        raise ResultNotImplementedError(_NO_PLACE)

    def read(self, location: str) -> Result:
        """Give a new result with the value that lies at ``location``."""
        raise ResultNotImplementedError(_NO_PLACE)

    def write(self, /, value_: Any, **kwargs: Any) -> Result:
        """Write a value at this result's location, filled in with ``kwargs``, and give a new result that knows both."""
        raise ResultNotImplementedError(_NO_PLACE)

    def _to_fields(self) -> dict[str, Any]:
        return {"location": self.location}

    @classmethod
    def _from_fields(cls, data: Mapping[str, Any]) -> Self:
        return cls(location=data.get("location"))


@lru_cache(maxsize=1)
def _get_logger() -> Callable[[str], logging.Logger]:
    # Late, because the loggers are set up when their module is loaded; once, because values are written often.
    from prefect.utilities.logging import get_logger

    return get_logger


_NO_PLACE = (
    "Not implemented on the base Result class, which knows no place for values: choose a Result that does, such as "
    "LocalResult, as `result=` of the task or the flow."
)


@register("result")
@public("prefect.engine.result.base")
class NoResultType(Result):
    """The kind of ``NoResult``: there is no value, not even None."""

    def __reduce__(self) -> Any:
        return "NoResult" if self is NoResult else object.__reduce__(self)

    def _to_fields(self) -> dict[str, Any]:
        return {}

    @classmethod
    def _from_fields(cls, data: Mapping[str, Any]) -> Self:
        return NoResult  # type: ignore[return-value]


NoResult = NoResultType()


@register("result")
@public("prefect.engine.results.constant_result")
class ConstantResult(Result):
    """A value that is known when the flow is built and is never written."""

    def __init__(self, **kwargs: Any) -> None:
        if "serializer" in kwargs:
            raise ValueError("Can't pass a serializer to a ConstantResult.")
        super().__init__(**kwargs)

    def read(self, location: str) -> ConstantResult:
        """Give this result: its value is always there."""
        return self

    def write(self, /, value_: Any, **kwargs: Any) -> Result:
        """Refuse: a constant is not written.

        Raises:
            ValueError: always.
        """
        raise ValueError("Cannot write values to `ConstantResult` types.")

    def exists(self, /, location: str, **kwargs: Any) -> bool:
        """Say yes."""
        return True


@register("result")
@public("prefect.engine.results.prefect_result")
class PrefectResult(Result):
    """A small value kept as JSON text in its own location, hence in the backend's database."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("serializer", _JSON)
        super().__init__(**kwargs)

    @property
    def serializer(self) -> Serializer:
        """JSON or DateTime: what gives text."""
        return self._serializer

    @serializer.setter
    def serializer(self, value: Serializer) -> None:
        if not isinstance(value, JSONSerializer | DateTimeSerializer):
            raise TypeError("PrefectResult only supports JSONSerializer or DateTimeSerializer")
        self._serializer = value

    def read(self, location: str) -> PrefectResult:
        """Give a new result with the value that the text ``location`` holds."""
        new = self.copy()
        new.value = self.serializer.deserialize(location.encode())
        new.location = location
        return new

    def write(self, /, value_: Any, **kwargs: Any) -> PrefectResult:
        """Give a new result whose location is the value's text."""
        new = self.copy()
        new.value = value_
        new.location = self.serializer.serialize(value_).decode()
        return new

    def exists(self, /, location: str, **kwargs: Any) -> bool:
        """Say whether the text can be read."""
        if location is None:
            return False
        try:
            self.serializer.deserialize(location.encode())
        except Exception:  # whatever a deserializer raises, the answer is that nothing readable is there
            return False
        return True


class StoredResult(Result):
    """A result of a kind that is not loaded here: its JSON, kept as it came.

    The server passes such results on without knowing (or importing) the classes of the user's side.
    """

    def __init__(self, data: Mapping[str, Any]) -> None:
        super().__init__(location=data.get("location"))
        self.data = dict(data)

    def _to_fields(self) -> dict[str, Any]:
        return dict(self.data)
