"""One change of all runs that a filter finds."""

from __future__ import annotations

import pytest

from support.access import Keyed

SELECTED = "created_before count states examples changed refused { flow_run_id code reason } cursor has_more"
ALL = {"name": {"_is_null": False}}


@pytest.fixture
def flow_id(api):
    return api.register()


def runs(api, flow_id, count, state="Scheduled"):
    made = [api.do("create_flow_run", flow_id=flow_id)["id"] for _ in range(count)]
    if state != "Scheduled":
        changes = [{"flow_run_id": run_id, "state": {"type": state}} for run_id in made]
        api.do("set_flow_run_states", "states { id }", states=changes)
    return made


def states(api):
    return {row["id"]: row["state"] for row in api.ask("{ flow_run { id state } }").data["flow_run"]}


def test_a_trial_counts_and_changes_nothing(api, flow_id):
    failed = runs(api, flow_id, 6, "Failed")
    runs(api, flow_id, 1, "Success")
    before = states(api)

    for mutation, more in (
        ("cancel_flow_runs", {}),
        ("delete_flow_runs", {}),
        ("set_flow_runs_state", {"state": {"type": "Success"}}),
    ):
        told = api.do(mutation, SELECTED, where={"state": {"_in": ["Failed", "Success"]}}, dry_run=True, **more)
        assert (told["count"], told["states"]) == (7, {"Failed": 6, "Success": 1})
        assert [example["id"] for example in told["examples"]] == failed[:5]
        assert told["changed"] == []

    assert states(api) == before


def test_runs_are_cancelled_and_those_that_have_ended_are_named(api, flow_id):
    waiting, done = runs(api, flow_id, 3), runs(api, flow_id, 1, "Success")

    told = api.do("cancel_flow_runs", SELECTED, where=ALL)

    assert (told["changed"], told["has_more"]) == (waiting, False)
    assert told["refused"] == [{"flow_run_id": done[0], "code": "ENDED", "reason": "It has ended already, as Success."}]
    assert set(states(api).values()) == {"Cancelled", "Success"}


def test_a_long_list_is_worked_through_page_by_page(api, flow_id, monkeypatch):
    monkeypatch.setattr("prefect.server.store.transaction.MOST_ROWS", 5)
    made = runs(api, flow_id, 7)
    changed, after, pages = [], None, 0
    while True:
        more = {} if after is None else {"after": after}
        told = api.do("cancel_flow_runs", SELECTED, where=ALL, limit=3, **more)
        changed, after, pages = changed + told["changed"] + told["refused"], told["cursor"], pages + 1
        if not told["has_more"]:
            break

    assert (changed, pages) == (made, 3)


def test_runs_that_were_made_later_are_left_alone(api, flow_id):
    first = runs(api, flow_id, 2)
    frozen = api.do("delete_flow_runs", SELECTED, where=ALL, dry_run=True)["created_before"]
    later = runs(api, flow_id, 1)

    told = api.do("delete_flow_runs", SELECTED, where=ALL, created_before=frozen)

    assert told["changed"] == first
    assert list(states(api)) == later


def test_each_run_is_set_or_refused(api, flow_id):
    fine, ended = runs(api, flow_id, 2), runs(api, flow_id, 1, "Success")

    told = api.do("set_flow_runs_state", SELECTED, where=ALL, state={"type": "Cancelling"})

    assert told["changed"] == fine
    assert [refusal["flow_run_id"] for refusal in told["refused"]] == ended
    assert "ended already" in told["refused"][0]["reason"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"limit": 5000}, "Invalid limit"),
        ({"after": "x"}, "Invalid after"),
        ({"state": {"type": "Nothing"}}, "Nothing"),
    ],
    ids=["too many", "no cursor", "no state"],
)
def test_what_cannot_be_meant_is_told(api, flow_id, given, said):
    made = runs(api, flow_id, 1)
    document = f"mutation($input: set_flow_runs_state_input!) {{ set_flow_runs_state(input: $input) {{ {SELECTED} }} }}"

    answer = api.ask(document, {"input": {"where": ALL, "state": {"type": "Failed"}, **given}})

    assert said in answer.messages[0]
    assert states(api) == {made[0]: "Scheduled"}


def test_nobody_changes_what_is_another_tenants(shared_database, tmp_path):
    keyed = Keyed(*shared_database, tmp_path)
    run_id = keyed.fill(keyed.other)["flow_run_id"]
    asked = f'{{ flow_run_by_pk(id: "{run_id}") {{ state version }} }}'
    before = keyed.other.data(asked)

    for mutation in ("cancel_flow_runs", "delete_flow_runs"):
        assert keyed.admin.do(mutation, SELECTED, where={})["changed"] == []
        assert keyed.admin.do(mutation, SELECTED, where={}, dry_run=True)["count"] == 0

    assert keyed.other.data(asked) == before
