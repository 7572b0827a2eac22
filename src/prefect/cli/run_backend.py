"""``prefect run`` with a backend: look the flow up, create its run once, then leave, watch or execute it."""

from __future__ import annotations

import copy
import os
import sys
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import click

from prefect.cli import GoesOnAsFlowRun, render
from prefect.cli.failures import TerminalError, error_text, step
from prefect.cli.output import show_value
from prefect.cli.run_request import RunRequest
from prefect.cli.suggestions import did_you_mean, nearest
from prefect.cli.which_flows import names_of_flows

if TYPE_CHECKING:
    from prefect.backend.execution import RunProcess
    from prefect.backend.flow import FlowView
    from prefect.backend.flow_run import FlowRunView
    from prefect.client.client import Client
    from prefect.run_configs.base import RunConfig

_INTERRUPTED = "Keyboard interrupt detected! Aborting..."
_FINISH_CHECK_SECONDS = 0.25
_FINISH_CHECKS = 12


def run_with_backend(request: RunRequest) -> int:
    """Create a run of a registered flow and follow it as far as asked; give the exit code."""
    from prefect.client.client import Client

    with step("Looking up flow metadata...", quiet=request.is_quiet):
        flow, scope = _find_flow(request)
        _require_known_parameters(flow, request.parameters)
    client = Client()
    run_id = _create(client, flow, scope, request)
    if run_id is None:
        return 0
    if request.output == "table":
        _tell_run(client, run_id, quiet=request.quiet)
    code = _follow_as_asked(client, run_id, request)
    if request.output != "table":
        show_value(_whole(client, flow, run_id), request.output)
    return code


def _follow_as_asked(client: Client, run_id: str, request: RunRequest) -> int:
    if request.wait_for_agent is not None:
        wait_until_taken(client, run_id, request.wait_for_agent, is_told=not request.is_quiet)
    if request.execute:
        _execute(run_id, request)
    elif request.watch:
        is_for_program = request.output != "table"
        if not _watch(
            client, run_id, no_logs=request.no_logs, is_announced=not request.is_quiet, to_stderr=is_for_program
        ):
            return 0
    else:
        return 0
    return _tell_outcome(run_id, quiet=request.is_quiet)


# ----- finding the flow


def _find_flow(request: RunRequest) -> tuple[FlowView, dict[str, str]]:
    """Give the flow, and what its run is created for: the flow, its flow group or its version group.

    With an idempotency key the difference matters: asked for by a group, the same key must not give a second run when
    there is a newer version by then.
    """
    from prefect.backend.flow import FlowView

    if request.flow_or_group_id:
        return _flow_of_id(request.flow_or_group_id)
    if not request.name:
        raise TerminalError(
            "Missing required option `--name`. Cannot look up a flow by project without also passing a name."
        )
    try:
        flow = FlowView.from_flow_name(request.name, project_name=request.project or "")
    except ValueError as error:
        if not request.project and "multiple" in str(error).lower():
            raise TerminalError(
                f"Found multiple flows named {request.name!r}. Give the project of the one to run with `--project`, "
                f"or its id with `--id`.\n\n{error}"
            ) from error
        meant = " or ".join(map(repr, nearest(request.name, names_of_flows(request.project))))
        if meant:
            raise TerminalError(error_text(error), code="NOT_FOUND", hint=f"did you mean {meant}?") from error
        raise
    return flow, {"flow_id": flow.flow_id}


def _flow_of_id(text: str) -> tuple[FlowView, dict[str, str]]:
    from prefect.backend.flow import FlowView

    with suppress(ValueError):
        # Only a UUID can be the id of a flow or of a flow group; the id of a version group may be any text.
        found_id = str(uuid.UUID(text))
        flow = FlowView.from_id(found_id)
        return flow, {"flow_id": found_id} if found_id == flow.flow_id else {"flow_group_id": found_id}
    try:
        return FlowView.from_version_group_id(text), {"version_group_id": text}
    except ValueError as error:
        raise TerminalError(f"Failed to find flow id or flow group id matching {text!r}") from error


def _require_known_parameters(flow: FlowView, given: dict[str, Any]) -> None:
    """Refuse what the flow does not take before there is a run, which would fail for it."""
    written = flow.serialized_flow.get("parameters")
    if not isinstance(written, list):
        return  # registered by something that does not say
    known = [parameter["name"] for parameter in written]
    for name in given:
        if name not in known:
            takes = f"its parameters are {', '.join(known)}" if known else "it has none"
            raise TerminalError(
                f"The flow {flow.name!r} has no parameter {name!r}{did_you_mean(name, known)}; {takes}.",
                code="BAD_USAGE",
                hint=f"`prefect describe flows --name {flow.name!r}` shows what it takes.",
            )


# ----- creating the run


def _create(client: Client, flow: FlowView, scope: dict[str, str], request: RunRequest) -> str | None:
    """Create the run and give its id; None after an interrupt, when there is no run or it has been cancelled."""
    labels = list(request.labels)
    if request.execute:
        # A label that no agent has: the run is ours.
        labels.append(f"agentless-run-{uuid.uuid4().hex[:8]}")
    values: dict[str, Any] = {
        **(scope if request.idempotency_key else {"flow_id": flow.flow_id}),
        "parameters": request.parameters,
        "context": request.context,
        "labels": labels or None,
        "run_name": request.run_name,
        "run_config": _run_config(flow, request.log_level),
        "idempotency_key": request.idempotency_key,
        "priority": request.priority,
        "scheduled_start_time": request.start,
    }
    run_id = None
    try:
        with step(f"Creating run for flow {flow.name!r}...", quiet=request.is_quiet):
            run_id = client.create_flow_run(**values)
    except KeyboardInterrupt:
        if not request.is_quiet:
            click.secho(f"\n{_INTERRUPTED}", fg="yellow")
        if run_id is None:
            click.echo("Aborted.", err=request.output != "table")
        else:
            client.cancel_flow_run(run_id)
            click.echo("Cancelled flow run.", err=request.output != "table")
        return None
    return run_id


def _run_config(flow: FlowView, log_level: str | None) -> RunConfig | None:
    """Give the flow's run config with this log level; None, which keeps the flow's own, without one."""
    if not log_level:
        return None
    from prefect.run_configs import UniversalRun

    run_config = copy.copy(flow.run_config) if flow.run_config is not None else UniversalRun()
    run_config.env = {**(run_config.env or {}), "PREFECT__LOGGING__LEVEL": log_level.upper()}
    return run_config


def _tell_run(client: Client, run_id: str, *, quiet: bool) -> None:
    if quiet:
        click.echo(run_id)
        return
    run = _view(run_id)
    click.echo(
        render.tree(
            {
                "Name": run.name,
                "UUID": run.flow_run_id,
                "Labels": run.labels,
                "Parameters": run.parameters,
                "Context": run.context,
                "URL": client.get_cloud_url("flow-run", run_id),
            }
        )
    )


def _whole(client: Client, flow: FlowView, run_id: str) -> dict[str, Any]:
    """Give all that a program may want to know of a run."""
    from prefect.contract import operations

    run = client.ask(operations.CREATED_FLOW_RUN, id=run_id)["flow_run_by_pk"]
    return {
        **run,
        "flow": flow.name,
        "project": flow.project_name,
        "url": client.get_cloud_url("flow-run", run_id),
    }


def _view(run_id: str) -> FlowRunView:
    from prefect.backend.flow_run import FlowRunView

    return FlowRunView.from_flow_run_id(run_id)


# ----- following it


def _execute(run_id: str, request: RunRequest) -> None:
    from prefect.backend.execution import execute_in_processes
    from prefect.utilities.logging import temporary_logger_config

    if not request.is_quiet:
        click.echo("Executing flow run...")
    # The process of the flow run takes its log format from the settings, which change with it.
    level = render.NO_LOGS if request.no_logs or request.is_quiet else request.log_level
    with temporary_logger_config(level, stream_fmt=render.LOG_FORMAT, stream_datefmt=render.LOG_TIME_FORMAT):
        try:
            execute_in_processes(run_id, _start)
        except KeyboardInterrupt:
            if not request.is_quiet:
                click.secho(f"\n{_INTERRUPTED}", fg="yellow")
        except RuntimeError as error:
            raise TerminalError(str(error)) from error


def _start(environ: dict[str, str]) -> RunProcess:
    """Start the process of a run: a fork of this one, which has loaded most of what it needs, if it finds the same."""
    from prefect.backend.execution import start_interpreter
    from prefect.backend.forked import ForkedProcess, Origin
    from prefect.engine.cloud.watcher import can_fork

    origin = Origin()
    if not (GoesOnAsFlowRun.is_expected and can_fork()) or origin.needs_interpreter(environ, None):
        return start_interpreter(environ)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    pid = os.fork()
    if not pid:
        # Out of all that this command is in the middle of.
        raise GoesOnAsFlowRun(origin, environ)
    return ForkedProcess(pid)


def wait_until_taken(client: Client, run_id: str, seconds: float, *, is_told: bool) -> None:
    """Wait until an agent has taken a run.

    Args:
        seconds: so long at most behind its start time.

    Raises:
        TerminalError: none has.
    """
    from prefect.backend.watching import NotTaken, until_taken

    if is_told:
        click.echo("Waiting for an agent...")
    try:
        for line in until_taken(client, run_id, seconds):
            render.say_log(line.timestamp, line.level, line.message, err=True)
    except NotTaken as error:
        raise TerminalError(
            str(error), code="NO_AGENT_TAKES", hint=f"the run stays; `prefect why {run_id}` tells what it waits for."
        ) from error
    if is_told:
        click.echo("An agent has taken the run.")


def follow(client: Client, run_id: str, *, quiet: bool = False, no_logs: bool = False, after: int = 0) -> int:
    """Print a run's states and logs until it ends, and how it ended; give the exit code.

    Args:
        quiet: print nothing at all.
        after: the number of the event behind which to begin.
    """
    is_there = _watch(client, run_id, no_logs=no_logs, is_announced=not quiet, is_shown=not quiet, after=after)
    return _tell_outcome(run_id, quiet=quiet) if is_there else 0


def _watch(
    client: Client,
    run_id: str,
    *,
    no_logs: bool,
    is_announced: bool,
    is_shown: bool = True,
    to_stderr: bool = False,
    after: int = 0,
) -> bool:
    """Print the run's states and logs until it ends; False when the user has cancelled it meanwhile."""
    from prefect.backend.flow_run import watch_flow_run

    if is_announced:
        click.echo("Watching flow run execution...")
    events = watch_flow_run(run_id, stream_states=True, stream_logs=not no_logs, after=after)
    try:
        for event in events:
            if is_shown:
                render.say_log(event.timestamp, event.level, event.message, err=to_stderr)
    except KeyboardInterrupt:
        return not _cancelled_by_user(client, run_id)
    return True


def _cancelled_by_user(client: Client, run_id: str) -> bool:
    """Ask whether the run shall be cancelled, and do it; otherwise go on with the interrupt."""
    click.secho("\nKeyboard interrupt detected!", fg="yellow")
    try:
        wanted = click.confirm(
            "On exit, we can leave your flow run executing or cancel it.\nDo you want to cancel this flow run?",
            default=True,
        )
    except click.Abort:
        wanted = False
    if not wanted:
        click.secho("Exiting without cancelling flow run!", fg="yellow")
        raise KeyboardInterrupt
    client.cancel_flow_run(run_id)
    click.echo("Cancelled flow run.")
    return True


def _tell_outcome(run_id: str, *, quiet: bool) -> int:
    state = _final_state(run_id)
    if state.is_failed():
        text, colour, code = "Flow run failed!", "red", 1
    elif state.is_successful():
        text, colour, code = "Flow run succeeded!", "green", 0
    else:
        text, colour, code = f"Flow run is in unexpected state: {state}", "yellow", 1
    if not quiet:
        click.secho(text, fg=colour)
    return code


def _final_state(run_id: str) -> Any:
    """Read the run's state; one that has not ended yet gets three seconds to do so."""
    import time

    run = _view(run_id)
    for _ in range(_FINISH_CHECKS):
        if run.state.is_finished():
            break
        time.sleep(_FINISH_CHECK_SECONDS)
        run = run.get_latest()
    return run.state
