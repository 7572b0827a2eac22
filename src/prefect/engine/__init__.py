"""Running a flow: runners, states, signals, results."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__,
    {
        "FlowRunner": "prefect.engine.flow_runner",
        "TaskRunner": "prefect.engine.task_runner",
        "get_default_executor_class": "prefect.engine.defaults",
        "get_default_flow_runner_class": "prefect.engine.defaults",
        "get_default_task_runner_class": "prefect.engine.defaults",
    },
    rooms=(
        "cache_validators",
        "cloud",
        "executors",
        "flow_runner",
        "result",
        "results",
        "runner",
        "serializers",
        "signals",
        "state",
        "task_runner",
    ),
)
