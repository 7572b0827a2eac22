"""What a flow run is started with: its flow's defaults, its group's, and what the caller gives, in this order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prefect.server.errors import ApiError

__all__ = ["merge", "parameter_list", "required_names"]


def parameter_list(stored: Any) -> list[Mapping[str, Any]]:
    """Give a flow's parameters as they were registered; a flow without any stores an empty list or object."""
    return [p for p in stored if isinstance(p, Mapping) and "name" in p] if isinstance(stored, list) else []


def required_names(stored: Any) -> set[str]:
    """Name the parameters that a run must bring."""
    return {p["name"] for p in parameter_list(stored) if p.get("required")}


def merge(stored: Any, group_defaults: Mapping[str, Any] | None, given: Mapping[str, Any]) -> dict[str, Any]:
    """Give the parameters of a new run; names that the flow does not know are kept.

    Raises:
        ApiError: a required parameter has no value from anywhere.
    """
    merged = {p["name"]: p.get("default") for p in parameter_list(stored) if not p.get("required")}
    merged.update(group_defaults or {})
    merged.update(given)
    missing = required_names(stored) - merged.keys()
    if missing:
        raise ApiError(
            f"Required parameters were not supplied: {{{', '.join(repr(name) for name in sorted(missing))}}}",
            "MISSING_PARAMETERS",
        )
    return merged
