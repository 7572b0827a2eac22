"""Every screen, over a week in which all that people name has a hostile name: nothing runs, nothing breaks out."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from support.browser import ROOT, WIDTHS, Faults, sideways_pixels
from support.databases import Databases, NoPostgres
from support.hostile import MARK, spoil_names
from support.road import Road

BOTH = [pytest.param("sqlite", id="sqlite"), pytest.param("postgres", id="postgres", marks=pytest.mark.postgres)]
#: Screens on which nobody's words stand.
WORDLESS = {"settings-me", "settings-audit", "api", "start"}
#: Every other one that belongs to a pattern of the table of addresses.
MORE = {
    "project": "project/{project}",
    "task-run-history": "task-run/{task_run}/history",
    "run-artifacts": "flow-run/{running}/artifacts",
    "flow-run-form-from": "flow/{flow}/run?from={failed}",
    "run-selected": "flow-run/{failed}?sel={task_run}",
}
PROJECT = '{ project(where: {flows: {name: {_eq: "nightly-load"}}}) { id } }'
#: Parts of the page that lead sideways: tables, tabs and tools may on a phone, as far as two screens.
SIDEWAYS = """() => [...document.querySelectorAll("main, main *")].filter(one =>
    ["auto", "scroll"].includes(getComputedStyle(one).overflowX) && one.scrollWidth > one.clientWidth + 1
    && (one.matches(".page, main > *") || one.scrollWidth > Math.max(1500, 2 * one.clientWidth))
    && !one.matches("textarea, pre")).map(one => `${one.className} ${one.scrollWidth} > ${one.clientWidth}`)"""
#: Signs that turn the text around them, or have no shape, where a person reads them; a read-me is text of its own.
UNSEEN = r"""() => {
    const bad = /[\u0000-\u0008\u000e-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/;
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = new Set();
    for (let node = walker.nextNode(); node; node = walker.nextNode())
        if (bad.test(node.data) && !node.parentElement.closest("svg, textarea, .markdown"))
            found.add(`a raw sign in ${node.parentElement.tagName}.${node.parentElement.className}`);
    return [...found];
}"""


def tool() -> Any:
    spec = importlib.util.spec_from_file_location("ui_screenshots", ROOT / "tools" / "ui_screenshots.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module", params=BOTH)
def site(request, built_ui: None, databases: Databases, tmp_path_factory) -> Iterator[Road]:
    try:
        url = databases.fresh(request.param)
    except NoPostgres as reason:
        pytest.skip(str(reason))
    with Road(tmp_path_factory.mktemp("hostile")) as road:
        road.server(url)
        fill = [sys.executable, str(ROOT / "tools" / "ui_data.py"), "--api", road.api, "--children", "40"]
        address = url.replace("postgresql://", "postgresql+psycopg://", 1)
        subprocess.run([*fill, "--database-url", address], env=road.env, check=True, stdout=subprocess.DEVNULL)
        yield road
    databases.drop(url)


@pytest.fixture(scope="module")
def addresses(site: Road, request: pytest.FixtureRequest) -> dict[str, str]:
    """The address of each screen, by its name; behind them everything is spoiled."""
    screenshots = tool()
    ids = screenshots.ids_of(screenshots.Api(site.api))
    ids["project"] = site.graphql(PROJECT)["data"]["project"][0]["id"]
    command = site.processes[0].args
    spoil_names(command[command.index("--database-url") + 1])
    return {name: path.format(**ids) for name, path in (screenshots.SCREENS | MORE).items()}


def test_every_kind_of_address_is_walked(addresses: dict[str, str]):
    text = (ROOT / "ui" / "src" / "frame" / "routes.ts").read_text()
    patterns = re.findall(r'\n  screen\(\s*"([^"]*)"', text)
    assert len(patterns) > 15
    for pattern in patterns:
        parts = [
            r"(/[^/?]+)?" if part.endswith("?") else "/" + re.sub("^:.*", "[^/?]+", part) for part in pattern.split("/")
        ]
        kind = re.compile("".join(parts) + r"(\?.*)?")
        assert any(kind.fullmatch("/" + path) for path in addresses.values()), pattern


@pytest.mark.parametrize("width", list(WIDTHS))
def test_names_are_text_on_every_screen(open_page, addresses: dict[str, str], faults: Faults, width: int):
    # Markup of a read-me is cleaned; the browser tells of the handler that it refused to make, and asks for the image.
    faults.allow(r"script-src-attr|Executing inline event handler|Failed to load resource.*/x\)$")
    page: Page = open_page("/default", width=width)
    page.on("dialog", lambda dialog: faults.seen.append(f"dialog: {dialog.message}"))
    wrong = []
    for name, path in addresses.items():
        page.goto(f"/default/{path}")
        expect(page.get_by_role("main")).not_to_be_empty()
        page.wait_for_load_state("networkidle")
        said = page.get_by_role("main").inner_text()
        if name not in WORDLESS and MARK[:10] not in said:
            wrong.append(f"{name}: no name is shown")
        if (wide := sideways_pixels(page)) > 0:
            wrong.append(f"{name}: the page is {wide} px too wide")
        wrong += [f"{name}: {one}" for text in (SIDEWAYS, UNSEEN) for one in page.evaluate(text)]
        if "This screen broke" in said or "could not be" in said:
            wrong.append(f"{name}: {said[:300]}")
    assert wrong == []
