"""The text of times that users get: the one of 1.x, whatever pendulum writes."""

import json
import pickle
from datetime import UTC, datetime, timedelta

import pendulum
import pytest

from prefect import Flow, Parameter, task
from prefect.core.parameter import DateTimeParameter
from prefect.engine.results import LocalResult
from prefect.engine.serializers import DateTimeSerializer
from prefect.engine.state import Cached, Queued, Scheduled
from prefect.model.user_time import DateTime, now, parse, user_time
from prefect.schedules import CronSchedule, adjustments
from prefect.utilities.graphql import parse_graphql_arguments

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
TEXT = "2030-01-01T12:00:00+00:00"


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(lambda: Scheduled(start_time=NOON).start_time, id="state"),
        pytest.param(lambda: Queued(start_time=NOON).start_time, id="queued"),
        pytest.param(lambda: Cached(cached_result_expiration=NOON).cached_result_expiration, id="cached"),
        pytest.param(lambda: CronSchedule("0 12 * * *").next(1, after=NOON - timedelta(1))[0], id="schedule"),
        pytest.param(lambda: CronSchedule("0 12 * * *", start_date=NOON).start_date, id="start of a schedule"),
        pytest.param(lambda: adjustments.add(timedelta(hours=12))(user_time(NOON).subtract(hours=12)), id="adjustment"),
        pytest.param(lambda: DateTimeSerializer().deserialize(TEXT.encode()), id="serializer"),
        pytest.param(lambda: user_time(NOON), id="value"),
        pytest.param(lambda: user_time(NOON.replace(tzinfo=None)), id="naive"),
        pytest.param(lambda: parse(TEXT), id="text"),
    ],
)
def test_times_are_pendulum_times_written_with_a_t(value):
    shown = value()
    assert isinstance(shown, pendulum.DateTime)
    assert (str(shown), f"{shown}", f"{shown:%Y}") == (TEXT, TEXT, "2030")
    assert json.dumps(shown, default=str) == f'"{TEXT}"'


def test_what_is_calculated_from_a_time_is_written_alike():
    noon = user_time(NOON)
    assert str(noon + timedelta(hours=1)) == "2030-01-01T13:00:00+00:00"
    assert str(noon.subtract(days=1).in_timezone("Europe/Berlin")) == "2029-12-31T13:00:00+01:00"
    assert str(pickle.loads(pickle.dumps(noon))) == TEXT
    assert user_time(noon) is noon
    assert type(now()) is DateTime


def test_only_points_of_time_are_parsed():
    with pytest.raises(ValueError, match="P3D"):
        parse("P3D")


def test_a_task_sees_the_times_of_its_run_written_with_a_t():
    @task
    def look(when):
        from prefect import context

        return [str(context.date), str(context.scheduled_start_time)[10], str(when)]

    with Flow("times") as flow:
        seen = look(DateTimeParameter("when"))
    state = flow.run(when=TEXT, context={"date": TEXT})
    assert state.result[seen].result == [TEXT, "T", TEXT]


def test_times_in_templates_are_written_with_a_t(tmp_path):
    @task(result=LocalResult(dir=str(tmp_path), location="{date}/{x}"))
    def keep(x):
        return x

    with Flow("templates") as flow:
        keep(Parameter("x", default=1))
    assert flow.run(context={"date": TEXT, "checkpointing": True}).is_successful()
    assert [path.name for path in tmp_path.iterdir()] == [TEXT]


def test_times_in_graphql_arguments_are_written_with_a_t():
    assert parse_graphql_arguments({"at": pendulum.datetime(2030, 1, 1, 12)}) == f"at: {TEXT}"
