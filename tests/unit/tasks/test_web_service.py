"""Requests of tasks to services on the web: retries, limits of time, and texts without secrets."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from typing import Any

import pytest

from prefect.tasks.authoring import web
from prefect.tasks.authoring.web import ServiceFailed, WebService
from support.fake_service import FakeService
from support.pauses import record_sleep
from support.road import free_port


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    return record_sleep(monkeypatch)


@pytest.fixture
def fake() -> Iterator[FakeService]:
    with FakeService() as service:
        yield service


def service(fake: FakeService, **how: Any) -> WebService:
    return WebService(fake.url, by="Fetch", headers={"Authorization": "Bearer s3cr3t-token"}, **how)


def test_answer_is_given_as_json(fake: FakeService) -> None:
    fake.on("GET /a", {"x": 1}).on("DELETE", (204, b""))

    assert service(fake).ask("GET", "a", params={"q": "1&2"}) == {"x": 1}
    assert service(fake).ask("DELETE", "/a") is None
    assert fake.asked[0].query == {"q": ["1&2"]}
    assert fake.asked[0].headers["Authorization"] == "Bearer s3cr3t-token"


def test_part_of_a_path_stays_one_part_whatever_it_holds(fake: FakeService) -> None:
    fake.on("GET", {})

    service(fake).ask("GET", "a/{}/b", "x/../?y#z")

    assert fake.asked[0].path == "/a/x%2F..%2F%3Fy%23z/b"
    for part in ("..", ".", ""):
        with pytest.raises(ValueError, match="cannot be part of an address"):
            service(fake).ask("GET", "a/{}/b", part)


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_reading_is_tried_again_after_an_error_that_passes(
    fake: FakeService, status: int, no_pauses: list[float]
) -> None:
    fake.on("GET", (status, {}), (status, b"", {"Retry-After": "7"}), {"ok": True})

    assert service(fake).ask("GET", "a") == {"ok": True}
    assert no_pauses == [1, 7]


def test_what_may_have_been_done_is_not_done_twice(fake: FakeService) -> None:
    fake.on("POST /away", ConnectionError).on("POST /bad", (502, {})).on("POST /busy", (503, {}), {"ok": 1})

    for path in ("away", "bad"):
        with pytest.raises(ServiceFailed):
            service(fake).ask("POST", path)
    assert service(fake).ask("POST", "busy") == {"ok": 1}
    assert [request.path for request in fake.asked] == ["/away", "/bad", "/busy", "/busy"]


def test_tries_have_an_end(fake: FakeService, no_pauses: list[float]) -> None:
    fake.on("GET", (503, {"why": "rest"}))

    with pytest.raises(
        ServiceFailed, match=r"^Fetch: 503 Service Unavailable from 127\.0\.0\.1:\d+: \{\"why\": \"rest\"\}"
    ):
        service(fake).ask("GET", "a")
    assert len(fake.asked) == web.TRIES
    assert no_pauses == [1, 2, 4]


def test_an_error_shows_no_secret_and_can_be_sent_elsewhere(fake: FakeService) -> None:
    fake.on("GET", lambda asked: (401, {"bad": asked.headers["Authorization"], "also": "pass word/1"}))

    with pytest.raises(ServiceFailed) as caught:
        service(fake, secrets=["pass word/1"]).ask("GET", "a", params={"key": "pass word/1"})

    for text in (str(caught.value), repr(caught.value), str(pickle.loads(pickle.dumps(caught.value)))):
        assert "s3cr3t" not in text
        assert "pass word" not in text
    assert caught.value.status == pickle.loads(pickle.dumps(caught.value)).status == 401
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ((200, b"<html>"), "is no JSON: <html>"),
        ((200, b'{"a": ', {"Content-Length": "900"}), "could not be reached"),
        (ConnectionError, "could not be reached"),
        ((302, b"", {"Location": "http://elsewhere.example/"}), "302 Found"),
    ],
    ids=["no-json", "half-an-answer", "hung-up", "redirection"],
)
def test_an_answer_that_is_none_is_one_clear_error(fake: FakeService, answer: Any, text: str) -> None:
    fake.on("GET", answer)

    with pytest.raises(ServiceFailed, match=text):
        service(fake).ask("GET", "a")


def test_a_service_that_is_away_or_slow_is_named_by_its_host(fake: FakeService) -> None:
    import threading

    gone = WebService(f"http://user:s3cr3t-pass@127.0.0.1:{free_port()}", by="Fetch")
    with pytest.raises(ServiceFailed, match=r"127\.0\.0\.1:\d+ could not be reached") as caught:
        gone.ask("GET", "a")
    assert "s3cr3t" not in str(caught.value)

    waits = threading.Event()
    fake.on("GET", lambda _: waits.wait(60) and {})
    try:
        with pytest.raises(ServiceFailed, match="did not answer in time"):
            service(fake, timeout=0.05, tries=1).ask("GET", "a")
    finally:
        waits.set()


def test_an_answer_without_end_is_cut_off(fake: FakeService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "MOST_BYTES", 1000)
    fake.on("GET", (200, b"x" * 2000))

    with pytest.raises(ServiceFailed, match="larger than 1000 bytes"):
        service(fake).ask("GET", "a")


def test_addresses_and_headers_that_are_none_are_refused_without_showing_them(fake: FakeService) -> None:
    with pytest.raises(ValueError, match="is no URL") as caught:
        WebService("s3cr3t", by="Fetch")
    assert "s3cr3t" not in str(caught.value)
    with pytest.raises(ValueError, match="the header X-Key holds a line break") as caught:
        WebService(fake.url, by="Fetch", headers={"X-Key": "s3\r\ncr3t"})
    assert "cr3t" not in str(caught.value)


@pytest.mark.parametrize(
    ("has", "answer", "is_fine"),
    [
        ("", None, True),
        ("{}", {}, True),
        ("{}", [], False),
        ("a.b", {"a": {"b": 0}}, True),
        ("a.b", {"a": {"b": None}}, False),
        ("a.b", {"a": {"b": []}}, False),
        ("a.b", {"a": "b"}, False),
        ("a{} b[]", {"a": {}, "b": []}, True),
        ("a{} b[]", {"a": {}, "b": {}}, False),
        ("a[].b", {"a": [{"b": 1}, {"b": "x"}]}, True),
        ("a[].b", {"a": [{"b": 1}, {}]}, False),
        ("[].a", [{"a": 1}], True),
        ("[].a", {"a": 1}, False),
        ("a?", {}, True),
        ("a?.b", {"a": None}, True),
        ("a?[].b", {"a": 7}, False),
        ("a?", None, False),
    ],
)
def test_an_answer_has_what_it_must_have(has: str, answer: Any, is_fine: bool) -> None:
    service = WebService("http://api.example", by="Tester")
    if is_fine:
        assert service.checked(answer, has) is answer
    else:
        with pytest.raises(ServiceFailed, match=r"Tester: the answer of api\.example has another form .* no '"):
            service.checked(answer, has)
