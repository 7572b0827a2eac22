"""A task that gives one fixed value."""

from __future__ import annotations

from typing import Any

from prefect.core.task import Task

_LONGEST_SHOWN = 8


class Constant(Task):
    """A task that gives one fixed value.

    Args:
        value: what it gives.
        name: default: the value as it is written when that is short, else ``Constant[type]``.
        **kwargs: as for ``Task``.
    """

    public_name = "prefect.tasks.core.constants.Constant"

    def __init__(self, value: Any, name: str | None = None, **kwargs: Any) -> None:
        if name is None:
            name = repr(value)
            if len(name) > _LONGEST_SHOWN:
                name = f"Constant[{type(value).__name__}]"
        self.value = value
        super().__init__(name=name, **kwargs)

    def _track(self) -> None:
        """Never missed: an unused constant is no mistake."""

    def run(self) -> Any:
        """Give the value."""
        return self.value
