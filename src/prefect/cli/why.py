"""``prefect why``: what a flow run waits for."""

from __future__ import annotations

import click

from prefect.cli.group import CONTEXT_SETTINGS


@click.command(context_settings=CONTEXT_SETTINGS)
@click.argument("flow_run_id")
def why(flow_run_id: str) -> None:
    """Say why a flow run is not running: its time, agents, limits, a paused queue.

    \b
    Example:
      $ prefect why 7c1f2f5e-8a0b-4f4e-9a53-3c1c0d7f4d1e
    """
    from uuid import UUID

    from prefect.client.client import Client
    from prefect.contract import operations

    try:
        run_id = str(UUID(flow_run_id))
    except ValueError:
        raise click.BadParameter(f"expected the id of a flow run, got {flow_run_id!r}") from None
    found = Client().ask(operations.WHY_NOT_RUNNING, id=run_id)["why_not_running"]
    click.secho(f"{found['state']}{' (ready)' if found['ready'] else ''}", bold=True)
    for reason in found["reasons"]:
        click.echo(f"- {reason}")
