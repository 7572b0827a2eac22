"""``prefect cancel``: ask flow runs to end."""

from __future__ import annotations

from typing import Any

import click

from prefect.cli.changing import change_runs, selecting
from prefect.cli.group import CONTEXT_SETTINGS


@click.command(context_settings=CONTEXT_SETTINGS)
@selecting
def cancel(runs: tuple[str, ...], **options: Any) -> None:
    """Ask flow runs to end: those that are named (id, beginning of an id, name, @last, @last:FLOW), or all that the
    conditions find, after showing how many they are.

    Exits with 1 when one of them had ended already, or none was found.

    \b
    Examples:
      $ prefect cancel @last
      $ prefect cancel --where state=Running,Scheduled --flow hello-world --since 2h
    """
    from prefect.client.client import Client

    change_runs(Client().cancel_flow_runs, ("cancel", "cancelled"), runs, **options)
