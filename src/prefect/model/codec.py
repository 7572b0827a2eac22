"""Value <-> JSON with ``type`` and ``__version__``; every class keeps its own two methods.

A class joins a family with ``@register("state")`` and gives ``_to_fields`` and ``_from_fields``. This module knows the
outer form, the scalars (times, durations, function references) and where a class that is not loaded yet has its home;
it knows nothing of the classes themselves.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any, TypeVar

from prefect._version import __version__
from prefect.model.times import as_aware, zone_from_name, zone_name

T = TypeVar("T")

# A family's classes register when their module is loaded. JSON may arrive before that, so a name that is not
# registered yet is asked for at its family's public place. Names, not imports: these rooms lie above this one.
HOMES: Mapping[str, str] = {
    "clock": "prefect.schedules.clocks",
    "result": "prefect.engine.results",
    "run_config": "prefect.run_configs",
    "state": "prefect.model.state",
    "storage": "prefect.storage",
}

_PACKAGE = __name__.partition(".")[0] + "."

_families: dict[str, dict[str, type]] = {}
_names: dict[type, str] = {}
_fallbacks: dict[str, tuple[str, type]] = {}


def register(family: str, name: str | None = None, *, fallback: str | None = None) -> Callable[[type[T]], type[T]]:
    """Make a class decorator that enters a class in ``family`` under ``name``.

    Args:
        name: the ``type`` of its JSON; the class's name when absent.
        fallback: also the ``type`` written for subclasses that are not registered themselves; data of any unknown
            type then loads as this class.
    """

    def enter(cls: type[T]) -> type[T]:
        known = name or cls.__name__
        _families.setdefault(family, {})[known] = cls
        _names[cls] = known
        if fallback is not None:
            _fallbacks[family] = (fallback, cls)
        return cls

    return enter


def is_registered(family: str, name: object) -> bool:
    """Say whether the class of this name is loaded."""
    return name in _families.get(family, {})


def name_of(cls: type) -> str:
    """Name that instances of ``cls`` carry as ``type``.

    Raises:
        ValueError: neither the class is registered nor a fallback for its family.
    """
    name = _names.get(cls)
    if name is not None:
        return name
    for fallback, base in _fallbacks.values():
        if issubclass(cls, base):
            return fallback
    raise ValueError(f"{cls.__name__} objects have no JSON form: the type is not registered")


def dump(value: Any) -> dict[str, Any]:
    """Turn a value of a registered class into its JSON object.

    Raises:
        ValueError: its class is in no family.
    """
    cls = type(value)
    name = _names.get(cls) or name_of(cls)
    fields: dict[str, Any] = value._to_fields()
    fields.setdefault("type", name)  # a value that passes on what it was loaded from says its type itself
    fields["__version__"] = __version__
    return fields


def find(family: str, name: object) -> type | None:
    """Find the class registered under ``name``, loading the family's home when needed; None when there is none."""
    if not isinstance(name, str):
        return None
    known = _families.get(family, {}).get(name)
    if known is None and name.isidentifier() and not name.startswith("_") and family in HOMES:
        getattr(importlib.import_module(HOMES[family]), name, None)  # a lazy package loads the class now
        known = _families.get(family, {}).get(name)
    return known


def load(family: str, data: Mapping[str, Any]) -> Any:
    """Make the value that a JSON object of ``family`` describes; unknown keys are ignored.

    Raises:
        ValueError: no object, no ``type``, an unknown ``type``, or a field of a wrong kind.
    """
    if not isinstance(data, Mapping):
        raise ValueError(f"A {family} must be a JSON object, not {type(data).__name__}")
    name = data.get("type")
    cls = None if name is None else find(family, name)
    if cls is None:
        if family not in _fallbacks:
            raise ValueError(f"A {family} must have a 'type'" if name is None else f"Unknown {family} type: {name!r}")
        cls = _fallbacks[family][1]
    return cls._from_fields(data)  # type: ignore[attr-defined]


def qualified_name(obj: Any) -> str:
    """Name under which a class, a function or an instance's class travels: its ``public_name`` or its dotted path."""
    if not hasattr(obj, "__qualname__"):
        obj = type(obj)
    # Looked up in the object itself: a subclass does not travel under its parent's name.
    public = vars(obj).get("public_name")
    if public is not None:
        return str(public)
    return f"{obj.__module__}.{obj.__qualname__}"


def function_name(function: Callable[..., Any]) -> str:
    """Name in a function reference: a closure of this package travels under the name of the function that made it."""
    name = qualified_name(function)
    return name.split(".<locals>", 1)[0] if name.startswith(_PACKAGE) else name


def public(module: str) -> Callable[[T], T]:
    """Make a decorator that gives a class or function the dotted path it travels under, ``module`` first."""

    def name(obj: T) -> T:
        obj.public_name = f"{module}.{obj.__qualname__}"  # type: ignore[attr-defined]
        return obj

    return name


# Times


def dump_time(value: datetime | None) -> str | None:
    """ISO 8601 with offset; a naive time counts as UTC."""
    return None if value is None else as_aware(value).isoformat()


def load_time(value: object, field: str = "time") -> datetime | None:
    """Aware time of an ISO 8601 text (without offset: UTC).

    Raises:
        ValueError: no such text; names ``field``.
    """
    if value is None:
        return None
    if isinstance(value, datetime):
        return as_aware(value)
    try:
        return as_aware(datetime.fromisoformat(value))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise ValueError(f"{field}: not a valid datetime: {value!r}") from None


def dump_time_tz(value: datetime | None) -> dict[str, str] | None:
    """Wall-clock time and zone name, so that the zone's rules survive: ``{"dt", "tz"}``."""
    if value is None:
        return None
    aware = as_aware(value)
    return {"dt": aware.replace(tzinfo=None).isoformat(), "tz": zone_name(aware)}


def load_time_tz(value: object, field: str = "time") -> datetime | None:
    """Aware time in its own zone, of ``{"dt", "tz"}`` or of an ISO 8601 text.

    Raises:
        ValueError: neither of them, or an unknown zone; names ``field``.
    """
    if value is None or isinstance(value, str | datetime):
        return load_time(value, field)
    if not isinstance(value, Mapping) or "dt" not in value:
        raise ValueError(f"{field}: expected an object with 'dt' and 'tz': {value!r}")
    when = load_time(value["dt"], field)
    if when is None:
        return None
    aware = when.replace(tzinfo=zone_from_name(value.get("tz") or "UTC"))
    try:
        aware.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{field}: outside the calendar: {value!r}") from None
    return aware


# Durations


def dump_seconds(value: timedelta | None) -> int | None:
    """Whole seconds of a duration."""
    return None if value is None else int(value.total_seconds())


def load_seconds(value: object, field: str = "duration") -> timedelta | None:
    """Duration of a number of seconds."""
    return None if value is None else _duration(value, field, "seconds")


def dump_microseconds(value: timedelta | None) -> int | None:
    """Whole microseconds of a duration."""
    return None if value is None else value // timedelta(microseconds=1)


def load_microseconds(value: object, field: str = "duration") -> timedelta | None:
    """Duration of a number of microseconds."""
    return None if value is None else _duration(value, field, "microseconds")


def _duration(value: Any, field: str, unit: str) -> timedelta:
    try:
        return timedelta(**{unit: int(value)})
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{field}: not a valid period of time: {value!r}") from None


# Function references


def dump_function(function: Callable[..., Any] | None) -> dict[str, Any] | None:
    """Reference to a function: the name of it or of its maker, and the values that it closed over.

    A function of the user's is named for people to read only, so values that JSON cannot hold are left out there.
    """
    if function is None:
        return None
    name = function_name(function)
    kwargs: dict[str, Any] = {}
    for variable, cell in zip(_closed_over(function), getattr(function, "__closure__", None) or (), strict=False):
        try:
            value = _dump_argument(cell.cell_contents)
        except ValueError:
            continue  # a name that has no value yet
        if name.startswith(_PACKAGE) or _is_json(value):
            kwargs[variable] = value
    return {"fn": name, "kwargs": kwargs}


def _closed_over(function: Callable[..., Any]) -> tuple[str, ...]:
    code = getattr(function, "__code__", None)
    return () if code is None else code.co_freevars


def _is_json(value: object) -> bool:
    import json

    try:
        json.dumps(value)
    except (TypeError, ValueError, RecursionError):
        return False
    return True


def load_function(
    data: Mapping[str, Any] | None, allowed: Mapping[str, Callable[..., Any]]
) -> Callable[..., Any] | None:
    """Function that a reference of ``dump_function`` names, or None when it is not among ``allowed``.

    Args:
        allowed: qualified name -> function; a reference with arguments calls it and gives what it returns.
    """
    if data is None:
        return None
    if not isinstance(data, Mapping) or "fn" not in data:
        raise ValueError(f"A function reference must be an object with 'fn': {data!r}")
    function = allowed.get(data["fn"])
    kwargs = data.get("kwargs")
    if function is None or not kwargs:
        return function
    made: Callable[..., Any] = function(**{name: _load_argument(value) for name, value in kwargs.items()})
    return made


def _dump_argument(value: Any) -> Any:
    if isinstance(value, datetime):
        return "//datetime:" + as_aware(value).isoformat()
    if isinstance(value, time):
        return "//time:" + value.isoformat()
    if isinstance(value, timedelta):
        return f"//timedelta:{value.total_seconds()}"
    return value


def _load_argument(value: Any) -> Any:
    if not isinstance(value, str) or not value.startswith("//"):
        return value
    kind, _, text = value.partition(":")
    if kind == "//datetime":
        return load_time(text, "datetime argument")
    if kind == "//time":
        return time.fromisoformat(text)
    if kind == "//timedelta":
        return timedelta(seconds=float(text))
    return value


__all__ = [
    "__version__",
    "dump",
    "dump_function",
    "dump_microseconds",
    "dump_seconds",
    "dump_time",
    "dump_time_tz",
    "find",
    "function_name",
    "is_registered",
    "load",
    "load_function",
    "load_microseconds",
    "load_seconds",
    "load_time",
    "load_time_tz",
    "name_of",
    "public",
    "qualified_name",
    "register",
]
