"""JSON of run configs."""

from __future__ import annotations

from prefect.serialization.schema import FamilySchema, schemas_of


class RunConfigSchema(FamilySchema):
    """Loads and dumps run configs of all types."""

    family = "run_config"


RunConfigSchemaBase = RunConfigSchema

_KINDS = (
    "DockerRun",
    "ECSRun",
    "KubernetesRun",
    "LocalRun",
    "UniversalRun",
    "VertexRun",
)
globals().update(schemas_of(__name__, RunConfigSchema.family, _KINDS))
