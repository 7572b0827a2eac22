"""Cloud hooks: changed without anybody reading their secrets, in one tab or in two."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from support.road import Road
from support.sinks import http_sink

HUSH = "https://hooks.example/hush-hush"


def asked_of(site: Road, document: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
    return dict(site.graphql(document, variables)["data"])


def made(site: Road, **given: Any) -> str:
    document = "mutation($input: create_cloud_hook_input!) { create_cloud_hook(input: $input) { id } }"
    return str(asked_of(site, document, {"input": given})["create_cloud_hook"]["id"])


def kept(site: Road, hook: str) -> dict[str, Any]:
    rows = asked_of(site, "{ cloud_hook { id name states config version_group_id } }")["cloud_hook"]
    return next(row for row in rows if row["id"] == hook)


def row(page: Page, name: str) -> Locator:
    return page.get_by_role("listitem").filter(has_text=name)


def form(page: Page) -> Locator:
    return page.get_by_role("dialog", name="Change the cloud hook")


@pytest.mark.quick
def test_a_hook_is_changed_and_its_secret_is_never_read(site: Road, open_page: Callable[..., Page]):
    hook = made(site, type="WEBHOOK", name="status page", states=["FAILED", "RESUME"], config={"url": HUSH})
    page = open_page("/default")
    bodies: list[str] = []
    page.on(
        "requestfinished", lambda request: bodies.append(request.response().text() if "graphql" in request.url else "")
    )
    page.goto("/default/automations")
    row(page, "status page").get_by_role("button", name="Edit").click()
    expect(form(page).get_by_role("textbox", name="Address")).to_have_value("")
    form(page).get_by_role("combobox", name="When a run of").select_option("hello-world")
    form(page).get_by_role("checkbox", name="Timed out").check()
    form(page).get_by_role("textbox", name="Name").fill("all hands")

    form(page).get_by_role("button", name="Save the hook").click()

    expect(form(page)).to_have_count(0)
    said = "When a run of hello-world becomes Failed, Resume or Timed out, call an address."
    expect(row(page, "all hands")).to_contain_text(said)
    now = kept(site, hook)
    assert (now["name"], now["states"], now["config"]) == ("all hands", ["FAILED", "RESUME", "TIMEDOUT"], {"url": HUSH})
    assert now["version_group_id"] is not None
    assert not [body for body in bodies if "hush-hush" in body]

    row(page, "all hands").get_by_role("button", name="Edit").click()
    form(page).get_by_role("textbox", name="Address").fill("https://hooks.example/other")
    form(page).get_by_role("button", name="Save the hook").click()
    expect(form(page)).to_have_count(0)
    assert kept(site, hook)["config"] == {"url": "https://hooks.example/other"}


def test_what_another_tab_changed_is_not_written_over(site: Road, open_page: Callable[..., Page]):
    hook = made(site, type="PREFECT_MESSAGE", name="in two tabs", states=["FAILED"])
    first, second = open_page("/default/automations"), open_page("/default/settings/hooks")
    for page in (first, second):
        row(page, "in two tabs").get_by_role("button", name="Edit").click()
    form(first).get_by_role("textbox", name="Name").fill("in two tabs, of the first")
    form(first).get_by_role("button", name="Save the hook").click()
    expect(form(first)).to_have_count(0)

    form(second).get_by_role("checkbox", name="Success").check()
    form(second).get_by_role("button", name="Save the hook").click()

    expect(form(second).get_by_role("alert")).to_contain_text("Somebody changed this hook meanwhile")
    assert kept(site, hook)["states"] == ["FAILED"]
    form(second).get_by_role("button", name="Go on from that").click()
    expect(form(second).get_by_role("textbox", name="Name")).to_have_value("in two tabs, of the first")
    form(second).get_by_role("checkbox", name="Success").check()
    form(second).get_by_role("button", name="Save the hook").click()
    expect(form(second)).to_have_count(0)
    assert kept(site, hook)["states"] == ["FAILED", "SUCCESS"]

    row(second, "in two tabs").get_by_role("button", name="Edit").click()
    row(first, "in two tabs").get_by_role("button", name="Delete").click()
    expect(row(first, "in two tabs")).to_have_count(0)
    form(second).get_by_role("button", name="Save the hook").click()
    expect(form(second).get_by_role("alert")).to_contain_text("There is no cloud hook")


def ended(site: Road, state: str) -> str:
    """Let a run end so; gives its name."""
    flow = asked_of(site, "{ flow(limit: 1) { id } }")["flow"][0]["id"]
    create = "mutation($input: create_flow_run_input!) { create_flow_run(input: $input) { id } }"
    later = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    given = {"flow_id": flow, "scheduled_start_time": later}
    run = asked_of(site, create, {"input": given})["create_flow_run"]["id"]
    change = "mutation($input: set_flow_run_states_input!) { set_flow_run_states(input: $input) { states { id } } }"
    for name in ("Running", state):
        states = [{"flow_run_id": run, "state": {"type": name}}]
        asked_of(site, change, {"input": {"states": states}})
    return str(asked_of(site, f'{{ flow_run_by_pk(id: "{run}") {{ name }} }}')["flow_run_by_pk"]["name"])


@pytest.mark.quick
def test_the_last_deliveries_of_a_hook_are_told_as_they_happen(site: Road, open_page: Callable[..., Page]):
    with http_sink() as sink:
        made(site, type="WEBHOOK", name="last sent", states=["SUCCESS"], config={"url": sink.url + "/hush-hush"})
        page = open_page("/default/automations")
        row(page, "last sent").get_by_role("button", name="Last deliveries: none yet").click()
        expect(page.get_by_text("Nothing was sent yet.")).to_be_visible()
        sink.answers += [404]

        refused = ended(site, "Success")
        given_up = row(page, "last sent").get_by_role("listitem").filter(has_text=refused)
        expect(given_up).to_contain_text("Given up")
        expect(given_up).to_contain_text("Webhook answered 404")
        taken = ended(site, "Success")

        delivered = row(page, "last sent").get_by_role("listitem").filter(has_text=taken)
        expect(delivered).to_contain_text(f"{taken} became Success")
        expect(delivered).to_contain_text("Delivered")
        expect(page.get_by_text("hush-hush")).to_have_count(0)
        page.reload()
        expect(delivered).to_be_visible()
        delivered.get_by_role("link", name=taken).click()
        expect(page.get_by_role("heading", level=1)).to_contain_text(taken)


def test_deliveries_are_accessible(site: Road, open_page: Callable[..., Page], check_page, theme: str, width: int):
    name = f"sent {theme} {width}"
    with http_sink() as sink:
        hook = made(site, type="WEBHOOK", name=name, states=["SUCCESS"], config={"url": sink.url})
        sink.answers += [503]
        told = ended(site, "Success")
        page = open_page(f"/default/settings/hooks?deliveries={hook}", theme=theme, width=width)
        expect(row(page, name).get_by_role("listitem").filter(has_text=told)).to_be_visible()
        check_page(page)
    asked_of(site, f'mutation {{ delete_cloud_hook(input: {{cloud_hook_id: "{hook}"}}) {{ success }} }}')


def test_the_form_is_accessible(site: Road, open_page: Callable[..., Page], check_page, theme: str, width: int):
    config = {"account_sid": "AC1", "auth_token": "hush-token", "messaging_service_sid": "MG1", "to": ["+1", "+2"]}
    hook = made(site, type="TWILIO", name=f"telephones {theme} {width}", states=["FAILED"], config=config)
    page = open_page("/default/settings/hooks", theme=theme, width=width)
    row(page, f"telephones {theme} {width}").get_by_role("button", name="Edit").click()
    expect(form(page).get_by_role("textbox", name="Numbers")).to_have_value("+1\n+2")
    check_page(page)
    asked_of(site, f'mutation {{ update_cloud_hook(input: {{cloud_hook_id: "{hook}", name: "other"}}) {{ success }} }}')
    form(page).get_by_role("button", name="Save the hook").click()
    expect(form(page).get_by_role("button", name="Go on from that")).to_be_visible()
    check_page(page)
