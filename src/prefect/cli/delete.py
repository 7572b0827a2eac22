"""``prefect delete``: delete projects, flows and flow runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from prefect._lazy import lazy
from prefect.cli.changing import change_runs, selecting
from prefect.cli.failures import Failure, TerminalError, error_text
from prefect.cli.group import CONTEXT_SETTINGS, Group

if TYPE_CHECKING:
    from uuid import UUID


@click.group(cls=Group, context_settings=CONTEXT_SETTINGS)
def delete() -> None:
    """Delete projects, flows, flow runs or automations."""


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


@delete.command(context_settings=CONTEXT_SETTINGS)
@click.argument("name")
@click.option("--project", "-p", help="The project it is in.")
@click.option("--version", "-v", type=int, help="Only this version; absent means all.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
def flow(name: str, project: str | None, version: int | None, yes: bool) -> None:
    """Delete the flow NAME: its versions with their runs.

    Exits with 1 when there is no such flow.
    """
    from prefect.client.client import Client
    from prefect.contract import operations

    client = Client()
    found = client.ask(operations.VERSIONS_OF_FLOW, name=name, version=version, project=project)["flow"]
    if not found:
        raise Failure(f"{name} not found", "NOT_FOUND")
    projects = sorted({row["project"]["name"] for row in found})
    if len(projects) > 1:
        raise click.ClickException(f"{name} is in several projects ({', '.join(projects)}): give --project.")
    if not yes:
        versions = f"version {version}" if version is not None else f"all {len(found)} versions"
        click.confirm(f"Delete {versions} of {name} with their runs?", abort=True, err=True)
    for row in found:
        client.change(operations.DELETE_FLOW, {"flow_id": row["id"]})
        click.secho(f"{name} version {row['version']} deleted", fg="green")


@delete.command(context_settings=CONTEXT_SETTINGS)
@click.argument("automation_id", type=click.UUID, metavar="ID")
def automation(automation_id: UUID) -> None:
    """Delete the automation ID; `prefect get automations` lists them."""
    from prefect.client.client import Client
    from prefect.contract import operations

    if not Client().change(operations.DELETE_HOOK, {"hook_id": str(automation_id)})["success"]:
        raise click.ClickException(f"There is no automation {automation_id}.")
    click.secho(f"{automation_id} deleted", fg="green")


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
