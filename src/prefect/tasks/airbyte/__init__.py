"""Tasks for Airbyte."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__,
    {
        **dict.fromkeys(
            (
                "AirbyteConfigurationExport",
                "AirbyteConnectionTask",
            ),
            "prefect.tasks.airbyte.airbyte",
        ),
    },
    rooms=("airbyte",),
)
