"""What a task's ``run`` accepts: checked once, remembered for each function, and used to bind arguments quickly."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

RESERVED_NAMES = frozenset({"mapped", "task_args", "upstream_tasks", "flow"})

_HOW_TO_WRAP = (
    "This function can not be inspected (this is common with `builtin` and `numpy` functions). "
    "In order to use it as a task, please wrap it in a standard Python function."
)


class RunSignature:
    """The arguments of one ``run`` function.

    Attributes:
        signature: as ``inspect`` gives it, without ``self``.
        positional: names that may be given by position, in order.
        keyword: the ``**kwargs`` parameter's name, or None.
    """

    __slots__ = ("_known", "_required", "keyword", "positional", "signature")

    def __init__(self, signature: inspect.Signature) -> None:
        self.signature = signature
        parameters = signature.parameters.values()
        self.positional = tuple(p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD)
        self.keyword = next((p.name for p in parameters if p.kind is p.VAR_KEYWORD), None)
        named = [p for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
        self._known = frozenset(p.name for p in named)
        self._required = frozenset(p.name for p in named if p.default is p.empty)

    def bind(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """Give every argument under its name; those of ``**kwargs`` stand beside the others.

        Raises:
            TypeError: an argument is missing, unknown or given twice.
        """
        if len(args) <= len(self.positional):
            bound = dict(zip(self.positional, args, strict=False))
            if kwargs:
                if bound.keys().isdisjoint(kwargs) and (self.keyword is not None or self._known.issuperset(kwargs)):
                    bound.update(kwargs)
                else:
                    bound = {}
            if self._required.issubset(bound) and (bound or not (args or kwargs)):
                return bound
        # Slower, but its errors say what is wrong in the words that users know from Python itself.
        arguments = dict(self.signature.bind(*args, **kwargs).arguments)
        if self.keyword is not None:
            arguments.update(arguments.pop(self.keyword, {}))
        return arguments


_functions: WeakKeyDictionary[Any, RunSignature] = WeakKeyDictionary()
_methods: WeakKeyDictionary[Any, RunSignature] = WeakKeyDictionary()


def run_signature(run: Callable[..., Any]) -> RunSignature:
    """Give the signature of a ``run`` function or bound method; read once for each function."""
    function = getattr(run, "__func__", None)
    known, key = (_functions, run) if function is None else (_methods, function)
    try:
        found = known.get(key)
        if found is None:
            found = known[key] = RunSignature(_inspect(run))
    except TypeError:
        # The callable cannot be a dictionary's key, or nothing can refer to it weakly.
        return RunSignature(_inspect(run))
    return found


def _inspect(run: Callable[..., Any]) -> inspect.Signature:
    try:
        return inspect.signature(run)
    except ValueError as error:
        raise ValueError(_HOW_TO_WRAP) from error


def check_run(run: Callable[..., Any]) -> None:
    """Refuse a ``run`` whose arguments cannot be passed as keywords beside our own (ValueError)."""
    parameters = _inspect(run).parameters
    if any(p.kind is p.VAR_POSITIONAL for p in parameters.values()):
        raise ValueError(
            "Tasks with variable positional arguments (*args) are not supported, because all Prefect arguments are "
            "stored as keywords. As a workaround, consider modifying the run() method to accept **kwargs and feeding "
            "the values to *args."
        )
    taken = [name for name, p in parameters.items() if name in RESERVED_NAMES and p.kind is not p.VAR_KEYWORD]
    if taken:
        raise ValueError(
            f"Tasks cannot have the following argument names: {', '.join(taken)}. These are reserved keyword arguments."
        )


def refuse_positional_only(run: Callable[..., Any], task_name: str) -> None:
    """Refuse arguments that cannot be passed by name (TypeError)."""
    names = [p.name for p in run_signature(run).signature.parameters.values() if p.kind is p.POSITIONAL_ONLY]
    if names:
        raise TypeError(
            f"Found positional-only parameters in the function signature for task {task_name}: {names}. "
            "Prefect passes arguments using keywords and does not support positional-only parameters."
        )


@cache
def _calling_parameters() -> tuple[inspect.Parameter, ...]:
    only = inspect.Parameter.KEYWORD_ONLY
    return (
        inspect.Parameter("mapped", only, default=False, annotation=bool),
        inspect.Parameter("task_args", only, default=None, annotation=dict),
        inspect.Parameter("upstream_tasks", only, default=None, annotation="Iterable[Any]"),
        inspect.Parameter("flow", only, default=None, annotation="Flow"),
    )


def call_signature(run: Callable[..., Any]) -> inspect.Signature:
    """Give the signature of calling a task: that of its ``run`` and the arguments that every task takes."""
    parameters = list(run_signature(run).signature.parameters.values())
    tail = [p for p in parameters if p.kind is p.VAR_KEYWORD]
    return inspect.Signature(
        [p for p in parameters if p.kind is not p.VAR_KEYWORD] + [*_calling_parameters(), *tail],
        return_annotation="Task",
    )


def constructor_signature(owner: type) -> inspect.Signature:
    """Give the signature of making an object of a class, whatever its ``__new__`` takes."""
    constructor = inspect.signature(owner.__init__)  # type: ignore[misc]  # the class is given, its own is looked at
    return inspect.Signature(list(constructor.parameters.values())[1:])


def resolved_hints(run: Callable[..., Any]) -> dict[str, Any]:
    """Give the annotations of a function as objects, as far as they can be resolved; else as they are written."""
    from typing import get_type_hints

    function = getattr(run, "__func__", run)
    if isinstance(function, type):
        function = function.__init__  # type: ignore[misc]
    try:
        return get_type_hints(function)
    except (NameError, TypeError, AttributeError, SyntaxError):
        return dict(getattr(function, "__annotations__", {}))
