"""``prefect restart``: set flow runs that have ended going again."""

from __future__ import annotations

import sys

import click

from prefect.cli.group import CONTEXT_SETTINGS


@click.command(context_settings=CONTEXT_SETTINGS)
@click.argument("flow_run_ids", nargs=-1, required=True)
@click.option(
    "--from",
    "start_from",
    type=click.Choice(["failed", "start", "task"]),
    default="failed",
    help="What is run again: task runs that failed (the default), all of them, or those named by --task-run; and "
    "whatever comes after them.",
)
@click.option("--task-run", "task_run_ids", multiple=True, help="Id of a task run to begin from, with --from task.")
@click.option("-p", "--param", "params", multiple=True, help="A parameter that replaces the run's own, as key=value.")
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
def restart(
    flow_run_ids: tuple[str, ...],
    start_from: str,
    task_run_ids: tuple[str, ...],
    params: tuple[str, ...],
    dry_run: bool,
) -> None:
    """Set flow runs that have ended going again; what has finished in them keeps its result.

    Exits with 1 when one of them was refused.

    \b
    Examples:
      $ prefect restart 7c1f2f5e-8a0b-4f4e-9a53-3c1c0d7f4d1e
      $ prefect restart 7c1f2f5e-8a0b-4f4e-9a53-3c1c0d7f4d1e --from start --param day=2026-11-27
    """
    from uuid import UUID

    from prefect.cli import key_values
    from prefect.client.client import Client

    for given in (*flow_run_ids, *task_run_ids):
        try:
            UUID(given)
        except ValueError:
            raise click.BadParameter(f"expected the id of a run, got {given!r}") from None
    answers = Client().restart_flow_runs(
        flow_run_ids,
        start_from,
        task_run_ids or None,
        parameters=key_values.parse(params, "parameter") or None,
        dry_run=dry_run,
    )
    for answer in answers:
        if answer["restarted"]:
            word = "would be restarted" if dry_run else "restarted"
            click.secho(f"{answer['flow_run_id']} {word}, {answer['task_runs']} task runs run again", fg="green")
        else:
            click.secho(f"{answer['flow_run_id']} refused: {answer['reason']}", fg="red", err=True)
    if not all(answer["restarted"] for answer in answers):
        sys.exit(1)
