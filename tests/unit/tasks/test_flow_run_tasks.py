"""Tasks that create, follow, cancel and rename flow runs: what they ask of the API."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from prefect import context
from prefect.engine.signals import FAIL, SUCCESS
from prefect.tasks.prefect import (
    CancelFlowRun,
    RenameFlowRun,
    StartFlowRun,
    create_flow_run,
    get_task_run_result,
    wait_for_flow_run,
)
from prefect.utilities.configuration import set_temporary_config
from support.graphql_stub import Stub, StubServer

FLOW_ID = "31111111-1111-1111-1111-111111111111"
RUN_ID = "61111111-1111-1111-1111-111111111111"
FLOW = {
    "id": FLOW_ID,
    "name": "one",
    "settings": {},
    "run_config": {"type": "UniversalRun"},
    "serialized_flow": {"name": "one", "tasks": [], "edges": []},
    "archived": False,
    "project": {"name": "p"},
    "core_version": "1.5.0",
    "storage": {"type": "Local"},
    "flow_group": {"labels": None},
}


def run_row(state: str) -> dict[str, Any]:
    time = datetime.now(UTC).isoformat()
    return {
        "id": RUN_ID,
        "name": "brave-otter",
        "flow_id": FLOW_ID,
        "serialized_state": {"type": state, "message": "so it ended"},
        "states": [{"timestamp": time, "serialized_state": {"type": state, "message": "so it ended"}}],
        "labels": [],
        "parameters": {},
        "context": {},
        "updated": time,
        "run_config": None,
    }


@pytest.fixture
def api() -> Iterator[Stub]:
    with (
        StubServer() as stub,
        set_temporary_config(
            {
                "cloud.api": stub.url,
                "backend": "server",
                "server.ui.endpoint": "http://ui",
                "cloud.send_flow_run_logs": False,
            }
        ),
    ):
        stub.data("tenant", tenant=[{"id": "71111111-1111-1111-1111-111111111111", "slug": "default", "name": "d"}])
        stub.data("flow(", flow=[FLOW])
        stub.data("create_flow_run", create_flow_run={"id": RUN_ID})
        yield stub


def sent(api: Stub, mutation: str) -> list[dict[str, Any]]:
    return [asked.variables["input"] for asked in api.asked if f"{mutation}(" in asked.query]


def test_run_is_created_by_name_with_the_names_of_both(api: Stub) -> None:
    with context(flow_run_name="parent", task_run_id="task-run"):
        run_id = create_flow_run.run(flow_name="one", project_name="p", parameters={"a": 1}, labels=["x"])

    assert run_id == RUN_ID
    assert sent(api, "create_flow_run") == [
        {
            "flow_id": FLOW_ID,
            "parameters": {"a": 1},
            "labels": ["x"],
            "flow_run_name": "parent-one",
            "idempotency_key": "task-run",
        }
    ]


def test_each_mapped_child_has_a_key_of_its_own(api: Stub) -> None:
    with context(task_run_id="task-run"):
        for map_index in (0, 1):
            with context(map_index=map_index):
                create_flow_run.run(flow_id=FLOW_ID)
        create_flow_run.run(flow_id=FLOW_ID, idempotency_key="mine", run_name="named")

    keys = [(values["idempotency_key"], values.get("flow_run_name")) for values in sent(api, "create_flow_run")]
    assert keys == [("task-run-0", None), ("task-run-1", None), ("mine", "named")]


def test_start_can_be_so_long_from_now(api: Stub) -> None:
    before = datetime.now(UTC)
    create_flow_run.run(flow_id=FLOW_ID, scheduled_start_time=timedelta(minutes=5))

    start = datetime.fromisoformat(sent(api, "create_flow_run")[0]["scheduled_start_time"])
    assert timedelta(minutes=5) <= start - before < timedelta(minutes=6)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({}, "Both `flow_id` and `flow_name` are null"),
        ({"flow_id": "x", "flow_name": "y"}, "Received both `flow_id` and `flow_name`"),
    ],
)
def test_flow_must_be_named_once(arguments: dict[str, str], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        create_flow_run.run(**arguments)


def test_finished_run_is_given_or_its_state_raised(api: Stub) -> None:
    api.data(" flow_run(", flow_run=[run_row("Failed")])

    view = wait_for_flow_run.run(RUN_ID)
    with pytest.raises(FAIL, match="finished in state <Failed"):
        wait_for_flow_run.run(RUN_ID, raise_final_state=True)

    assert view.flow_run_id == RUN_ID
    assert view.state.is_failed()


def test_cancelled_run_counts_as_failed_when_its_state_is_raised(api: Stub) -> None:
    api.data(" flow_run(", flow_run=[run_row("Cancelled")])

    with pytest.raises(FAIL, match="finished in state <Cancelled"):
        wait_for_flow_run.run(RUN_ID, raise_final_state=True)


def test_own_run_cannot_be_waited_for() -> None:
    with context(flow_run_id=RUN_ID), pytest.raises(ValueError, match="the same as the currently running flow"):
        get_task_run_result.run(RUN_ID, "t-1")


def test_older_task_creates_and_waits(api: Stub) -> None:
    api.data("create_task_run_artifact", create_task_run_artifact={"id": "a"})
    api.data(" flow_run(", flow_run=[run_row("Success")])
    started = StartFlowRun(flow_name="one", project_name="p")

    with context(task_run_id="task-run", running_with_backend=True):
        assert started.run(parameters={"a": 1}) == RUN_ID
    with pytest.raises(SUCCESS, match="finished in state <Success"):
        StartFlowRun(flow_name="one", project_name="p", wait=True).run()

    assert started.name == "Flow one"
    assert sent(api, "create_flow_run")[0]["idempotency_key"] == "task-run"
    assert sent(api, "create_task_run_artifact")[0]["data"] == {"link": f"/default/flow-run/{RUN_ID}"}


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({}, "Must provide a flow name."),
        ({"flow_name": "one"}, "Must provide a project name."),
    ],
)
def test_older_task_needs_flow_and_project(arguments: dict[str, str], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        StartFlowRun(**arguments).run()
    with pytest.raises(ValueError, match="at least 3 seconds"):
        StartFlowRun(poll_interval=timedelta(seconds=1))


def test_unknown_flow_is_told(api: Stub) -> None:
    api.data("flow(", flow=[])

    with pytest.raises(ValueError, match="Flow 'nowhere' not found"):
        StartFlowRun(flow_name="nowhere", project_name="p").run()
    with pytest.raises(ValueError, match="No results found"):
        create_flow_run.run(flow_name="nowhere")


def test_run_is_cancelled_and_renamed(api: Stub) -> None:
    api.data("cancel_flow_run", cancel_flow_run={"state": "Cancelling"})
    api.data("set_flow_run_name", set_flow_run_name={"success": True})

    with context(flow_run_id="own"):
        assert CancelFlowRun().run() == "Cancelling"
        assert RenameFlowRun(flow_run_name="new").run() is True
    CancelFlowRun(flow_run_id="other").run()

    assert [values["flow_run_id"] for values in sent(api, "cancel_flow_run")] == ["own", "other"]
    assert sent(api, "set_flow_run_name") == [{"flow_run_id": "own", "name": "new"}]


def test_run_to_cancel_or_rename_must_be_known() -> None:
    with pytest.raises(ValueError, match="Can't cancel a flow run without flow run ID"):
        CancelFlowRun().run()
    with pytest.raises(ValueError, match="`flow_run_id` must be explicitly provided"):
        RenameFlowRun(flow_run_name="x").run()
    with pytest.raises(ValueError, match="Must provide a flow name"):
        RenameFlowRun(flow_run_id="x").run()
