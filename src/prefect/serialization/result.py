"""JSON of results inside states."""

from __future__ import annotations

from prefect.serialization.schema import FamilySchema


class StateResultSchema(FamilySchema):
    """Loads and dumps results of all types: where a value lies, never the value."""

    family = "result"
