"""``prefect retry``: run again what failed in flow runs."""

from __future__ import annotations

import sys
from typing import Any

import click

from prefect.cli.changing import selecting
from prefect.cli.group import CONTEXT_SETTINGS
from prefect.cli.restarting import set_going
from prefect.cli.which_runs import Conditions, id_of


@click.command(context_settings=CONTEXT_SETTINGS)
@selecting
@click.option("--from-start", is_flag=True, help="Run all tasks again, not only those that failed.")
@click.option(
    "--from-task", "-t", help="Run this task again and all after it: name or slug; NAME[3] is a mapped child."
)
@click.option("-p", "--param", "params", multiple=True, help="A parameter that replaces the run's own, as key=value.")
@click.option("--watch", "-w", is_flag=True, help="Follow the run to its end; the exit code tells how it ended.")
def retry(
    runs: tuple[str, ...],
    from_start: bool,
    from_task: str | None,
    params: tuple[str, ...],
    watch: bool,
    yes: bool,
    dry_run: bool,
    **options: Any,
) -> None:
    """Run again what failed in flow runs that have ended, and all that comes after it: in those that are named (id,
    beginning of an id, name, @last, @last:FLOW), or in all that the conditions find, after showing how many they are.

    What has finished keeps its result, also when --param gives another value: --from-start runs it again. Exits with 1
    when one of them was refused, or none was found.

    \b
    Examples:
      $ prefect retry @last --watch
      $ prefect retry brave-otter --from-start --param day=2026-11-27
      $ prefect retry --where state=Failed --flow hello-world --since 2h
    """
    if from_start and from_task is not None:
        raise click.UsageError("Give --from-start or --from-task: one of the two.")
    if watch and (len(runs) != 1 or dry_run):
        raise click.UsageError("--watch follows one run that is named.")
    seen = 0
    if watch:
        from prefect.backend.watching import RunEvents
        from prefect.cli.run_backend import follow
        from prefect.client.client import Client

        runs = (id_of(runs[0]),)
        seen = RunEvents(Client(), runs[0]).skip()
    begin = "start" if from_start else "failed" if from_task is None else "task"
    restarted, are_all = set_going(
        runs,
        Conditions(**options),
        begin,
        task=from_task,
        params=params,
        deed="retry",
        is_sure=yes,
        is_trial=dry_run,
    )
    if not are_all:
        sys.exit(1)
    if watch:
        sys.exit(follow(Client(), restarted[0], after=seen))
