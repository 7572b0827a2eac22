"""Tasks for Fivetran."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__,
    {
        "FivetranSyncTask": "prefect.tasks.fivetran.fivetran",
    },
    rooms=("fivetran",),
)
