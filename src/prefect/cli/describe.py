"""``prefect describe``: everything about one flow, its tasks, one flow run or a schedule, as JSON or YAML."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from prefect._lazy import lazy
from prefect.cli.failures import Failure, TerminalError
from prefect.cli.group import CONTEXT_SETTINGS, Group
from prefect.cli.output import format_option, show_value
from prefect.cli.which_flows import flow_named, schedule_of
from prefect.cli.which_runs import id_of

_output = format_option("json")


@click.group(cls=Group, context_settings=CONTEXT_SETTINGS)
def describe() -> None:
    """Show flows, tasks, flow runs or schedules in detail.

    \b
    Examples:
      $ prefect describe flows --name hello-world --version 2
      $ prefect describe tasks --name hello-world --output yaml
      $ prefect describe flow-runs @last
      $ prefect describe schedule --cron '30 2 * * *' --timezone Europe/Berlin
    """


def _of_flow(command: Callable[..., None]) -> Callable[..., None]:
    for option in (
        _output,
        click.option("--project", "-p", help="The project it is in."),
        click.option("--version", "-v", type=int, help="A version; absent means the newest."),
        click.option("--name", "-n", required=True, help="Name of the flow."),
    ):
        command = option(command)
    return command


@describe.command(context_settings=CONTEXT_SETTINGS)
@_of_flow
def flows(name: str, version: int | None, project: str | None, output: str) -> None:
    """Show a registered flow."""
    from prefect.contract import operations

    found = _ask(operations.DESCRIBE_FLOWS, name=name, version=version, project=project)["flow"]
    if not found:
        raise TerminalError(f"{name} not found", code="NOT_FOUND")
    show_value(found[0], output)


@describe.command(context_settings=CONTEXT_SETTINGS)
@_of_flow
def tasks(name: str, version: int | None, project: str | None, output: str) -> None:
    """Show the tasks of a registered flow."""
    from prefect.contract import operations

    found = _ask(operations.DESCRIBE_TASKS, name=name, version=version, project=project)["flow"]
    if not found:
        raise TerminalError(f"{name} not found", code="NOT_FOUND")
    if not found[0]["tasks"]:
        click.secho(f"No tasks found for flow {name}", fg="red", err=True)
    else:
        show_value(found[0]["tasks"], output)


@describe.command("flow-runs", context_settings=CONTEXT_SETTINGS)
@click.argument("run", required=False, metavar="[RUN]")
@click.option("--name", "-n", help="Name of the flow run.")
@click.option("--flow-name", "-fn", help="Name of its flow.")
@_output
def flow_runs(run: str | None, name: str | None, flow_name: str | None, output: str) -> None:
    """Show a flow run: RUN (id, beginning of an id, name, @last, @last:FLOW), or the one of a name."""
    from prefect.contract import operations

    if bool(run) == bool(name):
        raise click.UsageError("Missing option '--name' / '-n', or RUN: give one of the two.")
    which = {"id": id_of(run)} if run else {"name": name, "flow_name": flow_name}
    found = _ask(operations.DESCRIBE_FLOW_RUN, **which)["flow_run"]
    if not found:
        raise TerminalError(f"{run or name} not found", code="NOT_FOUND")
    show_value(found[0], output)


@describe.command(context_settings=CONTEXT_SETTINGS)
@click.option("--name", "-n", help="Name of a flow, whose schedule is shown.")
@click.option("--project", help="The project it is in.")
@click.option("--cron", multiple=True, help="A cron expression that nobody has saved yet. Repeatable.")
@click.option("--interval", type=int, multiple=True, help="Likewise an interval, in seconds. Repeatable.")
@click.option("--timezone", help="Time zone of --cron and --interval; absent means UTC.")
@click.option("--count", default=5, show_default=True, help="How many times.")
@_output
def schedule(
    name: str | None,
    project: str | None,
    cron: tuple[str, ...],
    interval: tuple[int, ...],
    timezone: str | None,
    count: int,
    output: str,
) -> None:
    """Show when a schedule starts its next runs, and what changes of the clock do to them.

    Exits with 1 when the flow is not there or has no schedule, or when one of the clocks is wrong.
    """
    from prefect.client.client import Client

    clocks: list[dict[str, Any]] = [{"cron": text} for text in cron]
    clocks += [{"interval": seconds} for seconds in interval]
    if bool(name) == bool(clocks):
        raise click.UsageError("Give --name, or --cron and --interval: one of the two.")
    if clocks:
        told = Client().schedule_preview(clocks, timezone=timezone, count=count)
    else:
        told = Client().schedule_preview(schedule=_schedule_of(str(name), project), count=count)
    show_value(told, output)
    if any(clock["error"] for clock in told["clocks"]):
        raise SystemExit(1)


def _schedule_of(name: str, project: str | None) -> Any:
    held = schedule_of(flow_named(name, project))
    if held is None:
        raise Failure(f"{name} has no schedule.", "NOT_FOUND")
    return held


def _ask(document: str, **variables: Any) -> dict[str, Any]:
    from prefect.client.client import Client

    return Client().ask(document, **variables)


if not TYPE_CHECKING:  # names that are looked for here, because this module of 1.x had them too
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "Client": "prefect.client.client",
            "prefect": "prefect:",
        },
    )
