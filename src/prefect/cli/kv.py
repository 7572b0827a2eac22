"""``prefect kv``: the key-value store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from prefect.cli import tables
from prefect.cli.failures import TerminalError, error_text
from prefect.cli.group import CONTEXT_SETTINGS, Group
from prefect.cli.output import format_option, show, show_value


@click.group(cls=Group, context_settings=CONTEXT_SETTINGS)
def kv() -> None:
    """Use the key-value store of the backend.

    \b
    Examples:
      $ prefect kv set my-key "a value"
      $ prefect kv get my-key
    """


@kv.command("set", context_settings=CONTEXT_SETTINGS)
@click.argument("key")
@click.argument("value")
def set_command(key: str, value: str) -> None:
    """Set KEY to VALUE, in place of what it had."""
    from prefect.backend import kv_store

    with _told("An error occurred setting the key value pair"):
        kv_store.set_key_value(key=key, value=value)
    click.secho("Key value pair set successfully", fg="green")


@kv.command("get", context_settings=CONTEXT_SETTINGS)
@click.argument("key")
@format_option()
def get_command(key: str, output: str) -> None:
    """Print the value of KEY; with -o json as it is stored."""
    from prefect.backend import kv_store

    with _told(f"Error retrieving value for key {key!r}"):
        value = kv_store.get_key_value(key=key)
    if output == "table":
        click.secho(f"Key {key!r} has value {value!r}", fg="green")
    else:
        show_value({"key": key, "value": value}, output)


@kv.command("delete", context_settings=CONTEXT_SETTINGS)
@click.argument("key")
def delete_command(key: str) -> None:
    """Delete KEY."""
    from prefect.backend import kv_store

    with _told("An error occurred deleting the key"):
        kv_store.delete_key(key=key)
    click.secho(f"Key {key!r} has been deleted", fg="green")


@kv.command("list", context_settings=CONTEXT_SETTINGS)
@format_option()
@click.option("--limit", "-l", type=click.IntRange(min=0), help="At most this many; absent means all.")
def list_command(output: str, limit: int | None) -> None:
    """Print all keys, one on each line."""
    from prefect.backend import kv_store

    with _told("An error occurred when listing keys"):
        keys = kv_store.list_keys()[:limit]
    if output != "table":
        show(tables.KEY_VALUES, [{"key": key} for key in keys], output)
    elif keys:
        click.echo("\n".join(keys))
    else:
        click.secho("No keys found", fg="yellow")


@contextmanager
def _told(failure: str) -> Iterator[None]:
    from prefect.exceptions import ClientError, ServerUnreachable

    try:
        yield
    except ServerUnreachable:
        raise
    except (ClientError, ValueError) as error:
        if isinstance(error, ClientError) and "only supported" in str(error):
            raise TerminalError(error_text(error)) from error
        code = "NOT_FOUND" if "No value found" in str(error) else None
        raise TerminalError(f"{error_text(error)}\n\n{failure}", code=code) from error
