"""Nested dictionaries and sequences: merging, flattening, attribute access."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping, MutableMapping
from typing import Any, TypeVar, overload

D = TypeVar("D", bound=MutableMapping[str, Any])

_set = object.__setattr__


class CompoundKey(tuple[Any, ...]):
    """A key of a flattened dictionary: the path to a value, as one tuple that is no ordinary tuple key."""

    __slots__ = ()

    def __add__(self, other: Any) -> CompoundKey:
        return CompoundKey(super().__add__(other))


class DotDict(MutableMapping[str, Any]):
    """A dictionary whose keys can also be read and set as attributes.

    Dictionaries inside it stay what they are. A key named like a method is reached by item access only.
    """

    __slots__ = ("__weakref__", "_content")
    _content: dict[str, Any]

    def __init__(self, init_dict: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        _set(self, "_content", {})
        if init_dict:
            self.update(init_dict)
        self.update(kwargs)

    def __getitem__(self, key: str) -> Any:
        return self._content[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self._content[key] = value

    def __delitem__(self, key: str) -> None:
        del self._content[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._content)

    def __len__(self) -> int:
        return len(self._content)

    def __contains__(self, key: object) -> bool:
        return key in self._content

    def __getattr__(self, name: str) -> Any:
        # While an instance is being copied or unpickled it has no content yet.
        if name != "_content" and name in self._content:
            return self._content[name]
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __delattr__(self, name: str) -> None:
        try:
            del self[name]
        except KeyError:
            raise AttributeError(
                f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self
            ) from None

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *(key for key in self._content if isinstance(key, str))})

    def __repr__(self) -> str:
        keys = ", ".join(sorted(repr(key) for key in self))
        return f"<{type(self).__name__}: {keys}>" if keys else f"<{type(self).__name__}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._content,)

    def __copy__(self) -> DotDict:
        return self.copy()

    def copy(self) -> DotDict:
        """Give a shallow copy."""
        return type(self)(self._content)

    def to_dict(self) -> dict[str, Any]:
        """Give the same content in plain dictionaries, all the way down."""
        plain: dict[str, Any] = as_nested_dict(self, dict)
        return plain


def merge_dicts(d1: D, d2: Mapping[str, Any]) -> D:
    """Give ``d1`` with the content of ``d2`` laid over it; dictionaries on both sides are merged, not replaced."""
    merged = d1.copy()  # type: ignore[attr-defined]
    for key, value in d2.items():
        below = merged.get(key)
        merged[key] = (
            merge_dicts(below, value)
            if isinstance(below, MutableMapping) and isinstance(value, MutableMapping)
            else value
        )
    return merged  # type: ignore[no-any-return]


def flatten_seq(seq: Iterable[Any]) -> Generator[Any, None, None]:
    """Give the leaves of nested iterables one by one; text and bytes are leaves."""
    for item in seq:
        if isinstance(item, Iterable) and not isinstance(item, str | bytes):
            yield from flatten_seq(item)
        else:
            yield item


def as_nested_dict(obj: Any, dct_class: type[Any] = DotDict) -> Any:
    """Convert every dictionary in ``obj``, also inside lists, tuples and sets, to ``dct_class``."""
    if isinstance(obj, list | tuple | set | frozenset):
        items = [as_nested_dict(item, dct_class) for item in obj]
        # A named tuple takes its fields one by one.
        return type(obj)(*items) if hasattr(obj, "_fields") else type(obj)(items)
    if isinstance(obj, dict | DotDict):
        return dct_class({key: as_nested_dict(value, dct_class) for key, value in obj.items()})
    return obj


def dict_to_flatdict(dct: Mapping[str, Any], parent: CompoundKey | None = None) -> dict[CompoundKey, Any]:
    """Give one level with paths as keys: ``{"a": {"b": 1}}`` becomes ``{CompoundKey(("a", "b")): 1}``.

    Empty dictionaries have no path to a value and disappear.
    """
    prefix = parent or CompoundKey()
    flat: dict[CompoundKey, Any] = {}
    for key, value in dct.items():
        path = CompoundKey((*prefix, key))
        if isinstance(value, dict | DotDict):
            flat.update(dict_to_flatdict(value, parent=path))
        else:
            flat[path] = value
    return flat


@overload
def flatdict_to_dict(dct: Mapping[Any, Any], dct_class: None = None) -> dict[str, Any]: ...
@overload
def flatdict_to_dict(dct: Mapping[Any, Any], dct_class: type[D]) -> D: ...
def flatdict_to_dict(dct: Mapping[Any, Any], dct_class: type[Any] | None = None) -> Any:
    """Undo ``dict_to_flatdict``; keys that are no CompoundKey stay where they are."""
    make = dct_class or dict
    nested = make()
    for path, value in dct.items():
        if not isinstance(path, CompoundKey):
            nested[path] = value
            continue
        inner = nested
        for key in path[:-1]:
            inner = inner.setdefault(key, make())
        inner[path[-1]] = value
    return nested
