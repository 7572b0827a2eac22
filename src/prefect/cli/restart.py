"""``prefect restart``: set flow runs that have ended going again."""

from __future__ import annotations

import sys
from collections import Counter
from typing import Any

import click

from prefect.cli.changing import look, wanted
from prefect.cli.group import CONTEXT_SETTINGS
from prefect.cli.which_runs import Conditions, conditions

#: Runs that one request may name.
_MOST_RUNS = 1000


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

    from prefect.cli import key_values
    from prefect.client.client import Client

    for given in task_run_ids:
        try:
            UUID(given)
        except ValueError:
            raise click.BadParameter(f"expected the id of a task run, got {given!r}") from None
    parameters = key_values.parse(params, "parameter") or None
    where = wanted(runs, Conditions(**options))
    ids = where["id"]["_in"] if runs else _found(where, dry_run=dry_run, is_sure=yes)
    answers = Client().restart_flow_runs(ids, start_from, task_run_ids or None, parameters=parameters, dry_run=dry_run)
    for answer in answers:
        if answer["restarted"]:
            word = "would be restarted" if dry_run else "restarted"
            click.secho(f"{answer['flow_run_id']} {word}, {answer['task_runs']} task runs run again", fg="green")
        else:
            click.secho(f"{answer['flow_run_id']} refused: {answer['reason']}", fg="red", err=True)
    if not all(answer["restarted"] for answer in answers):
        sys.exit(1)


def _found(where: dict[str, Any], *, dry_run: bool, is_sure: bool) -> list[str]:
    """Give the ids of the runs that a filter finds, if the person means them."""
    from prefect.client.client import Client
    from prefect.contract import operations

    order = [{"created": "asc"}, {"id": "asc"}]
    rows = Client().ask(operations.LIST_FLOW_RUNS, where=where, order_by=order, limit=_MOST_RUNS + 1)["flow_run"]
    if len(rows) > _MOST_RUNS:
        raise click.ClickException(f"These are more than {_MOST_RUNS:,} flow runs: narrow them down.")
    found = {"count": len(rows), "states": Counter(row["state"] for row in rows), "examples": rows[:5]}
    look(found, "restart", is_trial=dry_run, is_sure=is_sure)
    return [row["id"] for row in rows]
