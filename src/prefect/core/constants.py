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
            name = name_of_constant(value)
        self.value = value
        super().__init__(name=name, **kwargs)

    def _track(self) -> None:
        """Never missed: an unused constant is no mistake."""

    def run(self) -> Any:
        """Give the value."""
        return self.value


def name_of_constant(value: Any) -> str:
    """Give a value as it is written, if that is short, else ``Constant[type]``."""
    try:
        # Not written out for nothing: it may be large.
        if not hasattr(value, "__len__") or len(value) <= _LONGEST_SHOWN:
            text = repr(value)
            if len(text) <= _LONGEST_SHOWN:
                return text
    except Exception:  # noqa: S110 - deeper than the stack, or a user's own that fails: it is not shown
        pass
    return f"Constant[{type(value).__name__}]"
