"""What there is to say of a flow run: its view, its log lines, and following it to its end."""

from prefect.backend.flow_run_view import FlowRunLog, FlowRunView
from prefect.backend.watching import check_for_compatible_agents, stream_flow_run_logs, watch_flow_run

__all__ = ["FlowRunLog", "FlowRunView", "check_for_compatible_agents", "stream_flow_run_logs", "watch_flow_run"]
