"""``prefect config``: the settings, where each comes from, and changing them."""

from __future__ import annotations

from typing import Any

import click

from prefect.cli.failures import TerminalError
from prefect.cli.group import CONTEXT_SETTINGS, Group
from prefect.cli.output import format_option, show_value
from prefect.cli.suggestions import nearest


class _ConfigGroup(Group):
    """Without a command it prints the configuration, as 1.x does."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return click.Group.parse_args(self, ctx, args)


@click.group(cls=_ConfigGroup, invoke_without_command=True, context_settings=CONTEXT_SETTINGS)
@click.pass_context
def config(ctx: click.Context) -> None:
    """Show and change settings; without a command, print them all as JSON, values of keys too.

    \b
    Examples:
      $ prefect config view cloud.api
      $ prefect config set server.endpoint http://proctor.example.com:4200
      $ prefect config unset server.endpoint
      $ prefect config edit
    """
    if ctx.invoked_subcommand is not None:
        return
    import json

    from prefect.configuration import config as settings

    click.echo(json.dumps(settings.to_dict(), default=str))


@config.command(context_settings=CONTEXT_SETTINGS)
@click.argument("key", required=False)
@click.option("--changed", is_flag=True, help="Only what is not as it comes.")
@format_option()
def view(key: str | None, changed: bool, output: str) -> None:
    """Show settings with where each value comes from: all, or KEY, or all of the section KEY. Keys are not shown."""
    from prefect.cli.settings_files import effective, shown

    settings = effective()
    wanted = (key or "").strip().lower() if not (key or "").startswith("context.secrets") else str(key)
    found = [one for one in settings.values() if not key or one.key == wanted or one.key.startswith(f"{wanted}.")]
    if key is not None and not found:
        raise unknown(key, settings)
    found = [one for one in found if not changed or one.source != "default"]
    if output != "table":
        told = [{"key": one.key, "value": _plain(shown(one.key, one.value)), "source": one.source} for one in found]
        show_value(told, output)
        return
    from prefect.cli import render

    rows = [(one.key, _text(shown(one.key, one.value)), _origin(one.source, one.refers)) for one in found]
    click.echo(render.table(rows, ["SETTING", "VALUE", "FROM"]))


@config.command("set", context_settings={**CONTEXT_SETTINGS, "ignore_unknown_options": True})
@click.argument("key")
@click.argument("value")
@click.option("--force", is_flag=True, help="Also a name that is no setting of ours, for flows that read it.")
def set_command(key: str, value: str, force: bool) -> None:
    """Set KEY to VALUE, which is a number, true, false or text: in the file of the profile in use, else the user's."""
    from prefect.cli.settings_files import change, file_in_use, put

    key, typed = checked(key, value, force=force)
    path = file_in_use()
    change(path, lambda document: put(document, key, typed))
    click.secho(f"{key} was set in {path}.", fg="green")
    _tell_what_goes_before(key)


@config.command(context_settings=CONTEXT_SETTINGS)
@click.argument("key")
def unset(key: str) -> None:
    """Take KEY out of the file of the profile in use, else out of the user's file."""
    from prefect.cli.settings_files import change, file_in_use, take_out

    path = file_in_use()
    was_there: list[bool] = []
    change(path, lambda document: was_there.append(take_out(document, key)))
    if not was_there[0]:
        raise TerminalError(
            f"{key} is not set in {path}.", code="SETTING_UNKNOWN", hint=f"`prefect config view {key}` says where."
        )
    click.secho(f"{key} was taken out of {path}.", fg="green")
    _tell_what_goes_before(key)


@config.command(context_settings=CONTEXT_SETTINGS)
def edit() -> None:
    """Open the file of the profile in use, else the user's file, in the editor that VISUAL or EDITOR names.

    What is no TOML is not taken over.
    """
    import os

    from prefect.cli.settings_files import file_in_use, replace

    path = file_in_use()
    text = ""
    if os.path.exists(path):
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            text = file.read()
    before = text or '# Settings, such as:\n#\n# [server]\n# endpoint = "http://localhost:4200"\n'
    while True:
        after = _edited(path, before)
        if after == text or (not text and after == before):
            click.echo("Nothing was changed.")
            return
        if (problem := _problem(after)) is None:
            break
        click.secho(f"That is no TOML: {problem}", fg="red", err=True)
        click.confirm("Edit it again?", default=True, abort=True, err=True)
        before = after
    replace(path, after)
    click.secho(f"{path} was changed.", fg="green")


def checked(key: str, text: str, *, force: bool = False) -> tuple[str, Any]:
    """Give the name of a setting and its value as a file holds it.

    Raises:
        TerminalError: there is no such setting, or it cannot have this value.
    """
    from prefect import configuration
    from prefect.cli.environment import wrong_kind
    from prefect.utilities import setting_sources

    key = key.strip()
    is_secret = key.lower().startswith("context.secrets.")
    key = key if is_secret else key.lower()
    if not all(key.split(".")) or "${" in key:
        raise TerminalError(f"{key[:80]!r} is no name of a setting.", code="SETTING_UNKNOWN")
    defaults = setting_sources.files()[0].settings
    if key not in defaults and not is_secret and not force:
        raise unknown(key, defaults)
    value = configuration.string_to_type(text)
    if not isinstance(value, bool | int | float) or is_secret:
        value = text
    if expected := wrong_kind(key, defaults.get(key), value):
        raise TerminalError(f"{key}: expected {expected}, got {text[:80]!r}.", code="CONFIG_INVALID")
    return key, value


def unknown(key: str, known: Any) -> TerminalError:
    """Give the refusal of a name that is no setting, with the nearest one."""
    near = nearest(key, known)
    hint = f"Did you mean {near[0]}?" if near else None
    return TerminalError(f"There is no setting {key[:80]!r}.", code="SETTING_UNKNOWN", hint=hint)


def _tell_what_goes_before(key: str) -> None:
    import os

    variable = "PREFECT__" + key.upper().replace(".", "__")
    if variable in os.environ:
        click.secho(f"The environment variable {variable} goes before it.", fg="yellow", err=True)


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, str | int | float | list | dict) else str(value)


def _text(value: Any) -> str:
    return "" if value is None else " ".join(str(value).split()) if isinstance(value, str) else str(value)


def _origin(source: str, refers: str) -> str:
    return f"{source}: {refers}" if refers else source


def _edited(path: str, text: str) -> str:
    """Let the user edit a copy; gives what it is then."""
    import os
    import shlex
    import shutil
    import subprocess
    import tempfile

    named = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    editor = shlex.split(named) if named else [next((one for one in ("nano", "vim", "vi") if shutil.which(one)), "vi")]
    # Of nobody else: it may hold keys.
    with tempfile.TemporaryDirectory(prefix="prefect-config-") as folder:
        draft = os.path.join(folder, os.path.basename(path))
        with open(draft, "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write(text)
        try:
            ended = subprocess.run([*editor, draft], check=False).returncode
        except OSError as error:
            raise TerminalError(
                f"The editor {editor[0]} cannot be started: {error.strerror}.", hint="Name another one in EDITOR."
            ) from None
        if ended:
            raise TerminalError(f"The editor {editor[0]} ended with {ended}; nothing was changed.")
        with open(draft, encoding="utf-8", errors="surrogateescape") as file:
            return file.read()


def _problem(text: str) -> str | None:
    import tomllib

    try:
        tomllib.loads(text)
        text.encode()
    except ValueError as error:
        return str(error)
    return None
