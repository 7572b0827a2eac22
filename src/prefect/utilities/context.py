"""What is known of the run that the code is in: ``prefect.context``.

One global object over a ``ContextVar`` that holds a plain dictionary. A ``with context(...)`` copies that dictionary
once, one level deep; the settings in it are shared, never copied. A new thread starts from the base context: the
section ``context`` of the configuration, and ``config`` itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
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


def _base() -> dict[str, Any]:
    # Late: the settings are read, and the loggers set up, when somebody first asks for the context.
    from prefect.configuration import config

    content: dict[str, Any] = dict((config.get("context") or DottedDict()).copy())
    content["config"] = config
    # By name: the loggers are above, because their records take values from here.
    content["logger"] = import_module("prefect.utilities.logging").get_logger()
    return content


class Context(DotDict):
    """The values of the run at hand, by attribute or item; call it to add values for the length of a ``with`` block.

    There is one: ``prefect.context``. Every instance shows the same content.
    """

    __slots__ = ()

    def __init__(self, *args: Mapping[str, Any], **kwargs: Any) -> None:
        # The content belongs to the thread, not to the instance.
        if args or kwargs:
            self.update(*args, **kwargs)

    @property
    def _content(self) -> dict[str, Any]:  # type: ignore[override]
        return current_content()

    def __call__(self, *mappings: Mapping[str, Any], **values: Any) -> ContextScope:
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

    def copy(self) -> DotDict:
        """Give the present values as a dictionary of their own."""
        return DotDict(current_content())

    def __iter__(self) -> Iterator[str]:
        return iter(current_content())

    def __reduce__(self) -> NoReturn:
        raise TypeError("The context cannot be pickled: it belongs to its process. Take values from prefect.context.")


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
        content = previous.copy()
        for mapping in self._mappings:
            content.update(mapping)
        content.update(self._values)
        config = content.get("config")
        if config is not previous.get("config") and isinstance(config, Mapping):
            content["config"] = merge_dicts(previous["config"], config)
        _current.set(content)
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


context = Context()
