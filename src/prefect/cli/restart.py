"""``prefect restart``: set flow runs that have ended going again."""

from __future__ import annotations

import sys
from typing import Any

import click

from prefect.cli.group import CONTEXT_SETTINGS
from prefect.cli.restarting import set_going
from prefect.cli.which_runs import Conditions, conditions


@click.command(context_settings=CONTEXT_SETTINGS)
@click.argument("runs", nargs=-1, metavar="[RUN]...")
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
@conditions
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
def restart(
    runs: tuple[str, ...],
    start_from: str,
    task_run_ids: tuple[str, ...],
    params: tuple[str, ...],
    yes: bool,
    dry_run: bool,
    **options: Any,
) -> None:
    """Set flow runs that have ended going again; what has finished in them keeps its result.

    They are named (id, beginning of an id, name, @last, @last:FLOW), or are all that the conditions find, after showing
    how many they are. Exits with 1 when one of them was refused, or none was found.

    \b
    Examples:
      $ prefect restart 7c1f2f5e-8a0b-4f4e-9a53-3c1c0d7f4d1e
      $ prefect restart @last --from start --param day=2026-11-27
      $ prefect restart --where state=Failed --flow hello-world --since 2h
    """
    from uuid import UUID

    for given in task_run_ids:
        try:
            UUID(given)
        except ValueError:
            raise click.BadParameter(f"expected the id of a task run, got {given!r}") from None
    _, are_all = set_going(
        runs,
        Conditions(**options),
        start_from,
        task_run_ids=task_run_ids,
        params=params,
        is_sure=yes,
        is_trial=dry_run,
    )
    if not are_all:
        sys.exit(1)
