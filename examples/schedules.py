"""Schedules and dates: when a flow is to run, with which parameters, and how a task knows for which day it runs."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import prefect
from prefect import Flow, Parameter, task
from prefect.schedules import Schedule, adjustments, filters
from prefect.schedules.clocks import CronClock, IntervalClock

BERLIN = ZoneInfo("Europe/Berlin")
START = datetime(2026, 3, 27, tzinfo=BERLIN)


@task(log_stdout=True)
def report(kind: str) -> str:
    # The day of the run, not of the clock on the wall: a run for last Monday says last Monday.
    text = f"{kind} report of {prefect.context.today}"
    print(text)
    return text


schedule = Schedule(
    clocks=[
        # Nine in the morning stays nine in the morning when the clocks change (on 29 March 2026).
        CronClock("0 9 * * *", start_date=START, parameter_defaults={"kind": "daily"}),
        IntervalClock(timedelta(days=7), start_date=START, parameter_defaults={"kind": "weekly"}),
    ],
    # Of the times of all clocks those that fall on a weekday, each five minutes later.
    filters=[filters.is_weekday],
    adjustments=[adjustments.add(timedelta(minutes=5))],
)

with Flow("schedules", schedule=schedule) as flow:
    reported = report(Parameter("kind", default="one-off"))

if __name__ == "__main__":
    print("The next times:")
    for event in schedule.next(8, after=START - timedelta(seconds=1), return_events=True):
        print(f"  {event.start_time.in_timezone('Europe/Berlin'):%a %d %B %H:%M} {event.parameter_defaults}")
    # With a schedule, run() waits for each time. Now, and for another day:
    state = flow.run(run_on_schedule=False, context={"date": "2026-01-05"})
    print(state.result[reported].result)
