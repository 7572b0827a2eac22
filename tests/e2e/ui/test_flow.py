"""The list of flows, a flow's page with all its views, its tasks, the calendar, and the comparison of two runs."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from support.flow_site import FLOWS, ask, ended, group_of
from support.road import Road, wait_until


@pytest.fixture(scope="module")
def orders(site: Road) -> str:
    site.python(FLOWS)
    return group_of(site, "orders")


@pytest.fixture(scope="module")
def two_runs(site: Road, orders: str) -> tuple[str, str]:
    ids = [
        site.prefect(
            "run", "--id", orders, "--param", "target=x", "--param", f"limit={limit}", "--quiet"
        ).stdout.strip()
        for limit in (1, 2)
    ]
    for run_id in ids:
        assert ended(site, run_id)["state"] == "Success"
    return ids[0], ids[1]


def group(site: Road, group_id: str):
    return ask(
        site,
        "query ($id: uuid!) { flow_group_by_pk(id: $id) { description labels schedule settings default_parameters"
        " priority flows(order_by: [{version: desc}]) { id is_schedule_active archived version } } }",
        id=group_id,
    )["flow_group_by_pk"]


@pytest.mark.quick
def test_a_flow_is_found_run_and_taken_back(open_page: Callable[..., Page], site: Road, orders: str):
    page = open_page("/default/flows")
    page.get_by_role("searchbox", name="Search flows").fill("plain")
    row = page.get_by_role("row", name=re.compile("plain <b>"))
    expect(row).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("orders"))).to_have_count(0)
    assert "q=plain" in page.url
    row.get_by_role("button", name=re.compile("Quick run")).click()
    link = row.get_by_role("link", name=re.compile(r"^\w+-\w+$"))
    expect(link).to_be_visible()
    run_id = str(link.get_attribute("href")).rpartition("/")[2]
    row.get_by_role("button", name=re.compile("Undo")).click()
    # It may have been too late for that: then it has run to its end.
    assert ended(site, run_id)["state"] in {"Cancelled", "Success"}


def test_a_quick_run_says_what_it_lacks(open_page, orders: str):
    page = open_page("/default/flows")
    page.get_by_role("button", name="Quick run orders").click()
    expect(page.get_by_text("target needs a value")).to_be_visible()
    page.get_by_role("link", name="Fill it in").click()
    expect(page.get_by_role("heading", name="Run orders")).to_be_visible()


def test_a_schedule_is_switched_where_it_is_listed(open_page, site: Road, orders: str):
    page = open_page("/default/flows")
    switch = page.get_by_role("switch", name="Schedule of orders")
    expect(switch).not_to_be_checked()
    switch.click()
    wait_until("the schedule is on", lambda: group(site, orders)["flows"][0]["is_schedule_active"])
    expect(switch).to_be_checked()
    switch.click()
    wait_until("the schedule is off", lambda: not group(site, orders)["flows"][0]["is_schedule_active"])


def test_a_schedule_is_switched_on_home(open_page, site: Road, orders: str):
    page = open_page("/default")
    switch = page.get_by_role("switch", name="Schedule of orders")
    switch.click()
    wait_until("the schedule is on", lambda: group(site, orders)["flows"][0]["is_schedule_active"])
    expect(switch).to_be_checked()
    switch.click()
    wait_until("the schedule is off", lambda: not group(site, orders)["flows"][0]["is_schedule_active"])


def test_a_planned_run_is_started_from_the_page_of_its_flow(open_page, site: Road, orders: str):
    planned = ask(
        site,
        "mutation ($group: UUID!) { create_flow_run(input: {version_group_id: null, flow_group_id: $group,"
        ' flow_run_name: "before-its-time", parameters: {target: "x"},'
        ' scheduled_start_time: "2100-01-01T00:00:00+00:00"}) { id } }',
        group=orders,
    )["create_flow_run"]["id"]
    page = open_page(f"/default/flow/{orders}")
    line = page.get_by_role("listitem").filter(has_text="before-its-time")
    line.get_by_role("button", name="Start now").click()
    assert ended(site, planned)["state"] == "Success"


@pytest.mark.quick
def test_a_schedule_is_edited_with_its_next_times(open_page, site: Road, orders: str):
    page = open_page(f"/default/flow/{orders}/schedules")
    page.get_by_role("button", name="Copy and edit").click()
    cron = page.get_by_label("Cron of clock 1")
    cron.fill("61 2 * * *")
    expect(page.get_by_role("list", name="Next times of clock 1")).to_have_count(0)
    cron.fill("30 4 * * 1")
    expect(page.get_by_text("At 04:30, only on Monday")).to_be_visible()
    expect(page.get_by_role("list", name="Next times of clock 1").get_by_role("listitem")).to_have_count(5)
    page.get_by_label("Zone of all clocks").select_option("Europe/Berlin")
    page.get_by_role("button", name="Save the schedule").click()
    wait_until("the schedule is saved", lambda: group(site, orders)["schedule"] is not None)
    clock = group(site, orders)["schedule"]["clocks"][0]
    assert clock["cron"] == "30 4 * * 1"
    assert clock["start_date"]["tz"] == "Europe/Berlin"
    assert clock["parameter_defaults"] == {"target": "warehouse"}

    page.get_by_role("button", name="Remove", exact=True).click()
    wait_until("the clocks of the code hold", lambda: group(site, orders)["schedule"] is None)


def test_two_versions_differ_in_words(open_page, orders: str, two_runs):
    page = open_page(f"/default/flow/{orders}/versions")
    newest = page.get_by_role("row", name=re.compile("newest"))
    expect(newest.get_by_role("link", name=re.compile("ago"))).to_have_attribute("href", re.compile("flow-run/"))
    changes = page.get_by_role("region", name=re.compile("From version 1 to 2"))
    expect(changes).to_contain_text("extra")
    expect(changes).to_contain_text("again")


def test_a_version_is_found_among_more_than_a_hundred(open_page, check_page, site: Road):
    site.python(
        "from prefect import Flow, Parameter\nfor n in range(103):\n"
        "    with Flow('often') as f: Parameter('x', default=n)()\n"
        "    f.register('demo', labels=['nowhere'])"
    )
    often = group_of(site, "often")
    page = open_page(f"/default/flow/{often}/versions")
    expect(page.get_by_role("row")).to_have_count(101)
    expect(page.get_by_role("link", name=re.compile("^Versions"))).to_contain_text("103")
    page.get_by_role("button", name="Show 3 more").click()
    expect(page.get_by_role("row")).to_have_count(104)

    page.reload()
    page.get_by_role("searchbox", name="Find a version").fill("2")
    expect(page.get_by_role("row")).to_have_count(2)
    check_page(page)
    expect(page.get_by_role("row").last).to_contain_text(re.compile(r"^\s*2\s*archived"))
    # Its form is that of this version, not of the newest.
    page.goto(f"/default/flow/{often}/run?version=2")
    expect(page.get_by_role("combobox", name="Version", exact=True)).to_have_value("2")
    expect(page.get_by_label("x", exact=True)).to_have_value("1")
    expect(page.get_by_text("This version is archived")).to_be_visible()
    page.goto(f"/default/flow/{often}?version=3")
    expect(page.get_by_role("combobox", name="Version", exact=True)).to_have_value("3")

    # A version that there is not is never another one.
    page.goto(f"/default/flow/{often}/run?version=4711")
    expect(page.get_by_text("There is no version 4711 of this flow any more.")).to_be_visible()


def test_the_read_me_is_written_and_shown_without_its_markup(open_page, site: Road, orders: str, faults):
    faults.allow("onerror|inline event handler|Executing inline|script-src")
    page = open_page(f"/default/flow/{orders}/readme")
    expect(page.get_by_role("heading", name="Orders", exact=True)).to_be_visible()
    page.get_by_role("button", name="Edit").click()
    editor = page.get_by_role("textbox", name="Read-me, in Markdown")
    editor.press("Control+a")
    editor.type("# Better")
    expect(page.get_by_role("region", name="Preview").get_by_role("heading", name="Better")).to_be_visible()
    page.get_by_role("button", name="Save the read-me").click()
    wait_until("it is saved", lambda: group(site, orders)["description"] == "# Better")
    page.get_by_role("button", name="Take that of the code").click()
    wait_until("it is the code's again", lambda: group(site, orders)["description"] is None)


def test_who_types_while_the_editor_is_loaded_types_on_in_it(open_page, site: Road, orders: str, faults):
    """Else letters would be keys of the page, of which R runs the flow."""
    faults.allow("onerror|inline event handler|Executing inline|script-src")
    page = open_page("/default/flows")
    held: list[Route] = []
    page.route("**/ui/assets/editor.*", lambda route: held.append(route))
    page.goto(f"/default/flow/{orders}/readme")
    page.get_by_role("button", name="Edit").click()
    field = page.get_by_role("textbox", name="Read-me, in Markdown")
    with page.expect_event("requestfinished", lambda request: "/ui/assets/editor." in request.url):
        field.press("Control+a")
        page.wait_for_function("() => document.activeElement.tagName === 'TEXTAREA'")
        held.pop().continue_()
    expect(page.locator("textarea")).to_have_count(0)

    page.keyboard.type("# Robust")

    preview = page.get_by_role("region", name="Preview")
    expect(preview.get_by_role("heading", name="Robust")).to_be_visible()
    expect(preview).not_to_contain_text("Orders")
    assert "/readme" in page.url


def test_settings_are_changed(open_page, site: Road, orders: str):
    page = open_page(f"/default/flow/{orders}/settings")
    page.get_by_label("Add to labels").fill("gpu")
    page.get_by_label("Add to labels").press("Enter")
    page.get_by_role("button", name="Save the labels").click()
    wait_until("labels are saved", lambda: "gpu" in (group(site, orders)["labels"] or []))
    page.get_by_role("button", name="Take those of the code").click()
    wait_until("labels are the code's", lambda: group(site, orders)["labels"] is None)

    editor = page.get_by_role("textbox", name="Default parameters as JSON")
    editor.press("Control+a")
    editor.type('{"limit": 3}')
    page.get_by_role("button", name="Save the defaults").click()
    wait_until("defaults are saved", lambda: group(site, orders)["default_parameters"] == {"limit": 3})
    page.get_by_label("Priority of runs of this flow").select_option("Low")
    page.get_by_role("button", name="Save the priority").click()
    wait_until("the priority is saved", lambda: group(site, orders)["priority"] == -1)
    page.get_by_label("Priority of runs of this flow").select_option("none: normal")
    page.get_by_role("button", name="Save the priority").click()
    wait_until("there is no priority", lambda: group(site, orders)["priority"] is None)
    page.get_by_role("switch", name="Lazarus").click()
    wait_until("Lazarus is off", lambda: group(site, orders)["settings"]["lazarus_enabled"] is False)
    page.get_by_role("switch", name="Lazarus").click()
    wait_until("Lazarus is on", lambda: group(site, orders)["settings"]["lazarus_enabled"] is True)

    page.get_by_role("button", name="New cloud hook").click()
    page.get_by_role("button", name="Make the hook").click()
    expect(page.get_by_text("When a run of orders becomes Failed, leave a message in the inbox.")).to_be_visible()


def test_a_flow_is_deleted_by_its_name(open_page, site: Road):
    site.python(
        "from prefect import Flow, Parameter\nwith Flow('to go') as f: Parameter('x', default=1)()\nf.register('demo')"
    )
    gone = group_of(site, "to go")
    page = open_page(f"/default/flow/{gone}/settings")
    page.get_by_role("button", name="Delete the flow").click()
    expect(page.get_by_text("Type the name of the flow first")).to_be_visible()
    page.get_by_label("Type the name of the flow").fill("to go")
    page.get_by_role("button", name="Delete the flow").click()
    page.wait_for_url(re.compile("/default/flows"))
    assert group(site, gone) is None


@pytest.mark.quick
def test_two_runs_are_compared(open_page, two_runs: tuple[str, str]):
    a, b = two_runs
    page = open_page(f"/default/compare?a={a}")
    page.get_by_role("button", name=re.compile(r"^\w+-\w+$")).first.click()
    expect(page).to_have_url(re.compile("b="))
    page.goto(f"/default/compare?a={a}&b={b}")
    row = page.get_by_role("row", name=re.compile("^limit 1 2"))
    expect(row).to_contain_text("parameter, changed")
    page.get_by_label("Only what differs").check()
    expect(page).to_have_url(re.compile("only=diff"))
    page.get_by_role("button", name="Swap").click()
    expect(page).to_have_url(re.compile(f"a={b}&b={a}|b={a}&a={b}"))


def test_the_calendar_counts_and_leads_to_runs(open_page, orders: str, two_runs):
    page = open_page("/default/calendar")
    cell = page.get_by_role("link", name=re.compile(r"orders, .*\d+ done"))
    expect(cell.first).to_be_visible()
    cell.first.click()
    expect(page).to_have_url(re.compile(rf"/default/runs\?flow={orders}&since="))


def test_the_calendar_of_one_flow_is_read_by_day(open_page, orders: str, two_runs):
    page = open_page("/default/calendar?span=day")
    page.get_by_role("combobox", name="Flow").select_option("orders")
    expect(page).to_have_url(re.compile(f"flow={orders}"))
    expect(page.get_by_role("rowheader")).to_have_text(["orders"])
    page.get_by_role("button", name="The day after").click()
    expect(page.get_by_text("No run in this day.")).to_be_visible()
    page.get_by_role("button", name="Today").click()
    expect(page.get_by_role("rowheader")).to_have_text(["orders"])


def test_a_flow_says_how_it_went_and_how_long_its_tasks_take(open_page, orders: str, two_runs):
    page = open_page(f"/default/flow/{orders}")
    page.get_by_role("button", name="30 days").click()
    expect(page.get_by_role("heading", name="Runs over time")).to_be_visible()
    expect(page.get_by_text(re.compile(r"^\s*\d+ ok"))).to_be_visible()
    page.get_by_role("link", name=re.compile(r"\d+ ok|\d+ done")).last.click()
    expect(page).to_have_url(re.compile(rf"/default/runs\?.*flow={orders}"))

    page.goto(f"/default/flow/{orders}/tasks")
    expect(page.get_by_role("row", name=re.compile("^load"))).to_contain_text(re.compile(r"\d m?s"))


@pytest.mark.parametrize("tab", ["", "/runs", "/tasks", "/graph", "/versions", "/schedules", "/readme", "/settings"])
def test_a_flow_looks_right(open_page, check_page, orders: str, two_runs, tab: str, theme: str, width: int, faults):
    faults.allow("onerror|inline event handler|Executing inline|script-src")
    page = open_page(f"/default/flow/{orders}{tab}", theme=theme, width=width)
    expect(page.get_by_role("heading", name="orders", exact=True, level=1)).to_be_visible()
    page.wait_for_load_state("networkidle")
    check_page(page)


def test_the_other_screens_look_right(open_page, check_page, site: Road, orders, two_runs, theme: str, width: int):
    task = ask(site, '{ task(where: {name: {_eq: "load"}}, limit: 1) { id } }')["task"][0]["id"]
    a, b = two_runs
    page = open_page("/default/flows", theme=theme, width=width)
    for path, heading in [
        ("flows", "Flows"),
        (f"compare?a={a}&b={b}", "Compare"),
        ("calendar", re.compile(r"\d{4}$")),
        ("calendar?span=day", re.compile(r"\d{4}$")),
        (f"task/{task}", "load"),
    ]:
        page.goto(f"/default/{path}")
        expect(page.get_by_role("heading", name=heading, level=1)).to_be_visible()
        page.wait_for_load_state("networkidle")
        check_page(page)
