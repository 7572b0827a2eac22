"""What a schedule would do, told before it is saved."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from prefect.server.actions.schedule_preview import MOST_CLOCKS, preview
from prefect.server.errors import ApiError

NOW = datetime(2026, 11, 28, 15, tzinfo=UTC)
BERLIN = "Europe/Berlin"


def test_times_of_all_clocks_come_in_order_and_say_which_clock_they_are_of():
    clocks = [{"cron": "0 2 * * *", "parameter_defaults": {"day": 1}}, {"interval": 43_200}]

    told = preview(NOW, clocks=clocks, timezone=BERLIN, count=4)

    assert [time["time"] for time in told["times"]] == sorted(time["time"] for time in told["times"])
    assert {time["clock"] for time in told["times"]} == {0, 1}
    first = told["clocks"][0]["times"][0]
    assert (first["time"], first["local"]) == ("2026-11-29T01:00:00+00:00", "2026-11-29T02:00:00+01:00")
    assert first["parameter_defaults"] == {"day": 1}
    assert [len(clock["times"]) for clock in told["clocks"]] == [4, 4]


@pytest.mark.parametrize(
    ("clock", "said"),
    [
        ({"cron": "61 * * * *"}, "Invalid cron string: 61 * * * *"),
        ({"cron": "0 " * 400}, "at most 500 characters"),
        ({"interval": 3}, "Interval can not be less than one minute"),
        ({"interval": 2**31 - 1}, None),
        ({"cron": "0 0 30 2 *"}, "no time"),
    ],
    ids=["no minute", "too long", "too often", "seldom", "never"],
)
def test_a_clock_that_is_wrong_is_told_and_the_others_are_shown(clock, said):
    told = preview(NOW, clocks=[clock, {"cron": "0 2 * * *"}], count=2)

    error = told["clocks"][0]["error"]
    assert (error is None) if said is None else (said in error)
    assert told["clocks"][1]["error"] is None
    assert len(told["clocks"][1]["times"]) == 2


@pytest.mark.parametrize(
    ("cron", "forward", "back"),
    [
        ("30 2 * * *", "02:30 does not exist that day; the run starts at 03:00.", "02:30 comes twice that day"),
        ("0 * * * *", "leaves the lost hour out.", "runs in both hours."),
        ("0 12 * * *", None, None),
        ("30 2 1 1 *", None, None),
    ],
    ids=["in the night", "every hour", "at noon", "on another day"],
)
def test_changes_of_the_clock_are_told_with_what_they_do(cron, forward, back):
    changes = preview(NOW, clocks=[{"cron": cron}], timezone=BERLIN)["clock_changes"]

    assert [change["time"] for change in changes] == ["2027-03-28T01:00:00+00:00", "2027-10-31T01:00:00+00:00"]
    assert changes[0]["text"].startswith("Clocks go forward on 28 March 2027, from 02:00 to 03:00.")
    assert changes[1]["text"].startswith("Clocks go back on 31 October 2027, from 03:00 to 02:00.")
    for change, said in zip(changes, (forward, back), strict=True):
        assert change["is_affected"] is (said is not None)
        assert said is None or said in change["text"]


def test_what_is_told_of_a_change_is_what_happens():
    told = preview(datetime(2027, 3, 27, 12, tzinfo=UTC), clocks=[{"cron": "30 2 * * *"}], timezone=BERLIN, count=1)
    assert told["times"][0]["local"] == "2027-03-28T03:00:00+02:00"

    told = preview(datetime(2027, 10, 30, 12, tzinfo=UTC), clocks=[{"cron": "30 2 * * *"}], timezone=BERLIN, count=1)
    assert told["times"][0]["local"] == "2027-10-31T02:30:00+01:00"


def test_a_zone_without_changes_has_none_to_tell():
    for zone in (None, "UTC", "Asia/Tokyo"):
        assert preview(NOW, clocks=[{"cron": "30 2 * * *"}], timezone=zone)["clock_changes"] == []


def test_a_stored_schedule_is_shown_with_its_filters():
    schedule = {
        "type": "Schedule",
        "clocks": [
            {"type": "CronClock", "cron": "0 2 * * *", "start_date": {"dt": "2026-01-01T00:00:00", "tz": BERLIN}}
        ],
        "filters": [{"fn": "prefect.schedules.filters.is_weekday", "kwargs": {}}],
    }

    told = preview(NOW, schedule=schedule, count=2)

    assert [time["local"][:10] for time in told["times"]] == ["2026-11-30", "2026-12-01"]


def test_a_schedule_that_has_no_end_of_work_is_told_and_not_waited_for():
    rule = {"type": "Schedule", "clocks": [{"type": "CronClock", "cron": "0 0 29 2 1#5"}] * 3}
    told = preview(NOW, schedule=rule, count=100)
    assert len(told["clocks"]) == 3


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "Invalid clocks: expected clocks or a schedule, got 'neither'"),
        ({"clocks": [], "schedule": {}}, "Invalid clocks: expected clocks or a schedule, got 'both'"),
        ({"clocks": []}, f"Invalid clocks: expected 1 to {MOST_CLOCKS} clocks, got '0 clocks'"),
        ({"clocks": [{"interval": 60}] * (MOST_CLOCKS + 1)}, f"Invalid clocks: expected 1 to {MOST_CLOCKS} clocks"),
        (
            {"clocks": [{"cron": "* * * * *", "interval": 60}]},
            r"Invalid clocks\[0\]: expected cron or interval, got 'both'",
        ),
        ({"clocks": [{}]}, r"Invalid clocks\[0\]: expected cron or interval, got 'neither'"),
        ({"clocks": [{"cron": "* * * * *"}], "timezone": "Moon/Sea"}, "timezone"),
        ({"clocks": [{"cron": "* * * * *"}], "count": 0}, "Invalid count"),
        ({"schedule": {"clocks": 3}}, "Invalid clocks"),
        ({"schedule": "x"}, "Invalid schedule"),
    ],
    ids=[
        "nothing",
        "both",
        "no clock",
        "too many",
        "two in one",
        "none in one",
        "no zone",
        "none wanted",
        "no list",
        "no object",
    ],
)
def test_what_cannot_be_meant_is_told_by_its_field(given, said):
    with pytest.raises(ApiError, match=said):
        preview(NOW, **given)
