"""``prefect get``: lists of flows, projects, flow runs, tasks and logs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from prefect._lazy import lazy
from prefect.cli import tables
from prefect.cli.failures import TerminalError
from prefect.cli.group import CONTEXT_SETTINGS, Group
from prefect.cli.output import Column, Table, output_options, show
from prefect.cli.run_logs import LEVELS, LogFilter, lines_of
from prefect.cli.times import duration, moment
from prefect.cli.which_runs import (
    Conditions,
    conditions,
    id_of,
    known_states,
    listing_questions,
    task_runs_where,
    upcoming_at,
    where_of,
)

DEFAULT_LIMIT = 10
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


limit_option = click.option(
    "--limit", "-l", type=click.IntRange(min=0), default=DEFAULT_LIMIT, show_default=True, help="At most this many."
)


def _ask(document: str, **variables: Any) -> dict[str, Any]:
    from prefect.client.client import Client

    return Client().ask(document, **variables)


@get.command(context_settings=CONTEXT_SETTINGS)
@click.option("--name", "-n", help="Only flows of this name.")
@click.option("--version", "-v", type=int, help="Only this version.")
@click.option("--project", "-p", help="Only flows of this project.")
@limit_option
@click.option("--all-versions", is_flag=True, help="All versions, not only the newest of each flow.")
@output_options(tables.FLOWS)
def flows(
    name: str | None,
    version: int | None,
    project: str | None,
    limit: int,
    all_versions: bool,
    output: str,
    columns: str | None,
) -> None:
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
    show(tables.FLOWS, found, output, columns)


@get.command(context_settings=CONTEXT_SETTINGS)
@click.option("--name", "-n", help="Only the project of this name.")
@click.option("--limit", "-l", type=click.IntRange(min=0), help="At most this many; absent means all.")
@output_options(tables.PROJECTS)
def projects(name: str | None, limit: int | None, output: str, columns: str | None) -> None:
    """List projects."""
    from prefect.contract import operations

    show(tables.PROJECTS, _ask(operations.LIST_PROJECTS, name=name, limit=limit)["project"], output, columns)


@get.command("flow-runs", context_settings=CONTEXT_SETTINGS)
@limit_option
@partial(conditions, project=("--project", "-p"))
@click.option("--started", "-s", is_flag=True, help="Only runs that have started, by their start.")
@click.option("--upcoming", is_flag=True, help="Only runs that are yet to come, the next one first.")
@click.option("--counts", is_flag=True, help="How many runs there are in each state, instead of the runs.")
@click.option("--by", type=click.Choice(["state", "flow", "project"]), multiple=True, help="Count them by this too.")
@click.option("--per", help="How many runs were due in each stretch of this length (1h, 1d), instead of the runs.")
@output_options(tables.FLOW_RUNS)
def flow_runs(
    limit: int,
    started: bool,
    upcoming: bool,
    counts: bool,
    by: tuple[str, ...],
    per: str | None,
    since: str | None,
    output: str,
    columns: str | None,
    **options: Any,
) -> None:
    """List flow runs, the last one that was due first, or count them.

    Runs that are yet to come are behind all others, the next one first.

    \b
    Examples:
      $ prefect get flow-runs --flow hello-world --state Failed --since 2h
      $ prefect get flow-runs --upcoming -o json
      $ prefect get flow-runs --counts --by flow --by state
      $ prefect get flow-runs --per 1h --since 1d
    """
    if started and upcoming:
        raise click.UsageError("Give --started or --upcoming: a run that has started is not yet to come.")
    if (counts or by or per is not None) and columns is not None:
        raise click.UsageError("--columns chooses among those of runs, not of counts.")
    if per is not None:
        _show_history(per, since or "1d", Conditions(**options), output, is_started=started)
        return
    given = Conditions(since=since, **options)
    where = where_of(given) if given else {}
    if counts or by:
        kind = {"start_time": {"_is_null": False}} if started else upcoming_at(_now()) if upcoming else None
        _show_counts(by or ("state",), where if kind is None else {"_and": [where, kind]}, output)
        return
    show(tables.FLOW_RUNS, _found(where, limit, is_started=started, is_upcoming=upcoming), output, columns)


def _found(where: dict[str, Any], limit: int, *, is_started: bool, is_upcoming: bool) -> list[dict[str, Any]]:
    """Give runs of the past and the present, and behind them, where there is room, those that are yet to come."""
    from prefect.contract import operations

    questions = listing_questions(where, limit, _now(), is_started=is_started, is_upcoming=is_upcoming)
    found = _ask(operations.LIST_FLOW_RUNS_AND_UPCOMING, **questions)
    return [*found["flow_run"], *found["upcoming"]][:limit]


def _now() -> datetime:
    return datetime.now(UTC)


_COUNTED = {"state": "state", "flow": "flow_group_id", "project": "project_id"}


def _show_counts(by: tuple[str, ...], where: dict[str, Any], output: str) -> None:
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
        {**{key: names.get(group[_COUNTED[key]], group[_COUNTED[key]]) for key in by}, "count": group["count"]}
        for group in groups
    ]
    show(Table("", _plain(*by, "count")), rows, output)


def _show_history(per: str, since: str, given: Conditions, output: str, *, is_started: bool) -> None:
    """Show how many runs were due, or have started, in each stretch of time until now."""
    from prefect.client.client import Client

    now = _now()
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
    from prefect.cli import render

    time = Column("time", "", heading="TIME (UTC)", text=lambda row: render.plain_time(row["time"]))
    of_states = [Column(state.lower(), "", heading=state.upper(), text=_Counted(state.lower())) for state in states]
    rows = [
        {
            "time": bucket["time"],
            "total": bucket["total"],
            **{state.lower(): bucket["counts"].get(state, 0) for state in states},
        }
        for bucket in buckets
    ]
    show(Table("", (time, *_plain("total"), *of_states)), rows, output)


def _plain(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, "", heading=name.upper()) for name in names)


class _Counted:
    """Gives a number of a row; none, which says nothing, as nothing."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self, row: Mapping[str, Any]) -> Any:
        return row[self._name] or ""


@get.command(context_settings=CONTEXT_SETTINGS)
@click.option("--name", "-n", help="Only tasks of this name.")
@click.option("--flow-name", "-fn", help="Only tasks of the flow of this name.")
@click.option("--flow-version", "-fv", type=int, help="Only tasks of this version of a flow.")
@click.option("--project", "-p", help="Only tasks of flows of this project.")
@limit_option
@output_options(tables.TASKS)
def tasks(
    name: str | None,
    flow_name: str | None,
    flow_version: int | None,
    project: str | None,
    limit: int,
    output: str,
    columns: str | None,
) -> None:
    """List tasks of registered flows, the newest first."""
    from prefect.contract import operations

    found = _ask(
        operations.LIST_TASKS, name=name, flow_name=flow_name, flow_version=flow_version, project=project, limit=limit
    )["task"]
    show(tables.TASKS, found, output, columns)


@get.command(context_settings=CONTEXT_SETTINGS)
@limit_option
@output_options(tables.AGENTS)
def agents(limit: int, output: str, columns: str | None) -> None:
    """List agents, the one that was heard last first."""
    from prefect.contract import operations

    found = _ask(operations.LIST_AGENTS, limit=limit)["agent"]
    # Where null is the greatest, those that never asked come first.
    found.sort(key=lambda agent: agent["last_queried"] is None)
    show(tables.AGENTS, found, output, columns)


@get.command(context_settings=CONTEXT_SETTINGS)
@limit_option
@output_options(tables.AUTOMATIONS)
def automations(limit: int, output: str, columns: str | None) -> None:
    """List automations: what is done when something happens. The newest is the first."""
    from prefect.contract import operations

    show(tables.AUTOMATIONS, _ask(operations.LIST_AUTOMATIONS, limit=limit)["hook"], output, columns)


@get.command(context_settings=CONTEXT_SETTINGS)
@click.argument("run", metavar="RUN")
@click.option("--limit", "-l", type=click.IntRange(min=0), default=100, show_default=True, help="At most this many.")
@output_options(tables.ARTIFACTS)
def artifacts(run: str, limit: int, output: str, columns: str | None) -> None:
    """List the artifacts that tasks of the flow run RUN made (id, beginning of an id, name, @last, @last:FLOW)."""
    from prefect.contract import operations

    found = _ask(operations.LIST_ARTIFACTS, id=id_of(run), limit=limit)["task_run_artifact"]
    show(tables.ARTIFACTS, found, output, columns)


@get.command("task-runs", context_settings=CONTEXT_SETTINGS)
@click.argument("run", metavar="RUN")
@click.option("--state", "states", multiple=True, help="Only task runs in this state; of several, in any of them.")
@click.option("--task", help="Only runs of this task: its name or slug; of a mapped one NAME[3] is one child.")
@click.option("--limit", "-l", type=click.IntRange(min=0), default=100, show_default=True, help="At most this many.")
@output_options(tables.TASK_RUNS)
def task_runs(
    run: str, states: tuple[str, ...], task: str | None, limit: int, output: str, columns: str | None
) -> None:
    """List the task runs of the flow run RUN (id, beginning of an id, name, @last, @last:FLOW), the last to move last.

    \b
    Example:
      $ prefect get task-runs @last --state Failed --state TriggerFailed
    """
    from prefect.contract import operations

    where = task_runs_where([id_of(run)], task, known_states(states))
    show(tables.TASK_RUNS, _ask(operations.LIST_TASK_RUNS, where=where, limit=limit)["task_run"], output, columns)


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
@output_options(tables.LOGS)
def logs(
    name: str | None,
    flow_run_id: str | None,
    info: bool,
    file_format: str | None,
    level: str | None,
    text: str | None,
    task_run_id: str | None,
    output: str,
    columns: str | None,
) -> None:
    """List the logs of one flow run, by --name or --id; `prefect logs` takes a run by other names too, and follows it.

    \b
    Examples:
      $ prefect get logs --name brave-otter --level ERROR
      $ prefect get logs --id 9a1cd70c-37d7-4cd4-ab91-d41c2700300d --format jsonl > run.jsonl
    """
    from prefect.contract import operations

    if not name and not flow_run_id:
        raise click.UsageError("Either --name or --id must be provided")
    if file_format and (output != "table" or columns):
        raise click.UsageError("--format is a file as the server writes it: leave it out for -o and --columns.")
    if output != "table" or columns:
        wanted = LogFilter.of(level=level, task_run_ids=[task_run_id] if task_run_id else None, text=text)
        show(tables.LOGS, lines_of(_run_with_logs(name, flow_run_id), wanted), output, columns)
        return
    if file_format or level or text or task_run_id:
        levels = LEVELS[LEVELS.index(level.upper()) :] if level else ()
        _write_log(name, flow_run_id, file_format or "txt", levels=levels, text=text, task_run_id=task_run_id)
        return
    found = [] if _is_no_id(flow_run_id) else _ask(operations.LIST_LOGS, name=name, id=flow_run_id)["flow_run"]
    if not found:
        raise TerminalError(f"{flow_run_id or name} not found", code="NOT_FOUND")
    # A run that has not started sorts first where null is the greatest; the one meant has logs.
    run = next((run for run in found if run["start_time"] is not None), found[0])
    if info:
        for record in run["logs"]:
            click.echo(record["info"])
        return
    show(tables.LOGS, run["logs"], output)


def _write_log(name: str | None, flow_run_id: str | None, file_format: str, **filters: Any) -> None:
    """Write the log of a run to standard output as it comes."""
    from prefect.client.client import Client

    for part in Client().download_flow_run_logs(_run_with_logs(name, flow_run_id), file_format, **filters):
        click.echo(part, nl=False)


def _run_with_logs(name: str | None, flow_run_id: str | None) -> str:
    """Give the id of the run that is meant: of several of a name, that which started last."""
    from prefect.contract import operations

    runs: list[dict[str, Any]] = []
    if not _is_no_id(flow_run_id):
        runs = _ask(operations.RUNS_WITH_LOGS, name=name, id=flow_run_id)["flow_run"]
    if not runs:
        raise TerminalError(f"{flow_run_id or name} not found", code="NOT_FOUND")
    return str(next((run for run in runs if run["start_time"] is not None), runs[0])["id"])


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
