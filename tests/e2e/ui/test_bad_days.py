"""What a person sees when something is wrong: the server away, frozen or new, a key refused, a clock that is off."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from support.browser import Faults
from support.road import Road

UNREACHABLE = r"ERR_FAILED|ERR_CONNECTION|WebSocket connection|ERR_INCOMPLETE|ERR_EMPTY_RESPONSE|503"
CLOCK_AN_HOUR_FAST = """
(() => {
    const Real = Date, ahead = 3600e3;
    globalThis.Date = class extends Real {
        constructor(...given) { if (given.length) super(...given); else super(Real.now() + ahead); }
        static now() { return Real.now() + ahead; }
    };
})();
"""


@pytest.fixture
def machine(built_ui: None, tmp_path: Path) -> Iterator[Road]:
    """A server of one's own, to be stopped and started."""
    with Road(tmp_path) as road:
        yield road


@pytest.fixture
def visit(browser, machine: Road, faults: Faults) -> Iterator[Callable[..., Page]]:
    contexts = []

    def open_one(path: str = "/", script: str = "") -> Page:
        context = browser.new_context(base_url=machine.api, timezone_id="UTC", locale="en-GB")
        contexts.append(context)
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


@pytest.mark.quick
def test_a_server_that_was_restarted_is_live_again_by_itself(machine: Road, visit, faults: Faults):
    faults.allow(UNREACHABLE)
    server = machine.server()
    page = visit("/default/runs")
    expect(connection(page)).to_have_text("Live")

    machine.stop(server)
    expect(connection(page)).not_to_have_text("Live")

    machine.server()
    expect(connection(page)).to_have_text("Live")
    expect(page.get_by_role("main")).not_to_be_empty()


def test_a_server_that_hangs_is_noticed_and_what_is_shown_has_its_age(machine: Road, visit, faults: Faults):
    faults.allow(UNREACHABLE)
    server = machine.server()
    page = visit("/default/runs")
    expect(connection(page)).to_have_text("Live")

    os.killpg(server.pid, signal.SIGSTOP)
    try:
        expect(connection(page)).to_have_text(re.compile(r"As of|No answer since"), timeout=60_000)
    finally:
        os.killpg(server.pid, signal.SIGCONT)
    expect(connection(page)).to_have_text("Live")


def test_a_page_that_is_opened_before_the_server_answers_waits_for_it(machine: Road, visit, faults: Faults):
    faults.allow(UNREACHABLE)
    server = machine.server()
    page = visit("/default/runs")
    page.route("**/graphql", lambda route: route.abort())
    page.reload()
    expect(page.get_by_role("alert")).to_contain_text("cannot be reached")

    page.unroute("**/graphql")
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(connection(page)).to_have_text("Live")
    machine.stop(server)


def keys(machine: Road, *names: str) -> list[str]:
    database = f"sqlite:///{machine.folder}/proctor.db"
    command = ("server", "create-key", "--quiet", "--database-url", database, "--name")
    return [machine.prefect(*command, name).stdout.strip() for name in names]


@pytest.mark.quick
def test_who_needs_a_key_is_asked_and_stays_where_they_are(machine: Road, visit, faults: Faults):
    faults.allow("401|403")
    server = machine.server()
    machine.stop(server)
    first, second = keys(machine, "one", "two")
    machine.server(PREFECT_SERVER__SERVICES__REQUIRE_KEYS="true")
    page = visit("/default/flows")
    dialog = page.get_by_role("dialog", name="Log in")

    dialog.get_by_label("API key").fill("pct_wrong")
    dialog.get_by_role("button", name="Log in").click()
    expect(dialog.get_by_role("alert")).not_to_be_empty()

    dialog.get_by_label("API key").fill(f" {first}\n")
    dialog.get_by_role("button", name="Log in").click()
    expect(dialog).to_have_count(0)
    expect(connection(page)).to_have_text("Live")
    expect(page).to_have_url(re.compile("/default/flows$"))
    assert first not in page.content()

    # Revoked while the page is open: asked again, and then everything goes on.
    machine.prefect("auth", "revoke-key", "--id", key_id(first), PREFECT__CLOUD__API_KEY=second)
    page.reload()
    dialog.get_by_label("API key").fill(second)
    dialog.get_by_role("button", name="Log in").click()
    expect(dialog).to_have_count(0)
    expect(connection(page)).to_have_text("Live")


def key_id(key: str) -> str:
    plain = key.split("_")[1]
    return "-".join((plain[:8], plain[8:12], plain[12:16], plain[16:20], plain[20:]))


@pytest.mark.quick
def test_times_are_those_of_the_server_when_the_browsers_clock_is_off(machine: Road, visit):
    machine.server()
    page = visit("/default/runs", CLOCK_AN_HOUR_FAST)
    expect(connection(page)).to_have_text("Live")

    now = datetime.now(UTC)
    near = "|".join(f"{now + timedelta(minutes=apart):%H:%M}" for apart in range(-1, 3))
    expect(page.get_by_role("banner").get_by_role("link", name=re.compile("UTC"))).to_have_text(re.compile(near))


@pytest.mark.quick
def test_addresses_of_1x_lead_to_their_screens(machine: Road, visit):
    machine.server()
    page = visit("/?calendar")
    expect(page).to_have_url(re.compile("/default/calendar$"))

    page.goto("/default/agent")
    expect(page).to_have_url(re.compile("/default/agents$"))

    some = "6c1a26e5-6305-46bb-b9ca-6f530bbd733d"
    page.goto(f"/flow-run/{some}?logId={some}")
    expect(page).to_have_url(re.compile(f"/default/flow-run/{some}\\?line={some}$"))


@pytest.mark.quick
def test_an_address_that_leads_nowhere_says_so(machine: Road, visit):
    machine.server()
    page = visit("/default/nothing/here")
    expect(page.get_by_role("heading", name="There is no such page.")).to_be_visible()
    page.get_by_role("main").get_by_role("link", name="Home").click()
    expect(page).to_have_title("Home · Proctor")


@pytest.mark.quick
def test_keys_and_the_palette_go_everywhere(machine: Road, visit):
    machine.server()
    machine.prefect("create", "project", "demo")
    machine.prefect("register", "--project", "demo", "--module", "prefect.hello_world")
    page = visit("/")
    expect(connection(page)).to_have_text("Live")

    page.keyboard.type("gr")
    expect(page).to_have_url(re.compile("/default/runs$"))

    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_contain_text("Go to Flows")
    page.keyboard.press("Escape")

    page.keyboard.press("Control+k")
    box = page.get_by_role("combobox", name="Search or jump to")
    box.fill("hello")
    expect(page.get_by_role("option", name=re.compile("^hello-world flow"))).to_be_visible()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/default/flow/"))

    # What the palette changes is kept.
    page.keyboard.press("Control+k")
    box.fill(">dark")
    page.keyboard.press("Enter")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")

    # A letter that is typed into a field is a letter.
    page.keyboard.press("Control+k")
    box.type("g")
    box.press("r")
    expect(box).to_have_value("gr")
    page.keyboard.press("Escape")
    expect(page).to_have_url(re.compile("/default/flow/"))
