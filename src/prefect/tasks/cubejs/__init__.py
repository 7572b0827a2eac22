"""Tasks for Cube."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__,
    {
        **dict.fromkeys(
            (
                "CubeJSQueryTask",
                "CubePreAggregationsBuildTask",
            ),
            "prefect.tasks.cubejs.cubejs_tasks",
        ),
    },
    rooms=("cubejs_tasks",),
)
