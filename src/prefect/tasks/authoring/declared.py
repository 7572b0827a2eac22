"""Tasks whose arguments are declared once: the constructor and ``run`` are made from the declaration."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from functools import wraps
from types import FunctionType, MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from prefect.core.signature import RESERVED_NAMES
from prefect.core.task import Task

if TYPE_CHECKING:
    from prefect.tasks.authoring.web import WebService

_MISSING = object()
_FOR_ARGUMENTS = "\n\n        Arguments that are not given are those of the task.\n        "


class DeclaredTask(Task):
    """A task whose class says which arguments it has; the work is a method without arguments.

    Each annotated name of the class is an argument of the constructor and of ``run``; its value in the class is the
    default. ``run`` takes what the constructor was given for each argument that it is not given itself, and calls
    ``work``, in which ``self`` has all of them as attributes::

        class Greet(DeclaredTask, run="name greeting"):
            greeting: str = "Hello"
            name: str | None = None
            needs = {"name": "A name must be provided."}

            def work(self) -> str:
                return f"{self.greeting}, {self.name}!"

    Options of the class statement say where that is not so: ``args="a b"`` names the arguments in their order,
    ``init=`` and ``run=`` those of one of the two (``run="+ c"``: those of ``args`` and further ones). ``=`` behind a
    name lets it be left out of ``run`` although it has no default; after ``*`` arguments are given by name only. A
    class that writes ``__init__`` or ``run`` itself keeps its own.

    Attributes:
        needs: argument -> the sentence for whoever gives it neither to the task nor to ``run``, in the order of asking.
        empties: argument -> the class of an empty value that stands for None in the constructor, as in 1.x.
        packages: the modules that the task imports when it works: what has to be installed for it.
        known_as: module -> the name under which the task's own module has it, as in 1.x.
        pieces: arguments that a vendor's package puts into the path of an address; ``..`` would make it another one.
        keeps_further: ``run`` takes further arguments by name; they are in the attribute ``further`` then.
    """

    needs: ClassVar[Mapping[str, str]] = {}
    empties: ClassVar[Mapping[str, type]] = {}
    packages: ClassVar[tuple[str, ...]] = ()
    known_as: ClassVar[Mapping[str, str]] = {}
    pieces: ClassVar[tuple[str, ...]] = ()
    keeps_further: ClassVar[bool] = False
    further: ClassVar[Mapping[str, Any]] = MappingProxyType({})
    _defaults: ClassVar[Mapping[str, Any]] = {}
    _init_arguments: ClassVar[tuple[str, ...] | None] = None
    _run_arguments: ClassVar[tuple[str, ...] | None] = None

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)

    if not TYPE_CHECKING:

        def run(self):
            """Do the work."""
            return self.work()

    def work(self) -> Any:
        """Do what the task is for, with the arguments as attributes."""
        return None

    def __init_subclass__(
        cls, *, args: str | None = None, init: str | None = None, run: str | None = None, **kwargs: Any
    ) -> None:
        super().__init_subclass__(**kwargs)
        own = {
            name: cls.__dict__.get(name, _MISSING)
            for name, hint in cls.__annotations__.items()
            if not str(hint).startswith(("ClassVar", "typing.ClassVar")) and not name.startswith("_")
        }
        cls._defaults = {**{name: value for name, value in cls._defaults.items() if name not in own}, **own}
        # A default that the body changes without saying the type again.
        cls._defaults = {n: cls.__dict__.get(n, value) for n, value in cls._defaults.items()}
        refused = RESERVED_NAMES.intersection(cls._defaults)
        if refused:
            raise ValueError(f"Tasks cannot have the arguments {', '.join(sorted(refused))}: calling a task takes them")
        if "__init__" not in cls.__dict__:
            _make_constructor(cls, _listed(cls, args, init, cls._init_arguments))
        if "run" not in cls.__dict__:
            _make_run(cls, _listed(cls, args, run, cls._run_arguments))

    # --- for the work ------------------------------------------------------------------------------------------------

    def module(self, name: str, install: str | None = None) -> Any:
        """Import a package that only this task needs.

        Raises:
            ImportError: it is not installed; says how to install it.
        """
        from prefect.utilities.importtools import import_needed

        found = self.carried(self.known_as.get(name))
        if found is not None:
            return found
        return import_needed(name, install=install, by=f"The task {type(self).__name__}")

    def former_module(self, name: str) -> Any:
        """Import the package that 1.x had for this; None where it is not installed, and the task does without."""
        from importlib import import_module

        try:
            return self.carried(self.known_as.get(name)) or import_module(name)
        except ImportError:
            return None

    def carried(self, name: str | None) -> Any:
        """Give what somebody has put under a name into the module of the task; None when nobody has.

        Modules of 1.x had their packages and clients as names, and tests of users put their own there.
        """
        for base in type(self).__mro__ if name else ():
            module = sys.modules.get(base.__module__)
            if base.__module__.startswith("prefect.tasks.") and name in vars(module):
                return vars(module)[name]
        return None

    def complaint(self, sentence: str, argument: str) -> str:
        """Give the text of an error about an argument: names the argument and the task."""
        return complaint(self, sentence, argument)

    def secret_value(self, name: str, argument: str) -> Any:
        """Give the value of a secret by its name.

        Args:
            argument: what the name, or the value in its place, could have been given as; for the message.

        Raises:
            ValueError: no local secret has this name.
            KeyError: the API has none of this name.
        """
        return secret_for(self, name, argument)

    def optional_secret(self, name: str) -> Any:
        """Give the value of a secret; None when there is none of this name."""
        from prefect.client.secrets import Secret

        try:
            return Secret(name).get()
        except (ValueError, KeyError):
            return None

    def given_or_secret(self, argument: str, secret_name: str) -> Any:
        """Give the value of an argument; a secret's when it has none."""
        value = getattr(self, argument)
        return value if value else self.secret_value(secret_name, argument)

    def given_or_variable(self, argument: str, sentence: str, variable: str | None = None) -> str:
        """Give the value of an argument; an environment variable's when it has none.

        Args:
            sentence: what is said when there is neither.
            variable: its name; else what the argument ``<argument>_env_var`` says.

        Raises:
            ValueError: there is neither.
        """
        value = getattr(self, argument)
        if value in (None, ""):
            name = variable or getattr(self, f"{argument}_env_var", None)
            value = os.environ.get(name) if name else None
            if name and not value and name not in sentence:
                sentence = f"{sentence} The environment variable {name} is not set."
        if value in (None, ""):
            raise ValueError(self.complaint(sentence, argument))
        return str(value)

    def check_piece(self, value: Any, argument: str) -> None:
        """Refuse a value that would make an address another one (ValueError)."""
        if value and not {"", ".", ".."}.isdisjoint(str(value).split("/")):
            raise ValueError(self.complaint(f"{value!r} cannot be part of an address.", argument))

    def check_needs(self) -> None:
        """Refuse to work while a needed argument has no value, or one of ``pieces`` an impossible one.

        Raises:
            ValueError: names the argument and the task.
        """
        for argument in self.pieces:
            self.check_piece(getattr(self, argument, None), argument)
        for argument, sentence in self.needs.items():
            value = getattr(self, argument, None)
            # Of other values nothing is asked: frames, for one, have no truth.
            can_be_empty = argument in self.empties or isinstance(value, (str, bytes))
            if value is None or (can_be_empty and not value):
                raise ValueError(self.complaint(sentence or f"The {argument} must be provided.", argument))


def _listed(cls: type[DeclaredTask], common: str | None, own: str | None, known: tuple[str, ...] | None) -> list[str]:
    """Give the arguments of a method: those that the class statement lists; else its base's and what it adds."""
    if own is not None:
        names = own.split()
        return [*(common or "").split(), *names[1:]] if names[:1] == ["+"] else names
    if common is not None:
        return common.split()
    if known is None:  # those without a default stand before the others, as Python wants it
        return sorted(cls._defaults, key=lambda name: cls._defaults[name] is not _MISSING)
    added = [name for name in cls.__annotations__ if name in cls._defaults]
    names = [*(name for name in known if name.rstrip("=") not in added), *added]
    return sorted(names, key=lambda name: cls._defaults.get(name.rstrip("="), name) is not _MISSING)


def _parameters(cls: type[DeclaredTask], names: list[str]) -> tuple[str, dict[str, Any]]:
    """Give the text of the parameters in a ``def`` and the values of the defaults in it."""
    parts, defaults = [], {}
    for entry in names:
        name = entry.rstrip("=")
        if name == "*":
            parts.append(name)
            continue
        default = cls._defaults[name]
        if entry.endswith("=") and default is _MISSING:
            default = None
        if default is _MISSING:
            parts.append(name)
        else:
            defaults[f"_default_{name}"] = default
            parts.append(f"{name}=_default_{name}")
    return "".join(f", {part}" for part in parts), defaults


def _made(cls: type[DeclaredTask], name: str, source: str, scope: dict[str, Any]) -> Any:
    # As the dataclasses of the standard library do: a function with these very parameters can only be written so. All
    # names in it are identifiers of the class's own annotations.
    exec(compile(source, f"<{name} of {cls.__name__}>", "exec"), scope)  # noqa: S102
    function = scope[name]
    function.__module__ = cls.__module__
    function.__qualname__ = f"{cls.__qualname__}.{name}"
    hints = {argument: hint for base in reversed(cls.__mro__) for argument, hint in _own_hints(base).items()}
    function.__annotations__ = {n: hints[n] for n in function.__code__.co_varnames if n in hints}
    return function


def _own_hints(base: type) -> Mapping[str, Any]:
    return base.__annotations__ if base is not Task and issubclass(base, Task) else {}


def _make_constructor(cls: type[DeclaredTask], names: list[str]) -> None:
    text, defaults = _parameters(cls, names)
    plain = [name for name in names if name != "*"]
    lines = [
        f"    self.{name} = {name} or {cls.empties[name].__name__}()"
        if name in cls.empties
        else f"    self.{name} = {name}"
        for name in plain
    ]
    source = f"def __init__(self{text}, **kwargs):\n" + "\n".join([*lines, "    start(self, **kwargs)"])
    made = _made(cls, "__init__", source, {**defaults, "start": DeclaredTask.__init__})
    made.__doc__ = f"Make the task; see {cls.__name__} for the arguments, and Task for those that all tasks have."
    cls.__init__ = made  # type: ignore[method-assign]
    cls._init_arguments = tuple(names)


def _make_run(cls: type[DeclaredTask], names: list[str]) -> None:
    text, defaults = _parameters(cls, names)
    further = ", **kwargs" if cls.keeps_further else ""
    made = _made(cls, "run", f"def run(self{text}{further}): pass", dict(defaults))
    # With the names of the class's module around it, so that the hints can be read.
    shape = FunctionType(made.__code__, vars(sys.modules[cls.__module__]), "run", made.__defaults__)
    shape.__dict__.update(made.__dict__)
    shape.__annotations__, shape.__kwdefaults__ = made.__annotations__, made.__kwdefaults__
    shape.__module__, shape.__qualname__ = made.__module__, made.__qualname__
    known = tuple(name.rstrip("=") for name in names if name != "*")

    @wraps(shape)
    def run(self: DeclaredTask, *args: Any, **kwargs: Any) -> Any:
        shape(self, *args, **kwargs)  # refuses, in Python's own words, arguments that do not fit
        given = {**dict(zip(known, args, strict=False)), **kwargs}
        call = copy(self)
        if len(given) > len(known) or not given.keys() <= set(known):
            given["further"] = {name: given.pop(name) for name in [*given] if name not in known}
        call.__dict__.update(given)
        call.check_needs()
        return call.work()

    run.__doc__ = (cls.work.__doc__ or "Do the work.") + _FOR_ARGUMENTS
    cls.run = run  # type: ignore[method-assign, assignment]
    cls._run_arguments = tuple(names)


def complaint(task: Task, sentence: str, argument: str) -> str:
    """Give the text of an error about an argument: names the argument and the task."""
    return f"{sentence} (`{argument}` of {type(task).__name__})"


def secret_for(task: Task, name: str, argument: str) -> Any:
    """Give the value of a secret to a task; see ``DeclaredTask.secret_value``."""
    from prefect.client.secrets import Secret

    try:
        return Secret(name).get()
    except (ValueError, KeyError) as error:
        raise type(error)(complaint(task, str(error.args[0]), argument)) from None


@contextmanager
def in_time(task: Task, whom: str, seconds: float) -> Iterator[None]:
    """Say who kept a task waiting: libraries tell of a time-out with few words, or with none.

    Raises:
        TimeoutError: the block did; names the task, the system and the limit.
    """
    try:
        yield
    except TimeoutError:
        raise TimeoutError(f"{type(task).__name__}: {whom} did not answer within {seconds:g} seconds.") from None


class WebTask(DeclaredTask):
    """A task that talks to one service on the web.

    Attributes:
        address: where the service is, unless the task computes that.
    """

    address: ClassVar[str] = ""

    def service(self, address: str | None = None, **how: Any) -> WebService:
        """Give the service to ask; see ``WebService`` for ``headers``, ``auth``, ``secrets``, ``timeout``."""
        from prefect.tasks.authoring.web import WebService

        return WebService(address or self.address, by=type(self).__name__, **how)
