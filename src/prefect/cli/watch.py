"""``prefect watch``: follow a flow run to its end."""

from __future__ import annotations

import click

from prefect.cli.group import CONTEXT_SETTINGS
from prefect.cli.which_runs import id_of


@click.command(context_settings=CONTEXT_SETTINGS)
@click.argument("run", metavar="RUN")
@click.option("--no-logs", is_flag=True, help="Show the states that it enters, not the lines of its log.")
@click.option("--quiet", "-q", is_flag=True, help="Print nothing; the exit code tells.")
def watch(run: str, no_logs: bool, quiet: bool) -> None:
    """Follow the flow run RUN (id, beginning of an id, name, @last, @last:FLOW) to its end: states and log.

    Exits with 0 when it succeeded, with 1 when it failed or was cancelled. Ctrl-C leaves the run as it is, or cancels
    it, as you say.

    \b
    Examples:
      $ prefect watch @last
      $ prefect watch brave-otter --quiet && echo done
    """
    from prefect.cli.run_backend import follow
    from prefect.client.client import Client

    click.get_current_context().exit(follow(Client(), id_of(run), quiet=quiet, no_logs=no_logs))
