"""``prefect run``: run a flow here, or create a run of a registered one; then leave, watch, or execute it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from prefect._lazy import lazy
from prefect.cli import key_values
from prefect.cli.group import CONTEXT_SETTINGS
from prefect.cli.output import format_option
from prefect.contract import limits

if TYPE_CHECKING:
    from prefect.cli.run_request import RunRequest

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

LOOKUP_HELP = """\
Look up a flow to run with one of the following option combinations:
    --id
    --name
    --project and --name
    --path (and --name if there are multiple flows in the script)
    --module (and --name if there are multiple flows in the module)

See `prefect run --help` for more details on the options.
"""

EPILOG = """\
\b
Examples:
  $ prefect run --path flow.py                          here, without a backend
  $ prefect run --module prefect.hello_world --param name=Marvin
  $ prefect run --name hello-world --watch              by an agent; follow it to its end
  $ prefect run --name hello-world --label a --label b  by an agent with these labels
  $ prefect run --id 9a1cd70c-37d7-4cd4-ab91-d41c2700300d --param 'a param with space=2'
  $ prefect run --name hello-world --execute            a backend run, in this process
  $ prefect run --name hello-world --start 'in 10 minutes' --json
  $ prefect run --name hello-world --quiet | xargs prefect get logs --id
"""


@click.command(context_settings=CONTEXT_SETTINGS, epilog=EPILOG)
@click.pass_context
@click.option(
    "--id",
    "-i",
    "flow_or_group_id",
    help="Id of a flow, flow group or version group; of a group, the newest version runs.",
)
@click.option("--project", help="Project of the registered flow; needs --name.")
@click.option("--path", "-p", help="Python file with the flow: runs it here.")
@click.option("--module", "-m", help="Module with the flow, or dotted path to the flow: runs it here.")
@click.option("--name", "-n", help="Name of the registered flow, or of one of several in the file or module.")
@click.option("--label", "labels", multiple=True, help="Label of the run; without any, those of the flow. Repeatable.")
@click.option("--run-name", help="Name of the run.")
@click.option("--context", "contexts", multiple=True, help="key=value for the run's context; JSON or text. Repeatable.")
@click.option("--param", "params", multiple=True, help="key=value of a parameter; JSON or text. Repeatable.")
@click.option("--log-level", type=click.Choice(LEVELS, case_sensitive=False), help="Level of the run's logs.")
@click.option("--param-file", help="JSON file of parameters; --param wins over it.")
@click.option("--idempotency-key", help="The same key for the same flow gives the same run, never a second one.")
@click.option(
    "--priority",
    type=click.IntRange(limits.LOWEST_PRIORITY, limits.HIGHEST_PRIORITY),
    help="Whose turn it is among the runs that are due: 1 comes first, -1 last; that of the flow, or 0, by default.",
)
@click.option(
    "--start", help="When it starts: 'in 10 minutes', 2h, or a time (UTC unless it says); now, unless it is given."
)
@click.option(
    "--wait-for-agent",
    is_flag=False,
    flag_value="10m",
    metavar="[TIME]",
    help="Wait until an agent has taken the run, so long at most after its start (10m unless it is given).",
)
@click.option("--execute", is_flag=True, help="Execute the run here, without an agent; Failed if this process dies.")
@click.option("--schedule", "-s", is_flag=True, help="Follow the flow's schedule (only with --path or --module).")
@click.option("--quiet", "-q", is_flag=True, help="Print nothing but the id of the run.")
@click.option("--no-logs", is_flag=True, help="Leave the run's logs out; --watch still shows its states.")
@click.option("--watch", "-w", is_flag=True, help="Follow the run to its end; the exit code tells how it ended.")
@click.option("--json", "is_json", is_flag=True, help="The same as --output json.")
@format_option()
def run(ctx: click.Context, /, is_json: bool, **options: Any) -> None:
    """Run a flow: a file or module here, a registered one with the backend."""
    _require_one_lookup(**{key: options[key] for key in ("flow_or_group_id", "project", "path", "module", "name")})
    from prefect.cli.run_request import RunRequest

    context = key_values.parse(options.pop("contexts"), "context")
    if is_json:
        options["output"] = "json"
    is_for_program = options["output"] != "table"
    parameters = _parameters(options.pop("params"), options.pop("param_file"), is_for_program=is_for_program)
    _read_times(options)
    request = RunRequest(context=context, parameters=parameters, **options)
    if request.execute and request.wait_for_agent is not None:
        raise click.UsageError("--execute needs no agent to wait for: leave out --wait-for-agent.")
    if request.is_local:
        _require_nothing_of_a_backend(request)
        from prefect.cli.run_local import run_here

        ctx.exit(run_here(request))
    if request.schedule:
        raise click.ClickException("`--schedule` can only be specified for local flow runs")
    from prefect.cli.run_backend import run_with_backend

    ctx.exit(run_with_backend(request))


def _require_one_lookup(
    flow_or_group_id: str | None, project: str | None, path: str | None, module: str | None, name: str | None
) -> None:
    lookups = {"--id": flow_or_group_id, "--project": project, "--path": path, "--module": module}
    given = [option for option, value in lookups.items() if value]
    if not given and not name:
        raise click.ClickException(f"Received no options to look up the flow.\n\n{LOOKUP_HELP}")
    if flow_or_group_id and name:
        raise click.ClickException(
            "Received too many options to look up the flow; cannot specifiy both `--name` and `--id`\n\n" + LOOKUP_HELP
        )
    if len(given) > 1:
        raise click.ClickException(
            f"Received too many options to look up the flow: {', '.join(given)}\n\n{LOOKUP_HELP}"
        )


def _read_times(options: dict[str, Any]) -> None:
    """Put times in place of the texts of ``start`` and ``wait_for_agent``."""
    from datetime import UTC, datetime

    from prefect.cli.times import duration, start_time

    if options["start"] is not None:
        options["start"] = start_time(options["start"], datetime.now(UTC), "--start")
    if options["wait_for_agent"] is not None:
        options["wait_for_agent"] = duration(options["wait_for_agent"], "--wait-for-agent").total_seconds()


def _require_nothing_of_a_backend(request: RunRequest) -> None:
    of_a_backend = {
        "--start": request.start is not None,
        "--wait-for-agent": request.wait_for_agent is not None,
        "--output": request.output != "table",
    }
    for option, is_given in of_a_backend.items():
        if is_given:
            raise click.UsageError(f"{option} is for runs of a registered flow; --path and --module run it here.")


def _parameters(items: tuple[str, ...], path: str | None, *, is_for_program: bool) -> dict[str, Any]:
    from_file = key_values.read_file(path) if path else {}
    given = key_values.parse(items, "parameter")
    in_both = set(given) & set(from_file)
    if in_both:
        listed = "{" + ", ".join(map(repr, sorted(in_both))) + "}"
        text = f"The following parameters were specified by file and CLI, the CLI value will be used: {listed}"
        click.echo(text, err=is_for_program)
    return from_file | given


if not TYPE_CHECKING:  # names that are looked for here, because this module of 1.x had them too
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "Client": "prefect.client.client",
            "FlowRunView": "prefect.backend.flow_run_view",
            "FlowView": "prefect.backend.flow",
            "prefect": "prefect:",
        },
    )
