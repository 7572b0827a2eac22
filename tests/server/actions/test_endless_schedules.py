"""Schedules that name no time for very long: the work of looking is counted and ends, and nobody is held up by it."""

from __future__ import annotations

import dataclasses
import logging
import re
import sys

import pytest

from prefect.schedules import Schedule
from prefect.schedules.steps import Steps
from prefect.server.actions import schedules
from prefect.server.errors import BadInput
from prefect.server.services import scheduler
from prefect.server.settings import load_settings
from support.world import START, flow_document

SETTINGS = load_settings({}, environment={})
HOURLY = {"type": "IntervalClock", "interval": 3_600_000_000}
MINUTELY = {"clocks": [{**HOURLY, "interval": 60_000_000, "start_date": "2030-01-01T00:00:00+00:00"}]}
#: Lines of Python for one step, at most: a day that a rule of many positions leaves out takes the most.
LINES = 60


def rule(text, start="2020-01-01T00:00:00"):
    begin = start.replace("-", "").replace(":", "")
    return {"rr": f"DTSTART:{begin}\nRRULE:{text}", "_dtstart": start, "_until": None}


def clock(text, start="2020-01-01T00:00:00"):
    return {"type": "RRuleClock", "rrule_obj": {"type": "rrule", **rule(text, start)}}


def ruleset(**fields):
    return {"type": "RRuleClock", "rrule_obj": {"type": "rruleset", **fields}}


def called(name, **closed_over):
    return {"fn": f"prefect.schedules.filters.{name}", "kwargs": closed_over}


NEVER = called("on_date", month=2, day=30)
POSITIONS = ",".join(str(position) for position in range(1, 366))
RARE_CRONS = [{"type": "CronClock", "cron": "0 0 30 2 *", "parameter_defaults": {"n": n}} for n in range(100)]
ENDLESS = {
    "a count of billions": {"clocks": [clock("FREQ=SECONDLY;COUNT=4000000000")]},
    "positions that are not there": {"clocks": [clock("FREQ=SECONDLY;BYSETPOS=2")]},
    "positions of days, from year 1": {"clocks": [clock("FREQ=DAILY;BYSETPOS=50", "0001-01-01T00:00:00")]},
    "positions of weeks": {"clocks": [clock("FREQ=WEEKLY;BYSETPOS=20", "0001-01-01T00:00:00")]},
    "all positions of years": {"clocks": [clock(f"FREQ=YEARLY;BYWEEKNO=53;BYDAY=MO;BYSETPOS={POSITIONS}")]},
    "positions of minutes": {"clocks": [clock("FREQ=MINUTELY;INTERVAL=7;BYHOUR=3;BYSETPOS=1")]},
    "30 February of months": {"clocks": [clock("FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30;COUNT=9")]},
    "31 February by negative day": {
        "clocks": [clock("FREQ=SECONDLY;BYHOUR=3;BYMONTH=2;BYMONTHDAY=-30;UNTIL=99981231T000000")]
    },
    "seconds that are far apart": {"clocks": [clock("FREQ=SECONDLY;BYSECOND=1;BYMINUTE=1;BYHOUR=1;BYYEARDAY=366")]},
    "all is taken out": {
        "clocks": [ruleset(_rrule=[rule("FREQ=SECONDLY")], _exrule=[rule("FREQ=SECONDLY")], _rdate=[], _exdate=[])]
    },
    "a filter that refuses all": {"clocks": [HOURLY], "filters": [NEVER] * 3},
    "many filters": {"clocks": [HOURLY], "or_filters": [NEVER] * 100},
    "many crons that never come": {"clocks": RARE_CRONS},
    "a cron of seconds that never comes": {"clocks": [{"type": "CronClock", "cron": "0 0 30 2 * 0"}] * 300},
}


def flow_with(schedule, **more):
    base = {"archived": False, "is_schedule_active": True, "group_schedule": None}
    return {"id": "f-1", **base, "schedule": {"type": "Schedule", **schedule}, **more}


class TooManyLines(BaseException):
    pass


def lines_of(most, work):
    """Run, and end it when more lines of Python are executed than that; whoever counts steps is not asked."""
    count = 0

    def trace(frame, event, _):
        nonlocal count
        if event == "line":
            count += 1
            if count > most:
                raise TooManyLines(frame.f_code)
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        return work()
    finally:
        sys.settrace(before)


@pytest.mark.parametrize("schedule", ENDLESS.values(), ids=ENDLESS.keys())
def test_the_work_of_looking_ends(schedule, caplog):
    steps = Steps(schedules.FEW_STEPS)

    with caplog.at_level(logging.WARNING):
        found = lines_of(
            LINES * schedules.FEW_STEPS, lambda: schedules.wanted_runs(flow_with(schedule), START, SETTINGS, steps)
        )

    assert found == []
    assert "Flow f-1 has a schedule whose next runs are not found within 20000 steps: 0 found" in caplog.text


def test_what_was_found_before_the_end_of_the_steps_is_wanted(caplog):
    schedule = {"clocks": [clock("FREQ=SECONDLY;BYSETPOS=2"), HOURLY]}
    in_time = {"clocks": [clock("FREQ=SECONDLY;COUNT=3", "2030-01-01T12:00:01"), clock("FREQ=DAILY;BYSETPOS=50")]}
    filtered = {"clocks": [HOURLY], "filters": [called("on_date", month=1, day=1)]}

    assert schedules.wanted_runs(flow_with(schedule), START, SETTINGS) == []
    assert schedules.wanted_runs(flow_with(in_time), START, SETTINGS) == []  # no clock's time is known to be the next
    found = schedules.wanted_runs(flow_with(filtered), START, SETTINGS, Steps(500))
    assert [run.start.hour for run in found] == list(range(13, 24))[: len(found)]
    assert len(found) >= 10


@pytest.mark.parametrize(
    ("least", "most", "horizon", "count"),
    [
        (3, 7, 0, 3),
        (3, 7, 5, 5),
        (3, 7, 6, 6),
        (3, 7, 60, 7),
        (3, 2, 60, 3),
        (9, 7, 60, 9),
        (1, 1, 1, 1),
        (1, 2, 60, 2),
    ],
)
def test_so_many_runs_are_wanted_or_those_before_the_next_looks_up_to_a_bound(monkeypatch, least, most, horizon, count):
    monkeypatch.setattr(schedules, "MOST_AHEAD", most)
    settings = dataclasses.replace(
        SETTINGS, max_scheduled_runs_per_flow=least, scheduler_horizon_seconds=60 * horizon, scheduler_seconds=0.0
    )

    found = schedules.wanted_runs(flow_with(MINUTELY), START, settings)

    assert [(run.start - START).total_seconds() / 60 for run in found] == [*range(1, count + 1)]


def test_the_next_looks_are_three_turns_of_the_scheduler_or_what_is_set():
    for seconds, horizon, count in ((300.0, 0, 15), (300.0, 1200, 20), (420.0, 1200, 21)):
        settings = dataclasses.replace(
            SETTINGS, max_scheduled_runs_per_flow=1, scheduler_horizon_seconds=horizon, scheduler_seconds=seconds
        )
        assert len(schedules.wanted_runs(flow_with(MINUTELY), START, settings)) == count


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("FREQ=DAILY", "0001-01-01T00:00:00"),
        ("FREQ=SECONDLY;INTERVAL=3600", "0001-01-01T00:00:00"),
        ("FREQ=HOURLY;BYHOUR=3;BYMINUTE=1;BYSECOND=1", "1990-01-01T00:00:00"),
        ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=-1", "2000-01-01T00:00:00"),
        ("FREQ=YEARLY;BYMONTH=12;BYDAY=FR;BYSETPOS=-1", "1990-01-01T00:00:00"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,TH;UNTIL=99981231T000000", "1990-01-01T00:00:00"),
        ("FREQ=DAILY;COUNT=10000", "2020-01-01T00:00:00"),
    ],
)
def test_rules_that_people_have_are_counted_and_give_what_they_give_without(text, start):
    schedule = {"clocks": [clock(text, start)]}
    free = Schedule.deserialize(schedule).next(10, after=START)

    found = schedules.wanted_runs(flow_with(schedule), START, SETTINGS)

    assert [run.start for run in found][:10] == free


def test_a_user_s_own_schedule_is_walked_without_a_bound():
    never_by_position = Schedule.deserialize({"clocks": [clock("FREQ=DAILY;BYSETPOS=50;UNTIL=24000101T000000")]})

    assert never_by_position.next(1, after=START) == []


@pytest.mark.parametrize("name", ["a count of billions", "a filter that refuses all", "many crons that never come"])
def test_registering_does_little_in_its_transaction_and_says_so(world, caplog, name):
    schedule = {"type": "Schedule", **ENDLESS[name]}

    with caplog.at_level(logging.WARNING):
        flow_id = world.register(flow_document(schedule=schedule))

    assert f"Flow {flow_id} has a schedule whose next runs are not found within 20000 steps" in caplog.text
    assert world.rows("flow_run") == []


def test_one_that_needs_more_steps_is_left_to_the_scheduler(world):
    needs_more = {"type": "Schedule", "clocks": [clock("FREQ=HOURLY;COUNT=100000", "2025-01-01T00:00:00")]}

    flow_id = world.register(flow_document(schedule=needs_more))
    assert world.rows("flow_run") == []

    made = world.run_async(scheduler.run_once(world.database, world.settings, world.now))
    assert made == len(world.rows("flow_run", flow_id=flow_id)) >= 10


def test_endless_ones_leave_the_others_their_runs(world, monkeypatch):
    monkeypatch.setattr(scheduler, "TURN_STEPS", 100_000)
    endless = {"type": "Schedule", "clocks": [clock("FREQ=SECONDLY;BYSETPOS=2")]}
    for number in range(4):
        world.register(flow_document(f"endless {number}", schedule=endless))
    late = world.register(flow_document("good", schedule={"type": "Schedule", "clocks": [HOURLY]}))
    world.pass_time(3600)
    before = len(world.rows("flow_run", flow_id=late))
    taken = []
    wanted_runs = schedules.wanted_runs

    def noting(flow, now, settings, steps):
        try:
            return wanted_runs(flow, now, settings, steps)
        finally:
            taken.append(steps.taken)

    monkeypatch.setattr(schedules, "wanted_runs", noting)
    made = world.run_async(scheduler.run_once(world.database, world.settings, world.now))

    assert made == 1
    assert len(world.rows("flow_run", flow_id=late)) == before + 1
    assert sum(taken) <= 100_000 + 5 * schedules.FEW_STEPS + 1_000


def bad_field(name, value):
    good = {"type": "rruleset", "_rrule": [rule("FREQ=DAILY")], "_exrule": [], "_rdate": [], "_exdate": []}
    return {"clocks": [{"type": "RRuleClock", "rrule_obj": {**good, name: value}}]}


TOO_LARGE = {
    "rdates": (bad_field("_rdate", ["2030-01-01T00:00:00"] * 2_001), "clocks[0].rrule_obj._rdate"),
    "exdates": (bad_field("_exdate", ["2030-01-01T00:00:00"] * 2_001), "clocks[0].rrule_obj._exdate"),
    "rules": (bad_field("_rrule", [rule("FREQ=DAILY")] * 101), "clocks[0].rrule_obj._rrule"),
    "excluding rules": (bad_field("_exrule", [rule("FREQ=DAILY")] * 101), "clocks[0].rrule_obj._exrule"),
    "text": (bad_field("_rrule", [{"rr": "x" * 5_001}]), "clocks[0].rrule_obj._rrule[0].rr"),
    "no text": (bad_field("_rrule", [{}]), "clocks[0].rrule_obj._rrule[0].rr"),
    "no date": (bad_field("_rdate", [5]), "clocks[0].rrule_obj._rdate[0]"),
    "no rules": ({"clocks": [{"type": "RRuleClock", "rrule_obj": 5}]}, "clocks[0].rrule_obj"),
    "filters": ({"clocks": [HOURLY], "filters": [NEVER] * 101}, "filters"),
    "adjustments": ({"clocks": [HOURLY], "adjustments": 5}, "adjustments"),
}


@pytest.mark.parametrize(("schedule", "field"), TOO_LARGE.values(), ids=TOO_LARGE.keys())
def test_what_is_too_much_to_be_read_each_time_is_refused_by_name(world, schedule, field):
    with pytest.raises(BadInput) as told:
        world.register(flow_document(schedule={"type": "Schedule", **schedule}))

    assert told.value.field == f"serialized_flow.schedule.{field}"
    assert len(str(told.value)) < 500


def test_as_many_dates_as_are_allowed_are_scheduled(world):
    dates = [f"2030-01-02T{n // 60 % 24:02}:{n % 60:02}:{n // 1440:02}" for n in range(2_000)]
    world.register(flow_document(schedule={"type": "Schedule", **bad_field("_rdate", dates)}))

    assert len(world.rows("flow_run")) >= 10


def test_a_rule_that_never_moves_on_is_said_to_be_wrong():
    with pytest.raises(ValueError, match="INTERVAL must be at least 1"):
        Schedule.deserialize({"clocks": [clock("FREQ=YEARLY;INTERVAL=0")]})


def of_rule(text, **more):
    return {"clocks": [{"type": "RRuleClock", "rrule_obj": {"type": "rrule", **rule(text), **more}}]}


IN_SET = "clocks[0].rrule_obj._rrule[0].rr"
NONSENSE = {
    "no step": (of_rule("FREQ=DAILY;INTERVAL=0"), "clocks[0].rrule_obj.rr", "INTERVAL must be at least 1"),
    "a step back": (of_rule("FREQ=DAILY;INTERVAL=-1"), "clocks[0].rrule_obj.rr", "INTERVAL must be at least 1"),
    "a step for ever": (of_rule(f"FREQ=DAILY;INTERVAL={2**31}"), "clocks[0].rrule_obj.rr", f"at most {2**31 - 1}"),
    "no frequency": (of_rule("INTERVAL=1"), "clocks[0].rrule_obj.rr", "FREQ is missing"),
    "a thirteenth month": (of_rule("FREQ=YEARLY;BYMONTH=13"), "clocks[0].rrule_obj.rr", "BYMONTH must be from 1 to 12"),
    "a late hour": (of_rule("FREQ=DAILY;BYHOUR=99"), "clocks[0].rrule_obj.rr", "hour must be in 0..23"),
    "no rule": (of_rule("x"), "clocks[0].rrule_obj.rr", "a recurrence rule"),
    "no step in a set": (bad_field("_rrule", [rule("FREQ=HOURLY;INTERVAL=0")]), IN_SET, "INTERVAL must be at least 1"),
    "no step of what is left out": (
        bad_field("_exrule", [rule("FREQ=HOURLY;INTERVAL=0")]), "clocks[0].rrule_obj._exrule[0].rr", "at least 1",
    ),
    "no interval": ({"clocks": [HOURLY | {"interval": 0}]}, "clocks[0].interval", "microseconds greater than 0"),
    "an interval back": ({"clocks": [HOURLY | {"interval": -1}]}, "clocks[0].interval", "microseconds greater than 0"),
    "a text for an interval": ({"clocks": [HOURLY | {"interval": "1h"}]}, "clocks[0].interval", "microseconds"),
    "no cron": ({"clocks": [{"type": "CronClock", "cron": "x"}]}, "clocks[0].cron", "a cron expression"),
    "a cron without step": ({"clocks": [{"type": "CronClock", "cron": "*/0 * * * *"}]}, "clocks[0].cron", "a cron"),
    "no dates": ({"clocks": [{"type": "DatesClock", "dates": []}]}, "clocks[0]", "needs at least one date"),
    "no time": ({"clocks": [HOURLY | {"start_date": {"dt": "soon", "tz": "UTC"}}]}, "clocks[0]", "a clock that can be"),
}  # fmt: skip


@pytest.mark.parametrize(("schedule", "field", "expected"), NONSENSE.values(), ids=NONSENSE.keys())
def test_a_clock_that_never_goes_on_is_refused_at_registration(world, schedule, field, expected):
    with pytest.raises(BadInput, match=re.escape(expected)) as told:
        world.register(flow_document(schedule={"type": "Schedule", **schedule}))

    assert told.value.field == f"serialized_flow.schedule.{field}"
    assert len(str(told.value)) < 500
    assert world.rows("flow") == []


SOUND = {
    "a rule that never comes": of_rule("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"),
    "a step beyond the calendar": of_rule(f"FREQ=WEEKLY;INTERVAL={2**31 - 1}"),
    "a cron that never comes": {"clocks": [{"type": "CronClock", "cron": "0 0 30 2 *"}]},
    "an interval that clients refuse": {"clocks": [HOURLY | {"interval": 1_000_000}]},
    "a clock of tomorrow": {"clocks": [{"type": "MoonClock", "interval": 5, "phase": "full"}]},
}


@pytest.mark.parametrize("schedule", SOUND.values(), ids=SOUND.keys())
def test_a_clock_without_times_is_registered(world, schedule):
    world.register(flow_document(schedule={"type": "Schedule", **schedule}))

    assert len(world.rows("flow")) == 1
    assert len(world.rows("flow_run")) <= 1
