"""Tasks for Transform."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__,
    {
        "TransformCreateMaterialization": "prefect.tasks.transform.transform_tasks",
    },
    rooms=("transform_tasks",),
)
