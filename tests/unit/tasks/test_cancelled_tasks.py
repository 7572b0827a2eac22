"""Work elsewhere is not left behind when the run of the flow is cancelled, or the time limit of the task is over."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest

import prefect.tasks
from prefect import Flow, context
from prefect.exceptions import TaskTimeoutSignal
from prefect.tasks import airbyte, azure, census, databricks, dbt, fivetran, gcp, hightouch
from prefect.tasks.authoring import remote
from prefect.tasks.authoring.declared import WebTask
from prefect.tasks.dbt import dbt_cloud_utils
from prefect.tasks.shell import ShellTask
from support.fake_service import FakeService
from support.road import wait_until
from support.stand_ins import stand_in

CONNECTION = "12345678-1234-1234-1234-123456789012"
SECRET = {"host": "http://databricks.example", "token": "t"}
TRIGGER = "https://bearer:secret-token:t@app.getcensus.com/api/v1/syncs/11/trigger"
FIVETRAN = {
    "service": "s", "schema": "s", "schedule_type": "manual", "status": {"setup_state": "connected", "sync_state": "x"},
}  # fmt: skip

# Task with its arguments -> what the service answers, and the request that stops the job; None where it has none.
JOBS: list[tuple[Any, list[tuple[str, Any]], str | None]] = [
    (
        airbyte.AirbyteConnectionTask(connection_id=CONNECTION),
        [
            ("health", {"available": True}),
            ("connections/get", {"status": "active"}),
            ("connections/sync", {"job": {"id": 5}}),
            ("jobs/get", {"job": {"status": "running", "createdAt": 1, "updatedAt": 1}}),
        ],
        "POST /jobs/cancel/",
    ),
    (
        census.CensusSyncTask(TRIGGER),
        [("trigger", {"data": {"sync_run_id": 5}}), ("GET /sync_runs/5$", {"data": {"status": "working"}})],
        "POST /sync_runs/5/cancel",
    ),
    (
        databricks.DatabricksRunNow(SECRET, job_id=3),
        [("run-now", {"run_id": 5}), ("runs/get", {"state": {"life_cycle_state": "RUNNING"}})],
        "POST /api/2.1/jobs/runs/cancel",
    ),
    (
        databricks.DatabricksSubmitRun(SECRET, json={"a": 1}),
        [("runs/submit", {"run_id": 5}), ("runs/get", {"state": {"life_cycle_state": "RUNNING"}})],
        "POST /api/2.1/jobs/runs/cancel",
    ),
    (
        dbt.DbtCloudRunJob("why", 1, 2, "t", wait_for_job_run_completion=True),
        [("POST .*/run/", {"data": {"id": 5}}), ("GET", {"data": {"id": 5, "status": 3}})],
        "POST /cloud.getdbt.com/api/v2/accounts/1/runs/5/cancel/",
    ),
    (
        fivetran.FivetranSyncTask("c"),
        [("GET", {"data": FIVETRAN}), ("force", {})],
        None,  # the service ends a sync only by pausing its connector, for all
    ),
    (
        hightouch.HightouchRunSync("k", sync_id=5, wait_for_completion=True),
        [("run/5", {"id": "5"}), ("GET", {"sync": {"sync_status": "querying"}})],
        None,  # there is no request for it
    ),
]
# These have tests of their own: here, and beside their fakes.
ELSEWHERE = {"azure/datafactory.py", "kubernetes/job.py"}


@pytest.fixture(params=[KeyboardInterrupt, TaskTimeoutSignal])
def stopping(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> type[BaseException]:
    """Stops a task while it waits for its job."""

    def stop(_: float) -> None:
        raise request.param

    monkeypatch.setattr(remote, "pause", stop)
    kind: type[BaseException] = request.param
    return kind


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeService]:
    with FakeService() as service:
        real = WebTask.service
        monkeypatch.setattr(WebTask, "service", lambda self, address=None, **how: real(self, service.url, **how))
        monkeypatch.setattr(dbt_cloud_utils, "ADDRESS", service.url + "/{}")
        yield service


@pytest.mark.parametrize(("task", "answers", "stopped_by"), JOBS, ids=[type(job[0]).__name__ for job in JOBS])
def test_a_job_is_stopped_with_its_task(
    task: Any, answers: Any, stopped_by: str | None, fake: FakeService, stopping: type[BaseException]
) -> None:
    for what, answer in answers:
        fake.on(what, answer)
    fake.on("cancel", {})

    with pytest.raises(stopping):
        task.run(**({"api_key": "k", "api_secret": "s"} if isinstance(task, fivetran.FivetranSyncTask) else {}))

    asked = [f"{request.method} {request.path}" for request in fake.asked]
    assert [line for line in asked if "cancel" in line] == ([stopped_by] if stopped_by else [])


def test_every_collection_with_jobs_is_in_the_table() -> None:
    root = Path(prefect.tasks.__path__[0])
    uses = {
        str(path.relative_to(root))
        for path in root.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "RemoteJob"
    }
    tried = {
        cls.__module__ for job in JOBS for cls in type(job[0]).__mro__ if cls.__module__.startswith("prefect.tasks")
    }
    known = {str(Path(str(sys.modules[name].__file__)).relative_to(root)) for name in tried}
    assert uses - known == ELSEWHERE


def test_a_pipeline_run_is_stopped(stopping: type[BaseException], monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch, "azure.identity", "azure.mgmt.datafactory.models")
    client = stand_in(monkeypatch, "azure.mgmt.datafactory").DataFactoryManagementClient.return_value
    client.pipelines.create_run.return_value.run_id = "r"
    names = ("client_id", "client_secret", "tenant_id", "subscription_id")
    with context(secrets={"AZ_CREDENTIALS": {name: name for name in names}}), pytest.raises(stopping):
        azure.PipelineRun("f", "g", "p").run()
    client.pipeline_runs.cancel.assert_called_once_with("g", "f", "r")


def test_jobs_of_bigquery_are_stopped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stand_in(monkeypatch, "google.cloud.exceptions", "google.cloud.bigquery")
    (tmp_path / "f.csv").write_text("a")
    client = MagicMock()
    monkeypatch.setattr("prefect.utilities.gcp.get_bigquery_client", lambda credentials, project: client)
    runs = {
        "query": lambda: gcp.BigQueryTask("SELECT 1").run(),
        "load_table_from_uri": lambda: gcp.BigQueryLoadGoogleCloudStorage("gs://b/o", "d", "t").run(),
        "load_table_from_file": lambda: gcp.BigQueryLoadFile(str(tmp_path / "f.csv"), dataset_id="d", table="t").run(),
    }
    for name, run in runs.items():
        job = getattr(client, name).return_value
        job.result.side_effect = KeyboardInterrupt
        with pytest.raises(KeyboardInterrupt):
            run()
        job.cancel.assert_called_once_with()
        job.result.side_effect = ValueError("bad query")
        with pytest.raises(ValueError, match="bad query"):
            run()
        job.cancel.assert_called_once_with()


def test_a_command_and_what_it_started_end_with_the_time_limit(tmp_path: Path) -> None:
    with Flow("shell") as flow:
        # The first waits for the second, which ignores what asks it to end.
        task = ShellTask(timeout=1)(
            command=f"bash -c 'trap \"\" TERM; echo $$ > {tmp_path}/pid; while :; do sleep 0.1; done' & "
            f"echo $! > {tmp_path}/pid; sleep 600"
        )
    state = flow.run()

    assert state.result[task].message == "Task timed out during execution."
    pid = int((tmp_path / "pid").read_text())
    wait_until("all of it has ended", lambda: not Path(f"/proc/{pid}/cmdline").exists() or _is_dead(pid))


def _is_dead(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True
