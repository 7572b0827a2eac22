"""``prefect secret``: the secrets that the server keeps; their values are never shown."""

from __future__ import annotations

import click

from prefect.cli import tables
from prefect.cli.failures import Failure
from prefect.cli.group import CONTEXT_SETTINGS, Group
from prefect.cli.output import output_options, show


@click.group(cls=Group, context_settings=CONTEXT_SETTINGS)
def secret() -> None:
    """List, set and delete secrets of the backend.

    \b
    Examples:
      $ prefect secret set DATABASE_PASSWORD
      $ prefect secret set SERVICE < service-account.json
      $ prefect secret list
    """


@secret.command("list", context_settings=CONTEXT_SETTINGS)
@output_options(tables.SECRETS)
def list_command(output: str, columns: str | None) -> None:
    """List the names of secrets."""
    from prefect.client.client import Client
    from prefect.contract import operations

    names = Client().ask(operations.SECRET_NAMES)["secret_names"] or []
    show(tables.SECRETS, [{"name": name} for name in sorted(names)], output, columns)


@secret.command("set", context_settings=CONTEXT_SETTINGS)
@click.argument("name")
def set_command(name: str) -> None:
    """Set the secret NAME to what is typed, unseen, or comes through a pipe: JSON, or text.

    There is no argument for the value: others on this machine could read it, and the shell would remember it.
    """
    import sys

    from prefect.cli.key_values import typed
    from prefect.client.client import Client

    text = click.prompt("Value", hide_input=True, err=True) if sys.stdin.isatty() else sys.stdin.read().rstrip("\n")
    if not text:
        raise click.BadParameter("expected a value on standard input, got nothing", param_hint="NAME")
    try:
        value = typed(text)
    except ValueError:
        value = text  # what looks like JSON and is none is a text: a password may
    Client().set_secret(name, value)
    click.secho(f"{name} set", fg="green")


@secret.command(context_settings=CONTEXT_SETTINGS)
@click.argument("name")
def delete(name: str) -> None:
    """Delete the secret NAME."""
    from prefect.client.client import Client
    from prefect.contract import operations

    client = Client()
    if name not in (client.ask(operations.SECRET_NAMES)["secret_names"] or []):
        raise Failure(f"There is no secret {name!r}.", "NOT_FOUND")
    client.change(operations.DELETE_SECRET, {"name": name})
    click.secho(f"{name} deleted", fg="green")
