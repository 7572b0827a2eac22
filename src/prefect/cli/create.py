"""``prefect create``: make projects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from prefect._lazy import lazy
from prefect.cli.failures import TerminalError, error_text
from prefect.cli.group import CONTEXT_SETTINGS, Group


@click.group(cls=Group, context_settings=CONTEXT_SETTINGS)
def create() -> None:
    """Create projects."""


@create.command(context_settings=CONTEXT_SETTINGS)
@click.argument("name")
@click.option("--description", "-d", help="What the project is for.")
@click.option("--skip-if-exists", is_flag=True, help="Say so and change nothing when there is one of this name.")
def project(name: str, description: str | None, skip_if_exists: bool) -> None:
    """Create the project NAME; nothing happens when there is one of this name."""
    from prefect.client.client import Client
    from prefect.contract import operations
    from prefect.exceptions import ClientError, ServerUnreachable

    if not name.strip():
        raise click.BadParameter("a project has a name that is not empty", param_hint="'NAME'")
    client = Client()
    try:
        if skip_if_exists and client.ask(operations.PROJECT_OF_NAME, name=name)["project"]:
            click.secho(f"{name} already exists", fg="green")
            return
        client.create_project(project_name=name, project_description=description)
    except ServerUnreachable:
        raise
    except ClientError as error:
        raise TerminalError(f"{error_text(error)}\nError creating project") from error
    click.secho(f"{name} created", fg="green")


if not TYPE_CHECKING:  # names that are looked for here, because this module of 1.x had them too
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "Client": "prefect.client.client",
            "prefect": "prefect:",
        },
    )
