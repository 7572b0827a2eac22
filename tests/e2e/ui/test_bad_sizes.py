"""What is very large stays readable: 50 MB of logs, a parameter of 1 MB, a flow of five thousand tasks.

What a page holds is counted, not timed: a page that draws only what is seen is fast on any machine.
"""

from __future__ import annotations

import json
import re
from typing import Any

from playwright.sync_api import Page, expect

from support.road import Road

NEW_RUN = "mutation($input: create_flow_run_input!) { create_flow_run(input: $input) { id } }"
LOGS = "mutation($input: write_run_logs_input!) { write_run_logs(input: $input) { success } }"
#: Elements that any screen may have at a time.
MOST_ELEMENTS = 12_000
LARGE = """
from prefect import Flow, task

@task
def step(one=None, other=None):
    pass

LAYERS, WIDE = 50, 100
with Flow("large") as flow:
    layer = [step.copy(name=f"step-0-{i}")() for i in range(WIDE)]
    for number in range(1, LAYERS):
        layer = [
            step.copy(name=f"step-{number}-{i}")(layer[i], layer[(i * 7 + number) % WIDE]) for i in range(WIDE)
        ]
"""


def elements(page: Page) -> int:
    return int(page.evaluate("() => document.querySelectorAll('*').length"))


def flow_of(site: Road, name: str) -> dict[str, Any]:
    query = "query($name: String!) { flow(where: {name: {_eq: $name}}) { id flow_group_id } }"
    return dict(site.graphql(query, {"name": name})["data"]["flow"][0])


def new_run(site: Road, flow: str, **more: Any) -> str:
    answer = site.graphql(NEW_RUN, {"input": {"flow_id": flow, "labels": ["nowhere"], **more}})
    assert "errors" not in answer, str(answer)[:1000]
    return str(answer["data"]["create_flow_run"]["id"])


def test_fifty_megabytes_of_logs_are_read_searched_and_walked_a_page_at_a_time(open_page, site: Road):
    run = new_run(site, flow_of(site, "hello-world")["id"], flow_run_name="talker")
    text = "x" * 9_900
    for batch in range(50):
        logs = [
            {"flow_run_id": run, "level": "INFO", "name": "prefect.talk", "message": f"part-{batch}-{n} {text}"}
            for n in range(100)
        ]
        assert "errors" not in site.graphql(LOGS, {"input": {"logs": logs}})

    page = open_page(f"/default/flow-run/{run}")
    lines = page.get_by_role("region", name="Log lines").get_by_role("listitem")
    expect(lines.filter(has_text="part-49-99 ")).to_be_visible()
    assert elements(page) < MOST_ELEMENTS
    # One page of lines was read, not all.
    page.get_by_label("Search the logs").fill("part-0-17 ")
    expect(page.get_by_role("status").filter(has_text=re.compile("^1$"))).to_be_visible()
    page.get_by_label("Search the logs").press("Enter")
    expect(lines.filter(has_text="part-0-17 ")).to_be_visible()
    expect(page.locator("[aria-current=true][data-line]")).to_contain_text("part-0-17 ")
    assert elements(page) < MOST_ELEMENTS


def test_a_parameter_of_a_megabyte_is_shown_cut_and_given_again_whole(open_page, site: Road):
    flow = flow_of(site, "hello-world")
    long, wide = "y" * 500_000, {f"key-{n}": {"value": n, "of": ["a", "b"]} for n in range(12_000)}
    given = {"name": long, "more": wide}
    assert len(json.dumps(given)) > 1_000_000
    answer = site.graphql(
        NEW_RUN,
        {"input": {"flow_id": flow["id"], "labels": ["nowhere"], "parameters": {"name": long}, "context": wide}},
    )
    run = answer["data"]["create_flow_run"]["id"]

    page = open_page(f"/default/flow-run/{run}/parameters")
    expect(page.get_by_role("button", name=re.compile("Show .* characters")).first).to_be_visible()
    assert elements(page) < MOST_ELEMENTS
    assert page.evaluate("() => document.querySelector('main').textContent.length") < 50_000

    page.goto(f"/default/flow-run/{run}/details")
    expect(page.get_by_text("key-0", exact=True).or_(page.get_by_text("12000 keys")).first).to_be_visible()
    assert elements(page) < MOST_ELEMENTS

    page.goto("/default/runs")
    expect(page.get_by_role("row").nth(1)).to_be_visible()
    assert elements(page) < MOST_ELEMENTS

    # Another run from this one gets every letter of it.
    page.goto(f"/default/flow/{flow['flow_group_id']}/run?from={run}")
    expect(page.get_by_role("heading", level=1)).to_contain_text("hello-world")
    with page.expect_response(lambda answer: "CreateRun" in (answer.request.post_data or "")) as told:
        page.keyboard.press("Control+Enter")
    assert long in (told.value.request.post_data or "")
    expect(page).to_have_url(re.compile("/default/flow-run/"))


def test_a_flow_of_five_thousand_tasks_has_its_pages_and_its_graph(open_page, site: Road):
    path = site.write("large.py", LARGE)
    site.prefect("register", "--project", "demo", "--path", str(path), timeout=300)
    flow = flow_of(site, "large")
    run = new_run(site, flow["id"], flow_run_name="big")
    group = flow["flow_group_id"]

    page = open_page(f"/default/flow/{group}")
    expect(page.get_by_role("heading", level=1)).to_have_text("large")
    for path_of in (f"flow/{group}/tasks", f"flow/{group}/graph", f"flow-run/{run}", f"flow-run/{run}/tasks"):
        page.goto(f"/default/{path_of}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        if path_of.endswith("tasks"):
            expect(
                page.get_by_role("link", name=re.compile("^step-")).or_(page.get_by_text("step-0-0")).first
            ).to_be_visible()
        assert elements(page) < MOST_ELEMENTS, path_of

    page.goto(f"/default/flow-run/{run}/graph")
    find = page.get_by_placeholder("Find a task")
    expect(find).to_be_visible()
    find.fill("step-49-99")
    find.press("Enter")
    expect(page.get_by_text("1 found")).to_be_visible()
    page.get_by_role("button", name="Fold alike names").click()
    expect(page.get_by_role("main")).to_contain_text("5,000 nodes")
    assert elements(page) < MOST_ELEMENTS
