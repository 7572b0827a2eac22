"""The conditions of the command line find what they say, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from prefect.cli.which_runs import Conditions, _meant, where_of

ASKED = "query($where: flow_run_bool_exp) { flow_run(where: $where) { id } }"
NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


@pytest.fixture
def runs(api):
    flow_id = api.register()
    due = {"failed": NOW - timedelta(hours=1), "early": NOW - timedelta(days=3), "later": NOW + timedelta(days=1)}
    made = {
        name: api.do(
            "create_flow_run",
            flow_id=flow_id,
            flow_run_name=f"{name} 50% a_b",
            scheduled_start_time=time.isoformat(),
            labels=["eu"] if name == "failed" else [],
            parameters={"x": 3 if name == "failed" else 4},
        )["id"]
        for name, time in due.items()
    }
    state = {"flow_run_id": made["failed"], "state": {"type": "Failed", "message": "no disk left"}}
    api.do("set_flow_run_states", "states { id }", states=[state])
    return made


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"where": ("state=Failed",)}, ["failed"]),
        ({"where": ("state!=Failed",)}, ["early", "later"]),
        ({"where": ("message~DISK",)}, ["failed"]),
        ({"where": ("name~50% a_b",)}, ["early", "failed", "later"]),
        ({"where": ("name~a%b",)}, []),
        ({"where": ("label=eu,us",)}, ["failed"]),
        ({"where": ("label!=eu",)}, ["early", "later"]),
        ({"where": ("parameter.x=3",)}, ["failed"]),
        ({"where": ("scheduled=false",)}, ["early", "failed", "later"]),
        ({"where": ("scheduled_start_time<2d",)}, ["early"]),
        ({"where": ("scheduled_start_time>2026-11-27T12:00+00:00",)}, ["later"]),
        ({"since": "2h"}, ["failed"]),
        ({"since": "7d", "states": ("Failed", "Scheduled")}, ["early", "failed"]),
        ({"flow": "flow"}, ["early", "failed", "later"]),
        ({"project": "another"}, []),
    ],
    ids=str,
)
def test_conditions_find_what_they_say(api, runs, given, found):
    where = where_of(Conditions(**given), NOW)

    rows = api.ask(ASKED, {"where": where}).data["flow_run"]

    assert sorted(name for name, run_id in runs.items() if {"id": run_id} in rows) == found
    assert len(rows) == len(found)


def test_a_run_is_found_by_the_beginning_of_its_id(api, runs):
    wanted = runs["early"]

    for name in (wanted[:8], wanted[:13], wanted.replace("-", "")[:31]):
        assert {"id": wanted} in api.ask(ASKED, {"where": {"_or": _meant(name)}}).data["flow_run"]
