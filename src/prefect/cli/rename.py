"""``prefect rename``: give a flow run another name."""

from __future__ import annotations

import click

from prefect.cli.failures import Failure
from prefect.cli.group import CONTEXT_SETTINGS
from prefect.cli.which_runs import id_of


@click.command(context_settings=CONTEXT_SETTINGS)
@click.argument("run", metavar="RUN")
@click.argument("name")
def rename(run: str, name: str) -> None:
    """Call the flow run RUN (id, beginning of an id, name, @last, @last:FLOW) NAME from now on.

    \b
    Example:
      $ prefect rename @last "after the fix"
    """
    from prefect.client.client import Client

    if not name.strip():
        raise click.BadParameter("expected a name, got an empty text", param_hint="NAME")
    run_id = id_of(run)
    if not Client().set_flow_run_name(run_id, name):
        raise Failure(f"There is no flow run {run_id}.", "NOT_FOUND")
    click.secho(f"{run_id} is called {name}", fg="green")
