"""Tasks for Soda SQL."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__,
    {
        "SodaSQLScan": "prefect.tasks.sodasql.sodasql_tasks",
    },
    rooms=("sodasql_tasks",),
)
