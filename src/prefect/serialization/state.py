"""JSON of states."""

from __future__ import annotations

from prefect.serialization.schema import FamilySchema


class StateSchema(FamilySchema):
    """Loads and dumps states of all types."""

    family = "state"
