"""``prefect schedule``: which flows have one, and whether it makes runs."""

from __future__ import annotations

import click

from prefect.cli import tables
from prefect.cli.failures import Failure
from prefect.cli.group import CONTEXT_SETTINGS, Group
from prefect.cli.output import output_options, show
from prefect.cli.which_flows import flow_named, schedule_of

_project = click.option("--project", "-p", help="The project it is in.")


@click.group(cls=Group, context_settings=CONTEXT_SETTINGS)
def schedule() -> None:
    """List, pause and resume schedules of flows.

    \b
    Examples:
      $ prefect schedule list
      $ prefect schedule pause hello-world
      $ prefect describe schedule --name hello-world
    """


@schedule.command("list", context_settings=CONTEXT_SETTINGS)
@_project
@click.option("--limit", "-l", type=click.IntRange(min=0), default=100, show_default=True, help="At most this many.")
@output_options(tables.SCHEDULES)
def list_command(project: str | None, limit: int, output: str, columns: str | None) -> None:
    """List flows that have a schedule."""
    from prefect.client.client import Client
    from prefect.contract import operations

    found = Client().ask(operations.FLOWS_WITH_SCHEDULES, project=project, limit=limit)["flow"]
    show(tables.SCHEDULES, found, output, columns)


@schedule.command(context_settings=CONTEXT_SETTINGS)
@click.argument("flow")
@_project
def pause(flow: str, project: str | None) -> None:
    """Let the schedule of FLOW make no more runs; those that it made and that are yet to come are taken away."""
    _set(flow, project, is_active=False)


@schedule.command(context_settings=CONTEXT_SETTINGS)
@click.argument("flow")
@_project
def resume(flow: str, project: str | None) -> None:
    """Let the schedule of FLOW make runs again."""
    _set(flow, project, is_active=True)


def _set(name: str, project: str | None, *, is_active: bool) -> None:
    from prefect.client.client import Client
    from prefect.contract import operations

    found = flow_named(name, project)
    if schedule_of(found) is None:
        raise Failure(f"{name} has no schedule.", "NOT_FOUND")
    document = operations.SET_SCHEDULE_ACTIVE if is_active else operations.SET_SCHEDULE_INACTIVE
    Client().change(document, {"flow_id": found["id"]})
    click.secho(f"The schedule of {name} is {'active' if is_active else 'paused'}", fg="green")
