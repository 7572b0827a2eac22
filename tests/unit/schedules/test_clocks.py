import copy
import sys
from datetime import UTC, datetime, timedelta, timezone
from itertools import islice
from zoneinfo import ZoneInfo

import cloudpickle
import pendulum
import pytest
from dateutil.rrule import DAILY, rrule, rruleset, rrulestr

from prefect.model import codec
from prefect.schedules.clocks import Clock, ClockEvent, CronClock, DatesClock, IntervalClock, RRuleClock

NEW_YEAR = datetime(2030, 1, 1, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NY = ZoneInfo("America/New_York")


def times(clock, after, n=3):
    return [event.time for event in islice(clock.events(after=after), n)]


def test_interval_counts_from_its_start():
    clock = IntervalClock(HOUR, start_date=NEW_YEAR)
    assert times(clock, NEW_YEAR - DAY) == [NEW_YEAR, NEW_YEAR + HOUR, NEW_YEAR + 2 * HOUR]
    assert times(clock, NEW_YEAR, 1) == [NEW_YEAR + HOUR]
    assert times(clock, NEW_YEAR + timedelta(minutes=59, seconds=59, microseconds=999_999), 1) == [NEW_YEAR + HOUR]


def test_interval_without_start_counts_from_2019():
    assert times(IntervalClock(timedelta(days=10)), datetime(2019, 1, 12, tzinfo=UTC), 1) == [
        datetime(2019, 1, 21, tzinfo=UTC)
    ]


@pytest.mark.parametrize(("interval", "error", "said"), [
    (3, TypeError, "Interval must be a timedelta."),
    (None, TypeError, "Interval must be a timedelta."),
    (timedelta(0), ValueError, "Interval must be greater than 0."),
    (timedelta(-1), ValueError, "Interval must be greater than 0."),
])  # fmt: skip
def test_bad_intervals_are_refused(interval, error, said):
    with pytest.raises(error, match=said):
        IntervalClock(interval)


def test_intervals_below_a_minute_run_here_but_have_no_json():
    clock = IntervalClock(timedelta(seconds=30), start_date=NEW_YEAR)
    assert len(times(clock, NEW_YEAR)) == 3
    with pytest.raises(ValueError, match="Interval can not be less than one minute"):
        codec.dump(clock)
    with pytest.raises(ValueError, match="Interval can not be less than one minute"):
        codec.load("clock", {"type": "IntervalClock", "interval": 30_000_000})


def test_end_is_included():
    end = NEW_YEAR + 2 * HOUR
    for clock in (
        IntervalClock(HOUR, start_date=NEW_YEAR, end_date=end),
        CronClock("0 * * * *", start_date=NEW_YEAR, end_date=end),
        RRuleClock(rrule(4, dtstart=datetime(2030, 1, 1)), start_date=NEW_YEAR, end_date=end),
    ):
        assert times(clock, NEW_YEAR - DAY, 9) == [NEW_YEAR, NEW_YEAR + HOUR, NEW_YEAR + 2 * HOUR]


def test_an_end_before_the_start_gives_nothing():
    assert times(CronClock("0 9 * * *", start_date=NEW_YEAR, end_date=NEW_YEAR - DAY), NEW_YEAR - DAY) == []


@pytest.mark.parametrize("cron", ["x", "", "0 9 * *", "99 * * * *", "0 9 * * MON-ZZZ", None, 3])
def test_bad_crons_are_refused(cron):
    with pytest.raises(ValueError, match="Invalid cron string"):
        CronClock(cron)


@pytest.mark.parametrize(
    ("cron", "first"),
    [
        ("0 9 * * *", "2030-01-01T09:00:00"),
        ("0 0 1 * *", "2030-02-01T00:00:00"),
        ("@daily", "2030-01-02T00:00:00"),
        ("0 9 * * MON-FRI", "2030-01-01T09:00:00"),
        ("0 9 L * *", "2030-01-31T09:00:00"),
        ("0 9 * * 5#2", "2030-01-11T09:00:00"),
        ("* * * * * 30", "2030-01-01T00:00:30"),
        ("0 0 29 2 *", "2032-02-29T00:00:00"),
    ],
)
def test_cron_expressions(cron, first):
    assert times(CronClock(cron), NEW_YEAR, 1)[0].replace(tzinfo=None).isoformat() == first


def test_a_cron_that_never_comes_ends():
    assert times(CronClock("0 0 31 2 *"), NEW_YEAR) == []


def test_cron_start_may_be_an_event_and_nothing_is_earlier():
    clock = CronClock("0 0 * * *", start_date=NEW_YEAR)
    assert times(clock, NEW_YEAR - DAY, 1) == [NEW_YEAR]
    assert times(clock, NEW_YEAR, 1) == [NEW_YEAR + DAY]


def test_an_event_less_than_a_second_ahead_is_not_missed():
    assert times(CronClock("0 0 * * *"), NEW_YEAR - timedelta(microseconds=1), 1) == [NEW_YEAR]


def test_cron_goes_by_the_zone_of_its_start():
    clock = CronClock("0 9 * * *", start_date=datetime(2030, 1, 1, tzinfo=NY))
    event = next(clock.events(after=NEW_YEAR))
    assert event.time == datetime(2030, 1, 1, 14, tzinfo=UTC)
    assert event.start_time == pendulum.datetime(2030, 1, 1, 9, tz="America/New_York")
    assert event.start_time.timezone_name == "America/New_York"


def test_day_or_decides_between_either_and_both_days():
    either = times(CronClock("0 9 15 * 1"), NEW_YEAR, 3)
    assert [time.day for time in either] == [7, 14, 15]
    both = times(CronClock("0 9 15 * 1", day_or=False), NEW_YEAR, 1)
    assert (both[0].day, both[0].weekday()) == (15, 0)


def test_more_than_a_thousand_events():
    assert times(CronClock("* * * * *"), NEW_YEAR, 1500)[-1] == NEW_YEAR + timedelta(minutes=1500)


def test_dates_are_sorted_and_bound_the_clock():
    clock = DatesClock([NEW_YEAR + DAY, NEW_YEAR, NEW_YEAR])
    assert times(clock, NEW_YEAR - DAY, 9) == [NEW_YEAR, NEW_YEAR + DAY]
    assert times(clock, NEW_YEAR, 9) == [NEW_YEAR + DAY]
    assert (clock.start_date, clock.end_date) == (NEW_YEAR, NEW_YEAR + DAY)
    assert clock.dates == [NEW_YEAR + DAY, NEW_YEAR, NEW_YEAR]
    with pytest.raises(ValueError, match="at least one date"):
        DatesClock([])


def test_rules_are_strictly_after_unless_after_is_absent():
    clock = RRuleClock(rrule(DAILY, count=3, dtstart=datetime(2030, 1, 1)))
    assert times(clock, NEW_YEAR - DAY, 9) == [NEW_YEAR, NEW_YEAR + DAY, NEW_YEAR + 2 * DAY]
    assert times(clock, NEW_YEAR, 9) == [NEW_YEAR + DAY, NEW_YEAR + 2 * DAY]
    assert times(clock, NEW_YEAR + 9 * DAY, 9) == []
    with pytest.raises(TypeError, match="rrule_obj must be an rrule"):
        RRuleClock(3)


def test_rules_of_a_zone_and_sets():
    aware = RRuleClock(rrule(DAILY, count=2, dtstart=datetime(2030, 1, 1, tzinfo=NY)), end_date=datetime(2030, 1, 9))
    assert times(aware, NEW_YEAR, 9) == [NEW_YEAR + 5 * HOUR, NEW_YEAR + DAY + 5 * HOUR]
    rules = rruleset()
    rules.rrule(rrule(DAILY, count=3, dtstart=datetime(2030, 1, 1)))
    rules.exdate(datetime(2030, 1, 2))
    rules.rdate(datetime(2030, 1, 9))
    clock = RRuleClock(rules)
    expected = [NEW_YEAR, NEW_YEAR + 2 * DAY, NEW_YEAR + 8 * DAY]
    assert times(clock, NEW_YEAR - DAY, 9) == expected
    assert times(codec.load("clock", codec.dump(clock)), NEW_YEAR - DAY, 9) == expected


RULES = [
    "FREQ=SECONDLY;INTERVAL=7",
    "FREQ=MINUTELY;INTERVAL=90",
    "FREQ=HOURLY;INTERVAL=5;BYDAY=MO,TU",
    "FREQ=HOURLY;BYMINUTE=5,50",
    "FREQ=DAILY;INTERVAL=3;BYHOUR=9,17",
    "FREQ=DAILY;UNTIL=20300110T000000",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE,SU;WKST=SU",
    "FREQ=WEEKLY;INTERVAL=3",
    "FREQ=MONTHLY;BYDAY=-1FR",
    "FREQ=MONTHLY;INTERVAL=5;BYMONTHDAY=13",
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
    "FREQ=DAILY;COUNT=100;INTERVAL=7",
    "FREQ=DAILY;BYHOUR=1,2,3;BYSETPOS=-1",
]


@pytest.mark.parametrize("text", RULES)
def test_an_old_rule_names_the_same_times_as_when_walked_from_its_start(text):
    rule = rrulestr(f"DTSTART:20291120T091500\nRRULE:{text}")
    walked = [time.replace(tzinfo=UTC) for time in islice(rule.xafter(datetime(2030, 1, 3, 4, 5, 6)), 6)]
    assert times(RRuleClock(rule), datetime(2030, 1, 3, 4, 5, 6, tzinfo=UTC), 6) == walked


@pytest.mark.parametrize(
    ("text", "n"),
    [
        ("DTSTART:19700101T000000\nRRULE:FREQ=SECONDLY", 3),
        ("DTSTART:20000101T000000\nRRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", 0),
        ("DTSTART:20000101T000000\nRRULE:FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30", 0),
        ("DTSTART:20000101T000000\nRRULE:FREQ=MINUTELY;BYMONTH=1;BYHOUR=3;BYMINUTE=4", 3),
    ],
    ids=["every second for decades", "never", "never, by seconds", "rarely"],
)
def test_no_rule_is_walked_without_end(text, n):
    assert len(times(RRuleClock(rrulestr(text)), NEW_YEAR, 3)) == n


def test_an_empty_rule_gives_nothing():
    assert times(RRuleClock(rruleset()), NEW_YEAR) == []


def test_clock_dates_are_pendulum_and_naive_means_utc():
    clock = CronClock("0 9 * * *", start_date=datetime(2030, 1, 1))
    assert clock.start_date == pendulum.datetime(2030, 1, 1)
    assert isinstance(clock.start_date, pendulum.DateTime)
    assert clock.end_date is None
    for bad in ("x", 3):
        with pytest.raises(ValueError, match="expected a datetime"):
            CronClock("0 9 * * *", start_date=bad)


def test_the_base_clock_is_abstract():
    with pytest.raises(NotImplementedError):
        next(Clock().events())


def test_events_compare_by_time_and_equal_by_all():
    event = ClockEvent(NEW_YEAR)
    assert event == ClockEvent(NEW_YEAR)
    assert event != ClockEvent(NEW_YEAR, {"a": 1})
    assert event != ClockEvent(NEW_YEAR, labels=[])
    assert event == NEW_YEAR
    assert event == pendulum.datetime(2030, 1, 1)
    assert event < NEW_YEAR + DAY
    assert event > ClockEvent(NEW_YEAR - DAY, {"a": 1})
    assert event != "x"
    assert repr(ClockEvent(NEW_YEAR, {"a": 1}, ["x"])) == "<2030-01-01T00:00:00+00:00,['x'],{'a': 1}>"
    with pytest.raises(TypeError, match="'<' not supported"):
        _ = event < "x"
    with pytest.raises(TypeError, match="unhashable"):
        hash(event)


CLOCKS = [
    IntervalClock(HOUR, NEW_YEAR, NEW_YEAR + DAY, {"a": 1}, ["x"]),
    IntervalClock(DAY, datetime(2030, 1, 1, 9, tzinfo=NY)),
    CronClock("0 9 * * *", datetime(2030, 1, 1, tzinfo=NY), day_or=False, labels=[]),
    DatesClock([NEW_YEAR, datetime(2030, 1, 5, tzinfo=timezone(HOUR))], {"a": [1]}),
    RRuleClock(rrule(DAILY, count=5, dtstart=NEW_YEAR), labels=["x"]),
]


@pytest.mark.parametrize("clock", CLOCKS, ids=lambda c: type(c).__name__)
def test_clocks_come_back_from_json_and_pickle(clock):
    expected = list(islice(clock.events(after=NEW_YEAR - DAY), 5))
    data = codec.dump(clock)
    for other in (codec.load("clock", data), cloudpickle.loads(cloudpickle.dumps(clock)), copy.deepcopy(clock)):
        assert list(islice(other.events(after=NEW_YEAR - DAY), 5)) == expected
        assert codec.dump(other) == data


def test_the_calendar_ends():
    assert times(IntervalClock(timedelta(days=365 * 4000), start_date=NEW_YEAR), NEW_YEAR, 9) == [
        NEW_YEAR + timedelta(days=365 * 4000)
    ]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"type": "IntervalClock", "interval": 10**30}, "interval: not a valid period"),
        ({"type": "IntervalClock", "interval": float("inf")}, "interval: not a valid period"),
        (
            {"type": "CronClock", "cron": "0 9 * * *", "start_date": {"dt": "0001-01-01T00:00:00", "tz": "Asia/Tokyo"}},
            "start_date: outside the calendar",
        ),
        ({"type": "RRuleClock", "rrule_obj": {"type": "rrule", "rr": "FREQ=ZORK"}}, "rrule_obj: not a valid rule"),
        ({"type": "RRuleClock", "rrule_obj": {"type": "rrule"}}, "rrule_obj: a rule must be"),
        ({"type": "RRuleClock", "rrule_obj": {"type": "rruleset", "_rdate": 3}}, "_rdate: not a list"),
        ({"type": "Zork"}, "Unknown clock type: 'Zork'"),
        ({"type": "CronClock"}, "cron: missing"),
        ({"type": "CronClock", "cron": "zork"}, "Invalid cron string: zork"),
        ({"type": "IntervalClock"}, "interval: missing"),
        ({"type": "IntervalClock", "interval": "x"}, "interval: not a valid period"),
        ({"type": "DatesClock", "dates": 3}, "dates: not a list"),
        ({"type": "CronClock", "cron": "0 9 * * *", "labels": "x"}, "labels: not a list"),
        ({"type": "CronClock", "cron": "0 9 * * *", "parameter_defaults": 3}, "parameter_defaults: not an object"),
        ({"type": "CronClock", "cron": "0 9 * * *", "start_date": {"dt": "x"}}, "start_date: not a valid datetime"),
        ({"type": "CronClock", "cron": "0 9 * * *", "start_date": {"dt": "2030-01-01", "tz": "No/Where"}}, "No/Where"),
        ({"type": "RRuleClock", "rrule_obj": {"type": "zork"}}, "rrule_obj: unknown type"),
        (
            {"type": "RRuleClock", "rrule_obj": {"type": "rrule", "rr": "RRULE:FREQ=DAILY", "_until": "x"}},
            "not a valid datetime",
        ),
    ],
)
def test_bad_json_is_refused_by_field(data, said):
    with pytest.raises(ValueError, match=said):
        codec.load("clock", data)


def test_json_of_older_clients_without_optional_fields_loads():
    clock = codec.load("clock", {"type": "CronClock", "cron": "0 9 * * *"})
    assert (clock.day_or, clock.labels, clock.parameter_defaults, clock.start_date) == (True, None, {}, None)
    assert "prefect.schedules.clocks" in sys.modules
