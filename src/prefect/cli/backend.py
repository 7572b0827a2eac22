"""``prefect backend``: which backend the commands and flows of this user talk to."""

from __future__ import annotations

import click

from prefect.cli.failures import TerminalError
from prefect.cli.group import CONTEXT_SETTINGS

BACKENDS = ("server", "cloud")


@click.command(context_settings=CONTEXT_SETTINGS)
@click.argument("api")
def backend(api: str) -> None:
    """Choose the backend API: server or cloud."""
    import os

    from prefect.configuration import config
    from prefect.utilities.backend import save_backend

    if api not in BACKENDS:
        raise TerminalError(
            f"{api} is not a valid backend API", code="INVALID_VALUE", hint="Choose one of: " + ", ".join(BACKENDS)
        )
    save_backend(api)
    click.secho(f"Backend switched to {api}", fg="green")
    if config.backend != api and "PREFECT__BACKEND" in os.environ:
        said = f"The environment variable PREFECT__BACKEND={config.backend} goes before it."
        click.secho(said, fg="yellow", err=True)
