"""JSON of edges."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prefect.serialization.schema import Schema


class EdgeSchema(Schema):
    """Loads and dumps edges: their settings and the slugs of their tasks."""

    def _dump(self, obj: Any) -> dict[str, Any]:
        fields: dict[str, Any] = obj.serialize()
        return fields

    def _load(self, data: Mapping[str, Any]) -> Any:
        from prefect.core.serialize import load_edge

        return load_edge(data)
