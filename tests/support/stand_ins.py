"""Stand-ins for packages of vendors that the tests do not install: every name is there, and every call is remembered.

They hold what our tasks ask of a package, not what the package makes of it.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any
from unittest.mock import MagicMock

import pytest


class StandIn(ModuleType):
    """A package whose every name is a ``MagicMock``; names like those of exceptions are exceptions."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__path__ = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        is_exception = name[:1].isupper() and name.endswith(("Error", "Exception", "NotFound"))
        value: Any = type(name, (Exception,), {}) if is_exception else MagicMock(name=f"{self.__name__}.{name}")
        setattr(self, name, value)
        return value


def stand_in(monkeypatch: pytest.MonkeyPatch, *names: str) -> Any:
    """Put stand-ins in the place of modules (those above them too) and give the last one."""
    for name in names:
        parts = name.split(".")
        for end in range(1, len(parts) + 1):
            module = ".".join(parts[:end])
            if isinstance(sys.modules.get(module), StandIn) or (end < len(parts) and module in sys.modules):
                continue
            made = StandIn(module)
            monkeypatch.setitem(sys.modules, module, made)
            if end > 1:
                monkeypatch.setattr(sys.modules[".".join(parts[: end - 1])], parts[end - 1], made, raising=False)
    return sys.modules[names[-1]]
