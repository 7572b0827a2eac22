"""RunConfig: what all of them have, their JSON, and UniversalRun, which has no more than that."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, Self

from prefect.model import codec
from prefect.model.codec import register

Check = Callable[[str, Any], Any]


def text(field: str, value: Any) -> str:
    """Accept text."""
    if not isinstance(value, str):
        raise ValueError(f"{field}: not text: {value!r}")
    return value


def mapping(field: str, value: Any) -> dict[str, Any]:
    """Accept a JSON object."""
    if not isinstance(value, Mapping):
        raise ValueError(f"{field}: not an object: {value!r}")
    return dict(value)


def anything(field: str, value: Any) -> Any:
    """Accept any JSON value."""
    return value


def list_of(check: Check) -> Check:
    """Make a check that accepts a list of what ``check`` accepts."""

    def accept(field: str, value: Any) -> list[Any]:
        if not isinstance(value, list | tuple | set | frozenset):
            raise ValueError(f"{field}: not a list: {value!r}")
        return [check(f"{field}[{index}]", item) for index, item in enumerate(value)]

    return accept


def whole(field: str, value: Any) -> int:
    """Accept a whole number."""
    try:
        return int(value)
    except (TypeError, ValueError):
        raise ValueError(f"{field}: not a whole number: {value!r}") from None


def as_text(value: Any) -> str | None:
    """Give amounts such as ``0.5`` as the text that platforms want."""
    return None if value is None else str(value)


class RunConfig:
    """How a run wants to be launched.

    Args:
        env: environment variables of the run's process.
        labels: an agent must have all of them to take the run.
    """

    # Further fields of the JSON and what each accepts; null is always accepted.
    fields: ClassVar[Mapping[str, Check]] = {}

    def __init__(self, env: dict[str, str] | None = None, labels: Iterable[str] | None = None) -> None:
        if isinstance(labels, str):
            raise ValueError(f"labels: expected several labels, not one text: {labels!r}")
        self.env = env
        self.labels: set[str] = set() if labels is None else set(labels)

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return False
        # What travels alike is alike: a limit of 2 and one of "2".
        return vars(self) == vars(other) or self._to_fields() == other._to_fields()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def serialize(self) -> dict[str, Any]:
        """Give the JSON object of this run config.

        Raises:
            ValueError: the class itself is not one of those that agents know.
        """
        return codec.dump(self)

    @staticmethod
    def deserialize(json_blob: Mapping[str, Any]) -> RunConfig:
        """Make the run config that a JSON object describes.

        Raises:
            ValueError: unknown type, or a field of a wrong kind; names it.
        """
        return codec.load("run_config", json_blob)  # type: ignore[no-any-return]

    def _to_fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = {"env": self.env, "labels": sorted(self.labels, key=str)}
        for name, check in self.fields.items():
            value = getattr(self, name)
            fields[name] = str(value) if check is text and value is not None else value
        return fields

    @classmethod
    def _from_fields(cls, data: Mapping[str, Any]) -> Self:
        arguments: dict[str, Any] = {}
        if data.get("env") is not None:
            arguments["env"] = mapping("env", data["env"])
        if "labels" in data:
            arguments["labels"] = list_of(text)("labels", data["labels"])
        for name, check in cls.fields.items():
            if data.get(name) is not None:
                arguments[name] = check(name, data[name])
        return cls._loaded(arguments)

    @classmethod
    def _loaded(cls, arguments: dict[str, Any]) -> Self:
        return cls(**arguments)


@register("run_config")
class UniversalRun(RunConfig):
    """Runs wherever an agent takes it, by that agent's defaults."""
