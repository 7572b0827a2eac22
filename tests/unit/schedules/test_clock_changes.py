"""Every clock change of 20 zones from 2020 to 2035, against the rule said in ``prefect.schedules.walls``.

The expected times are found the slow way: each minute of the days around a change is looked at on its own.
"""

from datetime import UTC, datetime, timedelta
from itertools import pairwise, takewhile
from zoneinfo import ZoneInfo

import pytest
from croniter import croniter
from dateutil.rrule import DAILY, HOURLY, MINUTELY, rrule

from prefect.schedules.clocks import CronClock, IntervalClock, RRuleClock

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

# Changes of one hour, two and a half; at midnight; with winter time as the exception; for the month of Ramadan; on days
# other than Sunday; in zones beside the full hour; in zones that began or ended to change, or moved, in these years.
ZONES = [
    "America/New_York",
    "Europe/Berlin",
    "Australia/Lord_Howe",
    "America/Santiago",
    "Africa/Casablanca",
    "Europe/Dublin",
    "Asia/Beirut",
    "America/Havana",
    "Africa/Cairo",
    "America/Asuncion",
    "America/Mexico_City",
    "America/Nuuk",
    "America/St_Johns",
    "Antarctica/Troll",
    "Asia/Jerusalem",
    "Asia/Tehran",
    "Australia/Adelaide",
    "Europe/London",
    "Pacific/Auckland",
    "Pacific/Chatham",
]
# For what is slow to check, or said of any zone.
SOME_ZONES = ZONES[:8]
CRONS = [
    "0 9 * * *",
    "30 2 * * *",
    "15 0 * * *",
    "30 1,2,3 * * *",
    "*/20 1 * * *",
    "0 * * * *",
    "*/30 * * * *",
    "17 * * * *",
    "0 */2 * * *",
    "45 0-3 * * 0",
    "0 0 * * *",
    "59 23 * * *",
]


def changes(zone, first_year, last_year):
    """Pairs of (last minute before, first minute after) of each clock change."""
    when, end = datetime(first_year, 1, 1, tzinfo=UTC), datetime(last_year + 1, 1, 1, tzinfo=UTC)
    while when < end:
        if offset(when, zone) != offset(when + DAY, zone):
            low, high = when, when + DAY
            while high - low > MINUTE:
                middle = low + (high - low) // (2 * MINUTE) * MINUTE
                low, high = (middle, high) if offset(middle, zone) == offset(low, zone) else (low, middle)
            yield high
        when += DAY


def offset(instant, zone):
    return instant.astimezone(zone).utcoffset()


class Around:
    """The minutes from a day before a clock change to a day after it, by what the wall clock shows."""

    def __init__(self, zone, change):
        self.change = change
        self.before, self.after = offset(change - MINUTE, zone), offset(change, zone)
        self.shown = {}
        instant = change - DAY
        while instant <= change + DAY:
            wall = instant.astimezone(zone)
            again = self.after < self.before and change - (self.before - self.after) <= instant < change
            self._note(wall, instant, again)
            instant += MINUTE
        self.jumped = {}
        wall = change + self.before
        while wall < change + self.after:
            self.jumped.setdefault((wall.hour, wall.minute), []).append(wall)
            wall += MINUTE

    def _note(self, wall, instant, again):
        self.shown.setdefault((wall.hour, wall.minute), []).append((wall.isoweekday() % 7, instant, again))

    def expected(self, cron):
        """Times of a cron that names minutes, hours and weekdays."""
        minutes, hours, days, months, weekdays = croniter.expand(cron)[0]
        assert (days, months) == (["*"], ["*"])
        hourly = hours == ["*"]
        found = set()
        for hour in range(24) if hourly else hours:
            for minute in range(60) if minutes == ["*"] else minutes:
                for weekday, instant, again in self.shown.get((hour, minute), ()):
                    if has(weekdays, weekday) and (hourly or not again):
                        found.add(instant)
                for wall in self.jumped.get((hour, minute), ()):
                    if has(weekdays, wall.isoweekday() % 7) and not hourly:
                        found.add(self.change)
        return sorted(found)


def has(values, value):
    return values == ["*"] or value in values


@pytest.mark.parametrize("name", ZONES)
def test_cron_at_every_change(name):
    zone = ZoneInfo(name)
    clocks = {cron: CronClock(cron, start_date=datetime(2000, 1, 1, tzinfo=zone)) for cron in CRONS}
    seen = 0
    for change in changes(zone, 2020, 2035):
        seen += 1
        around = Around(zone, change)
        for cron, clock in clocks.items():
            events = clock.events(after=change - DAY - timedelta(microseconds=1))
            times = [event.time for event in takewhile(lambda e, end=change + DAY: e.time <= end, events)]
            assert times == around.expected(cron), (cron, change)
    assert seen >= 6


@pytest.mark.parametrize("name", ZONES)
@pytest.mark.parametrize("cron", ["30 2 * * *", "15 0 * * *"])
def test_a_daily_cron_comes_once_on_each_day_of_all_these_years(name, cron):
    zone = ZoneInfo(name)
    start, end = datetime(2020, 1, 1, tzinfo=zone), datetime(2036, 1, 1, tzinfo=zone)
    events = list(takewhile(lambda e: e.time < end, CronClock(cron, start_date=start).events(after=start)))
    assert [event.local_time.date() for event in events] == [
        (datetime(2020, 1, 1) + day * DAY).date() for day in range((datetime(2036, 1, 1) - datetime(2020, 1, 1)).days)
    ]
    assert all(a.time < b.time for a, b in pairwise(events))


@pytest.mark.parametrize("name", ["America/New_York", "Australia/Lord_Howe"])
@pytest.mark.parametrize("cron", ["30 1,2 * * *", "*/30 * * * *"])
def test_where_one_starts_to_look_changes_nothing(name, cron):
    zone = ZoneInfo(name)
    clock = CronClock(cron, start_date=datetime(2000, 1, 1, tzinfo=zone))
    for change in changes(zone, 2021, 2021):
        events = clock.events(after=change - DAY)
        times = [event.time for event in takewhile(lambda e, end=change + 3 * DAY: e.time <= end, events)]
        for minutes in range(-180, 180, 7):
            after = change + timedelta(minutes=minutes, seconds=13)
            assert next(clock.events(after=after)).time == next(time for time in times if time > after)


@pytest.mark.parametrize("name", SOME_ZONES)
@pytest.mark.parametrize("interval", [timedelta(minutes=20), HOUR, timedelta(hours=6), timedelta(hours=23)], ids=str)
def test_intervals_below_a_day_are_exact(name, interval):
    zone = ZoneInfo(name)
    start = datetime(2020, 1, 1, 0, 30, tzinfo=zone)
    for change in changes(zone, 2021, 2022):
        events = IntervalClock(interval, start_date=start).events(after=change - DAY)
        times = [event.time for event in takewhile(lambda e, end=change + DAY: e.time <= end, events)]
        assert all(b - a == interval for a, b in pairwise(times))
        assert (times[0] - start.astimezone(UTC)) % interval == timedelta(0)
        assert times[0] - interval <= change - DAY < times[0]


@pytest.mark.parametrize("name", SOME_ZONES)
@pytest.mark.parametrize("interval", [DAY, 2 * DAY, 7 * DAY], ids=str)
@pytest.mark.parametrize("hour", [0, 1, 2, 9])
def test_intervals_of_days_keep_the_wall_clock(name, interval, hour):
    zone = ZoneInfo(name)
    start = datetime(2020, 1, 1, hour, 30, tzinfo=zone)
    for change in changes(zone, 2020, 2022):
        clock = IntervalClock(interval, start_date=start)
        events = list(takewhile(lambda e, end=change + 15 * DAY: e.time <= end, clock.events(after=change - 15 * DAY)))
        walls = [event.local_time.replace(tzinfo=None, fold=0) for event in events]
        jumped = abs(offset(change, zone) - offset(change - MINUTE, zone))
        for wall in walls:
            expected_wall = wall.replace(hour=hour, minute=30)
            assert wall == expected_wall or wall - expected_wall == jumped
        assert len({wall.date() for wall in walls}) == len(walls) >= 30 // interval.days - 1
        assert [e.time for e in events] == sorted({e.time for e in events})


def test_repeated_and_jumped_walls_of_day_intervals():
    zone = ZoneInfo("America/New_York")

    def walls(*start):
        events = IntervalClock(DAY, start_date=datetime(*start, tzinfo=zone)).events(
            after=datetime(2020, 1, 1, tzinfo=UTC)
        )
        return [next(events).local_time.isoformat() for _ in range(4)]

    assert walls(2021, 11, 6, 1, 30)[1] == "2021-11-07T01:30:00-05:00"
    assert walls(2021, 3, 13, 2, 30)[1:3] == ["2021-03-14T03:30:00-04:00", "2021-03-15T02:30:00-04:00"]


@pytest.mark.parametrize("name", ["America/New_York", "Australia/Lord_Howe"])
@pytest.mark.parametrize(("frequency", "step"), [(HOURLY, HOUR), (MINUTELY, MINUTE)], ids=["hourly", "minutely"])
def test_hourly_rules_leave_no_hour_out(name, frequency, step):
    zone = ZoneInfo(name)
    for change in changes(zone, 2021, 2021):
        start = (change - 3 * HOUR).astimezone(zone)
        clock = RRuleClock(rrule(frequency, dtstart=start, count=600))
        times = [
            e.time for e in takewhile(lambda e, end=change + 6 * HOUR: e.time <= end, clock.events(after=change - DAY))
        ]
        assert times == sorted(set(times))
        gaps = {b - a for a, b in pairwise(times)}
        # Where the clock jumps by half an hour, full hours by the wall are not an hour apart at the jump.
        assert gaps <= {step, step + timedelta(minutes=30), step - timedelta(minutes=30)}
        if name == "America/New_York":
            assert gaps == {step}


def test_daily_rules_keep_the_wall_clock():
    zone = ZoneInfo("America/New_York")
    clock = RRuleClock(rrule(DAILY, dtstart=datetime(2021, 3, 13, 2, 30, tzinfo=zone)))
    events = clock.events(after=datetime(2021, 1, 1, tzinfo=UTC))
    assert [next(events).local_time.isoformat() for _ in range(3)] == [
        "2021-03-13T02:30:00-05:00",
        "2021-03-14T03:30:00-04:00",
        "2021-03-15T02:30:00-04:00",
    ]
