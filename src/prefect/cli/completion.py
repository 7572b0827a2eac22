"""``prefect completion``: what a shell needs to complete commands, options, files and names."""

from __future__ import annotations

import click

from prefect.cli.group import CONTEXT_SETTINGS

VARIABLE = "_PREFECT_COMPLETE"
INSTALL = {
    "bash": "prefect completion bash > ~/.local/share/bash-completion/completions/prefect",
    "zsh": "prefect completion zsh > ~/.zfunc/_prefect    # with fpath+=~/.zfunc before compinit in ~/.zshrc",
    "fish": "prefect completion fish > ~/.config/fish/completions/prefect.fish",
}


@click.command(context_settings=CONTEXT_SETTINGS)
@click.argument("shell", type=click.Choice(sorted(INSTALL)))
def completion(shell: str) -> None:
    """Print what SHELL reads to complete commands, options, files, and names of flows, runs, projects and settings.

    \b
    Examples:
      $ source <(prefect completion bash)
      $ prefect completion fish > ~/.config/fish/completions/prefect.fish
    """
    from click.shell_completion import get_completion_class

    from prefect.cli.group import cli

    found = get_completion_class(shell)
    assert found is not None  # noqa: S101 - these three are click's
    shell_complete = found(cli, {}, "prefect", VARIABLE)
    # Its source() asks which version of bash is there, which need not be where this runs.
    click.echo(shell_complete.source_template % shell_complete.source_vars())
    click.echo(f"# To keep it: {INSTALL[shell]}")
