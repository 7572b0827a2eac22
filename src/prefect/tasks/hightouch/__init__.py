"""Tasks for Hightouch."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__,
    {
        "HightouchRunSync": "prefect.tasks.hightouch.hightouch_tasks",
    },
    rooms=("hightouch_tasks",),
)
