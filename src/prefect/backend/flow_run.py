"""What there is to say of a flow run: its view, its log lines, and following it to its end."""

from typing import TYPE_CHECKING

from prefect._lazy import lazy
from prefect.backend.flow_run_view import FlowRunLog, FlowRunView
from prefect.backend.watching import check_for_compatible_agents, stream_flow_run_logs, watch_flow_run

__all__ = ["FlowRunLog", "FlowRunView", "check_for_compatible_agents", "stream_flow_run_logs", "watch_flow_run"]


if not TYPE_CHECKING:  # names that are looked for here, because this module of 1.x had them too
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "Client": "prefect.client.client",
            "EnumValue": "prefect.utilities.graphql",
            "FlowView": "prefect.backend.flow",
            "Pending": "prefect.engine.state",
            "RunConfig": "prefect.run_configs.base",
            "State": "prefect.engine.state",
            "TaskRunView": "prefect.backend.task_run",
            "prefect": "prefect:",
            "with_args": "prefect.utilities.graphql",
        },
    )
