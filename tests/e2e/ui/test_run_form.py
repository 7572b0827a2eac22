"""Run a flow from its page: what is typed is what runs, what is missing is said where it is missing."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from support.flow_site import FLOWS, ask, ended, group_of, run_of
from support.road import Road

RUN_PAGE = re.compile(r"/default/flow-run/([0-9a-f-]{36})")


@pytest.fixture(scope="module")
def orders(site: Road) -> str:
    site.python(FLOWS)
    return group_of(site, "orders")


def run_page(page: Page) -> str:
    page.wait_for_url(RUN_PAGE)
    found = RUN_PAGE.search(page.url)
    assert found
    return found.group(1)


@pytest.mark.quick
def test_what_is_typed_is_what_runs(open_page: Callable[..., Page], site: Road, orders: str):
    page = open_page(f"/default/flow/{orders}/run")
    page.get_by_label("target", exact=True).fill("warehouse.sales")
    page.get_by_label("limit", exact=True).fill("500")
    page.get_by_label("Name", exact=True).fill("brisk-heron")
    expect(page.get_by_role("complementary", name="What will happen")).to_contain_text("500")

    page.keyboard.press("Control+Enter")

    run = ended(site, run_page(page))
    assert (run["name"], run["state"]) == ("brisk-heron", "Success")
    assert run["parameters"] == {
        "target": "warehouse.sales",
        "limit": 500,
        "options": {"regions": ["eu"]},
        "day": None,
        "extra": None,
    }


def test_nothing_runs_before_the_values_of_the_run_it_starts_from_are_there(open_page, site: Road, orders: str):
    page = open_page("/nothing/here")
    expect(page.get_by_role("heading", name="There is no such page.")).to_be_visible()
    create = "mutation($input: create_flow_run_input!) { create_flow_run(input: $input) { id } }"
    given = {"flow_group_id": orders, "parameters": {"target": "from-before", "limit": 4_711}, "labels": ["nowhere"]}
    before = site.graphql(create, {"input": given})["data"]["create_flow_run"]["id"]
    held: list[Route] = []
    page.route(
        "**/graphql",
        lambda route: held.append(route) if "query FormRun" in (route.request.post_data or "") else route.continue_(),
    )
    with page.expect_request(lambda request: "query FormRun" in (request.post_data or "")):
        page.goto(f"/default/flow/{orders}/run?from={before}")
    expect(page.get_by_label("target", exact=True)).to_be_visible()

    page.keyboard.press("Control+Enter")
    held.pop().continue_()

    made = run_of(site, run_page(page))
    assert (made["parameters"]["target"], made["parameters"]["limit"]) == ("from-before", 4_711)


def test_a_value_that_is_missing_is_said_at_its_field(open_page, site: Road, orders: str):
    page = open_page(f"/default/flow/{orders}/run")
    button = page.get_by_role("button", name=re.compile("Run it now"))
    button.click()
    field = page.get_by_label("target", exact=True)
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(re.compile("the flow has no default"))

    page.get_by_label("limit", exact=True).fill("ten")
    expect(page.get_by_label("limit", exact=True)).to_have_accessible_description(re.compile("no number"))
    assert "/run" in page.url


def test_form_and_json_are_one_value(open_page, site: Road, orders: str):
    page = open_page(f"/default/flow/{orders}/run?p.target=sales&p.limit=7&p.unheard=%5B1%5D")
    expect(page.get_by_label("limit", exact=True)).to_have_value("7")
    expect(page.get_by_text("not a parameter of this version")).to_be_visible()
    page.get_by_role("button", name="JSON", exact=True).click()
    editor = page.get_by_role("textbox", name="Parameters as JSON")
    expect(editor).to_contain_text('"limit": 7')
    editor.press("Control+a")
    editor.type('{"target": "sales", "limit": ')
    page.get_by_role("button", name="Form", exact=True).click()
    expect(page.get_by_text("The form is shown once this is valid")).to_be_visible()
    editor.press("End")
    editor.type("8}")
    expect(page.get_by_text("Exactly this is sent")).to_be_visible()
    page.get_by_role("button", name="Form", exact=True).click()
    expect(page.get_by_label("limit", exact=True)).to_have_value("8")
    expect(page.get_by_label("unheard", exact=True)).to_have_count(0)

    page.reload()  # a draft survives
    expect(page.get_by_label("limit", exact=True)).to_have_value("8")
    page.get_by_role("button", name="Reset limit").click()
    expect(page.get_by_label("limit", exact=True)).to_have_value("100")


@pytest.mark.quick
def test_the_copied_command_makes_the_same_run(open_page, site: Road, orders: str, tmp_path: Path):
    page = open_page(f"/default/flow/{orders}/run", permissions=["clipboard-read", "clipboard-write"])
    page.get_by_label("target", exact=True).fill('it\'s "5" & $HOME\nnext line')
    page.get_by_label("Name", exact=True).fill("said twice")
    page.get_by_label("Idempotency key").fill("a key of two")
    page.get_by_role("button", name="Copy as command").click()
    expect(page.get_by_text("Copied the command")).to_be_attached()
    command = page.evaluate("() => navigator.clipboard.readText()")
    (tmp_path / "prefect").write_text(f'#!/bin/sh\nexec {sys.executable} -m prefect "$@"\n')
    (tmp_path / "prefect").chmod(0o755)
    said = subprocess.run(
        ["bash", "-c", f"{command} --quiet"],
        env=site.env | {"PATH": f"{tmp_path}:{site.env['PATH']}"},
        capture_output=True,
        text=True,
        timeout=90,
    )
    assert said.returncode == 0, said.stderr
    first = run_of(site, said.stdout.strip())
    assert first["parameters"]["target"] == 'it\'s "5" & $HOME\nnext line'
    assert first["name"] == "said twice"

    # The form has the same key: no second run, and it says whose the key is.
    page.get_by_role("button", name=re.compile("Run it now")).click()
    expect(page.get_by_text("No new run was made")).to_be_visible()
    page.get_by_role("link", name="Open it").click()
    assert run_page(page) == first["id"]


def test_a_run_is_planned_in_a_zone_with_labels_and_variables(open_page, site: Road, orders: str):
    page = open_page(f"/default/flow/{orders}/run?p.target=sales")
    page.get_by_role("button", name="Later").click()
    page.get_by_label("Date and time").fill("2040-03-25T02:30")
    page.get_by_label("Time zone").select_option("Europe/Berlin")
    expect(page.get_by_text("This time does not exist").first).to_be_visible()
    page.get_by_label("Date and time").fill("2040-03-26T02:30")
    page.get_by_text("Where and how").click()
    page.get_by_label("Add to labels").fill("gpu")
    page.get_by_label("Add to labels").press("Enter")
    page.get_by_label("Type of the run configuration").select_option("Docker")
    page.get_by_label("Image").fill("orders:2")
    page.get_by_role("button", name="Add a variable").click()
    page.get_by_label("Name of variable 1").fill("COLOUR")
    page.get_by_label("Value of variable 1").fill("red")
    page.get_by_label("Log level").select_option("Debug")
    page.get_by_role("textbox", name="Context as JSON").type('{"a": 1}')
    expect(page.get_by_text("No agent would take it now")).to_be_visible()
    page.get_by_role("button", name=re.compile("Schedule the run")).click()

    run = run_of(site, run_page(page))
    assert datetime.fromisoformat(run["scheduled_start_time"]) == datetime(2040, 3, 26, 0, 30, tzinfo=UTC)
    assert "gpu" in run["labels"]  # beside the name of the machine, by the storage of the flow
    assert run["context"] == {"a": 1}
    assert run["run_config"]["type"] == "DockerRun"
    assert run["run_config"]["image"] == "orders:2"
    assert run["run_config"]["env"] == {"COLOUR": "red", "PREFECT__LOGGING__LEVEL": "DEBUG"}


def test_a_run_is_given_a_priority_and_a_lower_one_while_it_waits(open_page, site: Road, orders: str):
    page = open_page(f"/default/flow/{orders}/run?p.target=sales&when=2040-01-01T00:00:00Z")
    page.get_by_label("Priority", exact=True).select_option("High")
    page.get_by_role("button", name=re.compile("Schedule the run")).click()
    run = run_page(page)
    priority = "query ($id: uuid!) { flow_run_by_pk(id: $id) { priority } }"
    assert ask(site, priority, id=run)["flow_run_by_pk"]["priority"] == 1
    expect(page.get_by_role("main").get_by_text("high priority")).to_be_visible()

    page.get_by_role("button", name="More actions", exact=True).click()
    page.get_by_role("menuitem", name="Priority …").click()
    page.get_by_role("dialog").get_by_label("Priority", exact=True).select_option("Low")
    page.get_by_role("dialog").get_by_role("button", name="Save").click()

    expect(page.get_by_role("main").get_by_text("low priority")).to_be_visible()
    assert ask(site, priority, id=run)["flow_run_by_pk"]["priority"] == -1


def test_a_run_starts_from_another(open_page, site: Road, orders: str):
    page = open_page(f"/default/flow/{orders}/run?p.target=first&p.limit=9")
    expect(page.get_by_label("target", exact=True)).to_have_value("first")
    page.keyboard.press("Control+Enter")
    first = run_page(page)
    page.goto(f"/default/flow/{orders}/run?from={first}")
    expect(page.get_by_label("target", exact=True)).to_have_value("first")
    expect(page.get_by_label("limit", exact=True)).to_have_value("9")
    page.get_by_label("limit", exact=True).fill("10")
    page.keyboard.press("Control+Enter")
    page.wait_for_url(lambda url: RUN_PAGE.search(url) is not None and first not in url)
    assert run_of(site, run_page(page))["parameters"]["limit"] == 10


def test_an_address_of_a_version_leads_to_its_flow(open_page, site: Road, orders: str):
    flow = site.python(
        'from prefect import Client; print(Client().graphql(\'{flow(where: {name: {_eq: "orders"}, version: {_eq: 2}})'
        " {id}}').data.flow[0].id)"
    ).strip()
    page = open_page(f"/default/flow/{flow}/run")
    expect(page).to_have_url(re.compile(rf"/flow/{orders}/run\?version=2"))
    expect(page.get_by_role("heading", name="Run orders")).to_be_visible()


def test_the_form_looks_right(open_page, check_page, orders: str, theme: str, width: int):
    page = open_page(f"/default/flow/{orders}/run", theme=theme, width=width)
    page.get_by_label("limit", exact=True).fill("5")
    page.get_by_text("Where and how").click()
    page.keyboard.press("Control+Enter")
    expect(page.get_by_label("target", exact=True)).to_be_focused()
    expect(page.get_by_role("textbox", name="Context as JSON")).to_be_visible()
    check_page(page)
