"""``prefect run --path/--module``: run a flow in this process, without a backend."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from prefect.cli import render, sources
from prefect.cli.failures import TerminalError, indented_traceback, step
from prefect.cli.run_request import RunRequest

if TYPE_CHECKING:
    from prefect.core.flow import Flow


def run_here(request: RunRequest) -> int:
    """Load the flow, run it, say how it ended; give the exit code."""
    with step("Retrieving local flow...", quiet=request.quiet, traceback_of_any=True):
        flow = _load(request)
    _check_parameters(flow, request.parameters)
    if not request.quiet:
        _tell_configuration(request)
        click.echo("Running flow locally...")
    succeeded = _run(flow, request)
    if not request.quiet:
        text, colour = ("Flow run succeeded!", "green") if succeeded else ("Flow run failed!", "red")
        click.secho(text, fg=colour)
    return 0 if succeeded else 1


def _load(request: RunRequest) -> Flow:
    if request.path:
        # Stays there during the run: tasks may import their neighbours when they run.
        sys.path.insert(0, os.path.dirname(os.path.abspath(request.path)))
        return sources.choose(sources.flows_of_script(request.path), request.path, request.name)
    assert request.module is not None  # noqa: S101 - is_local says so
    return sources.choose(sources.flows_of_module(request.module), request.module, request.name)


def _check_parameters(flow: Flow, given: Mapping[str, Any]) -> None:
    """Refuse what the flow would refuse, before it begins.

    Raises:
        TerminalError: a parameter that it has not, or one that it needs and was not given; names those that it has.
    """
    known = flow.parameters()
    names = sorted(parameter.name for parameter in known)
    hint = f"Its parameters are: {', '.join(names)}." if names else "It has no parameters."
    if unknown := sorted(set(given) - set(names)):
        raise TerminalError(
            f"Flow.run received the following unexpected parameters: {', '.join(unknown)}",
            code="INVALID_VALUE",
            hint=hint,
        )
    missing = sorted(one.name for one in known if one.required and one.name not in given)
    if missing:
        raise TerminalError(
            f"Flow.run did not receive the following required parameters: {', '.join(missing)}",
            code="MISSING_PARAMETERS",
            hint=f"Give each of them: --param {missing[0]}=VALUE",
        )


def _tell_configuration(request: RunRequest) -> None:
    given = {"Parameters": request.parameters, "Context": request.context}
    given = {name: value for name, value in given.items() if value}
    if given:
        click.echo("Configured local flow run")
        click.echo(render.tree(given))


def _run(flow: Flow, request: RunRequest) -> bool:
    from prefect.utilities.context import context
    from prefect.utilities.logging import temporary_logger_config

    level = render.NO_LOGS if request.no_logs else request.log_level
    with (
        context(request.context),
        temporary_logger_config(level, stream_fmt=render.LOG_FORMAT, stream_datefmt=render.LOG_TIME_FORMAT),
    ):
        try:
            state = flow.run(parameters=request.parameters, run_on_schedule=request.schedule)
        except Exception as error:
            if not request.quiet:
                click.secho("Flow runner encountered an exception!", fg="red")
            click.echo(indented_traceback(error))
            return False
    return state is None or not state.is_failed()
