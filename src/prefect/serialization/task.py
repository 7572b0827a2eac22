"""JSON of tasks and parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prefect.serialization.schema import Schema


class TaskSchema(Schema):
    """Loads and dumps tasks: their settings, never their code."""

    def _dump(self, obj: Any) -> dict[str, Any]:
        fields: dict[str, Any] = obj.serialize()
        return fields

    def _load(self, data: Mapping[str, Any]) -> Any:
        from prefect.core.serialize import load_task

        return load_task(data)


class ParameterSchema(TaskSchema):
    """Loads and dumps parameters."""

    def _load(self, data: Mapping[str, Any]) -> Any:
        from prefect.core.serialize import load_parameter

        return load_parameter(data)
