"""Many runs at once: what is done to them is counted before, done to those alone, and told after."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from support.browser import Faults
from support.road import Road


def asked_of(site: Road, document: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
    return dict(site.graphql(document, variables)["data"])


def planned(site: Road, *names: str) -> list[str]:
    """Make runs that are due tomorrow; gives their ids in the order of the names."""
    flow = asked_of(site, "{ flow(limit: 1) { id } }")["flow"][0]["id"]
    when = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    document = "mutation($input: create_flow_runs_input!) { create_flow_runs(input: $input) { flow_run_ids } }"
    runs = [{"flow_id": flow, "scheduled_start_time": when, "flow_run_name": name} for name in names]
    return list(asked_of(site, document, {"input": {"flow_runs": runs}})["create_flow_runs"]["flow_run_ids"])


def set_state(site: Road, run: str, state: str) -> None:
    head = "mutation($states: [set_flow_run_state_input!]!)"
    document = f"{head} {{ set_flow_run_states(input: {{states: $states}}) {{ states {{ status }} }} }}"
    states = [{"flow_run_id": run, "state": {"type": state, "message": "by a test"}}]
    assert asked_of(site, document, {"states": states})["set_flow_run_states"]["states"] == [{"status": "SUCCESS"}]


def states_of(site: Road, *runs: str) -> list[str]:
    return [site.run(run)["state"] for run in runs]


def dialog(page: Page) -> Locator:
    return page.get_by_role("dialog")


def select_all(page: Page, first: str, count: int) -> None:
    page.get_by_role("checkbox", name=f"Select {first}", exact=True).click()
    page.get_by_role("button", name=f"Select all {count} that match").click()


@pytest.mark.quick
def test_selected_runs_are_cancelled_and_others_are_not(site: Road, open_page: Callable[..., Page]):
    first, second, third = planned(site, "list-one", "list-two", "list-three")
    page = open_page("/default/runs?q=list-")
    for name in ("list-one", "list-two"):
        page.get_by_role("checkbox", name=f"Select {name}").click()
    expect(page.get_by_text("2 selected")).to_be_visible()

    page.get_by_role("button", name="Cancel…").click()
    dialog(page).get_by_role("button", name="Cancel 2 runs").click()

    expect(dialog(page).get_by_text("2 runs cancelled.")).to_be_visible()
    assert states_of(site, first, second, third) == ["Cancelled", "Cancelled", "Scheduled"]
    dialog(page).get_by_role("button", name="Close").click()
    expect(page.get_by_text("2 selected")).to_have_count(0)


def test_what_is_selected_is_there_after_back_and_after_a_reload(site: Road, open_page: Callable[..., Page]):
    planned(site, "kept-one", "kept-two", "kept-three")
    page = open_page("/default/runs?q=kept-")
    for name in ("kept-one", "kept-two"):
        page.get_by_role("checkbox", name=f"Select {name}").click()
    page.get_by_role("link", name="kept-three").click()
    expect(page.get_by_role("heading", name="kept-three")).to_be_visible()

    page.go_back()
    expect(page.get_by_text("2 selected")).to_be_visible()
    page.reload()

    expect(page.get_by_text("2 selected")).to_be_visible()
    for name, is_on in (("kept-one", True), ("kept-two", True), ("kept-three", False)):
        expect(page.get_by_role("checkbox", name=f"Select {name}")).to_be_checked(checked=is_on)


def test_all_that_match_are_those_that_were_counted(site: Road, open_page: Callable[..., Page]):
    ids = planned(site, "frozen-a", "frozen-b", "frozen-c")
    page = open_page("/default/runs?q=frozen-")
    select_all(page, "frozen-a", 3)
    page.get_by_role("button", name="Delete…").click()
    expect(dialog(page).get_by_text("3 Scheduled")).to_be_visible()
    [late] = planned(site, "frozen-late")
    set_state(site, ids[1], "Running")

    dialog(page).get_by_role("button", name="Delete 3 runs").click()

    expect(dialog(page).get_by_text("2 runs deleted.")).to_be_visible()
    expect(dialog(page).get_by_text("1 changed since it was counted, and was left alone.")).to_be_visible()
    left = asked_of(site, "query($ids: [uuid!]!) { flow_run(where: {id: {_in: $ids}}) { id } }", {"ids": [*ids, late]})
    assert {run["id"] for run in left["flow_run"]} == {ids[1], late}


def test_all_of_one_list_is_nothing_of_another(site: Road, open_page: Callable[..., Page]):
    planned(site, "other-a", "other-b", "another")
    page = open_page("/default/runs?q=other-")
    select_all(page, "other-a", 2)
    expect(page.get_by_text("2 selected")).to_be_visible()

    page.get_by_role("searchbox", name="Search by name of a run or flow, or by id").fill("other")

    expect(page.get_by_role("link", name="another")).to_be_visible()
    expect(page.get_by_text(re.compile(r"\d selected"))).to_have_count(0)


def test_many_runs_are_restarted_and_what_was_refused_stays_selected(site: Road, open_page: Callable[..., Page]):
    first, second, third = planned(site, "again-a", "again-b", "again-c")
    for run in (first, second):
        set_state(site, run, "Failed")
    page = open_page("/default/runs?q=again-&due=all")
    select_all(page, "again-a", 3)
    page.get_by_role("button", name="Restart…").click()
    dialog(page).get_by_role("button", name="From the start").click()
    expect(dialog(page).get_by_text("2 runs will start again")).to_be_visible()
    expect(dialog(page).get_by_text("1 will be refused")).to_be_visible()
    assert states_of(site, first, second) == ["Failed", "Failed"]

    dialog(page).get_by_role("button", name="Restart 3 runs").click()

    expect(dialog(page).get_by_text("2 runs restarted.")).to_be_visible()
    refused = dialog(page).get_by_role("list", name="Refused")
    expect(refused.get_by_role("link", name="again-c")).to_be_visible()
    dialog(page).get_by_role("button", name="Close").click()
    expect(page.get_by_text("1 selected")).to_be_visible()
    expect(page.get_by_role("checkbox", name="Select again-c")).to_be_checked()
    document = "query($ids: [uuid!]!) { flow_run(where: {id: {_in: $ids}}) { states { message } } }"
    told = asked_of(site, document, {"ids": [first, second]})["flow_run"]
    assert all({"message": "Restarted from the web UI"} in run["states"] for run in told)
    assert states_of(site, third) == ["Scheduled"]


def test_more_than_a_hundred_ask_for_their_number(site: Road, open_page: Callable[..., Page]):
    ids = planned(site, *(f"crowd-{place:03}" for place in range(203)))
    page = open_page("/default/runs?q=crowd-")
    select_all(page, page.get_by_role("checkbox", name="Select crowd-").first.get_attribute("aria-label")[7:], 203)  # type: ignore[index]
    page.get_by_role("button", name="Set state…").click()
    dialog(page).get_by_role("button", name="Finished").click()
    go = dialog(page).get_by_role("button", name="Set the state of 203 runs to Finished")
    expect(go).to_be_disabled()
    go.dispatch_event("click")
    assert set(states_of(site, ids[0], ids[-1])) == {"Scheduled"}

    dialog(page).get_by_label("Type 203 to go on").fill("203")
    go.click()

    expect(dialog(page).get_by_text("203 runs set.")).to_be_visible()
    document = "query($ids: [uuid!]!) { flow_run_counts(where: {id: {_in: $ids}}) { state count } }"
    assert asked_of(site, document, {"ids": ids})["flow_run_counts"] == [{"state": "Finished", "count": 203}]


def test_a_lost_connection_ends_the_work_and_it_goes_on_from_there(
    site: Road, open_page: Callable[..., Page], faults: Faults
):
    faults.allow(r"ERR_FAILED")
    ids = planned(site, "cut-a", "cut-b")
    page = open_page("/default/runs?q=cut-")
    select_all(page, "cut-a", 2)
    page.get_by_role("button", name="Cancel…").click()
    expect(dialog(page).get_by_text("2 Scheduled")).to_be_visible()
    # The server does it, and its answer is lost.
    page.route(
        "**/graphql",
        lambda route: (
            (route.fetch(), route.abort()) if "CancelMany" in (route.request.post_data or "") else route.fallback()
        ),
    )
    dialog(page).get_by_role("button", name="Cancel 2 runs").click()
    expect(dialog(page).get_by_text("2 left to do.")).to_be_visible()
    page.unroute("**/graphql")

    dialog(page).get_by_role("button", name="Go on with 2 more").click()

    expect(dialog(page).get_by_text("2 changed since they were counted, and were left alone.")).to_be_visible()
    assert states_of(site, *ids) == ["Cancelled", "Cancelled"]
