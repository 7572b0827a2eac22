"""Objects by their dotted names."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def import_object(name: str) -> Any:
    """Import a module, or an attribute of a module: ``a.b`` is the module ``a.b``, else the attribute ``b`` of ``a``.

    Raises:
        ModuleNotFoundError: there is no such module.
        AttributeError: the module has no such attribute.
    """
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        module_name, _, attribute = name.rpartition(".")
        # A module that is there but lacks one of its own imports must tell so.
        if not module_name or error.name is None or not (name == error.name or name.startswith(f"{error.name}.")):
            raise
    return getattr(import_module(module_name), attribute)


def import_needed(name: str, *, install: str, by: str) -> Any:
    """Import a package that only some users need.

    Args:
        install: what pip installs for it.
        by: who needs it, for the message.

    Raises:
        ImportError: it is not installed; says how to install it.
    """
    try:
        return import_module(name)
    except ImportError as error:
        raise ImportError(
            f"{by} needs the package `{name.partition('.')[0]}`: pip install {install}", name=name
        ) from error
