"""Tasks for Asana."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__,
    {
        "OpenAsanaToDo": "prefect.tasks.asana.asana_task",
    },
    rooms=("asana_task",),
)
