"""Small commands: version, diagnostics, repl."""

from __future__ import annotations

import click

from prefect.cli.failures import TerminalError
from prefect.cli.group import CONTEXT_SETTINGS


@click.command(context_settings=CONTEXT_SETTINGS)
def version() -> None:
    """Print the version."""
    from prefect._version import __version__

    click.echo(__version__)


@click.command(context_settings=CONTEXT_SETTINGS)
@click.option("--include-secret-names", is_flag=True, help="Show the names of secrets too; never their values.")
def diagnostics(include_secret_names: bool) -> None:
    """Print what a bug report needs, as JSON, without any value of yours."""
    from prefect.utilities.diagnostics import diagnostic_info

    click.echo(diagnostic_info(include_secret_names=include_secret_names))


@click.command(context_settings=CONTEXT_SETTINGS)
@click.pass_context
def repl(ctx: click.Context) -> None:
    """Start an interactive session of this command."""
    try:
        from click_repl import repl as start
    except ImportError:
        from prefect.utilities.installing import install_command

        raise TerminalError(
            "This command requires the 'click-repl' package.",
            code="MISSING_PACKAGE",
            hint=f"Install it: {install_command('click-repl')}",
        ) from None
    start(ctx)
