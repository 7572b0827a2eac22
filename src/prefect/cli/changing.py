"""Changes of flow runs that a person asks for: of named runs at once; of all that a filter finds after a look at them.

Ends with 0 when every run was changed, with 1 when one was refused, none was found, or the person said no.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol

import click

from prefect.cli.which_runs import Conditions, brief, conditions, ids_of, where_of

__all__ = ["ChangeRuns", "change_runs", "look", "selecting", "wanted"]

#: Runs that are named one by one in what is told.
_NAMED = 20


class ChangeRuns(Protocol):
    """One of the client's changes of all runs that a filter finds."""

    def __call__(
        self,
        where: dict[str, Any],
        *,
        created_before: datetime | str | None = None,
        dry_run: bool = False,
        progress: Callable[[int], object] | None = None,
    ) -> dict[str, Any]: ...


def selecting(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add what says which runs are meant, and how sure the caller is."""
    for add in (
        click.option("--dry-run", is_flag=True, help="Only count the runs and show five of them."),
        click.option("--yes", "-y", is_flag=True, help="Do not ask."),
        conditions,
        click.argument("runs", nargs=-1, metavar="[RUN]..."),
    ):
        command = add(command)
    return command


def change_runs(change: ChangeRuns, words: tuple[str, str], runs: tuple[str, ...], **options: Any) -> None:
    """Change the runs that the options of :func:`selecting` name.

    Args:
        words: what is done and what has been done to a run, such as ``cancel`` and ``cancelled``.
    """
    deed, done = words
    is_sure, is_trial = options.pop("yes"), options.pop("dry_run")
    where = wanted(runs, Conditions(**options))
    frozen: dict[str, Any] = {}
    if is_trial or not runs:
        found = change(where, dry_run=True)
        look(found, deed, is_trial=is_trial, is_sure=is_sure)
        if is_trial:
            return
        frozen = {"created_before": found["created_before"]}
        if found["count"] > _NAMED:
            frozen["progress"] = lambda handled: click.echo(f"{handled:,} of {found['count']:,}", err=True)
    told = change(where, **frozen)
    if runs:
        handled = {*told["changed"], *(one["flow_run_id"] for one in told["refused"])}
        gone = {"code": "NOT_FOUND", "reason": "There is no such flow run."}
        told["refused"] += [{"flow_run_id": one, **gone} for one in where["id"]["_in"] if one not in handled]
    _tell(told, done)


def wanted(runs: tuple[str, ...], given: Conditions) -> dict[str, Any]:
    """Give the filter of the named runs, or of the conditions."""
    if bool(runs) == bool(given):
        raise click.UsageError("Name runs, or give conditions such as --where state=Failed: one of the two.")
    return {"id": {"_in": ids_of(runs)}} if runs else where_of(given)


def look(found: dict[str, Any], deed: str, *, is_trial: bool, is_sure: bool) -> None:
    """Show what was found and ask whether it is meant; ends the command when it is not, or when there is nothing.

    Args:
        is_trial: nobody is asked, and what is shown is what the command was for.
        is_sure: nobody is asked.
    """
    _show(found, deed, is_trial)
    if not found["count"]:
        sys.exit(1)
    if not (is_trial or is_sure):
        click.confirm(f"{deed[0].upper()}{deed[1:]} {_runs(found['count'])}?", abort=True, err=True)


def _show(found: dict[str, Any], deed: str, is_trial: bool) -> None:
    states = ", ".join(f"{number:,} {state}" for state, number in found["states"].items())
    click.echo(f"{_runs(found['count'])} to {deed}{f': {states}' if states else ''}", err=not is_trial)
    for run in found["examples"]:
        click.echo(f"  {brief(run)}", err=not is_trial)
    if found["count"] > len(found["examples"]):
        click.echo(f"  and {found['count'] - len(found['examples']):,} more", err=not is_trial)


def _tell(told: dict[str, Any], done: str) -> None:
    changed, refused = told["changed"], told["refused"]
    for run_id in changed if len(changed) <= _NAMED else ():
        click.secho(f"{run_id} {done}", fg="green")
    if len(changed) > _NAMED:
        click.secho(f"{_runs(len(changed))} {done}", fg="green")
    for one in refused[:_NAMED]:
        click.secho(f"{one['flow_run_id']} refused: {one['reason']}", fg="red", err=True)
    if len(refused) > _NAMED:
        click.secho(f"and {_runs(len(refused) - _NAMED)} more refused", fg="red", err=True)
    if not changed and not refused:
        click.secho("No run was found any more.", fg="red", err=True)
    if refused or not changed:
        sys.exit(1)


def _runs(number: int) -> str:
    return f"{number:,} flow run{'' if number == 1 else 's'}"
