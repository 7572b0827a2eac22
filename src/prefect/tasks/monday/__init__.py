"""Tasks for monday.com."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__,
    {
        "CreateItem": "prefect.tasks.monday.monday",
    },
    rooms=("monday",),
)
