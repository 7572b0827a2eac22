"""``prefect server``: start, stop and look after the server.

Options of 1.x that named parts of its container stack are accepted; those without a meaning here say so.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from prefect.cli.failures import Failure
from prefect.cli.group import CONTEXT_SETTINGS, Group
from prefect.cli.output import format_option

if TYPE_CHECKING:
    from prefect.server.settings import Settings

STOP_SECONDS = 15.0
START_SECONDS = 30.0
LOOK_SECONDS = 0.05

BANNER = """
  Proctor {version}, with the 1.x interface of Prefect

  Web UI     {address}
  API        {address}/graphql
  Database   {database}

  Next       {next}
  Guide      docs/guides/server.md
  Stop       Ctrl-C
"""

# Options of 1.x without a meaning here: name, short name, whether it takes a value.
CONTAINER_OPTIONS = (
    ("--version", "-v", True),
    ("--ui-version", "-uv", True),
    ("--no-upgrade", "-n", False),
    ("--no-ui", "-u", False),
    ("--external-postgres", "-ep", False),
    ("--postgres-port", None, True),
    ("--hasura-port", None, True),
    ("--graphql-port", None, True),
    ("--ui-port", None, True),
    ("--no-postgres-port", None, False),
    ("--no-hasura-port", None, False),
    ("--no-graphql-port", None, False),
    ("--no-ui-port", None, False),
    ("--no-server-port", None, False),
    ("--use-volume", None, False),
    ("--volume-path", None, True),
    ("--skip-pull", None, False),
)


def _container_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for name, short, takes_value in CONTAINER_OPTIONS:
        declared = (name, *([short] if short else ()))
        add = click.option(*declared, hidden=True, expose_value=False, callback=_say_unused, is_flag=not takes_value)
        command = add(command)
    return command


def _say_unused(ctx: click.Context, option: click.Parameter, value: Any) -> None:
    if value:
        click.echo(
            f"Note: {option.opts[0]} has no meaning here: the server is one process, without containers.", err=True
        )


def _server_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--host", help="Address to listen on; 127.0.0.1 unless set."),
        click.option(
            "--port",
            "--server-port",
            help="Port to listen on; server.port of the configuration (4200) unless set, 0 takes a free one.",
        ),
        click.option(
            "--database-url",
            "--postgres-url",
            help="sqlite:///path/to/file.db or postgresql://user@host/name; a file in the home folder unless set.",
        ),
        click.option(
            "--expose",
            is_flag=True,
            help="Listen on all addresses; without --require-keys anyone who reaches them may do everything.",
        ),
        click.option("--require-keys", is_flag=True, help="Answer only who shows an API key; see create-key."),
        click.option("--ssl-certfile", help="Certificate chain (PEM) to speak https with."),
        click.option("--ssl-keyfile", help="Private key (PEM) of the certificate, unless it is in the same file."),
        click.option("--log-level", help="Least level of the server's own log; INFO unless set."),
        click.option("--log-format", help="text, or json: one object a line; text unless set."),
        _container_options,
    ):
        command = option(command)
    return command


@click.group(cls=Group, context_settings=CONTEXT_SETTINGS)
def server() -> None:
    """Start and manage the server.

    \b
      $ prefect server start
      $ prefect server start --port 4300 --database-url postgresql://user@host/name
    """


@server.command(context_settings=CONTEXT_SETTINGS)
@_server_options
@click.option("--detach", "-d", is_flag=True, help="Run in the background; `prefect server stop` ends it.")
@click.option("--hide-welcome", is_flag=True, help="Print only the address.")
def start(detach: bool, hide_welcome: bool, **flags: Any) -> None:
    """Start the server: API and services, in one process."""
    settings = _settings(flags)
    if detach:
        _start_detached(settings)
        return

    from prefect._version import __version__
    from prefect.server.errors import StartUpError
    from prefect.server.serve import serve

    def tell(address: str) -> None:
        if settings.log_format == "json":  # a machine reads what comes: one object a line, and nothing else
            logging.getLogger("prefect.server").info("Serving at %s", address)
        elif hide_welcome:
            click.echo(address)
        else:
            told = {"version": __version__, "address": address, "database": _shown_database(settings)}
            click.echo(BANNER.format(**told, next="\n             ".join(_next_steps(address))))

    try:
        serve(settings, tell)
    except StartUpError as error:
        _fail(str(error))
    if settings.log_format == "json":
        logging.getLogger("prefect.server").info("Server stopped.")
    elif not hide_welcome:
        with suppress(OSError):  # the terminal may be what has gone
            click.echo("Server stopped.")


@server.command(context_settings=CONTEXT_SETTINGS)
@_container_options
def stop() -> None:
    """Stop the server that was started with this home folder."""
    from prefect.server.serve import running_server

    home = _home()
    found = running_server(home)
    if found is None:
        click.echo("No server is running.", err=True)
        return
    os.kill(found["pid"], signal.SIGTERM)
    if _wait_until(lambda: running_server(home) is None, STOP_SECONDS):
        click.echo(f"Server at {found['address']} stopped.")
    else:
        _fail(f"The server at {found['address']} (process {found['pid']}) has not stopped after {STOP_SECONDS:g} s.")


@server.command(context_settings=CONTEXT_SETTINGS)
@format_option()
def status(output: str) -> None:
    """Tell how the server is that the commands ask, and what works for it. Exits with 1 when it is not well."""
    from prefect.cli.server_state import look_at_server
    from prefect.cli.server_status import tell
    from prefect.server.serve import running_server

    found = look_at_server()
    own = running_server(_home())
    process = own["pid"] if own is not None and own["address"].rstrip("/") == found.address else None
    tell(found, process, output)


@server.command(context_settings=CONTEXT_SETTINGS)
@_server_options
def config(**flags: Any) -> None:
    """Print the settings that a server would start with, as JSON."""
    from dataclasses import fields

    settings = _settings(flags)
    shown = {"home": str(settings.home), "database.connection_url": _shown_database(settings)}
    for field in fields(settings):
        key = field.metadata.get("key")
        if key and key not in shown:
            value = getattr(settings, field.name)
            shown[key] = value if field.repr or not value else "***"
    click.echo(json.dumps(shown, indent=2))


@server.command("create-tenant", context_settings=CONTEXT_SETTINGS)
@click.option("--name", "-n", required=True, help="Name of the tenant.")
@click.option("--slug", "-s", help="Slug of the tenant; made from the name unless given.")
def create_tenant(name: str, slug: str | None) -> None:
    """Make a tenant on the running server."""
    from prefect.client import Client

    tenant_id = Client().create_tenant(name=name, slug=slug)
    click.secho(f"Tenant created with ID: {tenant_id}", fg="green")


@server.command("create-key", context_settings=CONTEXT_SETTINGS)
@click.option("--name", "-n", default="admin", show_default=True, help="What the key is for.")
@click.option(
    "--role",
    type=click.Choice(["read", "trigger", "run", "admin"]),
    default="admin",
    show_default=True,
    help="What it may do: look, start runs, run flows, or everything.",
)
@click.option("--tenant", "-t", "tenant_slug", help="Slug of the tenant that it is for; the first one unless set.")
@click.option("--all-tenants", is_flag=True, help="For every tenant; it alone may create and delete tenants.")
@click.option("--expire", "-e", help="When it ends: a date or time; absent means never.")
@click.option("--database-url", "--postgres-url", help="Which database; the server's own unless set.")
@click.option("--quiet", "-q", is_flag=True, help="Print nothing but the key.")
def create_key(
    name: str,
    role: str,
    tenant_slug: str | None,
    all_tenants: bool,
    expire: str | None,
    database_url: str | None,
    quiet: bool,
) -> None:
    """Make an API key, straight in the database of this machine's server. It is shown this one time."""
    from prefect.server.actions.first_key import make_key

    settings = _settings({"database_url": database_url})
    _migrate(settings)
    try:
        key_id, key = make_key(
            settings, name=name, role=role, tenant_slug=tenant_slug, all_tenants=all_tenants, expire=expire
        )
    except ValueError as error:
        _fail(str(error), "INVALID_VALUE")
    if quiet:
        click.echo(key)
        return
    click.echo(f"API key {name!r} with the role {role}, id {key_id}:")
    click.echo(key)
    click.echo("This is the only time it is shown. Use it with `prefect auth login --key` or PREFECT__CLOUD__API_KEY.")


@server.group(context_settings=CONTEXT_SETTINGS)
def database() -> None:
    """Look after the server's database."""


@database.command(context_settings=CONTEXT_SETTINGS)
@click.option("--database-url", "--postgres-url", help="Which database; the server's own unless set.")
@click.option("--yes", "-y", is_flag=True, help="Accepted for scripts of 1.x; nothing is asked.")
def upgrade(database_url: str | None, yes: bool) -> None:
    """Bring the database's tables to this version."""
    settings = _settings({"database_url": database_url})
    _migrate(settings)
    click.secho(f"Database {_shown_database(settings)} is up to date.", fg="green")


@database.command(context_settings=CONTEXT_SETTINGS)
@click.argument("revision")
@click.option("--database-url", "--postgres-url", help="Which database; the server's own unless set.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
def downgrade(revision: str, database_url: str | None, yes: bool) -> None:
    """Take the database's tables back to REVISION, for an older version of the server.

    What only the newer tables hold is lost: make a backup first.
    """
    from prefect.server.store.database import DatabaseError
    from prefect.server.store.migrations import downgrade as take_back

    settings = _settings({"database_url": database_url})
    shown = _shown_database(settings)
    if not yes:
        click.confirm(f"Take {shown} back to revision {revision}, and lose what only later ones hold?", abort=True)
    _refuse_beside_server(settings)
    try:
        take_back(settings.resolved_database_url(), revision)
    except (DatabaseError, ValueError, ModuleNotFoundError) as error:
        _fail(" ".join(str(error).split()), "INVALID_VALUE")
    click.secho(f"Database {shown} is at revision {revision}.", fg="green")


@database.command(context_settings=CONTEXT_SETTINGS)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--database-url", "--postgres-url", help="Which database; the server's own unless set.")
def backup(file: Path, database_url: str | None) -> None:
    """Copy the whole database to FILE, while servers use it.

    SQLite: another SQLite file. PostgreSQL: an archive for pg_restore, made by pg_dump.
    """
    from prefect.server.store.backup import backup as copy
    from prefect.server.store.database import DatabaseError

    settings = _settings({"database_url": database_url})
    try:
        copy(settings.resolved_database_url(), file)
    except DatabaseError as error:
        _fail(str(error), "DATABASE_UNAVAILABLE")
    click.secho(f"Database {_shown_database(settings)} was copied to {file}.", fg="green")


@database.command(context_settings=CONTEXT_SETTINGS)
@click.option("--database-url", "--postgres-url", help="Which database; the server's own unless set.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
def reset(database_url: str | None, yes: bool) -> None:
    """Delete everything in the database and make its tables anew."""
    settings = _settings({"database_url": database_url})
    shown = _shown_database(settings)
    if not yes:
        click.confirm(f"Delete everything in {shown}?", abort=True)
    _refuse_beside_server(settings)
    if settings.resolved_database_url().startswith("sqlite"):
        from prefect.server.store.addresses import file_of

        path = file_of(settings.resolved_database_url())
        try:
            for suffix in ("", "-wal", "-shm"):
                Path(f"{path}{suffix}").unlink(missing_ok=True)
        except OSError as error:
            _fail(f"Database file {path} cannot be deleted: {error.strerror or error}.", "FILE_UNUSABLE")
    else:
        _empty_postgres(settings)
    _migrate(settings)
    click.secho(f"Database {shown} was reset.", fg="green")


# --------------------------------------------------------------------------------------------- parts


def _home() -> Path:
    from prefect.configuration import config as user_config

    return Path(user_config.home_dir).expanduser()


def _next_steps(address: str) -> list[str]:
    """Give the commands after which this user has a server at this address and an agent."""
    from urllib.parse import urlsplit

    from prefect.configuration import config as user_config

    steps = [] if user_config.backend == "server" else ["prefect backend server"]
    asked, here = urlsplit(str(user_config.cloud.api)), urlsplit(address)
    is_here = asked.hostname in (here.hostname, "localhost") and (asked.scheme, asked.port) == (here.scheme, here.port)
    # Embedded clients need no other address: they use the file of this server, or one of their own.
    if not steps and not is_here and not str(user_config.cloud.api).startswith("embedded"):
        steps.append(f"prefect config set server.endpoint {address}")
    return [*steps, "prefect agent local start"]


def _client_defaults() -> dict[str, Any]:
    """Listen where this machine's clients look for the server, unless the server's own settings say otherwise."""
    from prefect.configuration import config as user_config

    return {"port": user_config.server.port}


def _settings(flags: dict[str, Any]) -> Settings:
    from prefect.server.errors import StartUpError
    from prefect.server.settings import load_settings

    given = {name: value for name, value in flags.items() if value not in (None, False)}
    if given.get("expose") and "host" not in given:
        given["host"] = "0.0.0.0"  # noqa: S104 - this is what --expose asks for
    try:
        return load_settings(given, home=_home(), defaults=_client_defaults())
    except StartUpError as error:
        _fail(str(error))


def _fail(message: str, code: str = "START_REFUSED") -> NoReturn:
    raise Failure(message, code)


def _shown_database(settings: Settings) -> str:
    """Give the database's address without its password."""
    from prefect.server.store.addresses import shown

    return shown(settings.resolved_database_url())


def _refuse_beside_server(settings: Settings) -> None:
    from prefect.server.serve import running_server

    if settings.resolved_database_url().startswith("sqlite") and running_server(settings.home) is not None:
        _fail("A server is running. Stop it first: prefect server stop")


def _migrate(settings: Settings) -> None:
    from prefect.server.store.database import DatabaseError
    from prefect.server.store.opening import migrate, open_database

    url = settings.resolved_database_url()
    try:
        open_database(url)  # opens nothing yet, but knows which addresses there are
        migrate(url)
    except (DatabaseError, ValueError, ModuleNotFoundError) as error:
        _fail(" ".join(str(error).split()), "DATABASE_UNAVAILABLE")


def _empty_postgres(settings: Settings) -> None:
    from prefect.server.store.addresses import conninfo
    from prefect.utilities.importtools import import_needed

    psycopg = import_needed("psycopg", by="PostgreSQL")

    try:
        with psycopg.connect(conninfo(settings.resolved_database_url()), autocommit=True) as connection:
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("CREATE SCHEMA public")
    except psycopg.Error as error:
        _fail(f"Database {_shown_database(settings)} cannot be emptied: {str(error).strip()}", "DATABASE_UNAVAILABLE")


def _start_detached(settings: Settings) -> None:
    """Start the same command in a session of its own, and wait until it answers or ends."""
    from prefect.server.serve import running_server
    from prefect.utilities.filesystems import own_file

    if (found := running_server(settings.home)) is not None:
        _fail(f"A server is running already, at {found['address']} (process {found['pid']}).")
    arguments = [argument for argument in sys.argv[1:] if argument not in ("-d", "--detach")]
    log = settings.home / "server.log"
    settings.home.mkdir(parents=True, exist_ok=True)
    # What the server logs is for whoever may read its database.
    with open(log, "ab", opener=own_file) as output:
        child = subprocess.Popen(
            [sys.executable, "-m", "prefect", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    answered = _wait_until(lambda: child.poll() is not None or _answers(settings), START_SECONDS)
    if not answered or child.poll() is not None:
        _fail(f"The server did not start; see {log}.")
    found = running_server(settings.home) or {"address": "?"}
    click.echo(f"Server at {found['address']} started in the background; its log is {log}.")


def _answers(settings: Settings) -> bool:
    import ssl
    from urllib.request import urlopen

    from prefect.server.serve import running_server

    found = running_server(settings.home)
    if found is None:
        return False
    try:
        # The certificate is for the name that others use; here only the process is looked for.
        trust = ssl.create_default_context()
        trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
        with urlopen(f"{found['address']}/health", timeout=1, context=trust):  # noqa: S310 - our own address
            return True
    except OSError:
        return False


def _wait_until(is_so: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > end:
            return False
        time.sleep(LOOK_SECONDS)
    return True
