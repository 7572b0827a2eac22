"""What is known of the run that the code is in: ``prefect.context``.

One global object, ``context``, over a ``ContextVar`` that holds a plain dictionary. A ``with context(...)`` copies that
dictionary once, one level deep; the settings in it are shared, never copied. A new thread starts from the base context:
the section ``context`` of the configuration, and ``config`` itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from importlib import import_module
from types import TracebackType
from typing import Any, NoReturn, ParamSpec, TypeVar

from prefect._dotted import DottedDict
from prefect.utilities.collections import DotDict, merge_dicts

P = ParamSpec("P")
R = TypeVar("R")

_current: ContextVar[dict[str, Any]] = ContextVar("prefect_context")


def current_content() -> dict[str, Any]:
    """Give the dictionary of this thread (or asyncio task), made from the base when there is none yet."""
    content = _current.get(None)
    if content is None:
        content = _base()
        _current.set(content)
    return content


def forget() -> None:
    """Let the content be made anew when it is next asked for, as in a process that has just begun."""
    _current.set(_base())


def _base() -> dict[str, Any]:
    # Late: the settings are read, and the loggers set up, when somebody first asks for the context.
    from prefect.configuration import config

    content: dict[str, Any] = dict((config.get("context") or DottedDict()).copy())
    content["config"] = config
    # By name: the loggers are above, because their records take values from here.
    content["logger"] = import_module("prefect.utilities.logging").get_logger()
    return content


class Context(DotDict):
    """Values by attribute or item: those of the configuration's section ``context``, ``config`` itself, and given ones.

    ``prefect.context`` shows those of the run at hand; a Context that is made has values of its own.

    Args:
        *args, **kwargs: values; a ``config`` is laid over that of the process.
    """

    __slots__ = ()

    def __init__(self, *args: Mapping[str, Any], **kwargs: Any) -> None:
        base = _base()
        # Only the process's own has one: those of tests and the like say what they hold.
        del base["logger"]
        super().__init__(_with_values(base, args, kwargs))

    def __getattr__(self, name: str) -> Any:
        if name != "_content":
            try:
                return self._content[name]
            except KeyError:
                pass
        raise AttributeError(f"'Context' object has no attribute {name!r}", name=name, obj=self)

    def __repr__(self) -> str:
        # Not its values: secrets are among them.
        return "<Context>"

    def copy(self) -> Context:
        """Give the present values as a Context of their own."""
        new = object.__new__(Context)
        DotDict.__init__(new, self._content)
        return new

    def __reduce__(self) -> NoReturn:
        raise TypeError("The context cannot be pickled: it belongs to its process. Take values from prefect.context.")

    @contextmanager
    def __call__(self, *mappings: Mapping[str, Any], **values: Any) -> Iterator[Context]:
        """Add these values for the length of a ``with`` block, and put back the whole content at its end."""
        former = dict(self._content)
        content = _with_values(former, mappings, values)
        self._content.update(content)
        try:
            yield self
        finally:
            self._content.clear()
            self._content.update(former)


class _CurrentContext(Context):
    """The values of the run at hand, which belong to the thread and not to the instance."""

    __slots__ = ()

    def __init__(self) -> None:
        """Begin with nothing: the content is made when somebody first asks for it."""

    @property
    def _content(self) -> dict[str, Any]:  # type: ignore[override]
        return current_content()

    def __call__(self, *mappings: Mapping[str, Any], **values: Any) -> ContextScope:  # type: ignore[override]
        """Give a ``with`` block (or decorator) that adds these values and puts back the whole content at its end.

        Later mappings win, keywords win over mappings. A ``config`` is laid over the current one.
        """
        return ContextScope(mappings, values)

    def __getattr__(self, name: str) -> Any:
        try:
            return current_content()[name]
        except KeyError:
            raise AttributeError(f"'Context' object has no attribute {name!r}", name=name, obj=self) from None

    def get(self, key: str, default: Any = None) -> Any:
        return current_content().get(key, default)

    def update(self, *args: Any, **kwargs: Any) -> None:
        current_content().update(*args, **kwargs)

    def __iter__(self) -> Iterator[str]:
        return iter(current_content())


def _with_values(
    content: dict[str, Any], mappings: Iterable[Mapping[str, Any]], values: Mapping[str, Any]
) -> dict[str, Any]:
    """Give a copy of a content with further values; a ``config`` among them is laid over the one that is there."""
    new = content
    for mapping in mappings:
        new = {**new, **mapping}
    new = {**new, **values} if values or new is content else new
    config = new.get("config")
    if config is not content.get("config") and isinstance(config, Mapping):
        new["config"] = merge_dicts(content["config"], config)
    return new


def lay_over(values: Mapping[str, Any]) -> dict[str, Any]:
    """Begin what a ``with context(values)`` block begins, for who is careful to end it; gives what to ``put_back``."""
    previous = current_content()
    new = {**previous, **values}
    if new.get("config") is not previous.get("config"):
        new = _with_values(previous, (values,), {})
    _current.set(new)
    return previous


def put_back(previous: dict[str, Any]) -> None:
    """End what ``lay_over`` began."""
    _current.set(previous)


class ContextScope:
    """Values that are in the context for the length of one ``with`` block."""

    __slots__ = ("_mappings", "_previous", "_values")

    def __init__(self, mappings: tuple[Mapping[str, Any], ...], values: dict[str, Any]) -> None:
        self._mappings = mappings
        self._values = values

    def __enter__(self) -> Context:
        previous = _current.get(None)
        if previous is None:
            previous = current_content()
        self._previous = previous
        _current.set(_with_values(previous, self._mappings, self._values))
        return context

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        # Not ``reset(token)``: a generator may leave in another contextvars.Context than it entered.
        _current.set(self._previous)

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        @wraps(function)
        def within(*args: P.args, **kwargs: P.kwargs) -> R:
            with ContextScope(self._mappings, self._values):
                return function(*args, **kwargs)

        return within


context = _CurrentContext()
