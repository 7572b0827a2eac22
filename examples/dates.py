"""Dynamic dates: days that are known only when a run starts, one task and one file for each of them."""

from __future__ import annotations

import tempfile
from datetime import datetime, timedelta
from pathlib import Path

import pendulum

import prefect
from prefect import Flow, task, unmapped
from prefect.core.parameter import DateTimeParameter

folder = Path(tempfile.mkdtemp())


@task
def days_to_do(first: datetime | None, last: datetime | None) -> list[str]:
    """Give the days of the range; without a range, the day before the one for which the flow runs."""
    if first is None:
        # `context.yesterday` and `context.date` are those of the run, also when it is caught up with weeks later.
        return [prefect.context.yesterday]
    end = last or prefect.context.date
    return [(first + timedelta(days=n)).strftime("%Y-%m-%d") for n in range((end - first).days + 1)]


@task(task_run_name="report of {day}")
def report(day: str, folder: Path) -> int:
    rows = [f"{day},{hour}" for hour in range(10)]
    (folder / f"{day}.csv").write_text("\n".join(rows))
    return len(rows)


@task
def total(rows: list[int]) -> int:
    return sum(rows)


with Flow("dates") as flow:
    days = days_to_do(DateTimeParameter("first", required=False), DateTimeParameter("last", required=False))
    rows = total(report.map(days, folder=unmapped(folder)))

if __name__ == "__main__":
    # On a schedule nobody gives a range; here the run is told for which day it is.
    state = flow.run(context={"date": "2026-01-05"})
    print(f"by default: {state.result[days].result}")

    # The same flow catches up with a range, given as text or as times.
    state = flow.run(parameters={"first": "2026-02-28", "last": pendulum.datetime(2026, 3, 2)})
    print(f"caught up: {len(state.result[days].result)} days, {state.result[rows].result} rows")
    print(*sorted(path.name for path in folder.iterdir())[1:])
