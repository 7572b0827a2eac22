"""A job that a task started elsewhere: found again when the run's process was killed, cancelled with the run."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from support.fake_service import FakeService
from support.road import Road, wait_until

pytestmark = pytest.mark.process

FLOW = """
import os
from datetime import timedelta
from pathlib import Path
from prefect import Flow, task
from prefect.tasks.databricks import DatabricksRunNow

@task
def tell():
    Path({folder!r}, f"started-{{os.getpid()}}").touch()

with Flow("elsewhere") as flow:
    told = tell()
    DatabricksRunNow(
        {{"host": {host!r}, "token": "t"}},
        job_id=3,
        polling_period_seconds=0.1,
        max_retries=1,
        retry_delay=timedelta(seconds=1),
    )(upstream_tasks=[told])
"""
IMPATIENT = {
    "PREFECT_SERVER__SERVICES__HEARTBEAT_LIMIT_SECONDS": "3",
    "PREFECT_SERVER__SERVICES__ZOMBIE_KILLER__INTERVAL_SECONDS": "0.5",
    "PREFECT_SERVER__SERVICES__LAZARUS__INTERVAL_SECONDS": "0.5",
}


@pytest.fixture
def vendor() -> Iterator[FakeService]:
    """A fake of Databricks, whose run goes on until the test says otherwise."""
    with FakeService() as service:
        service.state = "RUNNING"  # type: ignore[attr-defined]
        service.on("POST .*run-now", {"run_id": 5}).on("POST .*cancel", {})
        service.on("GET .*runs/get", lambda _: run(service.state))  # type: ignore[attr-defined]
        yield service


def run(state: str) -> dict[str, Any]:
    return {
        "run_id": 5,
        "state": {"life_cycle_state": state, "result_state": "SUCCESS" if state == "TERMINATED" else ""},
    }


def asked(vendor: FakeService, what: str) -> int:
    return sum(request.path.endswith(what) for request in vendor.asked)


def begin(road: Road, vendor: FakeService) -> str:
    road.server(**IMPATIENT)
    road.agent()
    road.register(road.write("elsewhere.py", FLOW.format(folder=str(road.folder), host=vendor.url)))
    run_id = road.new_run("--name", "elsewhere")
    wait_until("the job is looked at", lambda: asked(vendor, "runs/get") > 1)
    return run_id


def test_a_run_that_goes_on_in_another_process_finds_its_job_again(road: Road, vendor: FakeService) -> None:
    run_id = begin(road, vendor)
    (mark,) = road.folder.glob("started-*")
    os.kill(int(mark.name.removeprefix("started-")), signal.SIGKILL)
    looks = asked(vendor, "runs/get")
    wait_until("another process looks at the job", lambda: asked(vendor, "runs/get") > looks + 1, 120)
    vendor.state = "TERMINATED"  # type: ignore[attr-defined]

    assert road.final(run_id, 120)["state"] == "Success"
    assert asked(vendor, "run-now") == 1
    assert road.graphql("{ key_value { key } }")["data"]["key_value"] == []


def test_a_cancelled_run_cancels_its_job(road: Road, vendor: FakeService) -> None:
    run_id = begin(road, vendor)
    road.graphql("mutation($id: UUID!) { cancel_flow_run(input: {flow_run_id: $id}) { state } }", {"id": run_id})

    assert road.final(run_id, 120)["state"] == "Cancelled"
    assert asked(vendor, "cancel") == 1
    assert road.graphql("{ key_value { key } }")["data"]["key_value"] == []
