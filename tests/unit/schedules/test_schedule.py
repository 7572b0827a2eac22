import json
import subprocess
import sys
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import cloudpickle
import pendulum
import pytest
from dateutil.rrule import DAILY, rrule

from prefect.schedules import CronSchedule, IntervalSchedule, RRuleSchedule, Schedule, adjustments, filters
from prefect.schedules.clocks import ClockEvent, CronClock, IntervalClock

NEW_YEAR = datetime(2030, 1, 1, tzinfo=UTC)  # a Tuesday
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NY = ZoneInfo("America/New_York")


def hourly(**kwargs):
    return IntervalClock(HOUR, start_date=NEW_YEAR, **kwargs)


def test_next_gives_pendulum_times_strictly_after():
    times = IntervalSchedule(NEW_YEAR, HOUR).next(2, after=NEW_YEAR)
    assert times == [NEW_YEAR + HOUR, NEW_YEAR + 2 * HOUR]
    assert all(isinstance(when, pendulum.DateTime) for when in times)


def test_next_gives_events_when_asked():
    schedule = Schedule([hourly(parameter_defaults={"a": 1}, labels=["x"])])
    assert schedule.next(1, after=NEW_YEAR, return_events=True) == [ClockEvent(NEW_YEAR + HOUR, {"a": 1}, ["x"])]


def test_after_is_now_when_absent():
    (when,) = CronSchedule("* * * * *").next(1)
    assert timedelta(0) < when - datetime.now(UTC) <= timedelta(minutes=1)


@pytest.mark.parametrize("n", [0, -1])
def test_none_are_asked_for(n):
    assert CronSchedule("* * * * *").next(n) == []


def test_fewer_come_when_the_clocks_end():
    schedule = IntervalSchedule(NEW_YEAR, HOUR, NEW_YEAR + HOUR)
    assert schedule.next(5, after=NEW_YEAR - DAY) == [NEW_YEAR, NEW_YEAR + HOUR]
    assert Schedule([]).next(3) == []


def test_clocks_are_merged_in_order_of_time_and_equal_events_come_once():
    schedule = Schedule(
        [hourly(parameter_defaults={"a": 1}), hourly(), hourly(labels=[]), hourly(parameter_defaults={"a": 1})]
    )
    events = schedule.next(4, after=NEW_YEAR, return_events=True)
    assert [(e.time, e.parameter_defaults, e.labels) for e in events] == [
        (NEW_YEAR + HOUR, {"a": 1}, None),
        (NEW_YEAR + HOUR, {}, None),
        (NEW_YEAR + HOUR, {}, []),
        (NEW_YEAR + 2 * HOUR, {"a": 1}, None),
    ]


def test_clocks_of_several_zones_are_merged_by_instant():
    schedule = Schedule([
        CronClock("0 9 * * *", start_date=datetime(2030, 1, 1, tzinfo=NY)),
        CronClock("0 9 * * *", start_date=datetime(2030, 1, 1, tzinfo=ZoneInfo("Asia/Tokyo"))),
    ])  # fmt: skip
    times = schedule.next(4, after=NEW_YEAR)
    assert times == sorted(times)
    assert [when.timezone_name for when in times] == ["America/New_York", "Asia/Tokyo"] * 2


def test_start_and_end_are_those_of_the_clocks_that_have_them():
    schedule = Schedule([
        CronClock("0 9 * * *"),
        hourly(end_date=NEW_YEAR + DAY),
        IntervalClock(HOUR, start_date=NEW_YEAR - DAY, end_date=NEW_YEAR),
    ])  # fmt: skip
    assert (schedule.start_date, schedule.end_date) == (NEW_YEAR - DAY, NEW_YEAR + DAY)
    assert (CronSchedule("0 9 * * *").start_date, CronSchedule("0 9 * * *").end_date) == (None, None)


@pytest.mark.parametrize("clocks", [3, None])
def test_clocks_must_be_a_collection(clocks):
    with pytest.raises(TypeError, match="clocks should be a list of clocks"):
        Schedule(clocks)


def test_filters_all_or_filters_any_not_filters_none():
    schedule = Schedule(
        [hourly()],
        filters=[filters.is_weekday, filters.between_times(time(9), time(17))],
        or_filters=[filters.at_time(time(9)), filters.at_time(time(12)), filters.at_time(time(20))],
        not_filters=[filters.on_date(1, 2)],
    )
    times = schedule.next(3, after=NEW_YEAR)
    assert times == [NEW_YEAR + 9 * HOUR, NEW_YEAR + 12 * HOUR, NEW_YEAR + 2 * DAY + 9 * HOUR]


def test_filters_that_refuse_everything_come_to_an_end():
    seen = []
    schedule = Schedule([hourly()], filters=[seen.append])
    assert schedule.next(3, after=NEW_YEAR) == []
    assert len(seen) == 10_000
    assert isinstance(seen[0], pendulum.DateTime)


def test_filters_look_at_the_time_in_its_zone_and_before_adjustments():
    schedule = Schedule(
        [CronClock("0 0 * * *", start_date=datetime(2030, 1, 1, tzinfo=NY))],
        filters=[filters.at_time(time(0))],
        adjustments=[adjustments.add(HOUR), adjustments.add(timedelta(minutes=1))],
    )
    assert [when.isoformat() for when in schedule.next(2, after=NEW_YEAR)] == [
        "2030-01-01T01:01:00-05:00",
        "2030-01-02T01:01:00-05:00",
    ]


def test_adjustments_of_the_user_get_and_give_pendulum():
    schedule = Schedule([hourly()], adjustments=[lambda when: when.start_of("day")])
    assert schedule.next(1, after=NEW_YEAR) == [NEW_YEAR]


@pytest.mark.parametrize(
    ("accepts", "yes", "no"),
    [
        (filters.on_datetime(NEW_YEAR), [NEW_YEAR], [NEW_YEAR + HOUR]),
        (filters.on_datetime(datetime(2030, 1, 1)), [NEW_YEAR], [NEW_YEAR + HOUR]),
        (filters.between_datetimes(NEW_YEAR, NEW_YEAR + HOUR), [NEW_YEAR, NEW_YEAR + HOUR], [NEW_YEAR - HOUR]),
        (filters.on_date(1, 1), [NEW_YEAR], [NEW_YEAR + DAY]),
        (filters.between_dates(1, 1, 1, 2), [NEW_YEAR, NEW_YEAR + DAY], [NEW_YEAR - DAY, NEW_YEAR + 2 * DAY]),
        (
            filters.between_dates(11, 15, 2, 10),
            [datetime(2020, 11, 15), datetime(2020, 2, 10), NEW_YEAR],
            [datetime(2020, 2, 11), datetime(2020, 11, 14)],
        ),
        (filters.between_dates(2, 20, 2, 10), [], [datetime(2020, 2, 15), datetime(2020, 7, 20)]),
        (filters.at_time(time(9)), [NEW_YEAR + 9 * HOUR], [NEW_YEAR]),
        (filters.between_times(time(9), time(10)), [NEW_YEAR + 9 * HOUR, NEW_YEAR + 10 * HOUR], [NEW_YEAR]),
        (filters.between_times(time(22), time(2)), [NEW_YEAR, NEW_YEAR + 22 * HOUR], [NEW_YEAR + 3 * HOUR]),
        (filters.is_weekday, [NEW_YEAR], [NEW_YEAR + 4 * DAY]),
        (filters.is_weekend, [NEW_YEAR + 4 * DAY], [NEW_YEAR]),
        (filters.is_month_end, [NEW_YEAR - DAY, datetime(2020, 2, 29)], [NEW_YEAR, datetime(2020, 2, 28)]),
        (filters.is_month_start, [NEW_YEAR], [NEW_YEAR + DAY]),
        (filters.is_day_of_week(1), [NEW_YEAR], [NEW_YEAR + DAY]),
    ],
)
def test_filters(accepts, yes, no):
    assert [accepts(when) for when in yes] == [True] * len(yes)
    assert [accepts(when) for when in no] == [False] * len(no)
    assert [accepts(pendulum.instance(when)) for when in yes + no] == [True] * len(yes) + [False] * len(no)


def test_next_weekday_moves_weekends_to_monday():
    assert adjustments.next_weekday(NEW_YEAR) == NEW_YEAR
    for days in (4, 5):
        assert adjustments.next_weekday(NEW_YEAR + days * DAY + HOUR) == NEW_YEAR + 6 * DAY + HOUR
    assert isinstance(adjustments.next_weekday(pendulum.datetime(2030, 1, 5)), pendulum.DateTime)


def test_add_is_exact_below_a_day_and_by_the_wall_clock_above():
    before = datetime(2021, 11, 6, 12, tzinfo=NY)
    assert adjustments.add(timedelta(hours=20))(before).isoformat() == "2021-11-07T07:00:00-05:00"
    assert adjustments.add(DAY)(before).isoformat() == "2021-11-07T12:00:00-05:00"


FULL = Schedule(
    [hourly(), CronClock("0 9 * * *", start_date=datetime(2030, 1, 1, tzinfo=NY), labels=["x"])],
    filters=[filters.between_times(time(9), time(17)), filters.is_weekday],
    or_filters=[filters.is_month_start, filters.between_datetimes(NEW_YEAR, NEW_YEAR + 9 * DAY)],
    not_filters=[filters.on_datetime(NEW_YEAR + 10 * HOUR)],
    adjustments=[adjustments.add(timedelta(minutes=5)), adjustments.next_weekday],
)


def test_a_schedule_comes_back_from_json_and_pickle():
    expected = FULL.next(20, after=NEW_YEAR, return_events=True)
    data = json.loads(json.dumps(FULL.serialize()))
    for other in (Schedule.deserialize(data), cloudpickle.loads(cloudpickle.dumps(FULL))):
        assert other.next(20, after=NEW_YEAR, return_events=True) == expected
        assert other.serialize() == FULL.serialize()


@pytest.mark.parametrize("field", ["filters", "or_filters", "not_filters", "adjustments"])
def test_functions_of_the_user_have_no_json(field):
    with pytest.raises(ValueError, match=rf"Schedule\.{field}: .*cannot be registered"):
        Schedule([], **{field: [lambda when: when]}).serialize()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({}, "clocks: a schedule needs"),
        ({"clocks": None}, "clocks: a schedule needs"),
        ([], "must be a JSON object"),
        ({"clocks": [], "filters": [{"fn": "zork", "kwargs": {}}]}, "filters: invalid function reference"),
        ({"clocks": [], "adjustments": [{"fn": "prefect.schedules.filters.is_weekday"}]}, "adjustments: invalid"),
        ({"clocks": [], "filters": 3}, "filters: not a list"),
        ({"clocks": [], "filters": [3]}, "must be an object with 'fn'"),
        ({"clocks": [{"type": "Zork"}]}, "Unknown clock type"),
    ],
)
def test_bad_json_is_refused_by_field(data, said):
    with pytest.raises(ValueError, match=said):
        Schedule.deserialize(data)


def test_helpers():
    assert RRuleSchedule(rrule(DAILY, count=2, dtstart=datetime(2030, 1, 1))).next(3, after=NEW_YEAR) == [
        NEW_YEAR + DAY
    ]
    assert CronSchedule("0 9 * * *", day_or=False).clocks[0].day_or is False
    with pytest.raises(TypeError, match="Interval must be a timedelta"):
        IntervalSchedule()


def test_the_server_can_use_schedules_without_pendulum():
    script = """
import json, sys
from datetime import datetime, UTC
from prefect.schedules.schedules import Schedule
schedule = Schedule.deserialize(json.loads(sys.argv[1]))
events = schedule.next(10, after=datetime(2030, 1, 1, tzinfo=UTC), return_events=True)
print(len(events), events[0].time.isoformat(), "pendulum" in sys.modules)
"""
    answer = subprocess.run(
        [sys.executable, "-c", script, json.dumps(FULL.serialize())], capture_output=True, text=True, check=True
    )
    assert answer.stdout.split() == ["10", "2030-01-01T09:05:00+00:00", "False"]
