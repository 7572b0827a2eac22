"""Cloud hooks: changed without anybody reading their secrets, in one tab or in two."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from support.road import Road

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
