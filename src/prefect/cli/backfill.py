"""``prefect backfill``: runs for times that have passed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from prefect.cli import key_values
from prefect.cli.failures import Failure
from prefect.cli.group import CONTEXT_SETTINGS
from prefect.cli.times import duration, moment
from prefect.cli.which_flows import flow_named, schedule_of

#: Runs that one request makes.
_MOST = 1000
_SHOWN = 5


@click.command(context_settings=CONTEXT_SETTINGS)
@click.argument("flow")
@click.option("--project", "-p", help="The project it is in.")
@click.option("--from", "first", required=True, help="The first time: a day or time (UTC unless it says), or 7d ago.")
@click.option("--to", "last", help="The time before which it ends; absent means now.")
@click.option("--every", help="Lengths between the times, such as 1d; absent means the times of the flow's schedule.")
@click.option("--param", "params", multiple=True, help="key=value of a parameter; JSON or text. Repeatable.")
@click.option("--label", "labels", multiple=True, help="Label of the runs; without any, those of the flow. Repeatable.")
@click.option("--dry-run", is_flag=True, help="Only say which runs would be made.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
def backfill(
    flow: str,
    project: str | None,
    first: str,
    last: str | None,
    every: str | None,
    params: tuple[str, ...],
    labels: tuple[str, ...],
    dry_run: bool,
    yes: bool,
) -> None:
    """Make a run of FLOW for each time of its schedule, or of --every, in a period that has passed.

    Each run has its time as `prefect.context.scheduled_start_time`, is due at once and behind all other runs, and is
    made once however often the command is repeated. Exits with 1 when there is no such time.

    \b
    Examples:
      $ prefect backfill sales --from 2026-11-01 --to 2026-11-08
      $ prefect backfill hello-world --from 7d --every 1d --param name=Marvin --yes
    """
    from prefect.client.client import Client
    from prefect.contract import limits

    now = datetime.now(UTC)
    begin = datetime.fromisoformat(moment(first, now, "--from"))
    end = now if last is None else datetime.fromisoformat(moment(last, now, "--to"))
    parameters = key_values.parse(params, "parameter")
    step = None if every is None else duration(every, "--every")
    if step is not None and not step:
        raise click.BadParameter("expected a length of time such as 1d", param_hint="--every")
    found = flow_named(flow, project)
    times = list(_limited(_regular(begin, end, step) if step else _of_schedule(found, begin, end)))
    if not times:
        raise Failure("There is no such time in this period.", "NOT_FOUND")
    for time, _ in times[:_SHOWN]:
        click.echo(f"  {time.isoformat()}", err=not dry_run)
    if len(times) > _SHOWN:
        click.echo(f"  and {len(times) - _SHOWN:,} more", err=not dry_run)
    if dry_run:
        return
    if not yes:
        click.confirm(f"Make {len(times):,} runs of {flow}?", abort=True, err=True)
    ids = Client().create_flow_runs(
        {
            "flow_group_id": found["flow_group_id"],
            "scheduled_start_time": time,
            "parameters": {**defaults, **parameters},
            "labels": list(labels) or None,
            "idempotency_key": f"backfill {time.isoformat()}",
            "priority": limits.LOWEST_PRIORITY,
        }
        for time, defaults in times
    )
    for run_id in ids:
        click.echo(run_id)


def _regular(begin: datetime, end: datetime, step: timedelta) -> Iterator[tuple[datetime, dict[str, Any]]]:
    while begin < end:
        yield begin, {}
        begin += step


def _of_schedule(flow: dict[str, Any], begin: datetime, end: datetime) -> Iterator[tuple[datetime, dict[str, Any]]]:
    """Give the times of a flow's schedule, each with the parameters that its clock brings."""
    from prefect.schedules import Schedule

    written = schedule_of(flow)
    if written is None:
        raise click.ClickException(f"{flow['name']} has no schedule: give --every.")
    schedule = Schedule.deserialize(written)
    after = begin - timedelta(microseconds=1)
    while True:
        events = schedule.next(100, after=after, return_events=True)
        for event in events:
            time = event.start_time.astimezone(UTC)
            if time >= end:
                return
            yield time, dict(event.parameter_defaults or {})
            after = time
        if not events:
            return


def _limited(times: Iterator[tuple[datetime, dict[str, Any]]]) -> Iterator[tuple[datetime, dict[str, Any]]]:
    for count, time in enumerate(times):
        if count == _MOST:
            raise click.ClickException(f"These are more than {_MOST:,} runs: take a shorter period.")
        yield time
