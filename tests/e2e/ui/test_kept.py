"""What a person keeps: views, looks and what was seen are on the server, and there in another browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from support.road import Road

DROP = "mutation($input: delete_document_input!) { delete_document(input: $input) { success } }"


def kept(site: Road, kind: str, *, shared: bool = False) -> list[Any]:
    document = "query($kind: String!, $shared: Boolean) { documents(kind: $kind, shared: $shared) { name value } }"
    return list(site.graphql(document, {"kind": kind, "shared": shared})["data"]["documents"])


@pytest.mark.quick
def test_a_view_is_there_in_another_browser(site: Road, open_page: Callable[..., Page]):
    first = open_page("/default/runs?due=all&state=Failed&label=eu")
    first.get_by_role("button", name="Save this view").click()
    first.get_by_role("textbox", name="Name of the view").fill("my failures")
    first.get_by_role("button", name="Save", exact=True).click()
    expect(first.get_by_role("link", name="my failures")).to_be_visible()

    second = open_page("/default/runs")
    second.get_by_role("link", name="my failures").click()
    expect(second.get_by_role("button", name="Remove state Failed")).to_be_visible()
    assert kept(site, "view") == [{"name": "my failures", "value": "due=all&label=eu&state=Failed"}]
    second.get_by_role("button", name="Forget the view my failures").click()
    expect(second.get_by_role("link", name="my failures")).to_have_count(0)
    first.reload()
    expect(first.get_by_role("link", name="Upcoming")).to_be_visible()
    expect(first.get_by_role("link", name="my failures")).to_have_count(0)
    assert kept(site, "view") == []


def test_views_of_a_browser_are_taken_over(site: Road, open_page: Callable[..., Page]):
    page = open_page("/default/runs")
    tenant = site.graphql("{ tenant { id } }")["data"]["tenant"][0]["id"]
    views = '[{"name": "from before", "query": "state=Running"}]'
    page.evaluate("([key, views]) => localStorage.setItem(key, views)", [f"proctor.views.{tenant}", views])
    page.reload()

    expect(page.get_by_role("link", name="from before")).to_be_visible()
    other = open_page("/default/runs")
    expect(other.get_by_role("link", name="from before")).to_be_visible()
    assert page.evaluate("key => localStorage.getItem(key)", f"proctor.views.{tenant}") == "[]"
    other.get_by_role("button", name="Forget the view from before").click()
    expect(other.get_by_role("link", name="from before")).to_have_count(0)


def test_looks_are_there_in_another_browser(site: Road, open_page: Callable[..., Page]):
    first = open_page("/default/settings/me")
    with first.expect_response(lambda answer: "set_document" in (answer.request.post_data or "")):
        first.get_by_role("radio", name="Dark").or_(first.get_by_role("button", name="Dark")).click()
    expect(first.get_by_text("kept for you on the server")).to_be_visible()

    second = open_page("/default/settings/me")
    expect(second.locator("html")).to_have_attribute("data-theme", "dark")
    site.graphql(DROP, {"input": {"kind": "settings", "name": "looks"}})


def test_what_is_left_for_later_is_so_for_all(site: Road, open_page: Callable[..., Page]):
    flow = site.graphql("{ flow(limit: 1) { id } }")["data"]["flow"][0]["id"]
    create = "mutation($input: create_flow_run_input!) { create_flow_run(input: $input) { id } }"
    given = {"flow_id": flow, "flow_run_name": "seen-by-all", "scheduled_start_time": "2099-01-01T00:00:00Z"}
    run = site.graphql(create, {"input": given})["data"]["create_flow_run"]["id"]
    change = "mutation($input: set_flow_run_states_input!) { set_flow_run_states(input: $input) { states { id } } }"
    for state in ("Running", "Failed"):
        site.graphql(change, {"input": {"states": [{"flow_run_id": run, "state": {"type": state}}]}})
    first, second = open_page("/default"), open_page("/default")
    needs = [page.get_by_role("listitem").filter(has_text="seen-by-all") for page in (first, second)]
    for need in needs:
        expect(need).to_be_visible()

    needs[0].get_by_role("button", name="Not now").click()

    for need in needs:
        expect(need).to_have_count(0)
    assert len(kept(site, "seen", shared=True)) == 1
    second.get_by_role("button", name="Show them").click()
    expect(needs[1]).to_be_visible()
    first.reload()
    expect(needs[0]).to_be_visible()


def test_saved_views_are_accessible(site: Road, open_page: Callable[..., Page], check_page, theme: str, width: int):
    keep = "mutation($input: set_document_input!) { set_document(input: $input) { success } }"
    for name in ("my failures", "v" * 60, "متأخر <b>x</b>"):
        site.graphql(keep, {"input": {"kind": "view", "name": name, "value": "state=Failed"}})
    page = open_page("/default/runs?due=all&state=Failed&label=eu", theme=theme, width=width)
    expect(page.get_by_role("link", name="my failures")).to_be_visible()
    page.get_by_role("button", name="Save this view").click()
    expect(page.get_by_text("kept for you on the server")).to_be_visible()
    check_page(page)
