"""The pages of a flow run and of a task run: what is seen of a run, and what can be done with it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import APIResponse, Page, Route, expect

from support.browser import Faults
from support.road import Road, wait_until

SHOP = """
import prefect
from prefect import Flow, Parameter, task, unmapped
from prefect.engine.results import LocalResult

@task
def numbers(many):
    prefect.context.logger.info("counting to %s", many)
    return list(range(many))

@task
def check(number, bad):
    prefect.context.logger.info("looking at %s", number)
    if number == bad:
        raise ValueError(f"{number} is bad")
    return number

@task
def total(checked):
    prefect.context.logger.warning("\\x1b[31mred\\x1b[0m <b>bold</b>\\nsecond\\nthird\\nfourth\\nfifth")
    return sum(checked)

with Flow("shop", result=LocalResult(dir="RESULTS")) as flow:
    many = Parameter("many", default=3)
    bad = Parameter("bad", default=-1)
    total(check.map(numbers(many), unmapped(bad)))
"""
GATE = """
from prefect import Flow, task
from prefect.triggers import manual_only

@task
def ask():
    return 1

@task(trigger=manual_only)
def act(answer):
    return answer

with Flow("gate") as flow:
    act(ask())
"""
#: A question for lines as a whole page, not for the last of them.
PAGE_OF_LINES = re.compile(r'LogPage.*"limit":500', re.DOTALL)
TRIES = """
from datetime import timedelta
import prefect
from prefect import Flow, task

@task(max_retries=2, retry_delay=timedelta(seconds=1))
def flaky(before, beside):
    if prefect.context.task_run_count < 3:
        raise ValueError("not yet")

@task
def steady():
    pass

@task
def last(tried):
    pass

with Flow("tries") as flow:
    last(flaky(steady(), steady.copy(name="aside")()))
"""
STATE = "query($id: uuid!) { flow_run_by_pk(id: $id) { state name labels parameters } }"


@pytest.fixture(scope="module")
def shop(site: Road) -> Road:
    for name, text in (("shop", SHOP), ("gate", GATE), ("tries", TRIES)):
        site.register(site.write(f"{name}.py", text.replace("RESULTS", f"{site.folder}/results")))
    return site


@pytest.fixture(scope="module")
def done(shop: Road) -> str:
    """A run that has ended well."""
    run_id = shop.new_run("--project", "demo", "--name", "shop", "--run-name", "well-done", "--param", "many=4")
    assert shop.final(run_id)["state"] == "Success"
    return run_id


@pytest.fixture(scope="module")
def tries(shop: Road) -> str:
    """A run with a task that succeeds with its third attempt."""
    run_id = shop.new_run("--project", "demo", "--name", "tries")
    assert shop.final(run_id)["state"] == "Success"
    return run_id


@pytest.fixture
def failed(shop: Road) -> str:
    """A run with one failed child."""
    run_id = shop.new_run("--project", "demo", "--name", "shop", "--param", "bad=1")
    assert shop.final(run_id)["state"] == "Failed"
    return run_id


@pytest.fixture
def waiting(shop: Road) -> str:
    """A run that no agent takes."""
    return shop.new_run("--project", "demo", "--name", "shop", "--label", "nowhere")


def stored(road: Road, run_id: str) -> dict[str, Any] | None:
    found: dict[str, Any] | None = road.graphql(STATE, {"id": run_id})["data"]["flow_run_by_pk"]
    return found


def main(page: Page) -> Any:
    return page.get_by_role("main")


def choose(page: Page, menu: str, item: str) -> None:
    page.get_by_role("button", name=menu, exact=True).click()
    page.get_by_role("menuitem", name=item).click()


def wait_for(page: Page, what: str, probe: Callable[[], Any]) -> None:
    """As ``wait_until``, while the browser is listened to."""

    def listened() -> Any:
        page.wait_for_timeout(20)
        return probe()

    wait_until(what, listened)


def any_of(told: list[str | bytes], text: str) -> bool:
    return any(text in str(frame) for frame in told)


def write_line(road: Road, run_id: str, message: str, timestamp: str | None = None) -> None:
    document = "mutation($input: write_run_logs_input!) { write_run_logs(input: $input) { success } }"
    logs = [{"flow_run_id": run_id, "level": "INFO", "name": "prefect.test", "message": message}]
    if timestamp:
        logs[0]["timestamp"] = timestamp
    assert "errors" not in road.graphql(document, {"input": {"logs": logs}})


def lines(page: Page) -> Any:
    return page.get_by_role("region", name="Log lines").get_by_role("listitem")


# ------------------------------------------------------------------------------------------------ what is seen


@pytest.mark.quick
def test_a_run_is_seen_with_its_state_its_tasks_and_its_log(open_page, done: str):
    page = open_page(f"/default/flow-run/{done}")
    expect(page).to_have_title(re.compile("well-done"))
    expect(page.get_by_role("heading", level=1)).to_have_text("well-done")
    expect(main(page).get_by_text("Success", exact=True).first).to_be_visible()
    expect(lines(page).filter(has_text="counting to 4")).to_be_visible()
    expect(page.get_by_role("option", name=re.compile("^numbers"))).to_be_visible()
    expect(page.get_by_role("link", name="Tasks")).to_contain_text(re.compile(r"\d"))


@pytest.mark.quick
def test_the_lines_of_a_run_are_asked_for_before_it_is_known_who_looks(open_page, shop: Road, done: str):
    page = open_page("/nothing/here")
    expect(page.get_by_role("heading", name="There is no such page.")).to_be_visible()
    asked: list[str] = []
    held: list[Route] = []

    def hold(route: Route) -> None:
        text = route.request.post_data or ""
        asked.append(text)
        if '"Me"' in text:
            held.append(route)
        else:
            route.continue_()

    page.route("**/graphql", hold)
    with page.expect_response(lambda answer: "LogPage" in (answer.request.post_data or "")):
        page.goto(f"/default/flow-run/{done}")
    held.pop().continue_()

    expect(lines(page).filter(has_text="counting to 4")).to_be_visible()
    # A run that ended just now may still be written to: the last lines are asked for again, the page of them is not.
    assert sum(PAGE_OF_LINES.search(text) is not None for text in asked) == 1
    assert held == []


def test_a_line_that_is_told_while_the_first_page_of_them_is_on_its_way_is_shown(open_page, shop: Road, waiting: str):
    page = open_page("/nothing/here")
    expect(page.get_by_role("heading", name="There is no such page.")).to_be_visible()
    told: list[str | bytes] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: told.append(frame)))
    held: list[tuple[Route, APIResponse]] = []

    def hold(route: Route) -> None:
        if held or not PAGE_OF_LINES.search(route.request.post_data or ""):
            route.continue_()
        else:
            held.append((route, route.fetch()))

    page.route("**/graphql", hold)
    page.goto(f"/default/flow-run/{waiting}", wait_until="commit")
    wait_for(page, "its lines are read", lambda: held)
    wait_for(page, "the run is followed", lambda: any_of(told, "flow_run_events"))
    write_line(shop, waiting, "told meanwhile")
    wait_for(page, "the line is told", lambda: any_of(told, "told meanwhile"))
    [(route, answer)] = held
    route.fulfill(response=answer)

    expect(lines(page).filter(has_text="told meanwhile")).to_be_visible()


def test_what_was_asked_ahead_for_another_tenant_is_asked_again(open_page, shop: Road, done: str):
    """Before it is known who looks, the server answers for the default tenant."""
    create = "mutation($input: create_tenant_input!) { create_tenant(input: $input) { id } }"
    slug = f"other-{uuid4().hex[:8]}"
    tenant = shop.graphql(create, {"input": {"name": slug, "slug": slug}})["data"]["create_tenant"]["id"]
    page = open_page("/nothing/here")
    asked: list[str | None] = []
    page.on(
        "request",
        lambda request: (
            asked.append(request.headers.get("x-prefect-tenant-id")) if "LogPage" in (request.post_data or "") else None
        ),
    )

    page.goto(f"/{slug}/flow-run/{done}")

    expect(lines(page).first).to_be_visible()
    assert asked[:2] == [None, tenant]


def test_every_view_of_a_run_has_an_address(open_page, done: str):
    page = open_page(f"/default/flow-run/{done}/tasks")
    expect(page.get_by_role("link", name="total")).to_be_visible()
    page.get_by_role("button", name="Children of check").click()
    expect(page.get_by_role("link", name="check[3]")).to_be_visible()
    for view, text in (
        ("graph", "Find a task"),
        ("parameters", "1 differs from its default"),
        ("history", "Flow run scheduled."),
        ("artifacts", "No artifact."),
        ("details", "Idempotency key"),
    ):
        page.goto(f"/default/flow-run/{done}/{view}")
        found = main(page).get_by_placeholder(text) if view == "graph" else main(page).get_by_text(text).first
        expect(found).to_be_visible()
        expect(page.get_by_role("link", name=re.compile(view, re.IGNORECASE)).first).to_have_attribute(
            "aria-current", "page"
        )


@pytest.mark.quick
def test_a_run_that_goes_on_is_followed_to_its_end(open_page, shop: Road, waiting: str):
    page = open_page(f"/default/flow-run/{waiting}")
    expect(main(page).get_by_text("Scheduled", exact=True).first).to_be_visible()
    expect(main(page).get_by_text("No line yet.")).to_be_visible()

    choose(page, "More actions", "Labels …")
    page.get_by_role("textbox", name="Labels").fill("")
    page.get_by_role("button", name="Save").click()

    expect(lines(page).filter(has_text="counting to 3")).to_be_visible()
    expect(main(page).get_by_text("Success", exact=True).first).to_be_visible()
    assert stored(shop, waiting)["labels"] == []


def test_a_run_that_waits_says_what_for(open_page, waiting: str):
    page = open_page(f"/default/flow-run/{waiting}")
    why = page.get_by_role("region", name="Why it is not running")
    expect(why).to_contain_text("nowhere")
    expect(why.get_by_role("link", name="Agents")).to_be_visible()


def test_colours_signs_and_markup_in_a_line_are_text(open_page, done: str):
    page = open_page(f"/default/flow-run/{done}")
    line = lines(page).filter(has_text="<b>bold</b>")
    expect(line).to_contain_text("red <b>bold</b>")
    expect(line).not_to_contain_text("fifth")
    line.get_by_role("button", name="+ 2 lines").click()
    expect(line).to_contain_text("fifth")


def test_lines_are_searched_filtered_and_named_by_an_address(open_page, done: str):
    page = open_page(f"/default/flow-run/{done}")
    expect(lines(page).first).to_be_visible()
    page.get_by_label("Search the logs").fill("LOOKING")
    expect(page.get_by_role("status").filter(has_text=re.compile("^4$"))).to_be_visible()
    page.get_by_label("Search the logs").press("Enter")
    expect(page).to_have_url(re.compile(r"line=\d+"))
    link = page.url

    page.get_by_role("button", name="Only matches").click()
    expect(lines(page)).to_have_count(4)

    other = open_page(link)
    expect(other.locator("[aria-current=true]").filter(has_text="looking at")).to_be_visible()

    page.goto(f"/default/flow-run/{done}?level=WARNING")
    expect(lines(page)).to_have_count(1)
    page.get_by_role("group", name="Levels").get_by_role("button", name="Info").click()
    expect(lines(page).filter(has_text="looking at 3")).to_be_visible()


@pytest.mark.parametrize("name", ["6c1a26e5-6305-46bb-b9ca-6f530bbd733d", "2147483646", "9999999999", "none"])
def test_an_address_keeps_a_line_that_is_not_there(open_page, done: str, name: str):
    page = open_page(f"/default/flow-run/{done}?line={name}")
    expect(lines(page).first).to_be_visible()
    gone = page.get_by_role("status").filter(has_text="The line of this address is not here")
    expect(gone).to_be_visible()
    assert page.url.endswith(f"?line={name}")
    page.get_by_role("button", name="Let the line go").click()
    expect(page).not_to_have_url(re.compile("line="))
    expect(gone).to_have_count(0)


def test_a_line_is_still_gone_to_when_it_could_not_be_asked_for_at_first(
    open_page, faults: Faults, shop: Road, done: str
):
    faults.allow("ERR_FAILED")
    asked = 'query ($id: uuid!) { log(where: {flow_run_id: {_eq: $id}, message: {_like: "looking at 1%"}}) { id } }'
    one = shop.graphql(asked, {"id": done})["data"]["log"][0]["id"]
    page = open_page("/default/runs")
    broken: list[str] = []

    def drop(route):
        if "LogHits" in (route.request.post_data or "") and not broken:
            broken.append(one)
            route.abort()
        else:
            route.continue_()

    page.route("**/graphql*", drop)
    page.goto(page.url.replace("/default/runs", f"/default/flow-run/{done}?line={one}"))
    page.get_by_role("button", name=re.compile("again", re.IGNORECASE)).first.click()
    expect(page.locator("[aria-current=true]").filter(has_text="looking at 1")).to_be_visible()
    assert broken
    assert "line=" in page.url


def test_the_lines_of_task_runs_in_a_state_are_chosen_with_it(open_page, shop: Road, failed: str):
    page = open_page(f"/default/flow-run/{failed}")
    expect(lines(page).filter(has_text="looking at 0")).to_be_visible()
    page.get_by_role("group", name="Task runs by state").get_by_role("button", name=re.compile("failed")).click()
    expect(page).to_have_url(re.compile("state=failed"))
    expect(lines(page).filter(has_text="looking at 0")).to_have_count(0)
    expect(lines(page).filter(has_text="looking at 1")).to_be_visible()

    # The address alone shows the same; the chip takes it back.
    page.reload()
    expect(lines(page).filter(has_text="looking at 1")).to_be_visible()
    expect(lines(page).filter(has_text="looking at 0")).to_have_count(0)
    page.get_by_title("Show the lines of task runs in all states").click()
    expect(lines(page).filter(has_text="looking at 0")).to_be_visible()
    expect(page).not_to_have_url(re.compile("state="))


def test_a_long_silence_has_a_row_of_its_own(open_page, shop: Road, waiting: str):
    write_line(shop, waiting, "before it", "2026-11-28T12:00:00Z")
    write_line(shop, waiting, "after it", "2026-11-28T12:12:04Z")
    write_line(shop, waiting, "soon after", "2026-11-28T12:12:34Z")
    page = open_page(f"/default/flow-run/{waiting}")
    expect(lines(page)).to_have_count(3)
    expect(lines(page).filter(has_text="after it")).to_contain_text("12 min 4 s later")
    expect(page.get_by_text(re.compile(r" later$"))).to_have_count(1)
    page.goto(f"/default/flow-run/{waiting}?log=desc")
    expect(lines(page).filter(has_text="before it")).to_contain_text("12 min 4 s earlier")


def test_whether_a_run_is_followed_stands_in_the_address(open_page, waiting: str):
    page = open_page(f"/default/flow-run/{waiting}")
    button = page.get_by_role("button", name="Follow", exact=True)
    expect(button).to_have_attribute("aria-pressed", "true")
    button.click()
    expect(page).to_have_url(re.compile("follow=no"))
    page.reload()
    expect(button).to_have_attribute("aria-pressed", "false")
    button.click()
    expect(page).not_to_have_url(re.compile("follow"))
    expect(button).to_have_attribute("aria-pressed", "true")


def test_the_log_is_walked_by_keys(open_page, done: str):
    page = open_page(f"/default/flow-run/{done}")
    expect(lines(page).first).to_be_visible()
    page.keyboard.press("j")
    expect(page.locator("[aria-current=true][data-line]")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator("[aria-current=true][data-line]")).to_have_count(0)


def test_the_log_is_downloaded_as_it_is_filtered(open_page, done: str):
    page = open_page(f"/default/flow-run/{done}?level=WARNING")
    expect(lines(page)).to_have_count(1)
    page.get_by_role("button", name="How the logs are shown").click()
    with page.expect_download() as told:
        page.get_by_role("menuitem", name="Download as text").click()
    text = told.value.path().read_text()
    assert "fifth" in text
    assert "looking at" not in text


# --------------------------------------------------------------------------------------------- what can be done


@pytest.mark.quick
def test_a_failed_run_says_why_and_is_restarted_with_other_parameters(open_page, shop: Road, failed: str):
    page = open_page(f"/default/flow-run/{failed}")
    needs = page.get_by_role("region", name="What needs you")
    expect(needs).to_contain_text("1 of 3 children of check failed.")
    expect(needs).to_contain_text("1 is bad")
    needs.get_by_role("button", name="First failed line").click()
    expect(page.locator("[aria-current=true][data-line]")).to_contain_text("1 is bad")

    choose(page, "Restart", "With other parameters")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("keeps its result")
    field = dialog.get_by_label("Parameters of this run")
    field.fill("{")
    expect(dialog.get_by_role("status").filter(has_text="This is no JSON")).to_be_visible()
    field.fill('{"bad": 7}')
    expect(dialog).to_contain_text("Changed: bad")
    dialog.get_by_role("button", name="Restart").click()

    expect(main(page).get_by_text("Success", exact=True).first).to_be_visible()
    expect(needs).to_have_count(0)
    assert stored(shop, failed)["parameters"]["bad"] == 7


def test_a_task_run_is_looked_at_beside_the_log_and_restarted_from(open_page, shop: Road, failed: str):
    page = open_page(f"/default/flow-run/{failed}")
    page.get_by_role("option", name=re.compile("^numbers")).click()
    side = page.get_by_role("complementary", name="Selected task run")
    expect(side.get_by_text("Success", exact=True)).to_be_visible()
    expect(side.get_by_role("link", name="check")).to_be_visible()
    side.get_by_role("button", name="Only its logs").click()
    expect(lines(page).filter(has_text="looking at")).to_have_count(0)
    expect(lines(page).filter(has_text="counting to 3")).to_be_visible()

    before = len(shop.run(failed)["states"])
    side.get_by_role("button", name="Restart from here").click()
    page.get_by_role("dialog").get_by_role("button", name="Restart").click()
    wait_until("a new state", lambda: len(shop.run(failed)["states"]) > before)
    assert shop.final(failed)["state"] == "Failed"


def test_a_run_is_renamed_in_its_place(open_page, shop: Road, waiting: str):
    page = open_page(f"/default/flow-run/{waiting}")
    choose(page, "More actions", "Rename …")
    page.get_by_label("Name of the run").fill("Émile & <i>co</i>")
    page.get_by_label("Name of the run").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Émile & <i>co</i>")
    assert stored(shop, waiting)["name"] == "Émile & <i>co</i>"


def test_attempts_and_the_critical_path_are_told_in_the_timeline(open_page, check_page, shop: Road, tries: str):
    page = open_page(f"/default/flow-run/{tries}")
    expect(page.get_by_role("option", name=re.compile("^flaky.*, 3 attempts"))).to_be_visible()
    expect(page.get_by_role("option", name=re.compile("^steady"))).to_be_visible()
    expect(page.get_by_role("option", name=re.compile("^steady.*attempts"))).to_have_count(0)

    page.get_by_role("button", name="Critical path").click()
    expect(page).to_have_url(re.compile("path="))
    expect(page.get_by_role("status").filter(has_text=re.compile("^3 tasks, "))).to_be_visible()
    # Of the two that come first it is the one that ended last.
    marked = page.get_by_role("option", name=re.compile("on the critical path"))
    expect(marked).to_have_count(3)
    expect(marked.filter(has_text=re.compile("flaky|last"))).to_have_count(2)
    check_page(page)
    page.get_by_role("button", name="Critical path").click()
    expect(page.get_by_role("option", name=re.compile("on the critical path"))).to_have_count(0)


def test_the_overview_of_the_timeline_stays_over_the_logs_of_a_phone(open_page, check_page, tries: str):
    page = open_page(f"/default/flow-run/{tries}", width=380)
    expect(lines(page).first).to_be_visible()
    overview = page.get_by_role("region", name="Timeline").locator("canvas").first
    expect(overview).to_be_visible()
    expect(page.get_by_role("listbox")).to_have_count(0)
    check_page(page)
    box = overview.bounding_box()
    assert box is not None
    # A window is dragged in it, and the lines are those of that time.
    page.mouse.move(box["x"] + 5, box["y"] + 15)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 4, box["y"] + 15, steps=3)
    page.mouse.up()
    expect(page).to_have_url(re.compile("z="))
    expect(page.get_by_title("Show the lines of all times")).to_be_visible()


def test_a_change_of_the_head_asks_nothing_again(open_page, shop: Road, waiting: str):
    """A run may have ten thousand task runs, and ten people look at it."""
    page = open_page(f"/default/flow-run/{waiting}")
    expect(page.get_by_role("banner").get_by_role("status").first).to_have_text("Live")
    expect(page.get_by_role("link", name=re.compile("^Tasks"))).to_contain_text(re.compile(r"\d"))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.post_data or ""))

    rename = 'mutation($id: UUID!) { set_flow_run_name(input: {flow_run_id: $id, name: "told-anew"}) { success } }'
    assert "errors" not in shop.graphql(rename, {"id": waiting})

    expect(page.get_by_role("heading", level=1)).to_contain_text("told-anew")
    assert [body for body in asked if "RunTaskRuns" in body or "RunArtifactCount" in body] == []


def test_a_state_is_set_by_hand(open_page, shop: Road, waiting: str):
    page = open_page(f"/default/flow-run/{waiting}")
    choose(page, "More actions", "Set state …")
    page.get_by_label("New state").select_option("Success")
    page.get_by_label("Message").fill("was done elsewhere")
    page.get_by_role("button", name="Set to Success").click()
    expect(main(page).get_by_text("Success", exact=True).first).to_be_visible()
    page.get_by_role("link", name="History").click()
    expect(main(page).get_by_text("was done elsewhere")).to_be_visible()
    assert stored(shop, waiting)["state"] == "Success"


def test_a_run_is_cancelled_after_it_was_said_what_that_means(open_page, shop: Road, waiting: str):
    page = open_page(f"/default/flow-run/{waiting}")
    page.get_by_role("button", name="Cancel", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Not now").click()
    assert stored(shop, waiting)["state"] == "Scheduled"

    page.get_by_role("button", name="Cancel", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel this run").click()
    expect(main(page).get_by_text("Cancelled", exact=True).first).to_be_visible()
    assert stored(shop, waiting)["state"] == "Cancelled"


def test_a_run_that_is_deleted_while_it_is_open_stays_to_be_read(open_page, shop: Road, failed: str):
    page = open_page(f"/default/flow-run/{failed}")
    expect(lines(page).first).to_be_visible()
    other = open_page(f"/default/flow-run/{failed}")
    choose(other, "More actions", "Delete …")
    other.get_by_role("dialog").get_by_role("button", name="Delete this run").click()
    expect(other).to_have_url(re.compile("/default/runs"))

    expect(main(page).get_by_text("This run was deleted while it was open.")).to_be_visible()
    expect(lines(page).first).to_be_visible()
    page.get_by_role("button", name="Restart").first.click()
    expect(page.get_by_role("menuitem", name="From failure")).to_have_attribute("aria-disabled", "true")
    assert stored(shop, failed) is None

    page.goto(f"/default/flow-run/{failed}")
    expect(main(page).get_by_text("There is no such run.")).to_be_visible()


def test_a_task_that_waits_for_a_person_is_approved(open_page, shop: Road):
    run_id = shop.new_run("--project", "demo", "--name", "gate")
    page = open_page(f"/default/flow-run/{run_id}")
    page.get_by_role("option", name=re.compile("^act")).click()
    side = page.get_by_role("complementary", name="Selected task run")
    side.get_by_role("button", name="Approve").click()
    expect(main(page).get_by_text("Success", exact=True).first).to_be_visible()
    assert shop.final(run_id)["state"] == "Success"


def test_a_task_run_has_its_page(open_page, shop: Road, failed: str):
    page = open_page(f"/default/flow-run/{failed}/tasks")
    page.get_by_role("button", name="Children of check").click()
    page.get_by_role("link", name="check[1]").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("check[1]")
    expect(main(page).get_by_text("1 is bad").first).to_be_visible()
    expect(lines(page).filter(has_text="looking at 1")).to_be_visible()
    expect(lines(page).filter(has_text="looking at 0")).to_have_count(0)
    page.get_by_role("link", name="History").click()
    expect(main(page).get_by_role("cell", name=re.compile("1 is bad"))).to_be_visible()

    page.goto(f"/default/flow-run/{failed}/tasks")
    page.get_by_role("link", name="check", exact=True).click()
    page.get_by_role("link", name="Children").first.click()
    expect(page.get_by_role("row")).to_have_count(4)


# -------------------------------------------------------------------------------------------------- for everybody


def test_the_pages_are_accessible_and_fit(open_page, check_page, shop: Road, done: str, theme: str, width: int):
    page = open_page(f"/default/flow-run/{done}", theme=theme, width=width)
    for view in ("", "/tasks", "/graph", "/parameters", "/history", "/artifacts", "/details"):
        page.goto(f"/default/flow-run/{done}{view}")
        expect(page.get_by_role("heading", level=1)).to_have_text("well-done")
        check_page(page)
    found = shop.graphql("query($id: uuid!) { task_run(where: {flow_run_id: {_eq: $id}}) { id } }", {"id": done})
    page.goto(f"/default/task-run/{found['data']['task_run'][0]['id']}")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    check_page(page)


def test_the_critical_path_is_accessible(open_page, check_page, done: str, theme: str, width: int):
    page = open_page(f"/default/flow-run/{done}", theme=theme, width=width)
    expect(page.get_by_role("heading", level=1)).to_have_text("well-done")
    if width < 760:
        page.get_by_role("button", name="Timeline", exact=True).click()
    page.get_by_role("button", name="Critical path").click()
    expect(page.get_by_role("option", name=re.compile("on the critical path")).first).to_be_visible()
    check_page(page)


def test_a_name_of_a_run_is_never_more_than_text(open_page: Callable[..., Page], check_page, shop: Road, waiting: str):
    name = "<img src=x onerror=alert(1)>\u202egnp.exe\u202c مرحبا " + "n" * 150
    shop.graphql(
        "mutation($input: set_flow_run_name_input!) { set_flow_run_name(input: $input) { success } }",
        {"input": {"flow_run_id": waiting, "name": name}},
    )
    for width in (1440, 380):
        page = open_page(f"/default/flow-run/{waiting}", width=width)
        expect(page.get_by_role("heading", level=1)).to_contain_text("<img src=x onerror=alert(1)>⟨U+202E⟩gnp.exe")
        check_page(page)


def test_the_refusal_of_a_change_is_told_at_its_button(open_page, shop: Road, waiting: str, faults: Faults):
    page = open_page(f"/default/flow-run/{waiting}")
    page.get_by_role("button", name="Cancel", exact=True).click()
    page.route(
        "**/graphql",
        lambda route: route.abort() if "CancelRun" in (route.request.post_data or "") else route.continue_(),
    )
    faults.allow("ERR_FAILED")
    page.get_by_role("dialog").get_by_role("button", name="Cancel this run").click()
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("cannot be reached")
    assert stored(shop, waiting)["state"] == "Scheduled"
