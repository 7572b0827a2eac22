"""Below a path of nginx, as the example in deploy/ has it: pages, files, live views, clients, and nothing made up."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from support.browser import Faults
from support.nginx import EXAMPLE, NoNginx, running_nginx
from support.road import Road, free_port

NAME = "proctor.example.org"  # leads to this machine in the browser of the tests


@pytest.fixture(scope="module")
def front(site: Road, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """nginx before a server that trusts it; gives the address below which the server is."""
    port = free_port()
    try:
        with running_nginx(tmp_path_factory.mktemp("nginx"), port, site.port):
            yield f"http://{NAME}:{port}/proctor"
    except NoNginx as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="module")
def site_settings() -> dict[str, str]:
    return {
        "PREFECT_SERVER__HTTP__TRUSTED_PROXIES": "127.0.0.1",
        "PREFECT_SERVER__HTTP__ALLOWED_HOSTS": NAME,
    }


@pytest.fixture(autouse=True)
def plain_http(faults: Faults) -> None:
    # A browser trusts only loopback without TLS, and says so.
    faults.allow("Cross-Origin-Opener-Policy header has been ignored")


def ask(front: str, path: str, **headers: str) -> Any:
    """Ask nginx by the name, which only the tests' browser can look up."""
    port = front.partition(f"{NAME}:")[2].partition("/")[0]
    sent = {"Host": f"{NAME}:{port}", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=sent), timeout=30)


@pytest.mark.quick
def test_the_ui_works_below_the_path(open_page: Callable[..., Page], front: str, site: Road):
    page = open_page(f"{front}/default/runs")

    # It is live: the socket goes through as well.
    expect(page.get_by_role("status").filter(has_text="Live")).to_be_visible()
    links = page.get_by_role("navigation", name="Main").get_by_role("link")
    addresses = {link.evaluate("link => link.href") for link in links.all()}
    assert all(address.startswith(f"{front}/") for address in addresses), addresses
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Flows").click()
    expect(page).to_have_url(f"{front}/default/flows")
    page.reload()
    expect(page.get_by_role("status").filter(has_text="Live")).to_be_visible()


@pytest.mark.quick
def test_everything_the_page_loads_comes_from_below_the_path(open_page: Callable[..., Page], front: str):
    page = open_page("about:blank")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(front)

    expect(page.get_by_role("status").filter(has_text="Live")).to_be_visible()
    assert len(asked) > 3
    assert [address for address in asked if not address.startswith(f"{front}/") and address != front] == []


@pytest.mark.quick
def test_a_client_finds_the_api_below_the_path(front: str, site: Road):
    port = front.partition(f"{NAME}:")[2].partition("/")[0]
    through = {"PREFECT__SERVER__ENDPOINT": f"http://127.0.0.1:{port}/proctor"}

    assert "hello-world" in site.prefect("get", "flows", **through).stdout
    done = site.prefect("run", "--name", "hello-world", "--watch", **through)
    assert "Flow run succeeded!" in done.stdout


def test_what_a_caller_says_of_the_path_or_itself_is_not_passed_on(front: str):
    with ask(front, "/proctor/x", Accept="text/html", X_Forwarded_Prefix='/evil"><script>') as answer:
        page = answer.read().decode()
    assert re.findall(r'<base href="([^"]*)"', page) == ["/proctor/"]
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    with pytest.raises(urllib.error.HTTPError) as refused:
        ask(front, "/proctor/health", Host="evil.example", X_Forwarded_Host=NAME)
    with refused.value as answer:
        assert answer.code == 403


@pytest.mark.parametrize("path", ["/proctor", "/proctor/"])
def test_the_path_is_a_page_with_its_last_slash_and_without(front: str, path: str):
    with ask(front, path, Accept="text/html") as answer:
        assert b'<base href="/proctor/">' in answer.read()


def test_a_path_that_begins_alike_is_not_ours(front: str):
    with pytest.raises(urllib.error.HTTPError) as refused:
        ask(front, "/proctors/", Accept="text/html")
    with refused.value as answer:
        assert "X-Request-ID" not in answer.headers


def test_files_come_compressed_and_for_ever(front: str):
    with ask(front, "/proctor/", Accept="text/html") as answer:
        (script,) = re.findall(r'<script [^>]*src="\./([^"]+)"', answer.read().decode())
    with ask(front, f"/proctor/{script}", Accept_Encoding="br, gzip") as answer:
        assert answer.headers["Content-Encoding"] == "br"
        assert "immutable" in answer.headers["Cache-Control"]


def test_the_example_is_what_the_guide_tells():
    settings = re.findall(r"PREFECT_SERVER__[A-Z_]+", EXAMPLE.read_text())
    guide = (EXAMPLE.parents[2] / "docs" / "guides" / "proxy.md").read_text()
    for name in settings:
        assert name.removeprefix("PREFECT_SERVER__").lower().replace("__", ".") in guide or name in guide
