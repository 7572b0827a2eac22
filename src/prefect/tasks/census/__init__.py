"""Tasks for Census."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__,
    {
        "CensusSyncTask": "prefect.tasks.census.census",
    },
    rooms=("census",),
)
