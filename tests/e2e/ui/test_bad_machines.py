"""What a person sees when the database is away, a key ends, two tabs change one thing, or a laptop slept."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from support.browser import Faults
from support.databases import NoPostgres, PostgresServer, public_folder
from support.road import Road

AWAY = r"ERR_FAILED|ERR_CONNECTION|WebSocket connection|ERR_INCOMPLETE|ERR_EMPTY_RESPONSE|50\d|ERR_NETWORK"
#: An hour behind, as after a journey.
CLOCK_AN_HOUR_SLOW = """
(() => {
    const Real = Date, apart = -3600e3;
    globalThis.Date = class extends Real {
        constructor(...given) { if (given.length) super(...given); else super(Real.now() + apart); }
        static now() { return Real.now() + apart; }
    };
})();
"""
NEW_RUN = "mutation($input: create_flow_run_input!) { create_flow_run(input: $input) { id } }"
NEW_STATE = "mutation($input: set_flow_run_states_input!) { set_flow_run_states(input: $input) { states { status } } }"


@pytest.fixture
def machine(built_ui: None, tmp_path: Path) -> Iterator[Road]:
    """A server of one's own, to be stopped and started."""
    with Road(tmp_path) as road:
        yield road


@pytest.fixture
def visit(browser, machine: Road, faults: Faults) -> Iterator[Callable[..., Page]]:
    contexts = []

    def open_one(path: str = "/", script: str = "", **how) -> Page:
        context = browser.new_context(base_url=machine.api, timezone_id="UTC", locale="en-GB", **how)
        contexts.append(context)
        if how.get("java_script_enabled", True):
            faults.watch(context)
        if script:
            context.add_init_script(script)
        page = context.new_page()
        page.goto(path)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert faults.unexpected() == []


def connection(page: Page) -> Locator:
    return page.get_by_role("banner").get_by_role("status").first


def hello(machine: Road) -> str:
    """Register hello-world; gives the flow's id."""
    machine.prefect("create", "project", "demo")
    machine.prefect("register", "--project", "demo", "--module", "prefect.hello_world")
    return str(machine.graphql("{ flow { id } }")["data"]["flow"][0]["id"])


def new_run(machine: Road, flow: str, name: str, **more) -> str:
    answer = machine.graphql(NEW_RUN, {"input": {"flow_id": flow, "flow_run_name": name, **more}})
    return str(answer["data"]["create_flow_run"]["id"])


# ------------------------------------------------------------------------------------------------ database away


def says_that_it_is_away_and_recovers(machine: Road, page: Page, back: Callable[[], None]) -> None:
    """What a person does meanwhile is refused in words, and goes well afterwards."""
    page.get_by_role("link", name="Flows").first.click()
    expect(page.get_by_role("alert").first).to_be_visible(timeout=60_000)
    back()
    expect(page.get_by_role("link", name="hello-world").first).to_be_visible(timeout=90_000)
    expect(page.get_by_role("alert")).to_have_count(0)


@pytest.mark.postgres
def test_a_postgres_that_is_stopped_is_told_and_its_return_noticed(machine: Road, visit, faults: Faults):
    faults.allow(AWAY)
    folder = public_folder("pg")
    try:
        with PostgresServer(folder) as server:
            machine.server(server.url)
            hello(machine)
            page = visit("/default/runs")
            expect(connection(page)).to_have_text("Live")
            server.stop()
            says_that_it_is_away_and_recovers(machine, page, lambda: server.start() and None)
    except NoPostgres as reason:
        pytest.skip(str(reason))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_a_sqlite_file_that_is_moved_is_told_and_its_return_noticed(machine: Road, visit, faults: Faults):
    faults.allow(AWAY)
    machine.server()
    hello(machine)
    page = visit("/default/runs")
    expect(connection(page)).to_have_text("Live")
    file, away = machine.folder / "proctor.db", machine.folder / "away"
    away.mkdir()
    ends = ("", "-wal", "-shm")
    for end in ends:
        if (whole := Path(f"{file}{end}")).exists():
            whole.rename(away / f"db{end}")

    def back() -> None:
        for end in ends:
            if (away / f"db{end}").exists():
                (away / f"db{end}").rename(f"{file}{end}")

    # A process that holds its file open goes on with it, wherever it lies: both are right, silence is not.
    page.get_by_role("link", name="Flows").first.click()
    found = page.get_by_role("link", name="hello-world").or_(page.get_by_role("alert")).first
    expect(found).to_be_visible(timeout=60_000)
    back()
    expect(page.get_by_role("link", name="hello-world").first).to_be_visible(timeout=90_000)


# ------------------------------------------------------------------------------------------------------- keys


def key(machine: Road, name: str, *more: str) -> str:
    database = f"sqlite:///{machine.folder}/proctor.db"
    command = ("server", "create-key", "--quiet", "--database-url", database, "--name", name, *more)
    return machine.prefect(*command).stdout.strip()


def id_of(text: str) -> str:
    plain = text.split("_")[1]
    return "-".join((plain[:8], plain[8:12], plain[12:16], plain[16:20], plain[20:]))


def test_a_key_that_is_revoked_while_the_page_is_open_asks_for_another(machine: Road, visit, faults: Faults):
    """Without a reload: what is on the screen stays, and goes on with the new key where it was."""
    faults.allow("401|403|WebSocket")
    server = machine.server()
    machine.stop(server)
    first, second = key(machine, "one"), key(machine, "two")
    machine.server(PREFECT_SERVER__SERVICES__REQUIRE_KEYS="true")
    page = visit("/default/limits")
    dialog = page.get_by_role("dialog", name="Log in")
    dialog.get_by_label("API key").fill(first)
    dialog.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Limits")
    expect(connection(page)).to_have_text("Live")

    machine.prefect("auth", "revoke-key", "--id", id_of(first), PREFECT__CLOUD__API_KEY=second)
    page.get_by_role("link", name="Runs").first.click()

    expect(dialog).to_be_visible()
    dialog.get_by_label("API key").fill(second)
    dialog.get_by_role("button", name="Log in").click()
    expect(dialog).to_have_count(0)
    expect(page).to_have_url(re.compile("/default/runs"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Runs")
    expect(connection(page)).to_have_text("Live")


# ------------------------------------------------------------------------------------- one thing, two of somebody


def test_what_one_tab_changed_the_other_shows_and_is_not_undone(machine: Road, visit):
    machine.server()
    run = new_run(machine, hello(machine), "first-name", labels=["nowhere"])
    one, two = visit(f"/default/flow-run/{run}"), visit(f"/default/flow-run/{run}")
    for page in (one, two):
        expect(page.get_by_role("heading", level=1)).to_have_text("first-name")

    # Both begin to rename; the second to save is the one that stands, in both.
    for page in (one, two):
        page.get_by_role("button", name="More actions", exact=True).click()
        page.get_by_role("menuitem", name="Rename …").click()
    one.get_by_label("Name of the run").fill("of-one")
    one.get_by_label("Name of the run").press("Enter")
    expect(one.get_by_role("heading", level=1)).to_have_text("of-one")
    two.get_by_label("Name of the run").fill("of-two")
    two.get_by_label("Name of the run").press("Enter")
    for page in (one, two):
        expect(page.get_by_role("heading", level=1)).to_have_text("of-two")

    # One cancels while the other is about to: the other is told, and both show the same.
    two.get_by_role("button", name="Cancel", exact=True).click()
    one.get_by_role("button", name="Cancel", exact=True).click()
    one.get_by_role("dialog").get_by_role("button", name="Cancel this run").click()
    for page in (one, two):
        expect(page.get_by_role("main").get_by_text("Cancelled", exact=True).first).to_be_visible()
    expect(two.get_by_role("button", name="Cancel", exact=True)).to_have_count(0)
    states = machine.run(run)["states"]
    assert [state["state"] for state in states].count("Cancelled") == 1


def test_what_the_other_tab_took_away_is_refused_where_it_is_asked_for(machine: Road, visit):
    machine.server()
    flow = hello(machine)
    run = new_run(machine, flow, "taken-away", labels=["nowhere"])
    two = visit(f"/default/flow-run/{run}")
    two.get_by_role("button", name="More actions", exact=True).click()
    two.get_by_role("menuitem", name="Labels …").click()
    dialog = two.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Labels").fill("gpu")

    deleted = machine.graphql(
        "mutation($id: UUID!) { delete_flow_run(input: {flow_run_id: $id}) { success } }", {"id": run}
    )
    assert deleted["data"]["delete_flow_run"]["success"] is True
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_role("alert")).to_contain_text("There is no flow run")
    expect(two.get_by_text("This run was deleted while it was open.")).to_be_visible()

    # The same for what stands in a list.
    one, two = visit("/default/automations"), visit("/default/automations")
    one.get_by_role("button", name="Make this automation").click()
    made = one.get_by_role("region", name="Automations")
    expect(made.get_by_role("button", name="Delete")).to_be_visible()
    two.reload()
    other = two.get_by_role("region", name="Automations")
    expect(other.get_by_role("button", name="Delete")).to_be_visible()
    made.get_by_role("button", name="Delete").click()
    expect(made.get_by_role("button", name="Delete")).to_have_count(0)
    other.get_by_role("button", name="Delete").click()
    expect(other.get_by_role("alert")).to_be_visible()


# -------------------------------------------------------------------------------------------------- clock, sleep


def test_ages_and_lengths_are_right_when_the_browsers_clock_is_an_hour_slow(machine: Road, visit):
    machine.server()
    run = new_run(machine, hello(machine), "punctual", labels=["nowhere"])
    state = {"flow_run_id": run, "state": {"type": "Running", "message": "begun"}}
    assert "errors" not in machine.graphql(NEW_STATE, {"input": {"states": [state]}})

    page = visit(f"/default/flow-run/{run}", CLOCK_AN_HOUR_SLOW)

    length = page.get_by_role("main").get_by_text(re.compile(r"^for \d+(\.\d+)? s$"))
    expect(length.or_(page.get_by_role("main").get_by_text(re.compile(r"for 1 min"))).first).to_be_visible()
    page.goto("/default/runs?view=all")
    expect(page.get_by_role("link", name="punctual")).to_be_visible()
    said = page.get_by_role("main").inner_text()
    assert "in 1 h" not in said
    assert "in 59 min" not in said
    assert re.search(r"\bs ago|\bnow\b|1 min ago|\d s", said), said


def test_a_socket_that_died_in_its_sleep_is_found_and_what_was_missed_is_shown(machine: Road, visit, faults: Faults):
    """The network of a laptop that slept: nothing is told to either side."""
    faults.allow(AWAY)
    machine.server()
    run = new_run(machine, hello(machine), "before-sleep", labels=["nowhere"])
    page = visit(f"/default/flow-run/{run}")
    expect(page.get_by_role("heading", level=1)).to_have_text("before-sleep")
    expect(connection(page)).to_have_text("Live")

    page.context.set_offline(True)
    rename = 'mutation($id: UUID!) { set_flow_run_name(input: {flow_run_id: $id, name: "after-sleep"}) { success } }'
    assert "errors" not in machine.graphql(rename, {"id": run})
    page.context.set_offline(False)
    page.evaluate("() => dispatchEvent(new Event('pageshow'))")

    expect(page.get_by_role("heading", level=1)).to_have_text("after-sleep", timeout=60_000)
    expect(connection(page)).to_have_text("Live")


@pytest.mark.quick
def test_without_javascript_a_sentence_says_so(machine: Road, visit):
    machine.server()
    page = visit("/default/runs", java_script_enabled=False)
    # What stands in <noscript> has no role, and is found by no text.
    sentence = page.locator("noscript p")
    expect(sentence).to_be_visible()
    expect(sentence).to_contain_text("This page needs JavaScript.")
    expect(sentence).to_contain_text("prefect get flow-runs")
