"""JSON of states."""

from __future__ import annotations

from prefect.serialization.schema import FamilySchema, schemas_of


class StateSchema(FamilySchema):
    """Loads and dumps states of all types."""

    family = "state"


BaseStateSchema = MetaStateSchema = StateSchema

_KINDS = (
    "Pending",
    "Scheduled",
    "Paused",
    "Resume",
    "Retrying",
    "ClientFailed",
    "Submitted",
    "Queued",
    "Running",
    "Cancelling",
    "Finished",
    "Looped",
    "Success",
    "Cached",
    "Mapped",
    "Skipped",
    "Cancelled",
    "Failed",
    "TimedOut",
    "TriggerFailed",
    "ValidationFailed",
)
globals().update(schemas_of(__name__, StateSchema.family, _KINDS))
