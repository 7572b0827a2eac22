"""``prefect profile``: named sets of settings, of which one at a time is laid over the user's file."""

from __future__ import annotations

import os

import click

from prefect.cli.failures import TerminalError
from prefect.cli.group import CONTEXT_SETTINGS, Group


@click.group(cls=Group, context_settings=CONTEXT_SETTINGS)
def profile() -> None:
    """Keep sets of settings under names, and choose one: for a server each, for example.

    A profile goes before the user's file, and behind variables of the environment. PREFECT_PROFILE, or
    `prefect --profile NAME ...`, chooses one for a process.

    \b
    Examples:
      $ prefect profile create prod server.endpoint=https://proctor.example.com
      $ prefect profile use prod
      $ prefect --profile default get flows
    """


@profile.command("list", context_settings=CONTEXT_SETTINGS)
def list_command() -> None:
    """List the profiles; the one in use has a star."""
    from prefect import profiles
    from prefect.utilities import setting_sources

    used, _ = setting_sources.profile_in_use()
    for name in (profiles.NONE, *setting_sources.profile_names()):
        is_used = name == (used or profiles.NONE)
        click.secho(f"{'*' if is_used else ' '} {name}", fg="green" if is_used else None)
    if used and used not in setting_sources.profile_names():
        click.secho(f"The profile in use, {used!r}, does not exist.", fg="yellow", err=True)


@profile.command(context_settings=CONTEXT_SETTINGS)
@click.argument("name")
def use(name: str) -> None:
    """Use the profile NAME from now on; `default` is none at all."""
    from prefect import profiles
    from prefect.cli.settings_files import replace
    from prefect.utilities import setting_sources

    if name != profiles.NONE:
        _existing(name)
    replace(os.path.join(setting_sources.profiles_folder(), "active"), f"{name}\n")
    click.secho(f"Profile {name!r} is in use.", fg="green")
    chosen = os.environ.get(profiles.VARIABLE, "")
    if chosen and chosen != name:
        said = f"The environment variable {profiles.VARIABLE}={chosen} goes before it."
        click.secho(said, fg="yellow", err=True)


@profile.command(context_settings=CONTEXT_SETTINGS)
@click.argument("name")
@click.argument("settings", nargs=-1, metavar="[KEY=VALUE]...")
@click.option("--from", "source", help="Begin with the settings of this profile.")
@click.option("--use", "is_used", is_flag=True, help="Use it from now on.")
@click.pass_context
def create(ctx: click.Context, name: str, settings: tuple[str, ...], source: str | None, is_used: bool) -> None:
    """Make the profile NAME, with settings."""
    from prefect import configuration
    from prefect.cli.config import checked
    from prefect.cli.settings_files import change, put
    from prefect.utilities import setting_sources

    path = setting_sources.path_of_profile(name)
    if os.path.exists(path):
        raise TerminalError(f"There is a profile {name!r} already.", code="ALREADY_EXISTS", hint="Choose another name.")
    given = []
    for item in settings:
        key, equals, text = item.partition("=")
        if not equals:
            raise click.BadParameter(f"expected KEY=VALUE, got {item[:80]!r}", param_hint="'KEY=VALUE'")
        given.append(checked(key, text))
    begun = configuration.load_toml(_existing(source)) if source else {}

    def fill(document: dict) -> None:  # type: ignore[type-arg]  # a document of tomlkit is one
        document.update(begun)
        for key, value in given:
            put(document, key, value)  # type: ignore[arg-type]

    change(path, fill)
    click.secho(f"Profile {name!r} was made: {path}", fg="green")
    if is_used:
        ctx.invoke(use, name=name)


@profile.command(context_settings=CONTEXT_SETTINGS)
@click.argument("name")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
def delete(name: str, yes: bool) -> None:
    """Delete the profile NAME."""
    from prefect import profiles
    from prefect.cli.settings_files import replace
    from prefect.utilities import setting_sources

    path = _existing(name)
    if not yes:
        click.confirm(f"Delete the profile {name!r} with its settings?", abort=True, err=True)
    used, source = setting_sources.profile_in_use()
    if used == name and source != profiles.VARIABLE:
        replace(os.path.join(setting_sources.profiles_folder(), "active"), f"{profiles.NONE}\n")
    os.unlink(path)
    click.secho(f"Profile {name!r} was deleted.", fg="green")


@profile.command(context_settings=CONTEXT_SETTINGS)
@click.argument("name", required=False)
def show(name: str | None) -> None:
    """Show the settings of the profile NAME, or of the one in use. Keys are not shown."""
    from prefect import configuration, profiles
    from prefect.cli import render
    from prefect.cli.settings_files import shown, values_of
    from prefect.utilities import setting_sources

    name = name or setting_sources.profile_in_use()[0]
    if not name or name == profiles.NONE:
        raise TerminalError("No profile is in use.", code="PROFILE_UNKNOWN")
    path = _existing(name)
    rows = [(key, shown(key, value)) for key, value in values_of(configuration.load_toml(path))]
    click.echo(render.table(rows, ["SETTING", "VALUE"]))


def _existing(name: str) -> str:
    """Give the file of a profile that there is."""
    from prefect.utilities import setting_sources

    path = setting_sources.path_of_profile(name)
    if not os.path.isfile(path):
        raise TerminalError(f"There is no profile {name!r}.", code="PROFILE_UNKNOWN")
    return path
