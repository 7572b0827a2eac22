"""The frame of the UI: every address opens, nothing is refused by the policy, and everybody can use it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from support.browser import Faults

SCREENS = ["", "runs", "flows", "queue", "calendar", "agents", "limits", "automations", "inbox", "values", "secrets"]
SCREENS += ["settings", "api", "start"]


@pytest.mark.quick
def test_the_first_page_is_home(page: Page):
    expect(page.get_by_role("main")).not_to_be_empty()
    expect(page.get_by_role("navigation", name="Main").first).to_be_visible()
    expect(page).to_have_title("Home · Proctor")


@pytest.mark.quick
def test_every_screen_opens_by_its_address(open_page: Callable[..., Page]):
    page = open_page("/default/runs")
    for screen in SCREENS:
        page.goto(f"/default/{screen}")
        expect(page.get_by_role("main")).not_to_be_empty()


def test_every_screen_is_accessible(open_page, check_page, theme: str, width: int):
    page = open_page("/default", theme=theme, width=width)
    for screen in SCREENS:
        page.goto(f"/default/{screen}")
        expect(page.get_by_role("main")).not_to_be_empty()
        check_page(page, without=("page-has-heading-one",))  # each screen brings its own, and its own test


# ------------------------------------------------------------------------------------- the tests' own eyes


@pytest.mark.quick
def test_what_no_page_may_do_is_seen(open_page, faults: Faults):
    """Else all tests here would say nothing."""
    page = open_page()
    expect(page.get_by_role("main")).not_to_be_empty()
    assert faults.unexpected() == []

    page.evaluate("() => { console.error('a line of the log'); setTimeout(() => { throw new Error('thrown') }) }")
    page.evaluate("() => { try { document.body.innerHTML = '<img src=x onerror=alert(1)>' } catch {} }")
    page.evaluate(
        "() => { document.head.append(Object.assign(document.createElement('style'), { textContent: 'a{}' })) }"
    )
    page.evaluate("() => fetch('https://elsewhere.example/').catch(() => 0)")
    page.wait_for_function("() => new Promise(done => setTimeout(done, 50, true))")

    seen = "\n".join(faults.seen)
    for part in ("a line of the log", "thrown", "require-trusted-types-for", "style-src", "connect-src"):
        assert part in seen
    faults.allow(".")


@pytest.mark.quick
def test_axe_sees_what_is_wrong(page: Page, check_page):
    expect(page.get_by_role("main")).not_to_be_empty()
    page.evaluate("() => document.querySelector('main').append(document.createElement('button'))")

    with pytest.raises(AssertionError, match="button-name"):
        check_page(page)


@pytest.mark.quick
def test_without_scripts_a_sentence_says_so(open_page):
    page = open_page("/default/runs", java_script_enabled=False)

    # What is rendered: Playwright's own search looks into no <noscript>.
    assert "needs JavaScript" in page.inner_text("body")
