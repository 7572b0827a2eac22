"""``prefect help``: the help of any command, by its words."""

from __future__ import annotations

import click

from prefect.cli.group import CONTEXT_SETTINGS


@click.command("help", context_settings=CONTEXT_SETTINGS)
@click.argument("words", nargs=-1, metavar="[COMMAND]...")
@click.pass_context
def help_command(ctx: click.Context, words: tuple[str, ...]) -> None:
    """Print the help of a command.

    \b
    Example:
      $ prefect help get flow-runs
    """
    inner = ctx.find_root()
    for word in words:
        group = inner.command
        if not isinstance(group, click.Group):
            inner.fail(f"{inner.command_path} has no commands of its own; got {word!r}.")
        name, command, _ = group.resolve_command(inner, [word])
        if command is not None:  # else it has failed already
            inner = click.Context(command, info_name=name, parent=inner)
    click.echo(inner.get_help(), color=inner.color)
