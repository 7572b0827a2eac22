"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

F = TypeVar("F", bound=Callable[..., object])


def add_options(options: Iterable[Callable[[F], F]]) -> Callable[[F], F]:
    """Give a decorator that adds click options to a command, shown in the order given."""
    decorators = list(options)

    def add(command: F) -> F:
        # click puts the option of the innermost decorator last.
        for decorator in reversed(decorators):
            command = decorator(command)
        return command

    return add
