"""JSON of schedules and clocks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prefect.schedules import rules
from prefect.schedules.schedules import Schedule
from prefect.serialization.schema import FamilySchema, Schema, schemas_of


class ClockSchema(FamilySchema):
    """Loads and dumps clocks of all types."""

    family = "clock"


class ScheduleSchema(Schema):
    """Loads and dumps schedules."""

    def _dump(self, obj: Any) -> dict[str, Any]:
        if not isinstance(obj, Schedule):
            raise ValueError(f"{type(obj).__name__} objects are no schedules")
        return obj.serialize()

    def _load(self, data: Mapping[str, Any]) -> Schedule:
        return Schedule.deserialize(data)


class RRuleBaseSchema(Schema):
    """Loads and dumps recurrence rules of dateutil, and sets of them."""

    def _dump(self, obj: Any) -> dict[str, Any]:
        return rules.dump_rules(obj)

    def _load(self, data: Mapping[str, Any]) -> Any:
        return rules.load_rules(data)


RRuleSchema = RRuleSetSchema = RRuleBaseSchema

_KINDS = (
    "CronClock",
    "DatesClock",
    "IntervalClock",
    "RRuleClock",
)
globals().update(schemas_of(__name__, ClockSchema.family, _KINDS))
