"""``prefect dev``: server, web UI, agent and watched flow files, in one process and one terminal."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from prefect.cli.failures import TerminalError
from prefect.cli.group import CONTEXT_SETTINGS

FOLDER = ".proctor"

BANNER = """
  Proctor {version}, for work on flows

  Web UI     {address}
  Data       {data}
  Watching   {watched}
  Elsewhere  {elsewhere}
  Stop       Ctrl-C
"""

EPILOG = """\
\b
Examples:
  $ prefect dev                       all *.py of this folder
  $ prefect dev flow.py --run         and run its flows at each change
  $ prefect dev flows/ --temporary    forget everything at the end
"""


@click.command(context_settings=CONTEXT_SETTINGS, epilog=EPILOG)
@click.argument("paths", nargs=-1, metavar="[FILES|FOLDERS]...")
@click.option("--run", "runs", is_flag=True, help="Run the flows of a file whenever it was registered.")
@click.option("--project", default="dev", show_default=True, help="Project to register in.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port of the server; 4200 or else a free one unless set.")
@click.option("--temporary", is_flag=True, help=f"Keep nothing; else all data is in {FOLDER}/ of this folder.")
def dev(paths: tuple[str, ...], runs: bool, project: str, port: int | None, temporary: bool) -> None:
    """Work on flows: server, web UI, an agent and the watch over flow files, in this terminal.

    A file that is saved is checked and registered, with --run also run; its errors, log lines and states appear below.
    Without FILES or FOLDERS all *.py of this folder are watched. Nothing of your other servers is touched.
    """
    from prefect.cli import building
    from prefect.cli.dev_registrar import Registrar
    from prefect.cli.dev_session import Session, Wanted

    wanted = Wanted(paths or (".",), project, runs)
    building.expand_paths(wanted.paths)  # refuses what is not there
    with _home(temporary) as home:
        _refuse_second(home)
        registrar = Registrar()  # forked while this process is small and has one thread
        try:
            session = Session(wanted, registrar, lambda address: _environ(home, address))
            _serve(home, port, session, "nothing is kept" if temporary else f"{FOLDER}/ of this folder", wanted.paths)
        finally:
            registrar.close()


@contextmanager
def _home(temporary: bool) -> Iterator[Path]:
    if temporary:
        folder = Path(tempfile.mkdtemp(prefix="proctor-dev-"))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return
    folder = Path.cwd() / FOLDER
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        ignored = folder / ".gitignore"
        if not ignored.exists():
            ignored.write_text("*\n")
    except OSError as error:
        raise TerminalError(f"The folder {folder} cannot be used: {error.strerror or error}.") from None
    yield folder


def _refuse_second(home: Path) -> None:
    from prefect.server.serve import running_server

    found = running_server(home)
    if found is not None:
        raise TerminalError(f"`prefect dev` works in this folder already, at {found['address']}.")


def _environ(home: Path, address: str) -> dict[str, str]:
    """Give the variables with which a process uses this server and nothing of its user's others."""
    return {
        "PREFECT__BACKEND": "server",
        "PREFECT__HOME_DIR": str(home),
        "PREFECT__CLOUD__API": address,
        "PREFECT__CLOUD__API_KEY": "",
        "PREFECT__CLOUD__TENANT_ID": "",
    }


def _serve(home: Path, port: int | None, session: Any, data: str, paths: tuple[str, ...]) -> None:
    from prefect._version import __version__
    from prefect.configuration import config
    from prefect.server.errors import StartUpError
    from prefect.server.serve import serve
    from prefect.server.settings import load_settings
    from prefect.utilities.configuration import set_temporary_config

    flags: dict[str, Any] = {"host": "127.0.0.1", "require_keys": False, "log_level": "WARNING"}
    flags |= {"database_url": f"sqlite:///{home / 'proctor.db'}", "port": _port(port, int(config.server.port))}
    settings = {"backend": "server", "home_dir": str(home), "cloud.api_key": "", "cloud.tenant_id": ""}
    settings["cloud.agent.level"] = "WARNING"

    with set_temporary_config(settings):

        def begin(address: str) -> None:
            config.cloud.api = address
            told = {"version": __version__, "address": address, "data": data, "watched": ", ".join(paths)}
            click.echo(BANNER.format(**told, elsewhere=f"export PREFECT__SERVER__ENDPOINT={address}"))
            os.environ.update(_environ(home, address))
            session.begin(address)

        try:
            serve(load_settings(flags, home=home), begin, session.end)
        except StartUpError as error:
            raise TerminalError(str(error)) from error
    click.echo("\nStopped.")


def _port(wanted: int | None, usual: int) -> int:
    """Give the port to listen on: the usual one, unless another program has it."""
    if wanted is not None:
        return wanted
    import socket

    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", usual))
        except OSError:
            return 0
    return usual
