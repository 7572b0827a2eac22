"""Testing a flow with a backend: states, retries, schedules and secrets, by the fixtures that this package brings."""

from __future__ import annotations

import os
import sys
from datetime import datetime, timedelta

import pytest

import prefect
from prefect import Flow, Parameter, task
from prefect.client import Secret
from prefect.engine import signals
from prefect.schedules import CronSchedule


@task(max_retries=1, retry_delay=timedelta(0))
def fetch(city: str) -> str:
    if prefect.context.task_run_count == 1:
        raise signals.FAIL("the service was busy")
    return f"{city} by {Secret('WEATHER_KEY').get()}"


@task
def report(weather: str) -> str:
    return f"{prefect.context.today}: {weather}"


with Flow("weather", schedule=CronSchedule("0 6 * * 1-5", start_date=datetime(2026, 1, 1))) as flow:
    said = report(fetch(Parameter("city", default="Bergen")))


def test_a_busy_service_is_asked_again(run_flow, fake_secrets, frozen_time):
    fake_secrets["WEATHER_KEY"] = "a key of this test"
    frozen_time("2026-03-27T12:00")
    run = run_flow(flow, city="Oslo")
    assert run.result_of(said) == "2026-03-27: Oslo by a key of this test"
    assert run.task_states["fetch-1"] == ["Pending", "Running", "Failed", "Retrying", "Running", "Success"]


def test_without_its_key_it_fails_and_says_so(run_flow, fake_secrets):
    run = run_flow(flow)
    assert run.state.is_failed()
    assert any("WEATHER_KEY" in line for line in run.logs)


def test_it_is_due_on_the_next_working_day(prefect_server, frozen_time):
    frozen_time("2026-03-27T12:00")  # a Friday
    assert prefect_server.scheduled_times(flow)[0].isoformat() == "2026-03-30T06:00:00+00:00"


if __name__ == "__main__":
    sys.exit(pytest.main([__file__, "-q", "-c", os.devnull, "-p", "prefect.pytest_plugin", "-p", "no:cacheprovider"]))
