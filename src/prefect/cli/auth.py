"""``prefect auth``: API keys and tenants of the backend."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from prefect._lazy import lazy
from prefect.cli import tables
from prefect.cli.failures import TerminalError, error_text
from prefect.cli.group import CONTEXT_SETTINGS, Group
from prefect.cli.output import format_option, output_options, show, show_value

if TYPE_CHECKING:
    from pendulum import DateTime

    from prefect.client.client import Client


@click.group(cls=Group, context_settings=CONTEXT_SETTINGS)
def auth() -> None:
    """Log in and out, manage API keys and tenants.

    \b
    Examples:
      $ prefect auth login --key MY_KEY
      $ prefect auth switch-tenants --slug my-team
      $ prefect auth create-key --name laptop --expire 2030-1-1
      $ prefect auth logout
    """


@auth.command(context_settings=CONTEXT_SETTINGS)
@click.option("--key", "-k", help="The API key.")
def login(key: str | None) -> None:
    """Check an API key, and store it for all later commands of this user."""
    from prefect.backend.tenant import TenantView
    from prefect.client.client import Client
    from prefect.configuration import config
    from prefect.exceptions import AuthorizationError

    if not key:
        raise TerminalError(
            "You must supply an API key!", code="BAD_USAGE", hint="Give it: `prefect auth login --key KEY`."
        )
    if config.cloud.get("api_key"):
        raise TerminalError(
            "Your API key is set in the Prefect config instead of with the CLI. To log in with the CLI, remove the "
            "config key `prefect.cloud.api_key`"
        )
    client = Client(api_key=key)
    try:
        client._tenant_id = None  # a stored tenant belongs to the key before this one
        tenant_id = client.tenant_id = client._tenant_of_key()
    except AuthorizationError as error:
        raise TerminalError(f"Unauthorized. Invalid {_product()} API key.") from error
    except ValueError as error:
        raise TerminalError(f"Error attempting to communicate with {_product()}:\n\n{error_text(error)}") from error
    client.save_auth_to_disk()
    tenant = TenantView.from_tenant_id(tenant_id)
    click.secho(f"Logged in to {_product()} tenant {tenant.name!r} ({tenant.slug})", fg="green")


@auth.command(context_settings=CONTEXT_SETTINGS)
@click.option("--token", "-t", is_flag=True, help="Remove an API token of versions before 1.0 in place of the key.")
def logout(token: bool) -> None:
    """Forget the stored API key."""
    if token:
        _purge_tokens()
        return
    client = _client()
    if not client.load_auth_from_disk().get("api_key"):
        raise TerminalError(
            f"You are not logged in to {_product()}. Use `prefect auth login` to log in first.", code="UNAUTHENTICATED"
        )
    click.confirm(
        f"Are you sure you want to log out of {_product()}? This will remove your API key from this machine.",
        default=False,
        abort=True,
    )
    client.api_key = None
    client._tenant_id = None
    client.save_auth_to_disk()
    click.secho(f"Logged out of {_product()}", fg="green")


@auth.command(context_settings=CONTEXT_SETTINGS)
@format_option()
def status(output: str) -> None:
    """Print which API is used, and as whom."""
    client = _client()
    if output != "table":
        told: dict[str, Any] = {"api": client.api_server, "logged_in": bool(client.api_key), "tenant_id": None}
        if client.api_key:
            with _told("Your authentication is not working"):
                told["tenant_id"] = client.tenant_id
        show_value(told, output)
        return
    click.echo(f"You are connecting to {client.api_server}")
    if not client.api_key:
        click.echo("You are not logged in! Use `prefect auth login` to login with an API key.")
        return
    click.echo("You are authenticating with an API key")
    with _told("Your authentication is not working"):
        click.echo(f"You are logged in to tenant {client.tenant_id}")


@auth.command("list-tenants", context_settings=CONTEXT_SETTINGS)
@output_options(tables.TENANTS)
def list_tenants(output: str, columns: str | None) -> None:
    """List the tenants that the key may use; the one in use has a star."""
    client = _client()
    with _told("Failed to retrieve the tenants"):
        tenants = client.get_available_tenants()
        current = client.tenant_id
    rows = [{**tenant, "current": tenant["id"] == current} for tenant in tenants]
    show(tables.TENANTS, rows, output, columns)


@auth.command("switch-tenants", context_settings=CONTEXT_SETTINGS)
@click.option("--id", "-i", "tenant_id", help="Id of the tenant.")
@click.option("--slug", "-s", help="Slug of the tenant.")
@click.option("--default", "-d", is_flag=True, help="Back to the tenant that the key belongs to.")
def switch_tenants(tenant_id: str | None, slug: str | None, default: bool) -> None:
    """Change the tenant that later commands are for; give --id, --slug or --default."""
    client = _client()
    if not client.api_key:
        raise TerminalError(
            "You are not logged in! Use `prefect auth login` to login with an API key.", code="UNAUTHENTICATED"
        )
    with _told("Unable to switch tenant"):
        if default:
            client._tenant_id = None
            text = f"Tenant restored to the default tenant for your API key: {client.tenant_id}"
        else:
            text = f"Tenant switched to {client.switch_tenant(tenant_slug=slug, tenant_id=tenant_id)}"
    client.save_auth_to_disk()
    click.secho(text, fg="green")


@auth.command("create-key", context_settings=CONTEXT_SETTINGS)
@click.option("--name", "-n", required=True, help="What the key is for.")
@click.option("--expire", "-e", help="When it ends: a date or time; absent means never.")
@click.option(
    "--role",
    type=click.Choice(["read", "trigger", "run", "admin"]),
    help="What it may do: look, start runs, run flows, or everything; your own role unless set.",
)
@click.option("--quiet", "-q", is_flag=True, help="Print nothing but the key.")
@format_option()
def create_key(name: str, expire: str | None, role: str | None, quiet: bool, output: str) -> None:
    """Create an API key for yourself. It is shown this one time."""
    from prefect.contract import operations

    expires_at = None if expire is None else _expiration(expire)
    client = _client()
    quiet = quiet or output != "table"
    if not quiet:
        click.echo("Retrieving user information...")
    with _told("Failed to create the key"):
        user_id = (client.ask(operations.AUTH_USER).get("auth_info") or {}).get("user_id")
        if not user_id:
            raise TerminalError(f"Failed to retrieve the current user id from {_product()}")
        if not quiet:
            when = f" that will expire {expires_at.diff_for_humans()}" if expires_at else ""
            click.echo(f"Creating key{when}...")
        values = {"name": name, "user_id": user_id, "expires_at": expires_at and expires_at.isoformat()}
        values |= {"role": role} if role else {}
        key = client.change(operations.CREATE_API_KEY, values)["key"]
    if output != "table":
        show_value({"name": name, "key": key, "expires_at": values["expires_at"]}, output)
        return
    if quiet:
        click.echo(key)
        return
    click.echo("This is the only time this key will be displayed! Store it somewhere safe.")
    click.secho(f"Successfully created key: {key}", fg="green")


def _expiration(text: str) -> DateTime:
    import pendulum
    from dateutil import parser

    try:
        time = pendulum.instance(parser.parse(text))
    except (ValueError, OverflowError) as error:
        raise TerminalError(
            f"Failed to parse expiration time. {error}\nPlease pass a date in a dateutil parsable format."
        ) from error
    if time < pendulum.now("UTC"):
        raise TerminalError(f"Given expiration time {text!r} is a time in the past: {time.isoformat()}")
    return time


@auth.command("list-keys", context_settings=CONTEXT_SETTINGS)
@output_options(tables.KEYS)
def list_keys(output: str, columns: str | None) -> None:
    """List your API keys; an administrator sees those of service accounts too."""
    from prefect.contract import operations

    with _told("Failed to retrieve the keys"):
        keys = _client().ask(operations.API_KEYS)["auth_api_key"]
    if not keys and output == "table":
        click.secho("You have not created any API keys", fg="yellow")
        return
    show(tables.KEYS, keys, output, columns)


@auth.command("revoke-key", context_settings=CONTEXT_SETTINGS)
@click.option("--id", "-i", "key_id", required=True, help="Id of the key.")
def revoke_key(key_id: str) -> None:
    """Delete an API key: nobody can use it any more."""
    from prefect.contract import operations

    with _told(f"Unable to revoke key {key_id!r}"):
        answer = _client().change(operations.DELETE_API_KEY, {"key_id": key_id})
    if not answer["success"]:
        raise TerminalError(f"Unable to revoke key {key_id!r}")
    click.secho("Key successfully revoked!", fg="green")


@auth.command("purge-tokens", context_settings=CONTEXT_SETTINGS)
def purge_tokens() -> None:
    """Remove the API tokens that versions before 1.0 stored."""
    _purge_tokens()


def _purge_tokens() -> None:
    import shutil
    from pathlib import Path

    from prefect.configuration import config

    folder = Path(config.home_dir).expanduser() / "client"
    if not folder.exists():
        click.echo(f"The deprecated authentication tokens settings path '{folder}' has already been removed.")
        return
    click.confirm(f"Are you sure you want to delete the folder '{folder}' with your stored API tokens?", abort=True)
    shutil.rmtree(folder)
    click.secho("Removed!", fg="green")


def _product() -> str:
    from prefect.configuration import config

    return "Prefect Server" if config.backend == "server" else "Prefect Cloud"


def _client() -> Client:
    from prefect.client.client import Client

    return Client()


@contextmanager
def _told(failure: str) -> Iterator[Any]:
    from prefect.exceptions import AuthorizationError, ClientError, ServerUnreachable

    try:
        yield
    except ServerUnreachable:
        raise
    except AuthorizationError as error:
        raise TerminalError(f"Unauthorized. {error_text(error)}") from error
    except (ClientError, ValueError) as error:
        raise TerminalError(f"{failure}: {error_text(error)}") from error


if not TYPE_CHECKING:  # names that are looked for here, because this module of 1.x had them too
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "Client": "prefect.client.client",
            "prefect": "prefect:",
        },
    )
