"""The base of secret tasks, and the task that reads secrets of the backend."""

from __future__ import annotations

from typing import Any

from prefect.core.task import Task


class SecretBase(Task):
    """A task that gives a secret: its value is never checkpointed, only its name is kept as the result's location.

    Raises:
        ValueError: a ``result`` was given.
    """

    secret_name: str | None = None

    def __init__(self, **kwargs: Any) -> None:
        from prefect.engine.results import SecretResult

        if kwargs.get("result") is not None:
            raise ValueError("Result types for Secrets are not configurable.")
        kwargs.pop("result", None)
        kwargs["checkpoint"] = False
        super().__init__(**kwargs)
        self.result = SecretResult(secret_task=self)

    def _name_or_default(self, name: str | None) -> str:
        chosen = self.secret_name if name is None else name
        if not chosen:
            raise ValueError("A secret name must be provided.")
        return chosen


class PrefectSecret(SecretBase):
    """Gives a secret of the local context or the backend, by name.

    Args:
        name: the secret's name; also the task's.
    """

    def __init__(self, name: str | None = None, **kwargs: Any) -> None:
        self.secret_name = name
        super().__init__(name=name, **kwargs)

    def run(self, name: str = None) -> Any:  # type: ignore[assignment]  # noqa: RUF013 - its type travels with the flow
        """Look the secret up.

        Args:
            name: in place of the task's own.

        Raises:
            ValueError: no name, or no local secret of this name.
            KeyError: the backend has none of this name.
        """
        from prefect.client.secrets import Secret

        return Secret(self._name_or_default(name)).get()
