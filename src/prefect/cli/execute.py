"""``prefect execute``: execute a flow run in this process."""

from __future__ import annotations

import click

from prefect.cli.group import CONTEXT_SETTINGS, Group


@click.group(cls=Group, context_settings=CONTEXT_SETTINGS)
def execute() -> None:
    """Execute a flow run in this process."""


@execute.command("flow-run", context_settings=CONTEXT_SETTINGS)
def flow_run() -> None:
    """Execute the flow run of the environment (PREFECT__CONTEXT__FLOW_RUN_ID), as agents have it done."""
    from prefect.cli import flow_run_process

    flow_run_process.execute()
