"""When a flow shall run: clocks, filters, adjustments and the Schedule that joins them.

Pure: times go in, times come out; nothing here knows of flows or runs.
"""

from prefect._lazy import lazy

__all__ = ["CronSchedule", "IntervalSchedule", "RRuleSchedule", "Schedule"]

__getattr__, __dir__ = lazy(
    __name__,
    {
        "CronSchedule": "prefect.schedules.schedules",
        "IntervalSchedule": "prefect.schedules.schedules",
        "RRuleSchedule": "prefect.schedules.schedules",
        "Schedule": "prefect.schedules.schedules",
    },
    rooms=("adjustments", "clocks", "filters", "schedules"),
)
