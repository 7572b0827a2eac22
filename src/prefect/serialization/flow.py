"""JSON of flows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prefect.serialization.schema import Schema


class FlowSchema(Schema):
    """Loads and dumps flows: the graph and its settings, never the tasks' code."""

    def _dump(self, obj: Any) -> dict[str, Any]:
        from prefect.core.serialize import dump_flow

        return dump_flow(obj)

    def _load(self, data: Mapping[str, Any]) -> Any:
        from prefect.core.serialize import load_flow

        return load_flow(data)
