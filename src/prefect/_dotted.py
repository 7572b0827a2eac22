"""A dictionary whose keys can be read and set as attributes.

Knows nothing of what it holds. Configuration, answers of the API and the plug-in registries are such dictionaries.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Self


class MissingKeyError(AttributeError, KeyError):
    """A key is missing; an AttributeError and a KeyError, whichever way it was asked for."""

    def __init__(self, key: object, message: str) -> None:
        super().__init__(message)
        self.key = key

    def __str__(self) -> str:
        return str(self.args[0])

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.key, self.args[0])


class DottedDict(dict[str, Any]):
    """A dict with attribute access; dictionaries inside it (also in lists) become the same class when they are put in.

    Names of dict methods are read as methods: such keys are reached by item access only.
    """

    __slots__ = ()

    def __init__(self, *args: Mapping[str, Any] | Iterable[tuple[str, Any]], **values: Any) -> None:
        super().__init__()
        self.update(*args, **values)

    def __setitem__(self, key: str, value: Any) -> None:
        super().__setitem__(key, self._convert(value))

    def __missing__(self, key: str) -> Any:
        raise MissingKeyError(key, repr(key))

    def __getattr__(self, name: str) -> Any:
        try:
            return dict.__getitem__(self, name)
        except KeyError:
            raise MissingKeyError(name, f"{type(self).__name__!r} object has no attribute {name!r}") from None

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _DICT_METHODS:
            raise AttributeError(f"{name!r} is a method of {type(self).__name__} and cannot be replaced")
        self[name] = value

    def __delattr__(self, name: str) -> None:
        try:
            del self[name]
        except KeyError:
            raise MissingKeyError(name, f"{type(self).__name__!r} object has no attribute {name!r}") from None

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *(key for key in self if isinstance(key, str) and key.isidentifier())})

    def update(self, *args: Any, **values: Any) -> None:
        for key, value in dict(*args, **values).items():
            self[key] = value

    def setdefault(self, key: str, default: Any = None) -> Any:
        if key not in self:
            self[key] = default
        return self[key]

    def __or__(self, other: Any) -> Self:  # type: ignore[override]
        merged = self.copy()
        merged.update(other)
        return merged

    def __ior__(self, other: Any) -> Self:  # type: ignore[override]
        self.update(other)
        return self

    def copy(self) -> Self:
        """Copy this dictionary and those inside it; other values are shared."""
        return type(self)(self)

    __copy__ = copy

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        from copy import deepcopy

        return type(self)({key: deepcopy(value, memo) for key, value in self.items()})

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (dict(self),)

    def to_dict(self) -> dict[str, Any]:
        """Give the same content as plain dictionaries and lists."""
        return {key: _plain(value) for key, value in self.items()}

    def to_json(self, **options: Any) -> str:
        """Give the content as JSON text; ``options`` are those of ``json.dumps``."""
        import json

        return json.dumps(self.to_dict(), **options)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {dict.__repr__(self.to_dict())}>"

    def __str__(self) -> str:
        return dict.__repr__(self.to_dict())

    @classmethod
    def _convert(cls, value: Any) -> Any:
        if isinstance(value, dict):
            return cls(value)
        if type(value) is list:
            return [cls._convert(item) for item in value]
        return value


_DICT_METHODS = frozenset(name for name in dir(DottedDict) if not name.startswith("__"))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if type(value) is list:
        return [_plain(item) for item in value]
    return value
