"""Exceptions as values that travel between processes.

Pickle calls an exception's class again with ``args``. A class with an ``__init__`` of its own often cannot be called
so, or makes another exception of it; a lock among its attributes ends the pickling of everything around it; cause and
traceback are always left behind. Here an exception is taken down part by part: the class, its arguments and attributes,
cause and context, notes, traceback. What cannot travel, or cannot be read at the other end, is the only thing missing.
"""

from __future__ import annotations

import builtins
import threading
from contextlib import suppress
from copy import deepcopy
from types import TracebackType
from typing import Any

# Causes of causes, and frames: as many as help a reader. The frames nearest to the fault are kept.
_MOST_LINKS = 20
_MOST_FRAMES = 100
_NATIVE = frozenset(value for value in vars(builtins).values() if isinstance(value, type))
_packing = threading.local()


def text_of(error: object) -> str:
    """Give the ``repr`` of an exception (or another value), or, where that itself raises, its class and the reason."""
    try:
        return repr(error)
    except Exception as fault:
        return f"{type(error).__name__}(<its repr raised {type(fault).__name__}>)"


def brief_text_of(error: BaseException) -> str:
    """Give class and message of an exception in one line; of a message of many lines, the first and the last."""
    try:
        lines = str(error).strip().splitlines() or [""]
    except Exception:
        return text_of(error)
    told = lines[0] if len(lines) == 1 else f"{lines[0]} ... {lines[-1]}"
    return f"{type(error).__name__}: {told}"


class Carried:
    """An exception on its way: pickled, it comes out as the exception itself."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def __reduce__(self) -> tuple[Any, ...]:
        return unpacked, (packed(self.error),)

    def __deepcopy__(self, memo: dict[int, Any]) -> BaseException:
        return deepcopy(self.error, memo)


def packed(error: BaseException, links: int = _MOST_LINKS) -> dict[str, Any]:
    """Take an exception down as plain values and pickled parts; never raises.

    Args:
        links: how many causes and contexts behind it are taken along at most.
    """
    underway: set[int] = _packing.__dict__.setdefault("ids", set())
    if id(error) in underway:
        # It holds itself somewhere: the second mention is its text.
        return {"name": type(error).__qualname__, "text": text_of(error), "classes": [], "args": [], "attributes": {}}
    underway.add(id(error))
    try:
        return _parts(error, links)
    finally:
        underway.discard(id(error))


def _parts(error: BaseException, links: int) -> dict[str, Any]:
    cls = type(error)
    parts: dict[str, Any] = {
        "name": cls.__qualname__,
        "text": text_of(error),
        # The class itself and, for a process that cannot load it, the nearest of Python's own.
        "classes": [data for kind in (cls, _native_base(cls)) if (data := _pickled(kind)) is not None],
        "suppress": error.__suppress_context__,
        "frames": _frames(error.__traceback__),
    }
    if _pickles_itself(cls):
        parts["whole"] = _pickled(error)
    args, attributes = _content(error)
    parts["args"] = [_part(value) for value in args]
    parts["plain_args"] = [_part(value) for value in error.args]
    parts["attributes"] = {
        name: part for name, value in attributes.items() if isinstance(name, str) and (part := _part(value)) is not None
    }
    if links > 0:
        for name in ("__cause__", "__context__"):
            other = getattr(error, name)
            if other is not None and not (name == "__context__" and other is error.__cause__):
                parts[name] = packed(other, links - 1)
    return parts


def unpacked(parts: dict[str, Any]) -> BaseException:
    """Make the exception that ``packed`` took down; what of it cannot be read here is left out."""
    error = _whole(parts) or _rebuilt(parts)
    for name in ("__cause__", "__context__"):
        if name in parts:
            setattr(error, name, unpacked(parts[name]))
    if "__cause__" in parts and "__context__" not in parts:
        error.__context__ = error.__cause__
    error.__suppress_context__ = bool(parts.get("suppress"))
    frames = parts.get("frames")
    return error.with_traceback(_traceback(frames)) if frames else error


def _whole(parts: dict[str, Any]) -> BaseException | None:
    """Give an exception whose class says itself how it is pickled; None where that does not work."""
    data = parts.get("whole")
    if data is None:
        return None
    import cloudpickle

    try:
        error = cloudpickle.loads(data)
    except Exception:
        return None
    is_same = isinstance(error, BaseException) and type(error).__qualname__ == parts["name"]
    return error if is_same else None


def _rebuilt(parts: dict[str, Any]) -> BaseException:
    args = tuple(_read(part) for part in parts["args"])
    for data in parts["classes"]:
        cls = _loaded(data)
        if isinstance(cls, type) and issubclass(cls, BaseException):
            error = _made(cls, args)
            if error is not None:
                break
    else:
        return RuntimeError(parts["text"])
    if cls.__qualname__ != parts["name"]:
        # A stand-in for a class that could not come along has to name it.
        return _made(cls, (parts["text"],)) or RuntimeError(parts["text"])
    error.args = tuple(_read(part) for part in parts["plain_args"])
    for name, part in parts["attributes"].items():
        try:
            setattr(error, name, _read(part))
        except Exception:
            # A property without a setter, or one that refuses: its value comes from elsewhere.
            error.__dict__.setdefault(name, None)
    return error


def _made(cls: type[BaseException], args: tuple[Any, ...]) -> BaseException | None:
    """Make an exception without calling an ``__init__`` written in Python: its arguments are not known any more."""
    base = _native_base(cls)
    for given in (args, ()):
        with suppress(Exception):
            error = base.__new__(cls, *given)
            base.__init__(error, *given)
            return error
    return None


def _native_base(cls: type[BaseException]) -> type[BaseException]:
    return next(kind for kind in cls.__mro__ if kind in _NATIVE)


def _pickles_itself(cls: type[BaseException]) -> bool:
    names = ("__reduce__", "__reduce_ex__", "__getstate__", "__setstate__", "__getnewargs__", "__getnewargs_ex__")
    return any(name in vars(kind) for kind in cls.__mro__ if kind not in _NATIVE for name in names)


def _content(error: BaseException) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Give what Python's own part of the exception is made from, and its attributes, those in slots among them."""
    args: tuple[Any, ...] = error.args
    attributes: dict[str, Any] = {}
    try:
        native: tuple[Any, ...] = _native_base(type(error)).__reduce__(error)  # type: ignore[assignment]
        args = native[1]
        attributes.update(native[2] if len(native) > 2 and native[2] else {})
    except Exception:
        attributes.update(vars(error))
    for kind in type(error).__mro__:
        slots = vars(kind).get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if name not in ("__dict__", "__weakref__") and hasattr(error, name):
                attributes[name] = getattr(error, name)
    return args, attributes


def _pickled(value: Any) -> bytes | None:
    import cloudpickle

    try:
        return cloudpickle.dumps(value)  # type: ignore[no-any-return]
    except Exception:
        # Whatever a class of a user raises while it is pickled: this part stays behind.
        return None


def _part(value: Any) -> Any:
    """Take one value down: exceptions, also those of a group, part by part; None when it cannot travel."""
    if isinstance(value, BaseException):
        return {"raised": packed(value)}
    if type(value) in (list, tuple) and any(isinstance(item, BaseException) for item in value):
        return {"items": [_part(item) for item in value], "is_tuple": type(value) is tuple}
    if type(value) in (str, int, float, bool, bytes, type(None)):
        return {"plain": value}
    data = _pickled(value)
    return None if data is None else {"pickled": data}


def _read(part: Any) -> Any:
    if part is None:
        return None
    if "raised" in part:
        return unpacked(part["raised"])
    if "items" in part:
        items = [_read(item) for item in part["items"]]
        return tuple(items) if part["is_tuple"] else items
    return part["plain"] if "plain" in part else _loaded(part["pickled"])


def _loaded(data: bytes) -> Any:
    import cloudpickle

    try:
        return cloudpickle.loads(data)
    except Exception:
        # A module that is not here, or a value that refuses to be made again.
        return None


def _frames(traceback: TracebackType | None) -> Any:
    if traceback is None:
        return None
    from tblib import Traceback

    chain = []
    step: TracebackType | None = traceback
    while step is not None:
        chain.append(step)
        step = step.tb_next
    try:
        return Traceback(chain[-_MOST_FRAMES:][0]).as_dict()
    except Exception:
        return None


def _traceback(frames: Any) -> TracebackType | None:
    from tblib import Traceback

    try:
        return Traceback.from_dict(frames).as_traceback()  # type: ignore[no-any-return]
    except Exception:
        return None
