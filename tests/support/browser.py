"""A real browser for tests of the web UI: Chromium through Playwright, and what no page may ever do.

A page fails its test when it logs an error, throws, or is refused something by its policy; ``Faults.allow`` names what
a test provokes. Parts are found by role and name, as a screen reader finds them.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from playwright.sync_api import Error as PlaywrightError

ROOT = Path(__file__).parents[2]
AXE = ROOT / "ui" / "node_modules" / "axe-core" / "axe.min.js"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"]
#: Names that servers of tests have for their browsers.
FLAGS += ["--host-resolver-rules=MAP *.example.org 127.0.0.1"]
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
#: On a busy machine a page may take its time.
PATIENCE_MS = 30_000
WIDTHS = {1440: 900, 380: 800}
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WATCH_POLICY = """
addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI, sample, sourceFile, lineNumber }) =>
    proctorRefused(`${effectiveDirective}: ${blockedURI} ${sample} at ${sourceFile}:${lineNumber}`));
"""


class NoBrowser(Exception):
    """Why there is no browser, or no UI to look at."""


def build_ui() -> None:
    """Build the UI if its sources changed.

    Raises:
        NoBrowser: it cannot be built.
    """
    spec = importlib.util.spec_from_file_location("ui_tool", ROOT / "tools" / "ui.py")
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    try:
        tool.build(if_needed=True)
    except (tool.CannotBuild, OSError) as reason:
        raise NoBrowser(f"the web UI cannot be built: {reason}") from None


def _program() -> str:
    found = os.environ.get("PROCTOR_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        raise NoBrowser("no Chromium is installed")
    return found


@contextmanager
def started_browser() -> Iterator[Browser]:
    """Start Chromium: the one that ``PROCTOR_CHROMIUM`` names, or one on PATH.

    Raises:
        NoBrowser: there is none, or it does not start.
    """
    found = _program()
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=found, headless=True, args=FLAGS)
        except PlaywrightError as reason:
            raise NoBrowser(f"Chromium does not start: {str(reason).splitlines()[0]}") from None
        try:
            yield browser
        finally:
            browser.close()


class Faults:
    """What pages did that no page may do."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self._allowed: list[re.Pattern[str]] = []

    def allow(self, pattern: str) -> None:
        """Take faults that match for what the test provokes."""
        self._allowed.append(re.compile(pattern))

    def watch(self, context: BrowserContext) -> None:
        context.expose_function("proctorRefused", lambda text: self.seen.append(f"policy: {text}"))
        context.add_init_script(WATCH_POLICY)
        context.on("page", self._watch_page)

    def _watch_page(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.seen.append(f"exception: {error}"))
        page.on("crash", lambda _: self.seen.append("the page crashed"))
        page.on("console", self._hear)

    def _hear(self, message: Any) -> None:
        if message.type == "error":
            where = message.location or {}
            self.seen.append(f"console: {message.text} ({where.get('url', '')})")

    def unexpected(self) -> list[str]:
        return [text for text in self.seen if not any(pattern.search(text) for pattern in self._allowed)]


def axe_violations(page: Page, *, without: tuple[str, ...] = ()) -> list[str]:
    """Give what axe finds wrong on a page (WCAG 2.2 AA and good practice), one line each; ``without``: rules not asked.

    It is evaluated by the browser's debugger, which the page's policy does not concern.
    """
    if not AXE.is_file():
        raise NoBrowser("axe-core is not installed: run `make ui`")
    page.evaluate(AXE.read_text())
    rules = {name: {"enabled": False} for name in without}
    options = {"runOnly": {"type": "tag", "values": TAGS}, "rules": rules, "resultTypes": ["violations"]}
    found = page.evaluate("options => axe.run(document, options)", options)
    return [
        f"{violation['id']}: {violation['help']}: {node['target']} {node['html'][:200]} {node['failureSummary']}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


def sideways_pixels(page: Page) -> int:
    """Give by how much the page is wider than its window: nobody wants to scroll sideways."""
    text = "() => document.scrollingElement.scrollWidth - document.documentElement.clientWidth"
    return int(page.evaluate(text))
