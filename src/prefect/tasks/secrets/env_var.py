"""Secrets in environment variables."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from prefect.tasks.secrets.base import PrefectSecret


class EnvVarSecret(PrefectSecret):
    """Gives the value of an environment variable of the process that runs the task.

    Args:
        name: the variable; also the task's name.
        cast: turns the text into something else.
        raise_if_missing: fail when it is not set; otherwise the value is None then.
    """

    def __init__(
        self,
        name: str | None = None,
        cast: Callable[[Any], Any] | None = None,
        raise_if_missing: bool = False,
        **kwargs: Any,
    ) -> None:
        self.cast = cast
        self.raise_if_missing = raise_if_missing
        super().__init__(name=name, **kwargs)

    def run(self, name: str = None) -> Any:  # type: ignore[assignment]  # noqa: RUF013 - its type travels with the flow
        """Read the variable.

        Args:
            name: in place of the task's own.

        Raises:
            ValueError: no name; or not set, when that is an error.
        """
        name = self._name_or_default(name)
        if self.raise_if_missing and name not in os.environ:
            raise ValueError(f"Environment variable not set: {name}")
        value = os.environ.get(name)
        return self.cast(value) if value is not None and self.cast is not None else value
