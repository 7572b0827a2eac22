"""JSON of run configs."""

from __future__ import annotations

from prefect.serialization.schema import FamilySchema


class RunConfigSchema(FamilySchema):
    """Loads and dumps run configs of all types."""

    family = "run_config"
