"""``prefect why``: what a flow run waits for."""

from __future__ import annotations

import click

from prefect.cli.group import CONTEXT_SETTINGS
from prefect.cli.output import format_option, show_value
from prefect.cli.which_runs import id_of


@click.command(context_settings=CONTEXT_SETTINGS)
@click.argument("run", metavar="RUN")
@format_option()
def why(run: str, output: str) -> None:
    """Say why the flow run RUN (id, beginning of an id, name, @last, @last:FLOW) is not running: its time, agents,
    limits, a paused queue.

    \b
    Examples:
      $ prefect why @last
      $ prefect why brave-otter -o json
    """
    from prefect.client.client import Client
    from prefect.contract import operations

    run_id = id_of(run)
    if output != "table":
        show_value({"flow_run_id": run_id, **Client().why_not_running(run_id)}, output)
        return
    found = Client().ask(operations.WHY_NOT_RUNNING, id=run_id)["why_not_running"]
    click.secho(f"{found['state']}{' (ready)' if found['ready'] else ''}", bold=True)
    for reason in found["reasons"]:
        click.echo(f"- {reason}")
