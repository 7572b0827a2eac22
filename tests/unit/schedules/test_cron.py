import random
from datetime import datetime
from importlib.metadata import version
from itertools import islice

import pytest
from croniter import CroniterBadDateError, croniter

from prefect.schedules.cron import fields_of, is_hourly, is_valid, walls_after

CHOICES = [
    ["*", "0", "*/7", "5,35", "10-20/3", "59"],
    ["*", "0", "*/5", "9-17", "23", "1,2,3"],
    ["*", "*", "1", "15", "31", "*/10", "1-7"],
    ["*", "*", "2", "1,7", "*/4", "feb", "6-8"],
    ["*", "*", "1", "0", "7", "1-5", "mon,fri", "sun"],
]
RANDOM = random.Random(20301)
CRONS = sorted({" ".join(RANDOM.choice(field) for field in CHOICES) for _ in range(250)})


def by_croniter(cron, start, n, day_or):
    steps = croniter(cron, start, day_or=day_or, ret_type=datetime)
    found = []
    try:
        while len(found) < n:
            found.append(steps.get_next())
    except CroniterBadDateError:
        pass
    return found


@pytest.mark.parametrize("day_or", [True, False])
def test_ordinary_expressions_name_the_walls_that_croniter_finds(day_or):
    compared = 0
    for cron in CRONS:
        if not day_or and fields_of(cron).days and fields_of(cron).weekdays:
            continue  # croniter gives those out of order
        start = datetime(
            2027, RANDOM.randint(1, 12), RANDOM.randint(1, 28), RANDOM.randint(0, 23), RANDOM.randint(0, 59)
        )
        expected = by_croniter(cron, start, 6, day_or)
        if not expected and version("croniter") < "7":
            continue  # it gave up where the day of the month never comes, and that of the week does
        assert list(islice(walls_after(cron, start, day_or=day_or), 6)) == expected, cron
        compared += 1
    assert compared > 90


def test_both_days_restricted_and_both_wanted():
    walls = list(islice(walls_after("0 9 13 * 5", datetime(2030, 1, 1), day_or=False), 20))
    assert walls == sorted(walls)
    assert {(wall.day, wall.isoweekday()) for wall in walls} == {(13, 5)}
    assert walls[0] == datetime(2030, 9, 13, 9)


@pytest.mark.parametrize("cron", ["0 9 L * *", "0 9 * * 5#2", "* * * * * 30", "0 9 * * L5"])
def test_special_expressions_are_left_to_croniter(cron):
    assert is_valid(cron)
    assert fields_of(cron) is None
    start = datetime(2030, 1, 1)
    assert list(islice(walls_after(cron, start, day_or=True), 5)) == by_croniter(cron, start, 5, True)


@pytest.mark.parametrize("cron", ["0 0 31 2 *", "0 0 30 feb *"])
def test_days_that_never_come_end(cron):
    assert list(walls_after(cron, datetime(2030, 1, 1), day_or=True)) == []


def test_the_end_of_the_calendar_ends():
    assert list(walls_after("0 0 1 1 *", datetime(9990, 1, 1), day_or=True))[-1].year <= 9999


@pytest.mark.parametrize(
    ("cron", "hourly"),
    [("0 * * * *", True), ("*/5 0-23 1 * *", True), ("@hourly", True), ("0 */2 * * *", False), ("0 9 * * *", False)],
)
def test_which_expressions_name_every_hour(cron, hourly):
    assert is_hourly(cron) is hourly
