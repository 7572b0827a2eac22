"""Tasks for notebooks of Jupyter."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__,
    {
        "ExecuteNotebook": "prefect.tasks.jupyter.jupyter",
    },
    rooms=("jupyter",),
)
