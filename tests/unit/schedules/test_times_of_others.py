"""Times and durations of pendulum, pandas and numpy: taken wherever those of the standard library are."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pendulum
import pytest
from dateutil import rrule

from prefect import Flow, Task
from prefect.engine.state import Cached, Retrying, Scheduled
from prefect.model.times import as_aware, plain_duration
from prefect.schedules import CronSchedule, IntervalSchedule, Schedule, adjustments, filters
from prefect.schedules.clocks import CronClock, DatesClock, IntervalClock, RRuleClock
from prefect.serialization.schedule import ScheduleSchema

START = datetime(2020, 1, 1, tzinfo=UTC)
AFTER = datetime(2024, 1, 1, 0, 30, tzinfo=UTC)
TIMES: dict[str, Any] = {
    "pendulum": pendulum.datetime(2020, 1, 1),
    "pandas": pd.Timestamp("2020-01-01", tz="UTC"),
    "numpy": np.datetime64("2020-01-01"),
    "naive": datetime(2020, 1, 1),
}
HOURS: dict[str, Any] = {
    "pendulum": pendulum.duration(hours=2),
    "difference": pendulum.datetime(2020, 1, 1, 2) - pendulum.datetime(2020, 1, 1),
    "pandas": pd.Timedelta(hours=2),
    "numpy": np.timedelta64(2, "h"),
}
DAYS: dict[str, Any] = {
    "pendulum": pendulum.duration(days=2),
    "difference": pendulum.datetime(2020, 1, 3) - pendulum.datetime(2020, 1, 1),
    "pandas": pd.Timedelta(days=2),
    "numpy": np.timedelta64(2, "D"),
}


def next_times(schedule: Schedule) -> list[datetime]:
    """Give the next times of a schedule and, the same, of what comes of it when it is registered."""
    found = schedule.next(3, after=AFTER)
    Flow("f", tasks=[Task(name="a")], schedule=schedule).serialize()
    assert ScheduleSchema().load(ScheduleSchema().dump(schedule)).next(3, after=AFTER) == found
    return found


@pytest.mark.parametrize("library", HOURS)
@pytest.mark.parametrize("start", TIMES)
def test_an_interval_clock_takes_them(library: str, start: str) -> None:
    for lengths, expected in ((HOURS, timedelta(hours=2)), (DAYS, timedelta(days=2))):
        mine = next_times(Schedule(clocks=[IntervalClock(lengths[library], start_date=TIMES[start])]))
        plain = next_times(Schedule(clocks=[IntervalClock(expected, start_date=START)]))
        assert mine == plain
        assert next_times(IntervalSchedule(interval=lengths[library], start_date=TIMES[start])) == plain


@pytest.mark.parametrize("start", [name for name in TIMES if name != "numpy"])  # those dateutil itself refuses
@pytest.mark.parametrize("frequency", [rrule.MINUTELY, rrule.HOURLY, rrule.DAILY, rrule.WEEKLY, rrule.MONTHLY])
def test_a_rule_takes_them(start: str, frequency: int) -> None:
    given = TIMES[start]
    naive = datetime(2020, 1, 1)
    expected = next_times(Schedule(clocks=[RRuleClock(rrule.rrule(frequency, naive))]))
    assert next_times(Schedule(clocks=[RRuleClock(rrule.rrule(frequency, given))])) == expected
    several = rrule.rruleset()
    several.rrule(rrule.rrule(frequency, given))
    several.exdate(given)
    assert next_times(Schedule(clocks=[RRuleClock(several)])) == expected


@pytest.mark.parametrize("start", TIMES)
def test_other_clocks_take_them(start: str) -> None:
    given = TIMES[start]
    assert next_times(CronSchedule("0 0 * * *", start_date=given)) == next_times(CronSchedule("0 0 * * *"))
    assert Schedule(clocks=[CronClock("0 0 * * *", end_date=given)]).next(1, after=AFTER) == []
    assert Schedule(clocks=[DatesClock([given])]).next(1, after=START - timedelta(1)) == [START]


@pytest.mark.parametrize("library", HOURS)
def test_adjustments_and_tasks_take_them(library: str) -> None:
    clock = IntervalClock(timedelta(days=1), start_date=START)
    moved = Schedule(clocks=[clock], adjustments=[adjustments.add(HOURS[library])])
    assert next_times(moved)[0] == datetime(2024, 1, 2, 2, tzinfo=UTC)

    made = Task(name="r", max_retries=1, retry_delay=HOURS[library], cache_for=HOURS[library])
    data = made.serialize()
    assert (made.retry_delay, made.cache_for) == (timedelta(hours=2), timedelta(hours=2))
    assert (data["retry_delay"], data["cache_for"]) == (7200, 7200)


@pytest.mark.parametrize("start", TIMES)
def test_states_take_them(start: str) -> None:
    given = TIMES[start]
    assert Scheduled(start_time=given).start_time == START
    assert Retrying(start_time=given).serialize()["start_time"] == Retrying(start_time=START).serialize()["start_time"]
    assert Cached(cached_result_expiration=given).cached_result_expiration == START


def test_durations_keep_their_length() -> None:
    assert plain_duration(pendulum.duration(years=1, months=1, days=1)) == timedelta(days=396)
    assert plain_duration(np.timedelta64(1, "us")) == timedelta(microseconds=1)


@pytest.mark.parametrize(
    "value", [1, "1h", None, np.datetime64("2020-01-01"), np.int64(5), np.timedelta64("NaT", "us")]
)
def test_what_is_no_duration_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="expected a timedelta, not "):
        plain_duration(value)
    with pytest.raises(TypeError, match="Interval must be a timedelta"):
        IntervalClock(value)


@pytest.mark.parametrize("value", [1, "2020-01-01", np.timedelta64(1, "h"), np.datetime64("NaT", "us")])
def test_what_is_no_time_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="expected a datetime, not "):
        as_aware(value)


@pytest.mark.parametrize(
    "given",
    [
        filters.is_day_of_week(0),
        filters.between_times(time(1), time(20)),
        filters.between_dates(1, 1, 2, 1),
        filters.between_datetimes(AFTER, AFTER + timedelta(days=9)),
        filters.on_datetime(datetime(2024, 1, 8, 12, tzinfo=UTC)),
        filters.on_date(1, 8),
        filters.at_time(time(12)),
        filters.is_weekday,
        filters.is_weekend,
        filters.is_month_start,
        filters.is_month_end,
    ],
    ids=lambda given: given.__qualname__.partition(".")[0],
)
def test_a_filter_takes_its_time_by_name(given: Any) -> None:
    monday = datetime(2024, 1, 8, 12, tzinfo=UTC)
    assert given(dt=monday) is given(monday)
