"""JSON of storages."""

from __future__ import annotations

from prefect.serialization.schema import FamilySchema, schemas_of


class StorageSchema(FamilySchema):
    """Loads and dumps storages of all types; their classes lie above this room and are found by name."""

    family = "storage"


BaseStorageSchema = StorageSchema

_KINDS = (
    "Azure",
    "Bitbucket",
    "CodeCommit",
    "Docker",
    "GCS",
    "Git",
    "GitHub",
    "GitLab",
    "Local",
    "Module",
    "S3",
    "Webhook",
)
globals().update(schemas_of(__name__, StorageSchema.family, _KINDS))
