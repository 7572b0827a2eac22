"""Tasks for Soda Spark."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__,
    {
        "SodaSparkScan": "prefect.tasks.sodaspark.sodaspark_tasks",
    },
    rooms=("sodaspark_tasks",),
)
