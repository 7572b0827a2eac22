"""Registries in which a server or an extension leaves its own classes: ``prefect.api``, ``.models``, ``.plugins``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from prefect._dotted import DottedDict

T = TypeVar("T")

REGISTRY = DottedDict(api={}, models={}, plugins={})
API: DottedDict = REGISTRY.api
MODELS: DottedDict = REGISTRY.models
PLUGINS: DottedDict = REGISTRY.plugins


def register_api(name: str) -> Callable[[T], T]:
    """Register the decorated object as ``prefect.api.<name>``; the name may be dotted."""
    return _register(name, API)


def register_model(name: str) -> Callable[[T], T]:
    """Register the decorated object as ``prefect.models.<name>``; the name may be dotted."""
    return _register(name, MODELS)


def register_plugin(name: str) -> Callable[[T], T]:
    """Register the decorated object as ``prefect.plugins.<name>``; the name may be dotted."""
    return _register(name, PLUGINS)


def _register(name: str, registry: DottedDict) -> Callable[[T], T]:
    def register(registered: T) -> T:
        *sections, last = name.split(".")
        section: Any = registry
        for part in sections:
            section = section.setdefault(part, DottedDict())
        section[last] = registered
        return registered

    return register
