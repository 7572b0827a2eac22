"""``prefect execute flow-run``: what runs in the process that an agent starts. Loads no click and no other command."""

from __future__ import annotations

import os


class NotAFlowRunProcess(Exception):
    """The environment of this process names no flow run."""

    code = "NO_FLOW_RUN"


def execute() -> None:
    """Execute the flow run that this process's environment names (``PREFECT__CONTEXT__FLOW_RUN_ID``).

    Raises:
        NotAFlowRunProcess: it names none.
    """
    from prefect.utilities.context import context

    if not context.get("flow_run_id"):
        raise NotAFlowRunProcess("Not currently executing a flow within a Cloud context.")

    if os.getpid() == 1:
        from prefect.cli.init_process import go_on_below_init

        go_on_below_init(context.flow_run_id, str(context.get("run_process") or ""))

    from prefect.backend.execution import execute_flow_run_from_environment

    execute_flow_run_from_environment()
