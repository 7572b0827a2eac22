"""``prefect build``: build flows and write their metadata to a file that ``prefect register --json`` takes."""

from __future__ import annotations

import json
import os
from typing import Any

import click

from prefect.cli import building
from prefect.cli.failures import TerminalError
from prefect.cli.group import CONTEXT_SETTINGS
from prefect.utilities.filesystems import as_protected_as

EPILOG = """\
\b
Examples:
  $ prefect build --path flow.py                        all flows of a file
  $ prefect build --path "flows/**/*.py" --output all.json
  $ prefect build --module mypackage.flows --name etl --update
"""


@click.command(context_settings=CONTEXT_SETTINGS, epilog=EPILOG)
@click.pass_context
@click.option("--path", "-p", "paths", multiple=True, help="File, folder (its *.py) or glob with flows. Repeatable.")
@click.option("--module", "-m", "modules", multiple=True, help="Module with flows, or path to one. Repeatable.")
@click.option("--name", "-n", "names", multiple=True, help="Only the flow of this name. Repeatable.")
@click.option("--label", "-l", "labels", multiple=True, help="Label to add to every flow. Repeatable.")
@click.option("--output", "-o", default="flows.json", show_default=True, help="File to write.")
@click.option("--update", "-u", is_flag=True, help="Keep the other flows of a file that exists.")
def build(
    ctx: click.Context,
    paths: tuple[str, ...],
    modules: tuple[str, ...],
    names: tuple[str, ...],
    labels: tuple[str, ...],
    output: str,
    update: bool,
) -> None:
    """Build flows, to be registered later.

    Writes their metadata to a JSON file; `prefect register --json` registers what is in it without building again.
    """
    if not paths and not modules:
        raise click.UsageError("Nothing to build: give --path or --module.")
    files = building.expand_paths(paths)
    kept = _flows_of_file(output) if update and os.path.exists(output) else {}
    click.echo("Collecting flows...")
    built: dict[str, dict[str, Any]] = {}
    outcomes: list[building.Outcome] = []

    def finish(serialized: dict[str, Any]) -> building.Outcome:
        built[serialized["name"]] = serialized
        click.secho(" Done", fg="green")
        return building.Outcome.DONE

    for source in building.collect(files, modules, names=names):
        building.prepare(source, labels)
        outcomes += building.process(source, "Building", finish)
    click.echo(f"Writing output to {output!r}")
    _write(output, list((kept | built).values()))
    ctx.exit(building.tell_totals(outcomes, "built"))


def _flows_of_file(path: str) -> dict[str, dict[str, Any]]:
    return {flow["name"]: flow for flow in building.read_built(path)}


def _write(path: str, flows: list[dict[str, Any]]) -> None:
    """Replace the file at once, so that a reader never sees half of it."""
    text = json.dumps({"version": building.FILE_VERSION, "flows": flows}, sort_keys=True)
    partial = f"{path}.{os.getpid()}.partial"
    try:
        with open(partial, "w", encoding="utf-8", opener=as_protected_as(path)) as file:
            file.write(text)
        os.replace(partial, path)
    except OSError as error:
        raise TerminalError(f"Cannot write {path!r}: {error.strerror}") from error
