"""The guide "your first run from the browser", walked as it stands: commands run, bold words pressed, italics seen."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from support.road import Road

GUIDE = Path(__file__).parents[3] / "docs" / "guides" / "first-run-from-the-browser.md"
STEP = re.compile(
    r"^\$ prefect (?P<command>.+)$"
    r"|[Tt]ype `(?P<typed>[^`]+)` into \*\*(?P<field>[^*]+)\*\*"
    r"|\*\*(?P<pressed>[^*]+)\*\*"
    r"|(?<![\w*])_(?P<seen>[^_\n]+)_",
    re.MULTILINE,
)


def steps() -> Iterator[tuple[str, str, str]]:
    _, _, walk = GUIDE.read_text().partition("you see.)")
    for found in STEP.finditer(walk):
        kind = str(found.lastgroup)
        if kind == "field":
            yield "typed", found["field"], found["typed"]
        else:
            yield kind, found[kind], ""


def press(page: Page, name: str) -> None:
    # The page may still be drawing it; whichever role it has.
    begun = re.compile(rf"^{re.escape(name)}")  # a key may stand behind a button's name
    found = page.get_by_role("link", name=begun).or_(page.get_by_role("button", name=begun))
    found.locator("visible=true").first.click()


@pytest.mark.quick
def test_the_guide_leads_to_a_run_that_succeeds(built_ui: None, browser, faults, tmp_path: Path):
    walked = list(steps())
    assert [kind for kind, _, _ in walked].count("pressed") >= 4  # the guide's signs are understood
    with Road(tmp_path) as road:
        page: Page | None = None
        for kind, what, text in walked:
            if kind == "command" and what == "server start":
                road.server()
                context = browser.new_context(base_url=road.api, viewport={"width": 1440, "height": 900})
                faults.watch(context)
                page = context.new_page()
                page.goto("/")
            elif kind == "command" and what == "agent local start":
                road.agent()
            elif kind == "command":
                road.prefect(*shlex.split(what))
            elif kind == "pressed":
                assert page is not None
                press(page, what)
            elif kind == "typed":
                assert page is not None
                page.get_by_label(re.compile(f"^{what}\\b")).first.fill(text)
            else:
                assert page is not None
                expect(
                    page.get_by_role("main").get_by_text(what, exact=False).locator("visible=true").first
                ).to_be_visible()
        assert page is not None
        expect(page.get_by_label(re.compile("^name\\b")).first).to_have_value("Ada")
        page.context.close()
    assert faults.unexpected() == []
