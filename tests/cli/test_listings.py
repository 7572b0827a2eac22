"""``prefect get`` and ``prefect describe``: what is asked of the API, and how the answer is shown."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from support.commands import told

RUN_ID = "11111111-1111-1111-1111-111111111111"


def ago(**units: int) -> str:
    return (datetime.now(UTC) - timedelta(**units)).isoformat()


def test_flows_are_listed_with_their_age_and_project(invoke, api) -> None:
    rows = [
        {"name": "one", "version": 2, "created": ago(days=3, hours=1), "id": RUN_ID, "project": {"name": "demo"}},
        {"name": "123", "version": 10, "created": ago(hours=2, minutes=1), "id": RUN_ID, "project": None},
    ]
    api.data("flow(", flow=rows)

    done = invoke("get", "flows", "--name", "one", "--project", "demo", "--limit", "3")

    assert done.output.splitlines() == [
        "NAME    VERSION    AGE          ID                                    PROJECT NAME",
        f"one     2          3 days ago   {RUN_ID}  demo",
        f"123     10         2 hours ago  {RUN_ID}",
    ]
    assert api.asked[-1].variables == {
        "name": "one",
        "version": None,
        "project": "demo",
        "limit": 3,
        "distinct_on": ["name"],
    }


@pytest.mark.parametrize("option", [["--all-versions"], ["--version", "1"]])
def test_older_versions_are_shown_when_asked_for(invoke, api, option: list[str]) -> None:
    api.data("flow(", flow=[])

    done = invoke("get", "flows", *option)

    assert done.output == "NAME    VERSION    AGE    ID    PROJECT NAME\n"
    assert api.asked[-1].variables["distinct_on"] is None


def test_projects_are_listed_with_the_number_of_their_flows(invoke, api) -> None:
    count = {"aggregate": {"count": 3}}
    rows = [{"name": "demo", "created": ago(days=2, hours=1), "description": None, "flows_aggregate": count}]
    api.data("project(", project=rows)

    done = invoke("get", "projects")

    assert done.output.splitlines()[1].split() == ["demo", "3", "2", "days", "ago"]


ROW: dict[str, Any] = {"id": RUN_ID, "created": ago(days=2, hours=1), "state": "Success", "name": "brave-otter"}


def test_flow_runs_are_listed_and_started_ones_can_be_asked_for(invoke, api) -> None:
    rows = [{**ROW, "flow": {"name": "one"}, "start_time": "2026-11-20T10:00:00.123+00:00"}]
    api.data("flow_run(", flow_run=rows, upcoming=[])

    done = invoke("get", "flow-runs", "--started", "--flow", "one")

    assert done.output.splitlines() == [
        "NAME         FLOW NAME    STATE    AGE         START TIME           ID",
        f"brave-otter  one          Success  2 days ago  2026-11-20 10:00:00  {RUN_ID}",
    ]
    assert api.asked[-1].variables["order_by"] == [{"start_time": "desc"}]
    assert api.asked[-1].variables["where"]["_and"][1] == {"start_time": {"_is_null": False}}


def test_a_run_that_has_not_started_says_when_it_is_due(invoke, api) -> None:
    due = {"start_time": None, "scheduled_start_time": "2026-11-21T10:00:00+00:00"}
    api.data("flow_run(", flow_run=[], upcoming=[{**ROW, "state": "Scheduled", "flow": None, **due}])

    table = invoke("get", "flow-runs")
    found = json.loads(invoke("get", "flow-runs", "-o", "json", "--columns", "start_time,scheduled_start_time").output)

    assert "due 2026-11-21 10:00:00" in table.output
    assert found == [due]


def test_tasks_are_listed(invoke, api) -> None:
    row = {"name": "t", "created": ago(days=2, hours=1), "flow": {"name": "one", "version": 3}, "mapped": True}
    api.data("task(", task=[{**row, "type": "prefect.tasks.core.function.FunctionTask"}])

    done = invoke("get", "tasks", "-fn", "one", "-fv", "3")

    assert done.output.splitlines()[1].split() == (
        ["t", "one", "3", "2", "days", "ago", "True", "prefect.tasks.core.function.FunctionTask"]
    )
    assert api.asked[-1].variables["flow_version"] == 3


def test_logs_are_listed_as_a_table_or_in_detail(invoke, api) -> None:
    logs = [{"timestamp": "2026-11-20T10:00:01+00:00", "level": "INFO", "message": "hello", "info": {"a": 1}}]
    runs = [{"start_time": None, "logs": []}, {"start_time": "2026-11-20T10:00:00+00:00", "logs": logs}]
    api.data("flow_run(", flow_run=runs)

    table = invoke("get", "logs", "--name", "brave-otter")
    detail = invoke("get", "logs", "--id", RUN_ID, "--info")

    assert table.output.splitlines()[1] == "2026-11-20T10:00:01+00:00  INFO     hello"
    assert detail.output == "{'a': 1}\n"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ([], "Either --name or --id must be provided"),
        (["--name", "x"], "x not found"),
        (["--id", RUN_ID], f"{RUN_ID} not found"),
        (["--id", "no-uuid"], "no-uuid not found"),
    ],
)
def test_logs_of_nothing_are_told(invoke, api, arguments: list[str], text: str) -> None:
    api.data("flow_run(", flow_run=[])

    done = invoke("get", "logs", *arguments)

    assert text in told(done.stderr)
    assert (done.stdout, done.exit_code) == ("", 1 if arguments else 2)


FLOW = {
    "name": "one",
    "version": 2,
    "project": {"name": "p"},
    "archived": False,
    "tasks": [{"name": "t", "slug": "t-1"}],
}


def test_description_is_sorted_json_or_yaml(invoke, api) -> None:
    api.data("flow(", flow=[FLOW])

    as_json = invoke("describe", "flows", "--name", "one")
    as_yaml = invoke("describe", "flows", "--name", "one", "--output", "yaml")
    tasks = invoke("describe", "tasks", "--name", "one")

    assert as_json.output == json.dumps(FLOW, indent=2, sort_keys=True) + "\n"
    assert as_yaml.output.startswith("archived: false\nname: one\n")
    assert json.loads(tasks.output) == FLOW["tasks"]


def test_flow_run_is_described(invoke, api) -> None:
    api.data("flow_run(", flow_run=[{"name": "brave-otter", "flow": {"name": "one"}}])

    done = invoke("describe", "flow-runs", "--name", "brave-otter", "--flow-name", "one")

    assert json.loads(done.output)["name"] == "brave-otter"


@pytest.mark.parametrize("kind", ["flows", "tasks", "flow-runs"])
def test_unknown_name_is_told(invoke, api, kind: str) -> None:
    api.data("flow(", flow=[])
    api.data("flow_run(", flow_run=[])

    done = invoke("describe", kind, "--name", "x")

    assert (told(done.stderr), done.stdout, done.exit_code) == ("x not found\n", "", 1)


def test_flow_without_tasks_is_told(invoke, api) -> None:
    api.data("flow(", flow=[{"tasks": []}])

    assert invoke("describe", "tasks", "--name", "x").output == "No tasks found for flow x\n"


@pytest.mark.parametrize("arguments", [["get", "flows"], ["describe", "flows", "--name", "x"]])
def test_error_of_the_api_is_its_message(invoke, api, arguments: list[str]) -> None:
    api.on("flow(", {"errors": [{"message": "The disk is full.", "path": ["flow"], "extensions": {"code": "X"}}]})

    done = invoke(*arguments)

    assert (done.exit_code, told(done.stderr), done.stdout) == (1, "Error: The disk is full.\n", "")
