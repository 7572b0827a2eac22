"""Names that load their module on first use, so that importing a package costs almost nothing.

Knows nothing of the rest of the package. Every package ``__init__`` of the public interface uses it::

    __getattr__, __dir__ = lazy(__name__, {"Flow": "prefect.core.flow"}, rooms=("engine", "tasks"))
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType

TYPE_CHECKING = False
if TYPE_CHECKING:  # importing typing would take a third of the time of `import prefect`
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any


def lazy(
    package: str, names: Mapping[str, str], rooms: Iterable[str] = ()
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Give the ``__getattr__`` and ``__dir__`` of a package whose names load on first use.

    Args:
        package: the package's ``__name__``.
        names: public name -> where it is defined: ``"module"`` (attribute of the same name), ``"module:attribute"``, or
            ``"module:"`` for the module itself.
        rooms: sub-modules that can be reached as attributes without an import of their own.
    """
    targets = {name: _target(name, path) for name, path in names.items()}
    room_names = frozenset(rooms)
    module = sys.modules[package]
    if any(module_name == f"{package}.{name}" for name, (module_name, _) in targets.items()):
        # A name that is also a sub-module (``control_flow.case``): the import system would replace it by the module.
        module.__class__ = type("LazyPackage", (_NameOverModule,), {"_targets": targets})

    def __getattr__(name: str) -> Any:
        if name in targets:
            module_name, attribute = targets[name]
            value = getattr(import_module(module_name), attribute) if attribute else import_module(module_name)
        elif name in room_names:
            value = import_module(f"{package}.{name}")
        elif name == "__all__":
            # For ``from package import *``, which would find nothing otherwise.
            value = list(targets)
        else:
            raise AttributeError(f"module {package!r} has no attribute {name!r}", name=name, obj=module)
        module.__dict__[name] = value
        return value

    def __dir__() -> list[str]:
        return sorted({*module.__dict__, *targets, *room_names})

    return __getattr__, __dir__


def _target(name: str, path: str) -> tuple[str, str]:
    module_name, colon, attribute = path.partition(":")
    return module_name, attribute if colon else name


class _NameOverModule(ModuleType):
    """A package that keeps its public name when a sub-module of the same name is imported."""

    _targets: Mapping[str, tuple[str, str]]

    def __setattr__(self, name: str, value: Any) -> None:
        target = self._targets.get(name)
        if target is not None and isinstance(value, ModuleType) and value.__name__ == target[0]:
            value = getattr(value, target[1])
        super().__setattr__(name, value)
