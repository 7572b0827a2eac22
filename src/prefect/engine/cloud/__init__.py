"""Runners that ask the API before each change of state and tell it of each result."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__,
    {
        "CloudFlowRunner": "prefect.engine.cloud.flow_runner",
        "CloudTaskRunner": "prefect.engine.cloud.task_runner",
    },
    rooms=("flow_runner", "task_runner"),
)
