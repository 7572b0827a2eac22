"""``prefect restart``: which runs go again, and why others do not."""

from __future__ import annotations

RUN_ID, OTHER_ID = "11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222"
DONE = {"flow_run_id": RUN_ID, "restarted": True, "state": "Scheduled", "task_runs": 3, "code": None, "reason": None}
REFUSED = {**DONE, "flow_run_id": OTHER_ID, "restarted": False, "code": "NOT_FINISHED", "reason": "It is Running."}


def test_it_tells_each_run_and_fails_when_one_was_refused(invoke, api) -> None:
    api.data("restart_flow_runs(", restart_flow_runs={"flow_runs": [DONE, REFUSED]})

    done = invoke("restart", RUN_ID, OTHER_ID, "--param", "day=2026-11-27", "--param", "count=2")

    assert done.exit_code == 1
    assert f"{RUN_ID} restarted, 3 task runs run again" in done.output
    assert f"{OTHER_ID} refused: It is Running." in done.output
    assert api.asked[-1].variables["input"] == {
        "flow_run_ids": [RUN_ID, OTHER_ID],
        "from": "FAILED",
        "parameters": {"day": "2026-11-27", "count": 2},
        "dry_run": False,
    }


def test_task_runs_are_named_to_begin_from(invoke, api) -> None:
    api.data("restart_flow_runs(", restart_flow_runs={"flow_runs": [DONE]})

    done = invoke("restart", RUN_ID, "--from", "task", "--task-run", OTHER_ID, "--dry-run")

    assert (done.exit_code, "would be restarted" in done.output) == (0, True)
    asked = api.asked[-1].variables["input"]
    assert (asked["from"], asked["task_run_ids"], asked["dry_run"]) == ("TASK", [OTHER_ID], True)


def test_a_run_may_be_named_and_what_is_no_run_is_told(invoke, api) -> None:
    api.data("restart_flow_runs(", restart_flow_runs={"flow_runs": [DONE]})
    api.data("flow_run(", flow_run=[{"id": RUN_ID, "name": "brave-otter"}])
    assert invoke("restart", "brave-otter").exit_code == 0
    assert api.asked[-1].variables["input"]["flow_run_ids"] == [RUN_ID]

    api.data("flow_run(", flow_run=[])
    done = invoke("restart", "brave-otter")
    assert (done.exit_code, "There is no flow run 'brave-otter'" in done.output) == (1, True)
    assert invoke("restart", RUN_ID, "--from", "task", "--task-run", "brave-task").exit_code == 2


def test_all_that_a_condition_finds_go_again_once_it_is_confirmed(invoke, api) -> None:
    row = {"id": RUN_ID, "name": "brave-otter", "state": "Failed", "created": "2026-11-27T10:00:00+00:00"}
    api.data("restart_flow_runs(", restart_flow_runs={"flow_runs": [DONE]})
    api.data("flow_run(", flow_run=[row])

    refused, done = (invoke("restart", "--where", "state=Failed", input=answer) for answer in ("n\n", "y\n"))

    assert (refused.exit_code, done.exit_code) == (1, 0)
    assert "1 flow run to restart: 1 Failed" in done.output
    assert ["restart_flow_runs(" in asked.query for asked in api.asked].count(True) == 1


def test_more_runs_than_one_request_takes_are_left_alone(invoke, api) -> None:
    api.data("flow_run(", flow_run=[{"id": RUN_ID, "state": "Failed"}] * 1001)

    done = invoke("restart", "--where", "state=Failed", "--yes")

    assert (done.exit_code, "narrow them down" in done.output) == (1, True)


def test_a_condition_that_finds_nothing_is_no_success(invoke, api) -> None:
    api.data("flow_run(", flow_run=[])

    assert invoke("restart", "--state", "Failed", "--yes").exit_code == 1
