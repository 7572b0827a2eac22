"""Tasks that create, follow, cancel and rename flow runs."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__,
    {
        "create_flow_run": "prefect.tasks.prefect.flow_run",
        "wait_for_flow_run": "prefect.tasks.prefect.flow_run",
        "get_task_run_result": "prefect.tasks.prefect.flow_run",
        "StartFlowRun": "prefect.tasks.prefect.flow_run",
        "CancelFlowRun": "prefect.tasks.prefect.flow_run_cancel",
        "RenameFlowRun": "prefect.tasks.prefect.flow_run_rename",
    },
    rooms=("flow_run", "flow_run_cancel", "flow_run_rename"),
)
