"""Tasks for dbt: the command with a program in its place, dbt Cloud with a fake that speaks its API (version 2)."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from prefect.engine.signals import FAIL
from prefect.tasks.dbt import DbtCloudRunJob, DbtShellTask, dbt_cloud_utils
from prefect.tasks.dbt.dbt_cloud_utils import (
    DbtCloudRunCanceled,
    DbtCloudRunFailed,
    DbtCloudRunTimedOut,
    TriggerDbtCloudRunFailed,
    list_run_artifact_links,
    wait_for_job_run,
)
from support.fake_service import FakeService
from support.pauses import record_sleep


@pytest.fixture
def dbt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    program = tmp_path / "bin" / "dbt"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\necho "profiles: $DBT_PROFILES_DIR" && echo "$@" && [ "$1" != fail ]\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("DBT_PROFILES_DIR", raising=False)
    return tmp_path / "profiles"


def test_command_is_run_with_a_profile_of_its_own(dbt: Path) -> None:
    task = DbtShellTask(
        profile_name="p",
        environment="dev",
        dbt_kwargs={"type": "duckdb", "threads": 2},
        profiles_dir=str(dbt),
        return_all=True,
    )

    assert task.run("dbt run -s a", dbt_kwargs={"threads": 3}) == [f"profiles: {dbt}", "run -s a"]
    assert yaml.safe_load((dbt / "profiles.yml").read_text()) == {
        "p": {"outputs": {"dev": {"type": "duckdb", "threads": 3}}, "target": "dev"}
    }
    assert stat.S_IMODE((dbt / "profiles.yml").stat().st_mode) == 0o600
    assert [path.name for path in dbt.iterdir()] == ["profiles.yml"]


def test_a_profile_that_is_there_stays_unless_told_otherwise(dbt: Path) -> None:
    dbt.mkdir()
    (dbt / "profiles.yml").write_text("mine: {}")
    how: dict[str, Any] = {
        "profile_name": "p",
        "environment": "dev",
        "dbt_kwargs": {"type": "x"},
        "profiles_dir": str(dbt),
    }
    DbtShellTask(**how).run("dbt run")
    assert (dbt / "profiles.yml").read_text() == "mine: {}"
    DbtShellTask(**how, overwrite_profiles=True).run("dbt run")
    assert "mine" not in (dbt / "profiles.yml").read_text()


def test_without_a_profile_dbt_looks_where_it_always_does(dbt: Path) -> None:
    assert DbtShellTask(return_all=True, env={"A": "b"}).run("dbt run; echo $A") == ["profiles:", "run", "b"]
    assert DbtShellTask(profiles_dir=str(dbt), set_profiles_envar=False, return_all=True).run("dbt x") == [
        "profiles:",
        "x",
    ]


def test_a_command_that_fails_fails_the_task(dbt: Path) -> None:
    with pytest.raises(FAIL, match="exit code 1"):
        DbtShellTask(command="dbt fail").run()
    with pytest.raises(ValueError, match="`profile_name` of DbtShellTask"):
        DbtShellTask(dbt_kwargs={"password": "s3cr3t"}, profiles_dir=str(dbt)).run("dbt run")
    with pytest.raises(TypeError, match="'command'"):
        DbtShellTask().run()


# ----- dbt Cloud


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeService]:
    record_sleep(monkeypatch)
    with FakeService() as service:
        monkeypatch.setattr(dbt_cloud_utils, "ADDRESS", service.url + "/{}")
        service.on("POST .*/run/$", {"data": {"id": 5, "href": "https://cloud/runs/5"}})
        yield service


def run(status: int, **more: Any) -> dict[str, Any]:
    return {"data": {"id": 5, "status": status, **more}}


GIVEN: dict[str, Any] = {"cause": "why", "account_id": 1, "job_id": 2, "token": "s3cr3t-token"}


def test_run_is_started(fake: FakeService) -> None:
    task = DbtCloudRunJob(**GIVEN, additional_args={"git_branch": "b"})

    assert task.run() == {"id": 5, "href": "https://cloud/runs/5"}
    assert fake.asked[0].path == "/cloud.getdbt.com/api/v2/accounts/1/jobs/2/run/"
    assert fake.asked[0].json == {"cause": "why", "git_branch": "b"}
    assert fake.asked[0].headers["Authorization"] == "Bearer s3cr3t-token"


def test_run_is_waited_for_and_its_artifacts_listed(fake: FakeService) -> None:
    fake.on("GET .*/artifacts/", {"data": ["manifest.json"]}).on("GET .*/runs/5/$", run(1), run(3), run(10))

    found = DbtCloudRunJob(**GIVEN).run(wait_for_job_run_completion=True, domain="x.example")
    link = f"{fake.url}/x.example/api/v2/accounts/1/runs/5/artifacts/manifest.json"
    assert found == {"id": 5, "status": 10, "artifact_urls": [link]}
    assert list_run_artifact_links(1, 5, "t", "x.example") == [(link, "manifest.json")]
    assert wait_for_job_run(1, "t", 5)["status"] == 10


def test_artifacts_that_cannot_be_listed_are_no_failure(fake: FakeService) -> None:
    fake.on("GET .*/artifacts/", (500, {})).on("GET", run(10))

    assert DbtCloudRunJob(**GIVEN, wait_for_job_run_completion=True).run()["artifact_urls"] == []


@pytest.mark.parametrize(
    ("status", "error", "text"),
    [(20, DbtCloudRunFailed, "ID: 5 failed"), (30, DbtCloudRunCanceled, "ID: 5 cancelled")],
)
def test_a_run_that_ends_badly_fails_the_task(fake: FakeService, status: int, error: Any, text: str) -> None:
    fake.on("GET", run(status))
    with pytest.raises(error, match=text):
        DbtCloudRunJob(**GIVEN, wait_for_job_run_completion=True).run()


def test_a_run_that_takes_too_long_is_cancelled(fake: FakeService) -> None:
    fake.on("GET", run(3)).on("POST .*cancel", {})
    with pytest.raises(DbtCloudRunTimedOut):
        DbtCloudRunJob(**GIVEN, wait_for_job_run_completion=True, max_wait_time=0).run()
    assert fake.asked[-1].path.endswith("/runs/5/cancel/")
    with pytest.raises(DbtCloudRunTimedOut):
        wait_for_job_run(1, "t", 5, max_wait_time=0)


def test_ids_and_token_come_from_the_environment(fake: FakeService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBT_CLOUD_ACCOUNT_ID", "11")
    monkeypatch.setenv("MY_JOB", "22")
    with pytest.raises(ValueError, match="dbt Cloud token cannot be None"):
        DbtCloudRunJob(cause="c", job_id_env_var_name="MY_JOB").run()
    monkeypatch.setenv("DBT_CLOUD_TOKEN", "t")
    DbtCloudRunJob(cause="c", job_id_env_var_name="MY_JOB").run()
    assert "/accounts/11/jobs/22/run/" in fake.asked[0].path


def test_a_refusal_and_a_bad_domain_show_no_token(fake: FakeService) -> None:
    fake.rules.clear()
    fake.on("POST", lambda asked: (401, {"sent": asked.headers["Authorization"]}))
    with pytest.raises(TriggerDbtCloudRunFailed, match="401") as caught:
        DbtCloudRunJob(**GIVEN).run()
    assert "s3cr3t" not in str(caught.value)
    for domain in ("evil.example/@x", "a b", "x?y"):
        with pytest.raises(ValueError, match="no domain of dbt Cloud"):
            DbtCloudRunJob(**GIVEN, domain=domain).run()
