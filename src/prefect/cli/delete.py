"""``prefect delete``: delete projects and flow runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from prefect._lazy import lazy
from prefect.cli.changing import change_runs, selecting
from prefect.cli.failures import TerminalError, error_text
from prefect.cli.group import CONTEXT_SETTINGS, Group


@click.group(cls=Group, context_settings=CONTEXT_SETTINGS)
def delete() -> None:
    """Delete projects or flow runs."""


@delete.command(context_settings=CONTEXT_SETTINGS)
@click.argument("name")
def project(name: str) -> None:
    """Delete the project NAME with its flows and their runs."""
    from prefect.client.client import Client
    from prefect.exceptions import ClientError, ServerUnreachable

    if not name.strip():
        raise click.BadParameter("a project has a name that is not empty", param_hint="'NAME'")
    try:
        deleted = Client().delete_project(project_name=name)
    except ServerUnreachable:
        raise
    except ClientError as error:
        raise TerminalError(f"{error_text(error)}\nError deleting project") from error
    except ValueError as error:
        raise TerminalError(f"{error}\nError deleting project", code="NOT_FOUND") from error
    if not deleted:
        raise TerminalError("Error deleting project")
    click.secho(f"{name} deleted", fg="green")


@delete.command("flow-run", context_settings=CONTEXT_SETTINGS)
@selecting
def flow_run(runs: tuple[str, ...], **options: Any) -> None:
    """Delete flow runs with their task runs and logs: those that are named (id, beginning of an id, name, @last,
    @last:FLOW), or all that the conditions find, after showing how many they are.

    Exits with 1 when one of them was refused, or none was found.

    \b
    Examples:
      $ prefect delete flow-run brave-otter
      $ prefect delete flow-run --where state=Cancelled --where 'created<30d'
    """
    from prefect.client.client import Client

    change_runs(Client().delete_flow_runs, ("delete", "deleted"), runs, **options)


if not TYPE_CHECKING:  # names that are looked for here, because this module of 1.x had them too
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "Client": "prefect.client.client",
            "prefect": "prefect:",
        },
    )
