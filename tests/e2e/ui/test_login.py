"""On a server with keys a person logs in once, and no script of any page ever sees the key."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from uuid import UUID

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect

from support.browser import Faults
from support.databases import Databases, NoPostgres
from support.road import Road

BOTH = [pytest.param("sqlite", id="sqlite"), pytest.param("postgres", id="postgres", marks=pytest.mark.postgres)]


class Locked(Road):
    """A server that asks for keys, and the key of an administrator."""

    admin = ""
    database_url = ""

    def make_key(self, *options: str) -> str:
        made = self.prefect(
            "server",
            "create-key",
            "--quiet",
            "--name",
            "person",
            *options,
            PREFECT_SERVER__DATABASE__CONNECTION_URL=self.database_url,
        )
        return made.stdout.strip()


@pytest.fixture(scope="module", params=BOTH)
def site(
    request: pytest.FixtureRequest, built_ui: None, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Locked]:
    try:
        url = databases.fresh(request.param)
    except NoPostgres as reason:
        pytest.skip(str(reason))
    with Locked(tmp_path_factory.mktemp("locked")) as road:
        road.database_url = url
        road.server(url, PREFECT_SERVER__SERVICES__REQUIRE_KEYS="true")
        road.admin = road.make_key()
        yield road
    databases.drop(url)


@pytest.fixture(autouse=True)
def refusals_are_seen(faults: Faults) -> None:
    faults.allow(r"401 \(Unauthorized\)")


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """The address of a page of somebody else, on another port of this machine."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<p>of somebody else</p>")

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def log_in(page: Page, key: str) -> None:
    dialog = page.get_by_role("dialog", name="Log in")
    dialog.get_by_label("API key").fill(key)
    dialog.get_by_role("button", name="Log in").click()


@pytest.mark.quick
def test_a_person_logs_in_where_they_wanted_to_go_and_stays_in(open_page: Callable[..., Page], site: Locked):
    page = open_page("/default/runs")
    dialog = page.get_by_role("dialog", name="Log in")
    expect(dialog).to_be_visible()

    log_in(page, "pct_" + "0" * 32 + "_" + "a" * 43)
    expect(dialog.get_by_role("alert")).to_contain_text("not known")
    log_in(page, site.admin)

    expect(dialog).to_have_count(0)
    expect(page.get_by_role("status").filter(has_text="Live")).to_be_visible()
    expect(page).to_have_url(f"{site.api}/default/runs")
    page.reload()
    expect(page.get_by_role("status").filter(has_text="Live")).to_be_visible()
    expect(dialog).to_have_count(0)


def expire(site: Locked, key: str) -> None:
    """Let a key have ended a moment ago; nobody can wait a day."""
    engine = sa.create_engine(site.database_url.replace("postgresql://", "postgresql+psycopg://", 1))
    ended = sa.text("UPDATE auth_api_key SET expires_at = created WHERE CAST(id AS text) = :id")
    with engine.begin() as connection:
        changed = connection.execute(ended, {"id": str(UUID(key.split("_")[1]))})
    engine.dispose()
    assert changed.rowcount == 1


def test_a_key_that_ends_while_a_page_is_open_is_asked_for_and_all_goes_on_where_it_was(open_page, site: Locked):
    """Nothing on the page changes meanwhile, and nobody presses anything: it is told all the same."""
    key = site.make_key("--expire", (datetime.now(UTC) + timedelta(days=1)).isoformat())
    page = open_page("/default/secrets?from=there")
    log_in(page, key)
    expect(page.get_by_role("status").filter(has_text="Live")).to_be_visible()
    page.get_by_label("Name", exact=True).fill("HALF_TYPED")

    expire(site, key)
    dialog = page.get_by_role("dialog", name="Log in")
    expect(dialog).to_be_visible()
    log_in(page, site.admin)

    expect(dialog).to_have_count(0)
    expect(page.get_by_role("status").filter(has_text="Live")).to_be_visible()
    expect(page).to_have_url(f"{site.api}/default/secrets?from=there")
    expect(page.get_by_label("Name", exact=True)).to_have_value("HALF_TYPED")
    page.get_by_label("Value", exact=True).fill("hush")
    page.get_by_role("button", name="Keep the secret").click()
    expect(page.get_by_role("button", name="Replace HALF_TYPED")).to_be_visible()


def test_a_key_of_another_tenant_takes_over_where_one_has_ended(open_page, site: Locked):
    everywhere = site.make_key("--all-tenants")
    site.prefect("server", "create-tenant", "--name", "Other", "--slug", "other", PREFECT__CLOUD__API_KEY=everywhere)
    key, other = site.make_key(), site.make_key("--tenant", "other")
    page = open_page("/default/runs")
    log_in(page, key)
    expect(page.get_by_role("status").filter(has_text="Live")).to_be_visible()

    expire(site, key)
    page.get_by_role("link", name="Flows").first.click()
    dialog = page.get_by_role("dialog", name="Log in")
    expect(dialog).to_be_visible()
    log_in(page, other)

    expect(dialog).to_have_count(0)
    # What stands at this address is of a tenant that this key does not know.
    expect(page.get_by_role("heading", name="There is no tenant “default” for you.")).to_be_visible()
    page.get_by_role("link", name="The same page of Other").click()
    expect(page).to_have_url(f"{site.api}/other/flows")
    expect(page.get_by_role("heading", name="Flows", level=1)).to_be_visible()


def test_no_script_sees_the_key(open_page: Callable[..., Page], site: Locked):
    page = open_page("/")
    log_in(page, site.admin)
    expect(page.get_by_role("status").filter(has_text="Live")).to_be_visible()

    kept = page.evaluate("() => JSON.stringify([document.cookie, {...localStorage}, {...sessionStorage}])")
    assert site.admin not in kept
    assert "pcs_" not in kept
    (cookie,) = page.context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["expires"]) == (True, "Strict", -1)
    # What is secret of it may have the sign in it that parts it from its id.
    assert site.admin.split("_", 2)[2] not in cookie["value"]


def test_whoever_wants_to_stay_has_a_cookie_that_outlives_the_browser(open_page: Callable[..., Page], site: Locked):
    page = open_page("/")
    page.get_by_label("Stay logged in on this computer").check()
    log_in(page, site.admin)
    expect(page.get_by_role("dialog", name="Log in")).to_have_count(0)

    (cookie,) = page.context.cookies()
    assert cookie["expires"] > 0


def test_a_page_of_another_port_of_this_machine_does_nothing_with_the_session(
    open_page: Callable[..., Page], site: Locked, faults: Faults, elsewhere: str
):
    """Cookies know no ports: the browser sends ours along, and the server does not take it."""
    page = open_page("/")
    log_in(page, site.admin)
    expect(page.get_by_role("dialog", name="Log in")).to_have_count(0)
    faults.allow(r"403 \(Forbidden\)|favicon")
    page.goto(elsewhere)
    with page.expect_response(f"{site.api}/graphql") as answered:
        page.evaluate(
            """(address) => fetch(address, { method: "POST", credentials: "include", mode: "no-cors",
                body: '{"query": "mutation { create_project(input: {name: \\"forged\\"}) { id } }"}' })""",
            f"{site.api}/graphql",
        )
    assert answered.value.status == 403, "401 would mean that no cookie came"
    found = site.prefect("get", "projects", code=None, PREFECT__CLOUD__API_KEY=site.admin).stdout
    assert "forged" not in found


def test_a_key_that_is_revoked_asks_for_another_one(open_page: Callable[..., Page], site: Locked):
    key = site.make_key("--role", "read")
    page = open_page("/default/runs")
    log_in(page, key)
    expect(page.get_by_role("status").filter(has_text="Live")).to_be_visible()

    revoke = "mutation($id: UUID!) { delete_api_key(input: { key_id: $id }) { success } }"
    page_of_admin = open_page("/default")
    log_in(page_of_admin, site.admin)
    expect(page_of_admin.get_by_role("dialog", name="Log in")).to_have_count(0)
    answer = page_of_admin.evaluate(
        """async ([query, id]) => (await fetch("graphql", { method: "POST", headers: { "content-type":
            "application/json" }, body: JSON.stringify({ query, variables: { id } }) })).json()""",
        [revoke, f"{key[4:12]}-{key[12:16]}-{key[16:20]}-{key[20:24]}-{key[24:36]}"],
    )
    assert answer == {"data": {"delete_api_key": {"success": True}}}

    page.get_by_role("navigation", name="Main").get_by_role("link", name="Flows").click()
    page.reload()
    expect(page.get_by_role("dialog", name="Log in")).to_be_visible()


def test_who_logs_out_is_out(open_page: Callable[..., Page], site: Locked):
    page = open_page("/default/settings/me")
    log_in(page, site.admin)
    page.get_by_role("button", name="Log out").click()

    expect(page.get_by_role("dialog", name="Log in")).to_be_visible()
    assert page.context.cookies() == []
    page.reload()
    expect(page.get_by_role("dialog", name="Log in")).to_be_visible()
