"""Setting flow runs that have ended going again: what ``restart`` and ``retry`` share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import click

from prefect.cli.changing import look, wanted
from prefect.cli.failures import Failure
from prefect.cli.which_runs import Conditions, task_runs_where

__all__ = ["set_going"]

#: Runs that one request may name, and task runs.
_MOST = 1000


def set_going(
    runs: tuple[str, ...],
    given: Conditions,
    begin: str,
    *,
    task_run_ids: Sequence[str] = (),
    task: str | None = None,
    params: Iterable[str] = (),
    deed: str = "restart",
    is_sure: bool = False,
    is_trial: bool = False,
) -> tuple[list[str], bool]:
    """Set runs going again that are named, or that conditions find and the person means; tell of each.

    Args:
        begin: ``failed``, ``start`` or ``task``: what is run again, with all that comes after it.
        task_run_ids: of ``task``.
        task: instead of them the name or slug of a task, ``NAME[3]`` for one child of a map.
        params: ``key=value`` items that replace parameters of the runs.
        deed: what the command is called.

    Returns:
        The ids of the runs that go again, and whether they are all.
    """
    from prefect.cli import key_values
    from prefect.client.client import Client

    parameters = key_values.parse(params, "parameter") or None
    where = wanted(runs, given)
    ids = where["id"]["_in"] if runs else _found(where, deed, is_trial=is_trial, is_sure=is_sure)
    if task is not None:
        task_run_ids = _task_runs(ids, task)
    answers = Client().restart_flow_runs(ids, begin, task_run_ids or None, parameters=parameters, dry_run=is_trial)
    restarted = []
    for answer in answers:
        if answer["restarted"]:
            restarted.append(answer["flow_run_id"])
            word = "would be restarted" if is_trial else "restarted"
            click.secho(f"{answer['flow_run_id']} {word}, {answer['task_runs']} task runs run again", fg="green")
        else:
            click.secho(f"{answer['flow_run_id']} refused: {answer['reason']}", fg="red", err=True)
    return restarted, len(restarted) == len(answers)


def _found(where: dict[str, Any], deed: str, *, is_trial: bool, is_sure: bool) -> list[str]:
    """Give the ids of the runs that a filter finds, if the person means them."""
    from prefect.client.client import Client
    from prefect.contract import operations

    order = [{"created": "asc"}, {"id": "asc"}]
    rows = Client().ask(operations.LIST_FLOW_RUNS, where=where, order_by=order, limit=_MOST + 1)["flow_run"]
    if len(rows) > _MOST:
        raise click.ClickException(f"These are more than {_MOST:,} flow runs: narrow them down.")
    found = {"count": len(rows), "states": Counter(row["state"] for row in rows), "examples": rows[:5]}
    look(found, deed, is_trial=is_trial, is_sure=is_sure)
    return [row["id"] for row in rows]


def _task_runs(ids: list[str], task: str) -> list[str]:
    from prefect.client.client import Client
    from prefect.contract import operations

    where = task_runs_where(ids, task)
    found = Client().ask(operations.LIST_TASK_RUNS, where=where, limit=_MOST + 1)["task_run"]
    if not found:
        raise Failure(f"There is no task run of a task {task!r} in {'it' if len(ids) == 1 else 'them'}.", "NOT_FOUND")
    if len(found) > _MOST:
        raise click.ClickException(f"These are more than {_MOST:,} task runs: name one child, such as {task}[3].")
    return [row["id"] for row in found]
