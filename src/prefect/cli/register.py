"""``prefect register``: register flows in a project, skipping those that have not changed."""

from __future__ import annotations

from typing import Any

import click

from prefect.cli import building
from prefect.cli.group import CONTEXT_SETTINGS

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
def register(ctx: click.Context, /, watch: bool, **options: Any) -> None:
    """Register flows in a project.

    A flow whose metadata has not changed is skipped: registering it again would only count its version up.
    """
    if not options["project"]:
        raise click.ClickException("Missing required option '--project'")
    if not (options["paths"] or options["modules"] or options["jsons"]):
        raise click.UsageError("Nothing to register: give --path, --module or --json.")
    from prefect.cli.registering import Registration, register_once

    registration = Registration(**options)
    if watch:
        from prefect.cli.register_watch import register_changes

        register_changes(registration)
    else:
        ctx.exit(register_once(registration, building.expand_paths(registration.paths)))
