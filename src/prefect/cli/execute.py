"""``prefect execute``: execute a flow run in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from prefect._lazy import lazy
from prefect.cli.group import CONTEXT_SETTINGS, Group


@click.group(cls=Group, context_settings=CONTEXT_SETTINGS)
def execute() -> None:
    """Execute a flow run in this process."""


@execute.command("flow-run", context_settings=CONTEXT_SETTINGS)
def flow_run() -> None:
    """Execute the flow run of the environment (PREFECT__CONTEXT__FLOW_RUN_ID), as agents have it done."""
    from prefect.cli import flow_run_process

    flow_run_process.execute()


if not TYPE_CHECKING:  # names that are looked for here, because this module of 1.x had them too
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "Client": "prefect.client.client",
            "prefect": "prefect:",
        },
    )
