"""JSON of storages."""

from __future__ import annotations

from prefect.serialization.schema import FamilySchema


class StorageSchema(FamilySchema):
    """Loads and dumps storages of all types; their classes lie above this room and are found by name."""

    family = "storage"
