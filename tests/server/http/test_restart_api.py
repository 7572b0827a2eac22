"""Restarting runs through the whole server: what unpacking, bounds and keys make of it."""

from __future__ import annotations

import pytest

from prefect.server.graphql import mutations_runs
from support.access import Keyed

SELECTED = "flow_runs { flow_run_id restarted state task_runs code reason }"


def failed_run(api):
    run_id = api.do("create_flow_run", flow_id=api.register())["id"]
    api.do("set_flow_run_states", "states { id }", states=[{"flow_run_id": run_id, "state": {"type": "Failed"}}])
    return run_id


def restart(api, *run_ids, **given):
    return api.do("restart_flow_runs", SELECTED, flow_run_ids=list(run_ids), **given)["flow_runs"]


def test_a_run_is_restarted_with_another_parameter(api):
    run_id = failed_run(api)

    (told,) = restart(api, run_id, parameters='{"x": 2}', **{"from": "START"})

    assert told == {
        "flow_run_id": run_id, "restarted": True, "state": "Scheduled", "task_runs": 2, "code": None, "reason": None
    }  # fmt: skip
    assert api.row("flow_run", run_id, "state parameters") == {"state": "Scheduled", "parameters": {"x": 2}}


def test_a_trial_changes_nothing(api):
    run_id = failed_run(api)

    assert restart(api, run_id, dry_run=True)[0]["restarted"] is True

    assert api.row("flow_run", run_id, "state version") == {"state": "Failed", "version": 2}


def test_a_long_list_is_done_in_several_transactions(api, monkeypatch):
    monkeypatch.setattr(mutations_runs, "FEW_RUNS", 2)
    monkeypatch.setattr("prefect.server.store.transaction.MOST_ROWS", 5)
    flow_id = api.register()
    runs = [api.do("create_flow_run", flow_id=flow_id)["id"] for _ in range(6)]
    for run_id in runs:
        api.do("cancel_flow_run", "state", flow_run_id=run_id)

    answers = restart(api, *runs)

    assert [answer["flow_run_id"] for answer in answers] == runs
    assert all(answer["restarted"] for answer in answers)
    assert {api.row("flow_run", run_id, "state")["state"] for run_id in runs} == {"Scheduled"}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"from": "LATER"}, "LATER"),
        ({"flow_run_ids": ["x"]}, "flow_run_ids"),
        ({"parameters": "[1]"}, "Invalid parameters: expected a JSON object"),
        ({"from": "TASK"}, "Invalid task_run_ids: expected the ids of task runs"),
    ],
    ids=["a place that there is not", "no id", "parameters that are none", "no task run"],
)
def test_what_cannot_be_meant_is_told_by_its_field(api, given, said):
    run_id = failed_run(api)
    document = "mutation($input: restart_flow_runs_input!) { restart_flow_runs(input: $input) { flow_runs { code } } }"

    answer = api.ask(document, {"input": {"flow_run_ids": [run_id], **given}})

    assert said in answer.messages[0]
    assert api.row("flow_run", run_id, "state") == {"state": "Failed"}


def test_a_run_of_another_tenant_is_as_one_that_there_is_not(shared_database, tmp_path):
    keyed = Keyed(*shared_database, tmp_path)
    made = keyed.fill(keyed.other)
    run_id = made["flow_run_id"]
    before = keyed.other.data(f'{{ flow_run_by_pk(id: "{run_id}") {{ state version }} }}')

    (told,) = keyed.run.do("restart_flow_runs", SELECTED, flow_run_ids=[run_id])["flow_runs"]

    assert (told["flow_run_id"], told["code"], told["state"]) == (run_id, "NOT_FOUND", None)
    assert told["reason"] == f"There is no flow run {run_id}."
    assert keyed.other.data(f'{{ flow_run_by_pk(id: "{run_id}") {{ state version }} }}') == before


@pytest.mark.parametrize(("count", "writes"), [(3, 1), (4, 4)])
def test_a_few_are_done_in_one_transaction_whatever_their_size(api, monkeypatch, count, writes):
    monkeypatch.setattr(mutations_runs, "FEW_RUNS", 3)
    flow_id = api.register()
    runs = [api.do("create_flow_run", flow_id=flow_id)["id"] for _ in range(count)]
    for run_id in runs:
        api.do("cancel_flow_run", "state", flow_run_id=run_id)
    monkeypatch.setattr("prefect.server.store.transaction.MOST_ROWS", 1)
    done, write = [], mutations_runs.write

    async def noted(request, action):
        done.append(await write(request, action))
        return done[-1]

    monkeypatch.setattr(mutations_runs, "write", noted)

    assert [answer["restarted"] for answer in restart(api, *runs)] == [True] * count
    assert [len(part) for part in done] == ([count] if writes == 1 else [1] * writes)
