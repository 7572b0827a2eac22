"""Secret values: only their name is kept, never the value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

from prefect.model.codec import public, register
from prefect.model.result import Result

if TYPE_CHECKING:
    from prefect.core.task import Task


@register("result")
@public("prefect.engine.results.secret_result")
class SecretResult(Result):
    """The value of a secret task; its location is the secret's name.

    Args:
        secret_task: what reads the secret.
        **kwargs: as for ``Result``, without a serializer.
    """

    def __init__(self, secret_task: Task | None, **kwargs: Any) -> None:
        if "serializer" in kwargs:
            raise ValueError("Can't pass a serializer to a SecretResult.")
        if kwargs.get("location") is None and secret_task is not None:
            kwargs["location"] = getattr(secret_task, "secret_name", None) or secret_task.name
        self.secret_task = secret_task
        self._secret_type = type(secret_task).__name__
        super().__init__(**kwargs)

    def read(self, location: str) -> Self:
        """Give a new result with the value of the secret ``location``.

        Raises:
            ValueError: this result came by wire, and knows the secret's name but not how to read it.
        """
        if self.secret_task is None:
            raise ValueError(f"The secret {location!r} can only be read by its own task, a {self._secret_type}.")
        new = self.copy()
        new.value = self.secret_task.run(name=location)
        new.location = location
        return new

    def check_location(self, location: str) -> None:
        """Refuse the name of another secret.

        Raises:
            ValueError: it is another's.
        """
        if location != self.location:
            raise ValueError(f"The location {location!r} is not the secret {self.location!r} that this result is for.")

    def write(self, /, value_: Any, **kwargs: Any) -> Result:
        """Refuse: secrets are not written.

        Raises:
            ValueError: always.
        """
        raise ValueError("SecretResults cannot be written to.")

    def _to_fields(self) -> dict[str, Any]:
        return {"location": self.location, "secret_type": self._secret_type}

    @classmethod
    def _from_fields(cls, data: Mapping[str, Any]) -> Self:
        result = cls(secret_task=None, location=data.get("location"))
        result._secret_type = data.get("secret_type") or "SecretBase"
        return result
