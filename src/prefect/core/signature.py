"""What a task's ``run`` accepts: checked once, remembered for each function, and used to bind arguments quickly."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from types import FunctionType
from typing import TYPE_CHECKING, Any, TypeGuard
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    import inspect

RESERVED_NAMES = frozenset({"mapped", "task_args", "upstream_tasks", "flow"})

_HOW_TO_WRAP = (
    "This function can not be inspected (this is common with `builtin` and `numpy` functions). "
    "In order to use it as a task, please wrap it in a standard Python function."
)


class RunSignature:
    """The arguments of one ``run`` function or bound method.

    Those of a plain function are read from its code: ``inspect`` takes four milliseconds to load, and most flows never
    need it.

    Attributes:
        positional: names that may be given by position, in order.
        positional_only: names that may be given by position only, in order.
        keyword: the ``**kwargs`` parameter's name, or None.
        variable: the ``*args`` parameter's name, or None.
        names: those of all parameters but the two.
    """

    __slots__ = ("_required", "_signature", "keyword", "names", "positional", "positional_only", "variable")

    def __init__(self, run: Callable[..., Any]) -> None:
        self._signature: inspect.Signature | None = None
        function = getattr(run, "__func__", run)
        skipped = int(function is not run)
        if _tells_by_code(function) and function.__code__.co_argcount >= skipped:
            self._read_code(function, skipped)
        else:
            self._read(_inspect(run))

    def _read_code(self, function: FunctionType, skipped: int) -> None:
        code = function.__code__
        names, count = code.co_varnames, code.co_argcount
        first_keyword = max(code.co_posonlyargcount, skipped)
        self.positional_only = names[skipped : code.co_posonlyargcount]
        self.positional = names[first_keyword:count]
        end = count + code.co_kwonlyargcount
        keyword_only = names[count:end]
        self.variable = names[end] if code.co_flags & _HAS_VARARGS else None
        self.keyword = names[end + (self.variable is not None)] if code.co_flags & _HAS_KEYWORDS else None
        with_default = {*names[count - len(function.__defaults__ or ()) : count], *(function.__kwdefaults__ or ())}
        self.names = frozenset((*self.positional_only, *self.positional, *keyword_only))
        self._required = frozenset((*self.positional, *keyword_only)) - with_default

    def _read(self, signature: inspect.Signature) -> None:
        self._signature = signature
        parameters = signature.parameters.values()
        self.positional_only = tuple(p.name for p in parameters if p.kind is p.POSITIONAL_ONLY)
        self.positional = tuple(p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD)
        self.variable = next((p.name for p in parameters if p.kind is p.VAR_POSITIONAL), None)
        self.keyword = next((p.name for p in parameters if p.kind is p.VAR_KEYWORD), None)
        named = [p for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
        self.names = frozenset((*self.positional_only, *(p.name for p in named)))
        self._required = frozenset(p.name for p in named if p.default is p.empty)

    def signature_of(self, run: Callable[..., Any]) -> inspect.Signature:
        """Give what ``inspect`` says of the function or method that this is the signature of, without ``self``."""
        if self._signature is None:
            self._signature = _inspect(run)
        return self._signature

    def takes(self, name: str) -> bool:
        """Whether an argument of this name is one of the function's own, and may be given by it."""
        return name in self.names and name not in self.positional_only

    def bind(self, run: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """Give every argument under its name; those of ``**kwargs`` stand beside the others.

        Args:
            run: the function or method that this is the signature of.

        Raises:
            TypeError: an argument is missing, unknown or given twice.
        """
        if len(args) <= len(self.positional):
            bound = dict(zip(self.positional, args, strict=False))
            if kwargs:
                if bound.keys().isdisjoint(kwargs) and self._takes_all(kwargs):
                    bound.update(kwargs)
                else:
                    bound = {}
            if self._required.issubset(bound) and (bound or not (args or kwargs)):
                return bound
        # Slower, but its errors say what is wrong in the words that users know from Python itself.
        arguments = dict(self.signature_of(run).bind(*args, **kwargs).arguments)
        if self.keyword is not None:
            arguments.update(arguments.pop(self.keyword, {}))
        return arguments

    def _takes_all(self, kwargs: Mapping[str, Any]) -> bool:
        return self.keyword is not None or (self.names.issuperset(kwargs) and not self.positional_only)


_functions: WeakKeyDictionary[Any, RunSignature] = WeakKeyDictionary()
_methods: WeakKeyDictionary[Any, RunSignature] = WeakKeyDictionary()


def run_signature(run: Callable[..., Any]) -> RunSignature:
    """Give the signature of a ``run`` function or bound method; read once for each function."""
    function = getattr(run, "__func__", None)
    known, key = (_functions, run) if function is None else (_methods, function)
    try:
        found = known.get(key)
        if found is None:
            found = known[key] = RunSignature(run)
    except TypeError:
        # The callable cannot be a dictionary's key, or nothing can refer to it weakly.
        return RunSignature(run)
    return found


# What else than its code may say how a function is called.
_TOLD_OTHERWISE = ("__signature__", "__wrapped__", "__partialmethod__", "_partialmethod", "__text_signature__")
_HAS_VARARGS = 0x04
_HAS_KEYWORDS = 0x08


def _tells_by_code(function: Any) -> TypeGuard[FunctionType]:
    """Whether this is a function whose arguments are those of its code."""
    return type(function) is FunctionType and not any(name in function.__dict__ for name in _TOLD_OTHERWISE)


def _inspect(run: Callable[..., Any]) -> inspect.Signature:
    import inspect

    try:
        return inspect.signature(run)
    except ValueError as error:
        raise ValueError(_HOW_TO_WRAP) from error


def check_run(run: Callable[..., Any]) -> None:
    """Refuse a ``run`` whose arguments cannot be passed as keywords beside our own (ValueError)."""
    found = run_signature(run)
    if found.variable is not None:
        raise ValueError(
            "Tasks with variable positional arguments (*args) are not supported, because all Prefect arguments are "
            "stored as keywords. As a workaround, consider modifying the run() method to accept **kwargs and feeding "
            "the values to *args."
        )
    taken = RESERVED_NAMES & found.names
    if taken:
        # In the order in which the function has them.
        taken_in_order = [name for name in found.signature_of(run).parameters if name in taken]
        raise ValueError(
            f"Tasks cannot have the following argument names: {', '.join(taken_in_order)}. "
            "These are reserved keyword arguments."
        )


def refuse_positional_only(run: Callable[..., Any], task_name: str) -> None:
    """Refuse arguments that cannot be passed by name (TypeError)."""
    names = list(run_signature(run).positional_only)
    if names:
        raise TypeError(
            f"Found positional-only parameters in the function signature for task {task_name}: {names}. "
            "Prefect passes arguments using keywords and does not support positional-only parameters."
        )


@cache
def _calling_parameters() -> tuple[inspect.Parameter, ...]:
    import inspect

    only = inspect.Parameter.KEYWORD_ONLY
    return (
        inspect.Parameter("mapped", only, default=False, annotation=bool),
        inspect.Parameter("task_args", only, default=None, annotation=dict),
        inspect.Parameter("upstream_tasks", only, default=None, annotation="Iterable[Any]"),
        inspect.Parameter("flow", only, default=None, annotation="Flow"),
    )


def call_signature(run: Callable[..., Any]) -> inspect.Signature:
    """Give the signature of calling a task: that of its ``run`` and the arguments that every task takes."""
    import inspect

    parameters = list(run_signature(run).signature_of(run).parameters.values())
    tail = [p for p in parameters if p.kind is p.VAR_KEYWORD]
    return inspect.Signature(
        [p for p in parameters if p.kind is not p.VAR_KEYWORD] + [*_calling_parameters(), *tail],
        return_annotation="Task",
    )


def constructor_signature(owner: type) -> inspect.Signature:
    """Give the signature of making an object of a class, whatever its ``__new__`` takes."""
    import inspect

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
