"""The group ``prefect``: its commands by name, each in a file that loads when the command is called."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any, NamedTuple

import click

from prefect.cli import GoesOnAsFlowRun
from prefect.cli.colour import wanted_colour

CONTEXT_SETTINGS = {"help_option_names": ["-h", "--help"]}


class LazyCommand(NamedTuple):
    """Where a command is defined, and what the listing says of it before it is loaded."""

    target: str
    help: str
    heading: str


COMMANDS: dict[str, LazyCommand] = {
    "get": LazyCommand("prefect.cli.get:get", "List flows, runs, projects, tasks, agents or logs", "Query commands"),
    "describe": LazyCommand(
        "prefect.cli.describe:describe", "Show flows, tasks, flow runs or schedules in detail", "Query commands"
    ),
    "why": LazyCommand("prefect.cli.why:why", "Say why a flow run is not running", "Query commands"),
    "logs": LazyCommand("prefect.cli.logs:logs", "Print or follow the log of a flow run", "Query commands"),
    "watch": LazyCommand("prefect.cli.watch:watch", "Follow a flow run to its end", "Query commands"),
    "run": LazyCommand("prefect.cli.run:run", "Run a flow, here or with a backend", "Action commands"),
    "retry": LazyCommand("prefect.cli.retry:retry", "Run again what failed in flow runs", "Action commands"),
    "dev": LazyCommand("prefect.cli.dev:dev", "Work on flows: server, UI, agent and watched files", "Action commands"),
    "restart": LazyCommand("prefect.cli.restart:restart", "Set flow runs going again", "Action commands"),
    "cancel": LazyCommand("prefect.cli.cancel:cancel", "Ask flow runs to end", "Action commands"),
    "approve": LazyCommand("prefect.cli.approve:approve", "Let go on what waits for a person", "Action commands"),
    "rename": LazyCommand("prefect.cli.rename:rename", "Give a flow run another name", "Action commands"),
    "set-state": LazyCommand("prefect.cli.set_state:set_state", "Move flow runs to a state", "Action commands"),
    "register": LazyCommand("prefect.cli.register:register", "Register flows in a project", "Action commands"),
    "build": LazyCommand("prefect.cli.build:build", "Build flows, to be registered later", "Action commands"),
    "agent": LazyCommand("prefect.cli.agent:agent", "Start agents", "Action commands"),
    "create": LazyCommand("prefect.cli.create:create", "Create projects", "Action commands"),
    "delete": LazyCommand("prefect.cli.delete:delete", "Delete projects, flows or flow runs", "Action commands"),
    "backfill": LazyCommand("prefect.cli.backfill:backfill", "Make runs for times that have passed", "Action commands"),
    "schedule": LazyCommand("prefect.cli.schedule:schedule", "Pause and resume schedules of flows", "Action commands"),
    "limit": LazyCommand("prefect.cli.limit:limit", "Limit what runs at one time", "Action commands"),
    "secret": LazyCommand("prefect.cli.secret:secret", "Keep secrets for flows", "Action commands"),
    "kv": LazyCommand("prefect.cli.kv:kv", "Use the key-value store", "Action commands"),
    "execute": LazyCommand("prefect.cli.execute:execute", "Execute a flow run in this process", "Action commands"),
    "heartbeat": LazyCommand("prefect.cli.heartbeat:heartbeat", "Send heartbeats of a flow run", "Action commands"),
    "server": LazyCommand("prefect.cli.server:server", "Start and manage the server", "Setup commands"),
    "backend": LazyCommand(
        "prefect.cli.backend:backend", "Choose between server and cloud as the backend", "Setup commands"
    ),
    "auth": LazyCommand("prefect.cli.auth:auth", "Log in and out, manage API keys and tenants", "Setup commands"),
    "help": LazyCommand("prefect.cli.help:help_command", "Print the help of a command", "Other commands"),
    "config": LazyCommand("prefect.cli.config:config", "Show and change settings", "Setup commands"),
    "profile": LazyCommand("prefect.cli.profile:profile", "Keep settings under names", "Setup commands"),
    "doctor": LazyCommand("prefect.cli.doctor:doctor", "Look for what is wrong, and say what to do", "Setup commands"),
    "completion": LazyCommand(
        "prefect.cli.completion:completion", "Print what completes commands in a shell", "Setup commands"
    ),
    "open": LazyCommand("prefect.cli.open:open_page", "Open a page of the web UI", "Query commands"),
    "version": LazyCommand("prefect.cli.misc:version", "Print the version", "Other commands"),
    "explain": LazyCommand("prefect.cli.explain:explain", "Say what the code of a refusal means", "Other commands"),
    "diagnostics": LazyCommand("prefect.cli.misc:diagnostics", "Print what a bug report needs", "Other commands"),
    "repl": LazyCommand("prefect.cli.misc:repl", "Start an interactive session of this command", "Other commands"),
}


class Group(click.Group):
    """A group of commands; without a command it prints its help, as 1.x does: on stdout, and that is no error."""

    group_class = type  # groups in it are such groups too

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args and not ctx.resilient_parsing:
            click.echo(ctx.get_help(), color=ctx.color)
            ctx.exit()
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        is_option = name.startswith("-")
        if not (is_option or ctx.resilient_parsing) and self.get_command(ctx, name) is None:
            from prefect.cli.suggestions import nearest

            meant = " or ".join(map(repr, nearest(name, self.list_commands(ctx))))
            ctx.fail(f"No such command {name!r}.{f' Did you mean {meant}?' if meant else ''}")
        return super().resolve_command(ctx, args)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return with_names(ctx, super().get_command(ctx, cmd_name))


def with_names(ctx: click.Context, command: click.Command | None) -> click.Command | None:
    """Give a command; when a shell completes, one that is completed with names."""
    if command is not None and ctx.resilient_parsing:
        from prefect.cli.completing import complete_names

        complete_names(command)
    return command


class RootGroup(Group):
    """The group of all commands; loads a command when it is called, never for the listing."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*COMMANDS, *sorted(self.commands)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        known = self.commands.get(cmd_name)
        if known is None and cmd_name in COMMANDS:
            module, _, attribute = COMMANDS[cmd_name].target.partition(":")
            known = getattr(import_module(module), attribute)
        return with_names(ctx, known)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for heading in dict.fromkeys(command.heading for command in COMMANDS.values()):
            rows = [(name, command.help) for name, command in COMMANDS.items() if command.heading == heading]
            with formatter.section(heading):
                formatter.write_dl(rows, col_spacing=4)

    def main(self, args: Any = None, *rest: Any, **settings: Any) -> Any:
        # Without arguments of a caller's own it is the program of this process.
        GoesOnAsFlowRun.is_expected = args is None
        try:
            return super().main(args, *rest, **settings)
        except Exception as error:
            if not settings.get("standalone_mode", True):
                raise
            from prefect.cli.failures import tell_unexpected

            tell_unexpected(error)
            sys.exit(1)
        except GoesOnAsFlowRun as left:
            forked = left.with_traceback(None)
        # Not in there: what the run raises has no other error behind it.
        forked.go_on()
        sys.exit(0)

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        with _told():
            ctx = super().make_context(*args, **extra)
        return ctx  # noqa: RET504 - the manager above passes no error over, which a type checker cannot know

    def invoke(self, ctx: click.Context) -> Any:
        write_by_the_line()
        ctx.color = wanted_colour()
        with _told():
            if any(name.startswith("PREFECT_") for name in os.environ):
                from prefect.cli.environment import look_through

                look_through(os.environ)
            return super().invoke(ctx)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except click.exceptions.Exit:
        raise  # as after --help: nothing failed, and what tells failures is not loaded
    except Exception as error:
        from prefect.cli.failures import as_shown

        shown = as_shown(error)
        if shown is error:
            raise
        raise shown from error


def write_by_the_line() -> None:
    """Make what the program prints appear line by line, also when it goes to a pipe or a file."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(line_buffering=True)


def _print_version(ctx: click.Context, _: click.Parameter, is_asked: bool) -> None:
    if is_asked and not ctx.resilient_parsing:
        from prefect._version import __version__

        click.echo(__version__)
        ctx.exit()


def _choose_profile(ctx: click.Context, option: click.Parameter, name: str | None) -> None:
    if name is None:
        return
    from prefect import configuration, profiles

    former = os.environ.get(profiles.VARIABLE)

    def choose(chosen: str | None) -> None:
        if chosen is None:
            os.environ.pop(profiles.VARIABLE, None)
        else:
            os.environ[profiles.VARIABLE] = chosen  # for what this process starts, too
        configuration.forget()

    choose(name)
    ctx.call_on_close(lambda: choose(former))


@click.group(cls=RootGroup, context_settings=CONTEXT_SETTINGS)
@click.option(
    "--version",
    "-V",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_print_version,
    help="Print the version and leave.",
)
@click.option(
    "--profile",
    callback=_choose_profile,
    is_eager=True,
    expose_value=False,
    metavar="NAME",
    help="Use the settings of this profile, in place of the one in use.",
)
def cli() -> None:
    """Create, run, watch and manage flows.

    A first run, without any server:

    \b
      $ prefect run --module prefect.hello_world

    With a server and an agent (each in a terminal of its own):

    \b
      $ prefect server start
      $ prefect agent local start
      $ prefect create project demo
      $ prefect register --project demo --module prefect.hello_world
      $ prefect run --name hello-world --watch
    """
