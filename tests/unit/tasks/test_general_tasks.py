"""Tasks beyond 1.x: requests and pages, any SQL database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy.exc import NoSuchTableError

from prefect import context
from prefect.tasks.authoring.web import ServiceFailed
from prefect.tasks.http import HttpPages, HttpRequest
from prefect.tasks.sql import SqlLoad, SqlQuery, SqlScript
from support.fake_service import FakeService
from support.pauses import record_sleep

JSON = {"Content-Type": "application/json; charset=utf-8"}


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeService]:
    record_sleep(monkeypatch)
    with FakeService() as service:
        yield service


def test_answers_are_json_text_or_bytes(site: FakeService) -> None:
    site.on("GET /j", (200, b'{"a": 1}', JSON)).on("GET /t", "text").on("POST", (503, {}), (200, b"[]", JSON))
    request = HttpRequest(f"{site.url}/j?x=1")

    assert request.run(params={"y": "2"}, headers={"X-A": "b"}) == {"a": 1}
    assert site.asked[0].query == {"x": ["1"], "y": ["2"]}
    assert site.asked[0].headers["X-A"] == "b"
    assert request.run(as_bytes=True) == b'{"a": 1}'
    assert request.run(url=f"{site.url}/t") == "text"
    with context(secrets={"T": "s3cr3t-token"}):
        assert request.run(method="post", json={"b": 2}, token_secret="T") == []
    assert site.asked[-1].json == {"b": 2}
    assert site.asked[-1].headers["Authorization"] == "Bearer s3cr3t-token"
    with pytest.raises(ValueError, match="A method is one of"):
        request.run(method="BREW")
    with pytest.raises(ValueError, match="is no URL"):
        HttpRequest("file:///etc/passwd").run()


def test_an_error_of_a_request_shows_no_token(site: FakeService) -> None:
    site.on("GET", lambda asked: (403, {"sent": asked.headers["Authorization"]}))
    with pytest.raises(ServiceFailed, match="HttpRequest: 403") as caught:
        HttpRequest(site.url, token="s3cr3t-token").run()
    assert "s3cr3t" not in str(caught.value)


def test_pages_follow_links_fields_and_cursors(site: FakeService) -> None:
    site.on("GET /links$", (200, b"[1]", {**JSON, "Link": '</links/2>; rel="next"'})).on(
        "GET /links/2", (200, b"[2]", JSON)
    )
    assert HttpPages(f"{site.url}/links").run() == [1, 2]

    site.on("GET /field$", {"data": {"items": [1]}, "next": f"{site.url}/field/2?a=b"}).on(
        "GET /field/2", {"data": {"items": [2]}, "next": None}
    )
    assert HttpPages(f"{site.url}/field", items="data.items", next_page="next").run() == [1, 2]
    assert site.asked[-1].query == {"a": ["b"]}

    pages = {"": {"items": [1], "meta": {"cursor": "C"}}, "C": {"items": [2], "meta": {}}}
    site.on("GET /cursor", lambda asked: pages[asked.query.get("after", [""])[0]])
    assert HttpPages(f"{site.url}/cursor", items="items", next_page="meta.cursor:after").run(params={"n": 1}) == [1, 2]
    assert site.asked[-1].query == {"n": ["1"], "after": ["C"]}


def test_pages_that_lead_elsewhere_or_never_end_are_refused(site: FakeService) -> None:
    site.on("GET /away", {"items": [1], "next": "http://evil.example/"})
    site.on("GET /round", lambda _: {"items": [1], "next": f"{site.url}/round"}).on("GET /none", {"other": 1})
    how = {"items": "items", "next_page": "next", "token": "s3cr3t-token"}
    with pytest.raises(ValueError, match="The next page is at another host"):
        HttpPages(f"{site.url}/away", **how).run()
    with pytest.raises(ValueError, match="more than 3 pages"):
        HttpPages(f"{site.url}/round", **how).run(most_pages=3)
    with pytest.raises(ServiceFailed, match="has no list at items"):
        HttpPages(f"{site.url}/none", **how).run()


# ----- SQL


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/t.db"
        return
    from support.databases import NoPostgres

    databases = request.getfixturevalue("databases")
    try:
        address = databases.fresh("postgres", migrated=False)
    except NoPostgres as error:
        pytest.skip(str(error))
    yield address.replace("postgresql://", "postgresql+psycopg://")
    databases.drop(address)


def test_tables_are_made_filled_and_asked(url: str) -> None:
    SqlScript("CREATE TABLE t (a int, b text); CREATE TABLE u (a int)", url).run()
    load = SqlLoad(table="t", url=url, chunk_rows=2)
    evil = "x'); DROP TABLE t; --"

    assert load.run(rows=({"a": number, "b": evil} for number in range(5))) == 5
    frame = pd.DataFrame({"a": [7, 8], "b": ["seven", None]})
    assert load.run(rows=frame) == 2
    query = SqlQuery(url=url)
    assert query.run("SELECT a FROM t WHERE b = :b ORDER BY a", {"b": evil}) == [(0,), (1,), (2,), (3,), (4,)]
    assert query.run("SELECT a, b FROM t WHERE a > 6 ORDER BY a", as_dicts=True) == [
        {"a": 7, "b": "seven"},
        {"a": 8, "b": None},
    ]
    assert query.run("INSERT INTO u VALUES (:a)", [{"a": 1}, {"a": 2}]) == []
    assert query.run("SELECT count(*) FROM u") == [(2,)]
    assert load.run(rows=[{"a": 1}], replace=True) == 1
    assert query.run("SELECT count(*) FROM t") == [(1,)]


def test_a_load_is_whole_or_not_at_all(url: str) -> None:
    SqlScript("CREATE TABLE t (a int PRIMARY KEY)", url).run()
    load = SqlLoad(table="t", url=url, chunk_rows=1)
    with pytest.raises(Exception, match=r"(?i)unique"):
        load.run(rows=[{"a": 1}, {"a": 1}])
    with pytest.raises(ValueError, match="has no column b, c"):
        load.run(rows=[{"a": 1}, {"b": 1, "c": 2}])
    with pytest.raises(NoSuchTableError):
        load.run(rows=[{"a": 1}], table='t"; DROP TABLE t; --')
    with pytest.raises(ValueError, match="A chunk has one row or more"):
        load.run(rows=[{"a": 1}], chunk_rows=0)
    assert SqlQuery(url=url).run("SELECT count(*) FROM t") == [(0,)]


def test_a_url_that_is_none_is_not_shown() -> None:
    with pytest.raises(ValueError, match=r"This is no URL of a database\. \(`url` of SqlQuery\)") as caught:
        SqlQuery("SELECT 1", url="me:s3cr3t@db").run()
    assert "s3cr3t" not in str(caught.value)
    with pytest.raises(ValueError, match="The URL of a database must be provided"):
        SqlQuery("SELECT 1").run()
    with context(secrets={"DB": "sqlite://"}):
        assert SqlQuery("SELECT 1", url_secret="DB").run() == [(1,)]
