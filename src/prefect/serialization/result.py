"""JSON of results inside states."""

from __future__ import annotations

from prefect.serialization.schema import FamilySchema, schemas_of


class StateResultSchema(FamilySchema):
    """Loads and dumps results of all types: where a value lies, never the value."""

    family = "result"


_KINDS = (
    "AzureResult",
    "ConstantResult",
    "CustomResult",
    "GCSResult",
    "LocalResult",
    "PrefectResult",
    "Result",
    "S3Result",
    "SecretResult",
)
globals().update(schemas_of(__name__, StateResultSchema.family, _KINDS))
NoResultSchema = schemas_of(__name__, StateResultSchema.family, ["NoResultType"])["NoResultTypeSchema"]
