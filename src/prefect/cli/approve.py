"""``prefect approve``: let go on what waits for a person, or refuse it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from prefect.cli.failures import Failure
from prefect.cli.group import CONTEXT_SETTINGS
from prefect.cli.which_runs import id_of, task_runs_where

if TYPE_CHECKING:
    from prefect.client.client import Client

_MOST = 1000


@click.command(context_settings=CONTEXT_SETTINGS)
@click.argument("run", metavar="RUN")
@click.option("--task", "-t", help="Only this task: name, slug or id of its run; NAME[3] is a mapped child.")
@click.option("--refuse", is_flag=True, help="Let it fail instead.")
@click.option("--message", "-m", help="Why; it is kept with the state.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask when several tasks wait.")
def approve(run: str, task: str | None, refuse: bool, message: str | None, yes: bool) -> None:
    """Let go on what is Paused in the flow run RUN (id, beginning of an id, name, @last, @last:FLOW): tasks that wait
    for a person, or the run itself; with --refuse it fails instead.

    Exits with 1 when nothing waits.

    \b
    Examples:
      $ prefect approve @last --message "Looked at the numbers."
      $ prefect approve brave-otter --task publish --refuse
    """
    from prefect.client.client import Client
    from prefect.contract import operations

    client, run_id = Client(), id_of(run)
    found = client.ask(
        operations.PAUSED_TASK_RUNS, id=run_id, where=task_runs_where([run_id], task, ["Paused"]), limit=_MOST
    )
    if not found["flow_run"]:
        raise Failure(f"There is no flow run {run_id}.", "NOT_FOUND")
    flow_run, waiting = found["flow_run"][0], found["task_run"]
    is_paused = flow_run["state"] == "Paused"
    # What goes on is found by agents, what was refused is not: the run itself has to be taken again to see it.
    is_idle = flow_run["state"] == "Running" and refuse and not found["at_work"]
    if not waiting and not (is_paused and task is None):
        of_task = f" of a task {task!r}" if task is not None else ""
        raise Failure(f"Nothing{of_task} in {run_id} waits for approval; it is {flow_run['state']}.", "NOT_FOUND")
    if len(waiting) > 1 and not yes:
        for task_run in waiting:
            click.echo(f"  {_title(task_run)}", err=True)
        click.confirm(f"{'Refuse' if refuse else 'Approve'} these {len(waiting)} tasks?", abort=True, err=True)
    _decide(client, flow_run, waiting, message, stands_still=is_paused or is_idle, refuse=refuse)


def _decide(
    client: Client,
    flow_run: dict[str, Any],
    waiting: list[dict[str, Any]],
    message: str | None,
    *,
    stands_still: bool,
    refuse: bool,
) -> None:
    from prefect.model.state import Failed, Resume, Scheduled, State

    said = message or ("Refused by hand." if refuse else "Approved by hand.")
    deed = "refused" if refuse else "approved"
    are_all = True
    for task_run in waiting:
        state: State = Failed(message=said) if refuse else Resume(message=said)
        are_all &= _told(
            _title(task_run), deed, client.set_task_run_state, task_run["id"], state, version=task_run["version"]
        )
    if stands_still:
        # The tasks of a run that stands still go on once an agent has taken it again.
        goes_on = Scheduled(message=said) if waiting else Failed(message=said) if refuse else Resume(message=said)
        are_all &= _told(
            flow_run["id"], "set going again" if waiting else deed, client.set_flow_run_state, flow_run["id"], goes_on
        )
    if not are_all:
        sys.exit(1)


def _told(title: str, deed: str, change: Any, *arguments: Any, **options: Any) -> bool:
    from prefect.cli.failures import error_text
    from prefect.exceptions import ClientError, ServerUnreachable

    try:
        change(*arguments, **options)
    except ServerUnreachable:
        raise
    except ClientError as error:
        click.secho(f"{title} refused: {error_text(error)}", fg="red", err=True)
        return False
    click.secho(f"{title} {deed}", fg="green")
    return True


def _title(task_run: dict[str, Any]) -> str:
    place = f"[{task_run['map_index']}]" if task_run["map_index"] >= 0 else ""
    return f"{task_run['task']['name']}{place} ({task_run['id']})"
