"""``prefect heartbeat``: say in the place of a flow run's process that it is alive."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import click

from prefect._lazy import lazy
from prefect.cli.group import CONTEXT_SETTINGS, Group


@click.group(cls=Group, context_settings=CONTEXT_SETTINGS)
def heartbeat() -> None:
    """Send heartbeats of a flow run."""


@heartbeat.command("flow-run", context_settings=CONTEXT_SETTINGS)
@click.option("--id", "-i", "flow_run_id", required=True, help="Id of the flow run.")
@click.option(
    "--num", "-n", type=int, help="How many; absent means until this process, or the one that started it, ends."
)
def flow_run(flow_run_id: str, num: int | None) -> None:
    """Send heartbeats of a flow run, one every `cloud.heartbeat_interval` seconds, or every 10 if that is more."""
    from prefect.client.client import Client
    from prefect.contract.limits import HEARTBEAT_SECONDS
    from prefect.utilities.context import context
    from prefect.utilities.logging import get_logger

    logger = get_logger("subprocess_heartbeat")
    interval_seconds = min(float(context.config.cloud.heartbeat_interval), HEARTBEAT_SECONDS)
    parent = os.getppid()
    client = Client()
    sent = 0
    while True:
        try:
            client.update_flow_run_heartbeat(flow_run_id)
        except Exception as error:
            # One lost beat is no harm; the next may get through.
            logger.error("Failed to send heartbeat with exception: %r", error)
        sent += 1
        if num is not None and sent >= num:
            return
        time.sleep(interval_seconds)
        if os.getppid() != parent:
            return  # the process it speaks for has died: going on would hide that


if not TYPE_CHECKING:  # names that are looked for here, because this module of 1.x had them too
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "Client": "prefect.client.client",
            "prefect": "prefect:",
        },
    )
