"""``prefect delete``: delete projects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from prefect._lazy import lazy
from prefect.cli.failures import typed_text
from prefect.cli.group import CONTEXT_SETTINGS, Group


@click.group(cls=Group, context_settings=CONTEXT_SETTINGS)
def delete() -> None:
    """Delete projects."""


@delete.command(context_settings=CONTEXT_SETTINGS)
@click.argument("name")
def project(name: str) -> None:
    """Delete the project NAME with its flows and their runs."""
    from prefect.client.client import Client
    from prefect.exceptions import ClientError, ServerUnreachable

    try:
        deleted = Client().delete_project(project_name=name)
    except ServerUnreachable:
        raise
    except (ClientError, ValueError) as error:
        click.echo(typed_text(error))
        deleted = False
    if deleted:
        click.secho(f"{name} deleted", fg="green")
    else:
        click.secho("Error deleting project", fg="red")


if not TYPE_CHECKING:  # names that are looked for here, because this module of 1.x had them too
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "Client": "prefect.client.client",
            "prefect": "prefect:",
        },
    )
