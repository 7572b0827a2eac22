"""Tasks for Databricks, against a fake that speaks its Jobs API (2.0 and 2.1)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from prefect.exceptions import PrefectException
from prefect.tasks import databricks
from prefect.tasks.databricks import models
from support.fake_service import FakeService
from support.pauses import record_sleep


@pytest.fixture
def fake() -> Iterator[FakeService]:
    with FakeService() as service:
        service.on("POST .*(run-now|submit)", {"run_id": 5})
        yield service


@pytest.fixture
def secret(fake: FakeService, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    record_sleep(monkeypatch)
    return {"host": fake.url, "token": "s3cr3t-token"}


def run(state: str, result: str = "") -> dict[str, Any]:
    return {"run_id": 5, "run_page_url": "http://page", "state": {"life_cycle_state": state, "result_state": result}}


def test_job_is_run_to_its_end(fake: FakeService, secret: dict[str, str]) -> None:
    fake.on("GET", run("PENDING"), run("RUNNING"), run("TERMINATED", "SUCCESS"))

    task = databricks.DatabricksRunNow(
        secret, job_id=3, json={"jar_params": ["x"]}, notebook_params={"n": 1, "b": True}
    )

    assert task.run(python_params=["p"]) == 5
    assert fake.asked[0].path == "/api/2.1/jobs/run-now"
    assert fake.asked[0].json == {
        "job_id": "3",
        "jar_params": ["x"],
        "notebook_params": {"n": "1", "b": "True"},
        "python_params": ["p"],
    }
    assert fake.asked[0].headers["Authorization"] == "Bearer s3cr3t-token"
    assert [asked.query for asked in fake.asked[1:]] == [{"run_id": ["5"]}] * 3


@pytest.mark.parametrize(
    "state", [("TERMINATED", "FAILED"), ("TERMINATED", "CANCELED"), ("SKIPPED", ""), ("INTERNAL_ERROR", "")]
)
def test_a_run_that_ends_otherwise_fails_the_task(fake: FakeService, secret: dict[str, str], state: Any) -> None:
    fake.on("GET", run(*state))

    with pytest.raises(PrefectException, match="DatabricksSubmitRun failed with terminal state: .*" + state[0]):
        databricks.DatabricksSubmitRun(secret, notebook_task={"notebook_path": "/x"}, existing_cluster_id="c").run()


def test_run_is_described_by_its_arguments(fake: FakeService, secret: dict[str, str]) -> None:
    fake.on("GET", run("TERMINATED", "SUCCESS"))
    databricks.DatabricksSubmitRun(
        secret, json={"run_name": "other"}, new_cluster={"num_workers": 2}, spark_jar_task={"main_class_name": "m"}
    ).run(run_name="mine")

    assert fake.asked[0].path == "/api/2.0/jobs/runs/submit"
    assert fake.asked[0].json == {
        "run_name": "mine",
        "new_cluster": {"num_workers": "2"},
        "spark_jar_task": {"main_class_name": "m"},
    }
    with pytest.raises(ValueError, match=r"json\[a\]\[0\] is not a number or a string"):
        databricks.DatabricksSubmitRun(secret, json={"a": [object()]}).run()


def test_several_tasks_are_run(fake: FakeService, secret: dict[str, str]) -> None:
    fake.on("GET", run("TERMINATED", "SUCCESS"))
    task = models.JobTaskSettings(
        task_key="k",
        notebook_task=models.NotebookTask(notebook_path="/x"),
        new_cluster=models.NewCluster(spark_version="15", num_workers=1, other="kept"),
        libraries=[models.Library(pypi=models.PythonPyPiLibrary(package="p"))],
    )
    access = models.AccessControlRequestForUser(user_name="u", permission_level=models.CanView.CAN_VIEW)
    source = models.GitSource(git_url="g", git_provider="p")
    databricks.DatabricksSubmitMultitaskRun(secret, run_name="r", idempotency_token="i").run(
        tasks=[task], access_control_list=[access], git_source=source, timeout_seconds=9
    )

    assert fake.asked[0].path == "/api/2.1/jobs/runs/submit"
    assert fake.asked[0].json == {
        "tasks": [
            {
                "task_key": "k",
                "depends_on": [],
                "notebook_task": {"notebook_path": "/x"},
                "new_cluster": {"spark_version": "15", "spark_conf": {}, "num_workers": 1, "other": "kept"},
                "libraries": [{"pypi": {"package": "p"}}],
            }
        ],
        "run_name": "r",
        "timeout_seconds": 9,
        "idempotency_token": "i",
        "access_control_list": [{"user_name": "u", "permission_level": "CAN_VIEW"}],
        "git_source": {"git_url": "g", "git_provider": "p"},
    }
    with pytest.raises(ValueError, match="is a model or a mapping, not str"):
        databricks.DatabricksSubmitMultitaskRun(secret, tasks=[task]).run(git_source="main")
    with pytest.raises(ValueError, match="Please supply at least one Databricks task"):
        databricks.DatabricksSubmitMultitaskRun(secret).run()


def test_a_cancelled_task_cancels_the_run(
    fake: FakeService, secret: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from prefect.tasks.authoring import remote

    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(remote, "pause", interrupt)
    fake.on("GET", run("RUNNING")).on("POST .*cancel", {})
    with pytest.raises(KeyboardInterrupt):
        databricks.DatabricksRunNow(secret, job_id=3).run()

    assert (fake.asked[-1].path, fake.asked[-1].json) == ("/api/2.1/jobs/runs/cancel", {"run_id": 5})


def test_job_is_found_by_its_name_over_pages(fake: FakeService, secret: dict[str, str]) -> None:
    def job(number: int, name: str) -> dict[str, Any]:
        return {"job_id": number, "settings": {"name": name}}

    pages = [
        {"jobs": [job(1, "a"), job(2, "b")], "has_more": True},
        {"jobs": [job(3, "c"), job(4, "a")], "has_more": False},
    ]
    fake.on("GET", lambda asked: pages[int(asked.query["offset"][0]) // 2])
    find = databricks.DatabricksGetJobID(secret, search_limit=2)

    assert find.run("c") == 3
    with pytest.raises(ValueError, match="Job with name 'z' not found"):
        find.run("z")
    with pytest.raises(ValueError, match="Job with name 'a' is duplicated"):
        find.run("a")


@pytest.mark.parametrize("connection", ["text", {"token": "s3cr3t-token"}, 7])
def test_a_connection_that_is_none_is_refused_without_showing_it(connection: Any) -> None:
    with pytest.raises(ValueError, match="must be supplied as a valid dictionary") as caught:
        databricks.DatabricksRunNow(connection, job_id=1).run()
    assert "s3cr3t" not in str(caught.value)


def test_log_in_by_name_and_a_refusal_without_the_password(fake: FakeService) -> None:
    fake.rules.clear()
    fake.on("POST", lambda asked: (403, {"message": "no", "sent": "s3cr3t-pass"}))
    with pytest.raises(PrefectException, match="DatabricksRunNow: 403") as caught:
        databricks.DatabricksRunNow({"host": fake.url, "login": "u", "password": "s3cr3t-pass"}, job_id=1).run()

    assert fake.asked[0].headers["Authorization"] == "Basic dTpzM2NyM3QtcGFzcw=="
    assert "s3cr3t" not in str(caught.value)
