"""Where and how the runs of tasks are made: in this thread, in a pool, on a Dask cluster."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__,
    {
        "DaskExecutor": "prefect.executors.dask",
        "Executor": "prefect.executors.base",
        "LocalDaskExecutor": "prefect.executors.local_dask",
        "LocalExecutor": "prefect.executors.local",
    },
    rooms=("base", "dask", "local", "local_dask"),
)
