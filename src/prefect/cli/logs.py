"""``prefect logs``: the log of a flow run, as it is or as it comes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import click

from prefect.cli import tables
from prefect.cli.group import CONTEXT_SETTINGS
from prefect.cli.output import output_options, show
from prefect.cli.run_logs import LEVELS, LogFilter, following, last_lines, lines_of
from prefect.cli.suggestions import did_you_mean
from prefect.cli.times import moment
from prefect.cli.which_runs import id_of, task_runs_where

_MOST_TASK_RUNS = 1000
_INTERRUPTED = 130


@click.command(context_settings=CONTEXT_SETTINGS)
@click.argument("run", metavar="RUN")
@click.option("--follow", "-f", is_flag=True, help="Go on with what comes, until the run has ended.")
@click.option("--tail", "-n", type=click.IntRange(min=0), help="Begin with the last so many lines.")
@click.option("--level", type=click.Choice(LEVELS, case_sensitive=False), help="Only lines of this level or above.")
@click.option("--task", "-t", help="Only lines of this task: name, slug or id of its run; NAME[3] is a mapped child.")
@click.option("--grep", "-g", help="Only lines in whose message this regular expression is found.")
@click.option("--since", help="Only lines since: 30m, 2h, or a time (UTC unless it says).")
@output_options(tables.LOGS)
def logs(
    run: str,
    follow: bool,
    tail: int | None,
    level: str | None,
    task: str | None,
    grep: str | None,
    since: str | None,
    output: str,
    columns: str | None,
) -> None:
    """Print the log of the flow run RUN (id, beginning of an id, name, @last, @last:FLOW), in local time.

    Exits with 1 when there is no line to print; with --follow it waits for some, and Ctrl-C ends it with 130.

    \b
    Examples:
      $ prefect logs @last --follow
      $ prefect logs brave-otter --tail 20 --level WARNING
      $ prefect logs @last:hello-world --task say_hello --grep 'Hello|Bye' -o jsonl
    """
    tables.LOGS.chosen(columns, is_table=False)  # a name that is none is told before anything is asked
    wanted = LogFilter.of(
        level=level, grep=grep, since=None if since is None else moment(since, datetime.now(UTC), "--since")
    )
    run_id = id_of(run)
    if task is not None:
        wanted = _of_task(wanted, run_id, task)
    lines: Iterable[Mapping[str, Any]]
    if follow:
        lines = _then_following(run_id, wanted, tail)
    else:
        lines = lines_of(run_id, wanted) if tail is None else last_lines(run_id, wanted, tail)[0]
    try:
        count = _say(lines) if output == "table" and columns is None else show(tables.LOGS, lines, output, columns)
    except KeyboardInterrupt:
        if not follow:
            raise
        # How following is ended: nothing went wrong, and a shell's own code for it says so to scripts.
        raise SystemExit(_INTERRUPTED) from None
    if not count and not follow:
        click.secho(f"There is no such line in the log of {run_id}.", fg="yellow", err=True)
        raise SystemExit(1)


def _of_task(wanted: LogFilter, run_id: str, task: str) -> LogFilter:
    """Want but lines of a task."""
    from prefect.client.client import Client
    from prefect.contract import operations

    client, where = Client(), task_runs_where([run_id], task)
    found = client.ask(operations.LIST_TASK_RUNS, where=where, limit=_MOST_TASK_RUNS)["task_run"]
    if not found:
        others = client.ask(operations.LIST_TASK_RUNS, where=task_runs_where([run_id], None), limit=_MOST_TASK_RUNS)
        names = list(dict.fromkeys(row["task"]["name"] for row in others["task_run"]))
        known = f"; its tasks are {', '.join(names[:20])}" if names else ""
        raise click.ClickException(
            f"The run {run_id} has no task {task!r}{did_you_mean(task, names)}{known}{', …' * (len(names) > 20)}."
        )
    # Children of a map may come to be later: they are told by the filter.
    return wanted._replace(of_tasks=where, task_run_ids=tuple(row["id"] for row in found))


def _then_following(run_id: str, wanted: LogFilter, tail: int | None) -> Iterable[Mapping[str, Any]]:
    if tail is None:
        yield from following(run_id, wanted)
        return
    last, newest = last_lines(run_id, wanted, max(tail, 1))
    yield from last[len(last) - min(tail, len(last)) :]
    yield from following(run_id, wanted, newest)


def _say(lines: Iterable[Mapping[str, Any]]) -> int:
    import logging

    from prefect.cli import render

    count = 0
    for line in lines:
        time = datetime.fromisoformat(line["timestamp"]).astimezone()
        level = logging.getLevelNamesMapping().get(line["level"], logging.INFO)
        name = (line["name"] or "").removeprefix("prefect.")
        text = (
            f"{time:%Y-%m-%d %H:%M:%S}.{time.microsecond // 1000:03} | {line['level']:<7} | {name} | {line['message']}"
        )
        click.secho(text, **render.log_colour(level))
        count += 1
    return count
