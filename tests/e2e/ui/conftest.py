"""The web UI in a real browser, against a real server, agent and runs.

``site``        server, agent and a registered flow, for all tests of a file; on SQLite and on PostgreSQL
``open_page``   opens an address of it: ``open_page("/default/runs", theme="dark", width=380)``; what no page may do
                fails the test (``faults.allow(pattern)`` names what a test provokes)
``page``        the same for the first page, light and wide
``check_page``  axe, and nothing to scroll sideways

`make test` runs those that are marked ``quick``, on SQLite; `make test-ui` (``PROCTOR_UI_TESTS=all``) runs all.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from support.browser import (
    PATIENCE_MS,
    WIDTHS,
    Faults,
    NoBrowser,
    axe_violations,
    build_ui,
    sideways_pixels,
    started_browser,
)
from support.databases import Databases, NoPostgres
from support.road import Road

HERE = Path(__file__).parent
BOTH = [pytest.param("sqlite", id="sqlite"), pytest.param("postgres", id="postgres", marks=pytest.mark.postgres)]
#: Every screen looks right in all of them.
LOOKS = [pytest.param(theme, width, id=f"{theme}-{width}") for width in WIDTHS for theme in ("light", "dark")]

expect.set_options(timeout=PATIENCE_MS)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if os.environ.get("PROCTOR_UI_TESTS") == "all" or any("::" in argument for argument in config.args):
        return
    ours = [item for item in items if HERE in item.path.parents]
    left_out = {
        item for item in ours if item.get_closest_marker("quick") is None or item.get_closest_marker("postgres")
    }
    if left_out:
        config.hook.pytest_deselected(items=list(left_out))
        items[:] = [item for item in items if item not in left_out]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if {"theme", "width"} <= set(metafunc.fixturenames):
        metafunc.parametrize(("theme", "width"), LOOKS)


@pytest.fixture(scope="session")
def built_ui() -> None:
    """The UI as its sources say, built once."""
    try:
        build_ui()
    except NoBrowser as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="module")
def browser(built_ui: None) -> Iterator[Browser]:
    # For a file, not for the session: Playwright's loop would stand in the way of other files' loops.
    try:
        with started_browser() as started:
            yield started
    except NoBrowser as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="module")
def site_settings() -> dict[str, str]:
    """Variables for the server; a file may have its own fixture of this name."""
    return {}


@pytest.fixture(scope="module", params=BOTH)
def site(
    request: pytest.FixtureRequest,
    built_ui: None,
    databases: Databases,
    site_settings: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Road]:
    """One server with an agent, and hello-world registered in the project demo."""
    try:
        url = databases.fresh(request.param)
    except NoPostgres as reason:
        pytest.skip(str(reason))
    with Road(tmp_path_factory.mktemp("site")) as road:
        road.server(url, **site_settings)
        road.agent()
        road.prefect("create", "project", "demo")
        road.prefect("register", "--project", "demo", "--module", "prefect.hello_world")
        yield road
    databases.drop(url)


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
def open_page(browser: Browser, site: Road, faults: Faults) -> Iterator[Callable[..., Page]]:
    """Opens an address in a browser of its own; at the end, whatever no page may do fails the test."""
    contexts: list[Any] = []

    def open_one(path: str = "/", *, theme: str = "light", width: int = 1440, **how: Any) -> Page:
        context = browser.new_context(
            base_url=how.pop("base_url", site.api),
            viewport={"width": width, "height": WIDTHS.get(width, 900)},
            color_scheme=theme,  # type: ignore[arg-type]
            timezone_id=how.pop("timezone_id", "Europe/Berlin"),
            locale="en-GB",
            **how,
        )
        contexts.append(context)
        context.set_default_timeout(PATIENCE_MS)
        faults.watch(context)
        page = context.new_page()
        page.goto(path)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert faults.unexpected() == []


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    return open_page()


@pytest.fixture
def check_page() -> Callable[..., None]:
    """Hold a page against what holds for all."""

    def check(page: Page, *, without: tuple[str, ...] = ()) -> None:
        violations = axe_violations(page, without=without)
        assert not violations, f"{page.url}:\n" + "\n".join(violations)
        assert sideways_pixels(page) <= 0

    return check
