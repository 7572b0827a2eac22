"""``prefect get``: lists of flows, projects, flow runs, tasks and logs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import click

from prefect._lazy import lazy
from prefect.cli import render
from prefect.cli.group import CONTEXT_SETTINGS, Group
from prefect.cli.which_runs import Conditions, conditions, duration, moment, where_of

DEFAULT_LIMIT = 10
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
FILE_FORMATS = ("txt", "jsonl", "csv")


@click.group(cls=Group, context_settings=CONTEXT_SETTINGS)
def get() -> None:
    """List flows, flow runs, projects, tasks or logs.

    \b
    Examples:
      $ prefect get flows --project demo --all-versions
      $ prefect get flow-runs --flow hello-world --started
      $ prefect get tasks --flow-name hello-world
      $ prefect get logs --id 9a1cd70c-37d7-4cd4-ab91-d41c2700300d
    """


def _ask(document: str, **variables: Any) -> dict[str, Any]:
    from prefect.client.client import Client

    return Client().ask(document, **variables)


@get.command(context_settings=CONTEXT_SETTINGS)
@click.option("--name", "-n", help="Only flows of this name.")
@click.option("--version", "-v", type=int, help="Only this version.")
@click.option("--project", "-p", help="Only flows of this project.")
@click.option("--limit", "-l", default=DEFAULT_LIMIT, show_default=True, help="At most this many.")
@click.option("--all-versions", is_flag=True, help="All versions, not only the newest of each flow.")
def flows(name: str | None, version: int | None, project: str | None, limit: int, all_versions: bool) -> None:
    """List flows."""
    from prefect.contract import operations

    found = _ask(
        operations.LIST_FLOWS,
        name=name,
        version=version,
        project=project,
        limit=limit,
        # A version that was asked for must not be hidden by a newer one.
        distinct_on=None if all_versions or version is not None else ["name"],
    )["flow"]
    rows = [
        (flow["name"], flow["version"], render.age(flow["created"]), flow["id"], _name(flow["project"]))
        for flow in found
    ]
    click.echo(render.table(rows, ["NAME", "VERSION", "AGE", "ID", "PROJECT NAME"]))


@get.command(context_settings=CONTEXT_SETTINGS)
@click.option("--name", "-n", help="Only the project of this name.")
def projects(name: str | None) -> None:
    """List projects."""
    from prefect.contract import operations

    rows = [
        (
            project["name"],
            project["flows_aggregate"]["aggregate"]["count"],
            render.age(project["created"]),
            project["description"],
        )
        for project in _ask(operations.LIST_PROJECTS, name=name)["project"]
    ]
    click.echo(render.table(rows, ["NAME", "FLOW COUNT", "AGE", "DESCRIPTION"]))


@get.command("flow-runs", context_settings=CONTEXT_SETTINGS)
@click.option("--limit", "-l", default=DEFAULT_LIMIT, show_default=True, help="At most this many.")
@partial(conditions, project=("--project", "-p"))
@click.option("--started", "-s", is_flag=True, help="Only runs that have started, by their start.")
@click.option("--counts", is_flag=True, help="How many runs there are in each state, instead of the runs.")
@click.option("--by", type=click.Choice(["state", "flow", "project"]), multiple=True, help="Count them by this too.")
@click.option("--per", help="How many runs were due in each stretch of this length (1h, 1d), instead of the runs.")
def flow_runs(
    limit: int, started: bool, counts: bool, by: tuple[str, ...], per: str | None, since: str | None, **options: Any
) -> None:
    """List flow runs, the newest first, or count them.

    \b
    Examples:
      $ prefect get flow-runs --flow hello-world --state Failed --since 2h
      $ prefect get flow-runs --counts --by flow --by state
      $ prefect get flow-runs --per 1h --since 1d
    """
    from prefect.contract import operations

    if per is not None:
        _print_history(per, since or "1d", Conditions(**options), is_started=started)
        return
    given = Conditions(since=since, **options)
    where = where_of(given) if given else {}
    order_by = {"created": "desc"}
    if started:
        where = {"_and": [where, {"start_time": {"_is_null": False}}]}
        order_by = {"start_time": "desc"}
    if counts or by:
        _print_counts(by or ("state",), where)
        return
    found = _ask(operations.LIST_FLOW_RUNS, where=where, order_by=[order_by], limit=limit)["flow_run"]
    rows = [
        (
            run["name"],
            _name(run["flow"]),
            run["state"],
            render.age(run["created"]),
            render.plain_time(run["start_time"]),
            run["id"],
        )
        for run in found
    ]
    click.echo(render.table(rows, ["NAME", "FLOW NAME", "STATE", "AGE", "START TIME", "ID"]))


_COUNTED = {"state": "state", "flow": "flow_group_id", "project": "project_id"}


def _print_counts(by: tuple[str, ...], where: dict[str, Any]) -> None:
    from prefect.client.client import Client
    from prefect.contract import operations

    groups = Client().flow_run_counts(where, [_COUNTED[key] for key in by])
    names: dict[str, str] = {}
    if "flow" in by:
        ids = list({group["flow_group_id"] for group in groups if group["flow_group_id"]})
        found = _ask(operations.NAMES_OF_FLOW_GROUPS, ids=ids)["flow"]
        names |= {flow["flow_group_id"]: flow["name"] for flow in found}
    if "project" in by:
        ids = list({group["project_id"] for group in groups if group["project_id"]})
        names |= {project["id"]: project["name"] for project in _ask(operations.NAMES_OF_PROJECTS, ids=ids)["project"]}
    rows = [
        (*(names.get(group[_COUNTED[key]], group[_COUNTED[key]]) for key in by), group["count"]) for group in groups
    ]
    click.echo(render.table(rows, [*(key.upper() for key in by), "COUNT"]))


def _print_history(per: str, since: str, given: Conditions, *, is_started: bool) -> None:
    """Print how many runs were due, or have started, in each stretch of time until now."""
    from datetime import UTC, datetime

    from prefect.client.client import Client

    now = datetime.now(UTC)
    seconds = int(duration(per, "--per").total_seconds())
    if not seconds:
        raise click.BadParameter("expected a length of time such as 1h", param_hint="--per")
    # Whole hours and days (UTC) rather than such as begin at this very second.
    first = datetime.fromisoformat(moment(since, now, "--since")).timestamp()
    begin = datetime.fromtimestamp(first - first % seconds, UTC)
    buckets = Client().flow_run_history(
        begin,
        now,
        seconds,
        where_of(given, now) if given else None,
        time="start_time" if is_started else "scheduled_start_time",
    )
    states = list(dict.fromkeys(state for bucket in buckets for state in bucket["counts"]))
    rows = [
        (
            render.plain_time(bucket["time"]),
            bucket["total"],
            *(bucket["counts"].get(state, "") for state in states),
        )
        for bucket in buckets
    ]
    click.echo(render.table(rows, ["TIME (UTC)", "TOTAL", *(state.upper() for state in states)]))


@get.command(context_settings=CONTEXT_SETTINGS)
@click.option("--name", "-n", help="Only tasks of this name.")
@click.option("--flow-name", "-fn", help="Only tasks of the flow of this name.")
@click.option("--flow-version", "-fv", type=int, help="Only tasks of this version of a flow.")
@click.option("--project", "-p", help="Only tasks of flows of this project.")
@click.option("--limit", "-l", default=DEFAULT_LIMIT, show_default=True, help="At most this many.")
def tasks(name: str | None, flow_name: str | None, flow_version: int | None, project: str | None, limit: int) -> None:
    """List tasks of registered flows, the newest first."""
    from prefect.contract import operations

    found = _ask(
        operations.LIST_TASKS, name=name, flow_name=flow_name, flow_version=flow_version, project=project, limit=limit
    )["task"]
    rows = [
        (
            task["name"],
            _name(task["flow"]),
            (task["flow"] or {}).get("version"),
            render.age(task["created"]),
            task["mapped"],
            task["type"],
        )
        for task in found
    ]
    click.echo(render.table(rows, ["NAME", "FLOW NAME", "FLOW VERSION", "AGE", "MAPPED", "TYPE"]))


@get.command(context_settings=CONTEXT_SETTINGS)
@click.option("--name", "-n", help="Name of a flow run; of several the one that started last.")
@click.option("--id", "flow_run_id", help="Id of a flow run.")
@click.option("--info", "-i", is_flag=True, help="Print the details of each record in place of its text.")
@click.option(
    "--format",
    "file_format",
    type=click.Choice(FILE_FORMATS),
    help="Write the log as a file, however long it is: text, a JSON object a line, or CSV.",
)
@click.option("--level", type=click.Choice(LEVELS, case_sensitive=False), help="Only lines of this level or above.")
@click.option("--text", help="Only lines whose message has this in it, in any case.")
@click.option("--task-run-id", help="Only lines of this task run.")
def logs(
    name: str | None,
    flow_run_id: str | None,
    info: bool,
    file_format: str | None,
    level: str | None,
    text: str | None,
    task_run_id: str | None,
) -> None:
    """List the logs of one flow run, by --name or --id.

    \b
    Examples:
      $ prefect get logs --name brave-otter --level ERROR
      $ prefect get logs --id 9a1cd70c-37d7-4cd4-ab91-d41c2700300d --format jsonl > run.jsonl
    """
    from prefect.contract import operations

    if not name and not flow_run_id:
        click.secho("Either --name or --id must be provided", fg="red")
        return
    if file_format or level or text or task_run_id:
        levels = LEVELS[LEVELS.index(level.upper()) :] if level else ()
        _write_log(name, flow_run_id, file_format or "txt", levels=levels, text=text, task_run_id=task_run_id)
        return
    found = [] if _is_no_id(flow_run_id) else _ask(operations.LIST_LOGS, name=name, id=flow_run_id)["flow_run"]
    if not found:
        click.secho(f"{flow_run_id or name} not found", fg="red")
        return
    # A run that has not started sorts first where null is the greatest; the one meant has logs.
    run = next((run for run in found if run["start_time"] is not None), found[0])
    if info:
        for record in run["logs"]:
            click.echo(record["info"])
        return
    rows = [(record["timestamp"], record["level"], record["message"]) for record in run["logs"]]
    click.echo(render.table(rows, ["TIMESTAMP", "LEVEL", "MESSAGE"]))


def _write_log(name: str | None, flow_run_id: str | None, file_format: str, **filters: Any) -> None:
    """Write the log of a run to standard output as it comes."""
    from prefect.client.client import Client
    from prefect.contract import operations

    runs: list[dict[str, Any]] = []
    if not _is_no_id(flow_run_id):
        runs = _ask(operations.RUNS_WITH_LOGS, name=name, id=flow_run_id)["flow_run"]
    if not runs:
        click.secho(f"{flow_run_id or name} not found", fg="red", err=True)
        raise SystemExit(1)
    run = next((run for run in runs if run["start_time"] is not None), runs[0])
    for part in Client().download_flow_run_logs(run["id"], file_format, **filters):
        click.echo(part, nl=False)


def _name(named: dict[str, Any] | None) -> str | None:
    return named["name"] if named else None


def _is_no_id(text: str | None) -> bool:
    import uuid

    if text is None:
        return False
    try:
        uuid.UUID(text)
    except ValueError:
        return True
    return False


if not TYPE_CHECKING:  # names that are looked for here, because this module of 1.x had them too
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "Client": "prefect.client.client",
            "prefect": "prefect:",
        },
    )
