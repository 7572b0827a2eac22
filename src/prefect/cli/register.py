"""``prefect register``: register flows in a project, skipping those that have not changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from prefect.cli import building
from prefect.cli.failures import TerminalError
from prefect.cli.group import CONTEXT_SETTINGS

if TYPE_CHECKING:
    from prefect.client.client import Client

EPILOG = """\
\b
Examples:
  $ prefect register --project demo --path flow.py
  $ prefect register --project demo --path flows/ --name etl
  $ prefect register --project demo --path "flows/**/*.py" --watch
  $ prefect register --project demo --module prefect.hello_world
  $ prefect register --project demo --json flows.json   as `prefect build` wrote it; a URL too
  $ prefect register --project demo --path flow.py --no-schedule
"""


@dataclass(frozen=True)
class Registration:
    """What to register where."""

    project: str
    paths: tuple[str, ...]
    modules: tuple[str, ...]
    jsons: tuple[str, ...]
    names: tuple[str, ...]
    labels: tuple[str, ...]
    force: bool
    schedule: bool


@click.command(context_settings=CONTEXT_SETTINGS, epilog=EPILOG)
@click.pass_context
@click.option("--project", help="Project to register in. Required.")
@click.option("--path", "-p", "paths", multiple=True, help="File, folder (its *.py) or glob with flows. Repeatable.")
@click.option("--module", "-m", "modules", multiple=True, help="Module with flows, or path to one. Repeatable.")
@click.option("--json", "-j", "jsons", multiple=True, help="File or URL that `prefect build` wrote. Repeatable.")
@click.option("--name", "-n", "names", multiple=True, help="Only the flow of this name. Repeatable.")
@click.option("--label", "-l", "labels", multiple=True, help="Label to add to every flow. Repeatable.")
@click.option("--force", "-f", is_flag=True, help="Make a new version also of a flow that has not changed.")
@click.option("--watch", is_flag=True, help="Go on, and register again what changes.")
@click.option("--schedule/--no-schedule", default=True, help="Create runs by the flow's schedule, or not (yet).")
def register(ctx: click.Context, watch: bool, **options: Any) -> None:
    """Register flows in a project.

    A flow whose metadata has not changed is skipped: registering it again would only count its version up.
    """
    if not options["project"]:
        raise click.ClickException("Missing required option '--project'")
    registration = Registration(**options)
    if watch:
        from prefect.cli.register_watch import register_changes

        register_changes(registration)
    else:
        ctx.exit(register_once(registration, building.expand_paths(registration.paths)))


def register_once(
    registration: Registration,
    files: Sequence[str],
    modules: Sequence[str] | None = None,
    jsons: Sequence[str] | None = None,
) -> int:
    """Register the flows of these sources; give the exit code.

    Args:
        modules: absent means those of the registration; ``jsons`` likewise.
    """
    from prefect.client.client import Client

    client = Client()
    project_id = _project_id(client, registration.project)
    click.echo("Collecting flows...")
    collected = building.collect(
        files,
        registration.modules if modules is None else modules,
        registration.jsons if jsons is None else jsons,
        registration.names,
    )
    outcomes: list[building.Outcome] = []
    for source in collected:
        building.prepare(source, registration.labels)
        outcomes += building.process(
            source, "Registering", lambda flow: _register_flow(client, project_id, flow, registration)
        )
    return building.tell_totals(outcomes, "registered")


def _project_id(client: Client, name: str) -> str:
    from prefect.contract import operations

    found = client.ask(operations.PROJECT_OF_NAME, name=name)["project"]
    if not found:
        raise TerminalError(f"Project {name!r} does not exist")
    return found[0]["id"]


def _register_flow(
    client: Client, project_id: str, serialized: dict[str, Any], registration: Registration
) -> building.Outcome:
    from prefect.contract import operations
    from prefect.utilities.graphql import compress

    newest = client.ask(operations.NEWEST_FLOW_OF_PROJECT, name=serialized["name"], project_id=project_id)["flow"]
    values = {
        "project_id": project_id,
        "serialized_flow": compress(serialized),
        "set_schedule_active": registration.schedule,
    }
    if not registration.force:
        values["idempotency_key"] = hashlib.sha256(json.dumps(serialized, sort_keys=True).encode()).hexdigest()
    flow_id = client.change(operations.CREATE_FLOW_COMPRESSED, values, retry_on_api_error=False)["id"]
    if newest and newest[0]["id"] == flow_id:
        click.secho(" Skipped (metadata unchanged)", fg="yellow")
        return building.Outcome.SKIPPED
    click.secho(" Done", fg="green")
    click.echo(f"  └── ID: {flow_id}")
    click.echo(f"  └── Version: {newest[0]['version'] + 1 if newest else 1}")
    return building.Outcome.DONE
