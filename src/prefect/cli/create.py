"""``prefect create``: make projects."""

from __future__ import annotations

import click

from prefect.cli.failures import typed_text
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

    client = Client()
    try:
        if skip_if_exists and client.ask(operations.PROJECT_OF_NAME, name=name)["project"]:
            click.secho(f"{name} already exists", fg="green")
            return
        client.create_project(project_name=name, project_description=description)
    except ServerUnreachable:
        raise
    except ClientError as error:
        click.echo(typed_text(error))
        click.secho("Error creating project", fg="red")
        return
    click.secho(f"{name} created", fg="green")
