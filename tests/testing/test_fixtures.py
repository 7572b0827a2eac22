"""The fixtures for tests of flows."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import prefect
from prefect import Flow, Parameter, task
from prefect.client import Client, Secret
from prefect.engine import signals
from prefect.engine.state import Success
from prefect.exceptions import ClientError
from prefect.executors import LocalDaskExecutor
from prefect.schedules import CronSchedule
from prefect.testing import Clock, InProcessServer, TrackedRun

RunFlow = Callable[..., TrackedRun]


@task
def double(x: int) -> int:
    return 2 * x


@task(max_retries=2, retry_delay=timedelta(0))
def flaky() -> str:
    if prefect.context.task_run_count < 3:
        raise signals.FAIL("not yet")
    prefect.context.logger.info("there it is")
    return "third time"


with Flow("fixtures") as flow:
    doubled = double.map([Parameter("x", default=1), 2])
    tried = flaky()


def test_a_run_keeps_every_state_and_line(run_flow: RunFlow) -> None:
    run = run_flow(flow, x=5)
    assert run.state.is_successful()
    assert run.result_of(doubled) == [10, 4]
    assert run.states == ["Scheduled", "Running", "Success"]
    assert run.task_states["double-1[1]"] == ["Pending", "Running", "Success"]
    assert [state for state in run.task_states["flaky-1"] if state == "Retrying"] == ["Retrying"] * 2
    assert "there it is" in run.logs
    assert run.view.state.is_successful()


def test_parameters_are_checked(run_flow: RunFlow) -> None:
    with Flow("asks") as asks:
        double(Parameter("wanted"))
    with pytest.raises(ClientError, match="wanted"):
        run_flow(asks)
    with pytest.raises(TypeError, match=r"'fixtures' has no parameter 'y'; it has \['x'\]"):
        run_flow(flow, y=5)


@pytest.mark.parametrize("turn", [1, 2])
def test_each_test_has_a_backend_of_its_own(prefect_server: InProcessServer, turn: int, tmp_path: Any) -> None:
    assert Client().graphql("{ flow_run { id } project { id } }").data == {"flow_run": [], "project": []}
    prefect_server.run(flow)
    assert len(prefect_server.client.graphql("{ flow_run { id } }").data.flow_run) == 1
    home = prefect.config.home_dir
    assert str(prefect_server.home) == home != os.path.expanduser("~/.prefect")


def test_the_settings_are_as_before_when_the_test_is_over(tmp_path: Any) -> None:
    from prefect.testing import in_process_server

    before = prefect.config.cloud.api, prefect.config.home_dir, os.environ.get("PREFECT__CLOUD__API")
    with in_process_server(tmp_path):
        assert prefect.config.cloud.api.startswith("embedded:")
    assert (prefect.config.cloud.api, prefect.config.home_dir, os.environ.get("PREFECT__CLOUD__API")) == before
    assert not list(tmp_path.glob("proctor.db-*"))


def test_states_of_tasks_context_and_executor_can_be_given(prefect_server: InProcessServer) -> None:
    @task
    def shown() -> Any:
        return prefect.context.get("wanted")

    with Flow("given") as given:
        first = double(1)
        seen = shown()
        second = double(first)
    run = prefect_server.run(
        given,
        executor=LocalDaskExecutor(scheduler="threads"),
        run_context={"wanted": "this"},
        task_states={first: Success(result=20)},
    )
    assert run.result_of(second) == 40
    assert run.result_of(seen) == "this"


def test_a_process_that_is_started_meanwhile_speaks_to_the_same_backend(prefect_server: InProcessServer) -> None:
    source = "from prefect.client import Client; Client().create_project('of the child')"
    subprocess.run([sys.executable, "-c", source], check=True, timeout=60)
    assert prefect_server.client.graphql("{ project { name } }").data.project == [{"name": "of the child"}]


# ----- time


@pytest.fixture
def clock(frozen_time: Callable[[str], Clock]) -> Clock:
    return frozen_time("2026-03-28T12:00")


def test_schedules_and_the_dates_of_a_run_follow_the_frozen_time(
    clock: Clock, prefect_server: InProcessServer, run_flow: RunFlow
) -> None:
    @task
    def today() -> tuple[str, str]:
        return prefect.context.today, str(prefect.context.scheduled_start_time)

    with Flow("dates", schedule=CronSchedule("0 9 * * *", start_date=datetime(2026, 1, 1, tzinfo=UTC))) as dates:
        said = today()
    assert [str(time.date()) for time in dates.schedule.next(2)] == ["2026-03-29", "2026-03-30"]
    made = prefect_server.scheduled_times(dates)
    assert made[0] == datetime(2026, 3, 29, 9, tzinfo=UTC)
    assert len(made) == 10
    assert run_flow(dates).result_of(said) == ("2026-03-28", "2026-03-28T12:00:00+00:00")
    clock.move_to("2040-01-01T01:00:00+02:00")
    assert clock.time == datetime(2039, 12, 31, 23, tzinfo=UTC)
    assert run_flow(dates).result_of(said)[0] == "2039-12-31"
    clock.move_by(timedelta(hours=2))
    assert str(dates.schedule.next(1)[0].date()) == "2040-01-01"


def test_a_retry_is_not_held_up_by_a_time_that_stands_still(clock: Clock, run_flow: RunFlow) -> None:
    assert run_flow(flow).state.is_successful()


def test_time_goes_on_after_a_test_that_held_it() -> None:
    from prefect.utilities import present

    assert present.held() is None


# ----- secrets


def test_a_task_gets_the_secret_of_the_test(fake_secrets: dict[str, Any], run_flow: RunFlow) -> None:
    fake_secrets["TOKEN"] = "only here"

    @task
    def look() -> Any:
        return Secret("TOKEN").get(), Secret("OTHER").exists()

    with Flow("secrets") as secret_flow:
        seen = look()
    assert run_flow(secret_flow).result_of(seen) == ("only here", False)


def test_the_secrets_of_this_machine_are_not_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    from prefect.testing import fake_secrets as faked

    with prefect.context(secrets={"REAL": "x"}):
        with faked({"FAKE": {"a": 1}}):
            assert Secret("FAKE").get() == {"a": 1}
            assert not Secret("REAL").exists()
            assert os.environ["PREFECT__CONTEXT__SECRETS__FAKE"] == '{"a": 1}'
        assert Secret("REAL").get() == "x"
    assert "PREFECT__CONTEXT__SECRETS__FAKE" not in os.environ


# ----- what it costs who does not use it


def test_the_plugin_loads_nothing_before_it_is_used() -> None:
    source = (
        "import sys, pytest, prefect.pytest_plugin\n"
        "mine = sorted(name for name in sys.modules if name.startswith('prefect'))\n"
        "print(*mine)\n"
    )
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["prefect", "prefect._lazy", "prefect._version", "prefect.pytest_plugin"]


def test_pytest_finds_the_plugin_by_the_package_alone() -> None:
    """Its entry point has the module's name, so that naming the module as well is no conflict."""
    import tomllib
    from pathlib import Path

    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    assert project["entry-points"]["pytest11"] == {"prefect.pytest_plugin": "prefect.pytest_plugin"}
