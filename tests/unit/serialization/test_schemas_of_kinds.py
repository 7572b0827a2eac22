"""The Schema class of each class: its JSON needs no type."""

from __future__ import annotations

from datetime import datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
from dateutil.rrule import DAILY, rrule

from prefect.engine import results
from prefect.engine import state as states
from prefect.model.codec import dump
from prefect.run_configs import DockerRun, ECSRun, KubernetesRun, LocalRun, UniversalRun, VertexRun
from prefect.schedules import clocks
from prefect.storage import GCS, S3, Azure, Docker, Git, GitHub, Local, Module, Webhook

START = datetime(2020, 1, 1)
OBJECTS: list[tuple[str, Any]] = [
    *(("state", getattr(states, name)("m")) for name in states.__all__ if name not in ("State",)),
    *(("run_config", kind(labels=["a"])) for kind in (DockerRun, KubernetesRun, LocalRun, UniversalRun, VertexRun)),
    ("run_config", ECSRun(labels=["a"])),
    *(("storage", made) for made in (S3("b"), GCS("b"), Azure("c"), Docker(), Module("m"), Local("/tmp"))),
    ("storage", Git(repo="r", flow_path="p")),
    ("storage", GitHub("r", "p")),
    ("storage", Webhook({}, "POST", {}, "GET")),
    ("result", results.LocalResult("/tmp", location="x")),
    ("result", results.PrefectResult(location="1")),
    ("result", results.S3Result("b", location="x")),
    ("schedule", clocks.CronClock("* * * * *")),
    ("schedule", clocks.IntervalClock(timedelta(hours=1), start_date=START)),
    ("schedule", clocks.DatesClock([START])),
    ("schedule", clocks.RRuleClock(rrule(DAILY, START))),
]


@pytest.mark.parametrize(("room", "made"), OBJECTS, ids=[type(made).__name__ for _, made in OBJECTS])
def test_an_object_goes_and_comes_by_the_schema_of_its_class(room: str, made: Any) -> None:
    schema = getattr(import_module(f"prefect.serialization.{room}"), f"{type(made).__name__}Schema")()

    data = schema.dump(made)

    assert "type" not in data
    assert {**dump(made), "type": None} == {**data, "type": None}
    for given in (data, {**data, "type": "AnotherType"}):
        loaded = schema.load(given)
        assert type(loaded) is type(made)
        assert dump(loaded) == dump(made)
    assert schema.validate(data) == {}


def test_what_is_wrong_is_told() -> None:
    from prefect.serialization.state import SuccessSchema  # type: ignore[attr-defined]

    assert SuccessSchema().validate({"message": 5}) == {"_schema": ["message: not text: 5"]}


def test_rules_go_and_come() -> None:
    from prefect.serialization.schedule import RRuleSchema

    rule = rrule(DAILY, START, count=3)
    assert list(RRuleSchema().load(RRuleSchema().dump(rule))) == list(rule)
