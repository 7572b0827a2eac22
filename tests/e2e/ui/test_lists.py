"""Lists and places of the UI: what a person does there really changes the backend."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from support.road import Road, wait_until

PLACES = ["", "runs", "queue", "agents", "limits", "automations", "values", "secrets", "inbox", "start", "api"]
PLACES += [f"settings/{page}" for page in ("me", "projects", "keys", "audit", "tenant", "hooks", "more")]


def asked_of(site: Road, document: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
    return dict(site.graphql(document, variables)["data"])


def planned(site: Road, *names: str) -> list[str]:
    """Make runs that are due tomorrow; gives their ids."""
    flow = asked_of(site, "{ flow(limit: 1) { id } }")["flow"][0]["id"]
    when = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    document = "mutation($input: create_flow_run_input!) { create_flow_run(input: $input) { id } }"
    inputs = [{"flow_id": flow, "scheduled_start_time": when, "flow_run_name": name} for name in names]
    return [asked_of(site, document, {"input": given})["create_flow_run"]["id"] for given in inputs]


def test_conditions_of_the_list_are_in_its_address(site: Road, open_page: Callable[..., Page]):
    planned(site, "address-one")
    page = open_page("/default/runs?due=all&state=Cancelled&q=address-")
    expect(page.get_by_text("No run matches.")).to_be_visible()

    page.get_by_role("button", name="Remove state Cancelled").click()

    expect(page.get_by_role("link", name="address-one")).to_be_visible()
    assert "state=" not in page.url
    page.go_back()
    expect(page.get_by_text("No run matches.")).to_be_visible()


def test_the_queue_is_paused_and_resumed(site: Road, open_page: Callable[..., Page]):
    page = open_page("/default/queue")
    page.get_by_role("button", name="Pause the queue").click()
    expect(page.get_by_text("The queue is paused.")).to_be_visible()
    assert asked_of(site, "{ tenant { settings } }")["tenant"][0]["settings"]["work_queue_paused"] is True

    page.get_by_role("button", name="Resume the queue").click()

    expect(page.get_by_role("button", name="Pause the queue")).to_be_visible()
    assert asked_of(site, "{ tenant { settings } }")["tenant"][0]["settings"]["work_queue_paused"] is False


def test_the_queue_stands_in_the_order_in_which_runs_are_handed_out(site: Road, open_page: Callable[..., Page]):
    flow = asked_of(site, "{ flow(limit: 1) { id } }")["flow"][0]["id"]
    document = "mutation($input: create_flow_run_input!) { create_flow_run(input: $input) { id } }"
    for name, priority in (("turn-low", -1), ("turn-usual", None), ("turn-high", 1)):
        given = {"flow_id": flow, "flow_run_name": name, "labels": ["nowhere"], "priority": priority}
        asked_of(site, document, {"input": given})
    page = open_page("/default/queue?q=turn-")
    rows = page.get_by_role("row").filter(has_text="turn-")
    expect(rows).to_have_count(3)
    for place, name in enumerate(("turn-high", "turn-usual", "turn-low")):
        expect(rows.nth(place).get_by_role("link").first).to_have_text(name)
    expect(rows.first).to_contain_text("high priority")
    expect(rows.last).to_contain_text("low priority")


@pytest.mark.quick
def test_a_secret_is_written_and_stays_nowhere_on_the_page(site: Road, open_page: Callable[..., Page]):
    page = open_page("/default/secrets")
    page.get_by_label("Name", exact=True).fill("FROM_THE_UI")
    page.get_by_label("Value", exact=True).fill("hush-hush")

    page.get_by_role("button", name="Keep the secret").click()

    expect(page.get_by_role("button", name="Replace FROM_THE_UI")).to_be_visible()
    expect(page.get_by_label("Value", exact=True)).to_have_value("")
    assert "hush-hush" not in page.content()
    assert asked_of(site, "{ secret_names }")["secret_names"] == ["FROM_THE_UI"]


def test_a_limit_is_set_changed_and_lifted(site: Road, open_page: Callable[..., Page]):
    page = open_page("/default/limits")
    page.get_by_role("textbox", name="Tag").fill("database")
    page.get_by_role("button", name="Set the limit").click()
    expect(page.get_by_text("0 of 1", exact=True).last).to_be_visible()

    page.get_by_role("button", name="Change the limit of database").click()
    page.get_by_role("spinbutton", name="New limit of database").fill("5")
    page.get_by_role("button", name="Save").click()
    asked = "{ task_tag_limit { tag limit } }"
    wait_until("the new limit", lambda: asked_of(site, asked)["task_tag_limit"] == [{"tag": "database", "limit": 5}])

    page.get_by_role("button", name="Lift").click()
    wait_until("no limit", lambda: asked_of(site, asked)["task_tag_limit"] == [])


def test_an_automation_is_a_sentence_that_is_made_and_tried(site: Road, open_page: Callable[..., Page]):
    page = open_page("/default/automations")
    sentence = "When a run of any flow becomes Failed, leave a message in the inbox."
    expect(page.get_by_text(sentence)).to_be_visible()
    page.get_by_role("button", name="Make this automation").click()
    made = page.get_by_role("region", name="Automations")
    made.get_by_role("button", name="Test").click()
    expect(made.get_by_text("Done: it was taken.")).to_be_visible()

    wait_until("the message", lambda: asked_of(site, "{ message { id } }")["message"])
    page.goto("/default/inbox")
    expect(page.get_by_role("button", name="Mark read", exact=True)).to_be_visible()


def test_an_automation_that_is_given_up_needs_somebody(site: Road, open_page: Callable[..., Page]):
    site.python("from prefect import Flow\nwith Flow('gone') as f: pass\nf.register('demo')")
    gone = asked_of(site, '{ flow(where: {name: {_eq: "gone"}}) { id flow_group_id } }')["flow"][0]
    document = "mutation($input: create_action_input!) { create_action(input: $input) { id } }"
    wish = {"name": "follow up", "action_type": "START_RUN", "action_config": {"flow_id": gone["id"]}}
    action = asked_of(site, document, {"input": wish})["create_action"]["id"]
    document = "mutation($input: create_flow_run_state_changed_hook_input!)"
    document += "{ create_flow_run_state_changed_hook(input: $input) { id } }"
    asked_of(site, document, {"input": {"action_id": action, "states": ["Cancelled"]}})
    asked_of(site, f'mutation {{ delete_flow(input: {{flow_id: "{gone["id"]}"}}) {{ success }} }}')
    page = open_page("/default")
    [run] = planned(site, "to-be-followed")

    asked_of(site, f'mutation {{ cancel_flow_run(input: {{flow_run_id: "{run}"}}) {{ state }} }}')

    need = page.get_by_role("listitem").filter(has_text="follow up")
    expect(need).to_contain_text("was given up")
    need.get_by_role("button", name="Mark read").click()
    expect(need).to_have_count(0)
    told = asked_of(site, '{ message(where: {type: {_eq: "DELIVERY_FAILED"}}) { read } }')["message"]
    assert told == [{"read": True}]
    page.goto("/default/inbox?show=all&type=DELIVERY_FAILED")
    expect(page.get_by_text(re.compile("^Automation START_RUN was given up"))).to_be_visible()
    page.get_by_role("combobox", name="Type of message").select_option("Any type")
    expect(page).not_to_have_url(re.compile("type="))
    asked_of(site, f'mutation {{ delete_action(input: {{action_id: "{action}"}}) {{ success }} }}')


def test_the_number_beside_home_is_of_what_home_lists(site: Road, open_page: Callable[..., Page]):
    [failed] = planned(site, "needs-failed")
    document = "mutation($input: set_flow_run_states_input!) { set_flow_run_states(input: $input) { states { id } } }"
    for state in ("Running", "Failed"):
        asked_of(site, document, {"input": {"states": [{"flow_run_id": failed, "state": {"type": state}}]}})
    page = open_page("/default/runs")
    home = page.get_by_role("navigation", name="Main", exact=True).get_by_role("link", name=re.compile("^Home"))
    expect(home).to_contain_text(re.compile(r"\d+\s*needs? a person"))

    def number(text: str | None) -> int:
        return int(re.findall(r"\d+", text or "")[0])

    home.click()
    heading = page.get_by_role("heading", name=re.compile(r"Needs you \d"))
    expect(heading).to_be_visible()
    listed = number(heading.text_content())
    expect(home).to_contain_text(re.compile(rf"{listed}\s*needs? a person"))
    need = page.get_by_role("listitem").filter(has_text="needs-failed")
    expect(need).to_be_visible()

    need.get_by_role("button", name=re.compile("^Not now")).click()
    expect(need).to_have_count(0)
    rest = rf"{listed - 1}\s*needs? a person" if listed > 1 else r"^\s*Home\s*$"
    expect(home).to_contain_text(re.compile(rest))
    page.get_by_role("link", name="Flows").first.click()
    expect(page.get_by_role("heading", name="Flows", level=1)).to_be_visible()
    expect(home).to_contain_text(re.compile(rest))


def test_any_id_that_is_pasted_leads_to_where_it_stands(site: Road, open_page: Callable[..., Page]):
    def made(mutation: str, inputs: str, selected: str = "id") -> Any:
        return asked_of(site, f"mutation {{ {mutation}(input: {{{inputs}}}) {{ {selected} }} }}")[mutation]

    hook = made("create_cloud_hook", 'type: PREFECT_MESSAGE, name: "by id", states: ["Failed"], config: {}')["id"]
    limit = made("update_task_tag_limit", 'tag: "by-id", limit: 3')["id"]
    value = made("set_key_value", 'key: "by-id", value: 1')["id"]
    [run] = planned(site, "by-id")
    document = "query($id: uuid!) { flow_run_by_pk(id: $id) { states { id } flow { version_group_id flow_group_id } } }"
    known = asked_of(site, document, {"id": run})["flow_run_by_pk"]
    agent = asked_of(site, "{ agent(limit: 1) { id } }")["agent"][0]["id"]
    flow = known["flow"]
    page = open_page("/default")
    for pasted, name, path in (
        (hook, "Hook by id", "settings/hooks"),
        (limit, "Limit by-id", "limits"),
        (value, "Value by-id", "values"),
        (run, "Flow run by-id", f"flow-run/{run}"),
        (known["states"][0]["id"], "State Scheduled of a flow run", f"flow-run/{run}/history"),
        (flow["version_group_id"], "Flow hello-world", f"flow/{flow['flow_group_id']}"),
        (agent, "Agent", f"agent/{agent}"),
    ):
        page.keyboard.press("Control+k")
        page.get_by_role("combobox", name="Search or jump to").fill(pasted)
        expect(page.get_by_role("option", name=re.compile(f"^{name}"))).to_be_visible()
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile(rf"/default/{path}$"))


def test_the_api_is_asked_by_hand(site: Road, open_page: Callable[..., Page]):
    page = open_page("/default/api?query=%7B%20project%20%7B%20name%20%7D%20%7D")
    page.get_by_role("button", name="Ask").click()
    expect(page.get_by_text('"demo"')).to_be_visible()


def test_places_are_accessible(open_page: Callable[..., Page], check_page, theme: str, width: int):
    page = open_page("/default", theme=theme, width=width)
    for place in PLACES:
        page.goto(f"/default/{place}")
        expect(page.get_by_role("heading", level=1)).to_have_count(1)
        check_page(page)
