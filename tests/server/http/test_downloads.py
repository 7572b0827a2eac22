"""The log of a run as a file: all of it, in order, filtered, bounded in memory, and for whoever may read it."""

from __future__ import annotations

import asyncio
import csv
import gzip
import io
import json
import tracemalloc
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from prefect.server import downloads
from prefect.server.actions import log_files
from support.access import Keyed
from support.asgi import call

BEGIN = datetime(2026, 11, 28, 12, tzinfo=UTC)
STRANGE = 'two\nlines, "quoted"; \x1b[31mred\x1b[0m \u202eright to left 🦀'


@pytest.fixture
def run_id(api: Any) -> str:
    return str(api.do("create_flow_run", flow_id=api.register())["id"])


def write(api: Any, run_id: str, lines: list[dict[str, Any]]) -> None:
    for at in range(0, len(lines), 1_000):
        logs = [{"flow_run_id": run_id, **line} for line in lines[at : at + 1_000]]
        api.do("write_run_logs", "success", logs=logs)


def line(number: int, message: str = "", **more: Any) -> dict[str, Any]:
    time = (BEGIN + timedelta(milliseconds=number)).isoformat()
    return {"timestamp": time, "level": "INFO", "name": "prefect.x", "message": message or f"line {number}", **more}


def records(answer: Any) -> list[dict[str, Any]]:
    assert answer.status == 200, answer.body
    return [json.loads(text) for text in answer.body.decode().splitlines()]


def messages(answer: Any) -> list[str]:
    return [record["message"] for record in records(answer)]


def test_a_log_is_a_file_of_text_of_json_lines_or_of_values(api, run_id):
    write(api, run_id, [line(2, STRANGE, level="ERROR"), line(1, "first", name="prefect.clean[3]")])
    write(api, run_id, [line(3, "of nobody", name=None)])

    text = api.call("GET", f"/flow-run/{run_id}/logs.txt")
    as_json = api.call("GET", f"/flow-run/{run_id}/logs.jsonl")
    values = api.call("GET", f"/flow-run/{run_id}/logs.csv")

    assert text.body.decode() == (
        "2026-11-28 12:00:00.001+00:00 INFO     prefect.clean[3] | first\n"
        f"2026-11-28 12:00:00.002+00:00 ERROR    prefect.x | {STRANGE}\n"
        "2026-11-28 12:00:00.003+00:00 INFO      | of nobody\n"
    )
    told = [(one["message"], one["level"]) for one in records(as_json)]
    assert told == [("first", "INFO"), (STRANGE, "ERROR"), ("of nobody", "INFO")]
    rows = list(csv.DictReader(io.StringIO(values.body.decode(), newline="")))
    assert [row["message"] for row in rows] == ["first", STRANGE, "of nobody"]
    assert set(rows[0]) == {"timestamp", "level", "name", "task_run_id", "message"}
    name = api.row("flow_run", run_id, "name")["name"]
    for answer, kind in ((text, "txt"), (as_json, "jsonl"), (values, "csv")):
        assert answer.headers["content-disposition"] == f'attachment; filename="{name}-logs.{kind}"'
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_browser_gets_the_file_and_not_the_page(api, run_id):
    answer = api.call("GET", f"/flow-run/{run_id}/logs.txt", headers={"accept": "text/html,*/*"})

    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize("count", [0, 1, 3, 4, 5, 11])
def test_every_line_comes_once_whatever_the_pages(api, run_id, monkeypatch, count):
    monkeypatch.setattr(log_files, "PAGE_LINES", 4)
    # Several at one moment, and at the ends of pages too.
    write(api, run_id, [line(number // 3, f"m{number}") for number in range(count)])

    found = records(api.call("GET", f"/flow-run/{run_id}/logs.jsonl"))

    assert sorted(one["message"] for one in found) == sorted(f"m{number}" for number in range(count))
    assert [one["timestamp"] for one in found] == sorted(one["timestamp"] for one in found)


def test_a_page_holds_so_many_bytes_or_one_line(api, run_id, monkeypatch):
    monkeypatch.setattr(log_files, "PAGE_BYTES", 1_000)
    pages: list[int] = []
    whole = log_files.WRITERS["txt"]
    monkeypatch.setitem(log_files.WRITERS, "txt", lambda rows: pages.append(len(whole(rows))) or b"x")
    write(api, run_id, [line(number, "é" * 200) for number in range(10)] + [line(20, "y" * 5_000), line(21, "z")])

    assert api.call("GET", f"/flow-run/{run_id}/logs.txt").status == 200

    assert len(pages) == 7
    assert sorted(pages)[-2] < 1_200
    assert sorted(pages)[-1] > 5_000


def test_filters_by_level_text_and_task_run(api, run_id):
    api.do("set_flow_run_states", "states { id }", states=[{"flow_run_id": run_id, "state": {"type": "Running"}}])
    task_run = api.ask("{ task_run(limit: 1) { id } }").data["task_run"][0]["id"]
    write(
        api,
        run_id,
        [
            line(1, "Straße 100%", level="DEBUG"),
            line(2, "second", level="WARNING"),
            line(3, "STRASSE_", level="ERROR"),
            line(4, "of a task", level="ERROR", task_run_id=task_run),
        ],
    )

    def ask(query: str) -> list[str]:
        return messages(api.call("GET", f"/flow-run/{run_id}/logs.jsonl?{query}"))

    assert ask("level=ERROR") == ["STRASSE_", "of a task"]
    assert ask("level=warn,debug") == ["Straße 100%", "second"]
    assert ask("level=WARNING&level=DEBUG") == ["Straße 100%", "second"]
    assert ask("q=stra%C3%9Fe") == ["Straße 100%", "STRASSE_"]
    assert ask("q=100%25") == ["Straße 100%"]
    assert ask("q=_") == ["STRASSE_"]
    assert ask(f"task_run_id={task_run}&level=ERROR&q=TASK") == ["of a task"]
    assert ask("q=nothing+of+it") == []


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/flow-run/{id}/logs.pdf", 400, "kind of file: expected txt or jsonl or csv, got 'pdf'"),
        ("/flow-run/x/logs.txt", 400, "a uuid"),
        ("/flow-run/{other}/logs.txt", 404, "no flow run"),
        (
            "/flow-run/{id}/logs.txt?level=LOUD",
            400,
            "Invalid level: expected of DEBUG, INFO, WARNING, ERROR, CRITICAL, with commas between, got 'LOUD'",
        ),
        ("/flow-run/{id}/logs.txt?task_run_id=1", 400, "a uuid"),
        ("/flow-run/{id}/logs.txt?since=1", 400, "Invalid filter: expected level, q or task_run_id, got 'since'"),
        ("/flow-run/{id}/logs.txt?q=a&q=b", 400, "Invalid q: expected one value, got '2 of them'"),
        ("/flow-run/{id}/logs.txt?q=a%00b", 400, "q"),
    ],
)
def test_what_cannot_be_is_refused_in_words(api, run_id, path, status, said):
    answer = api.call("GET", path.format(id=run_id, other=uuid4()))

    assert answer.status == status
    assert said in answer.messages[0]


def test_a_log_comes_by_gzip_to_whoever_takes_it(api, run_id):
    write(api, run_id, [line(number) for number in range(3_000)])

    plain = api.call("GET", f"/flow-run/{run_id}/logs.txt")
    packed = api.call("GET", f"/flow-run/{run_id}/logs.txt", headers={"accept-encoding": "br, gzip"})

    assert packed.headers["content-encoding"] == "gzip"
    assert len(packed.body) * 5 < len(plain.body)
    assert gzip.decompress(packed.body) == plain.body


def test_only_who_may_read_the_run_gets_its_log(shared_database, tmp_path: Path):
    database, run_async = shared_database
    keyed = Keyed(database, run_async, tmp_path)
    path = f"/flow-run/{keyed.fill(keyed.admin)['flow_run_id']}/logs.txt"

    for holder in (keyed.admin, keyed.run, keyed.read, keyed.server):
        assert b"hidden words" in holder.call("GET", path).body
    assert keyed.other.call("GET", path).status == 404
    nobody = keyed.with_key(None).call("GET", path)
    assert nobody.status == 401
    assert b"hidden" not in nobody.body


# ------------------------------------------------------------------------------------- bounds


def test_memory_does_not_grow_with_the_log(api, run_id):
    write(api, run_id, [line(number, "x" * 2_000) for number in range(10_000)])
    sent = 0

    async def download() -> None:
        nonlocal sent

        async def receive() -> Any:
            await asyncio.Event().wait()

        async def send(message: Any) -> None:
            nonlocal sent
            sent += len(message.get("body", b""))

        scope = {"type": "http", "method": "GET", "path": f"/flow-run/{run_id}/logs.txt"}
        await api.app({**scope, "query_string": b"", "headers": []}, receive, send)

    tracemalloc.start()
    api.run_async(download())
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert sent > 20_000_000
    assert most < 10_000_000


def test_a_reader_that_leaves_ends_the_work(api, run_id, monkeypatch):
    monkeypatch.setattr(log_files, "PAGE_LINES", 2)
    write(api, run_id, [line(number) for number in range(100)])

    async def leave_after_the_first() -> int:
        left = asyncio.Event()
        parts = 0

        async def receive() -> Any:
            await left.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            nonlocal parts
            parts += bool(message.get("body"))
            left.set()
            await asyncio.sleep(0)

        scope = {"type": "http", "method": "GET", "path": f"/flow-run/{run_id}/logs.txt"}
        await api.app({**scope, "query_string": b"", "headers": []}, receive, send)
        return parts

    assert api.run_async(leave_after_the_first()) < 5


def test_fifty_at_one_time_and_no_more(api, run_id):
    write(api, run_id, [line(1)])
    path = f"/flow-run/{run_id}/logs.txt"

    async def scene() -> tuple[Any, Any]:
        goes_on, begun = asyncio.Event(), asyncio.Semaphore(0)

        async def receive() -> Any:
            await asyncio.Event().wait()

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                assert message["status"] == 200
                begun.release()
            await goes_on.wait()

        scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": []}
        some = [asyncio.create_task(api.app(dict(scope), receive, send)) for _ in range(50)]
        for _ in some:
            await begun.acquire()
        refused = await call(api.app, "GET", path)
        goes_on.set()
        await asyncio.gather(*some)
        return refused, await call(api.app, "GET", path)

    refused, later = api.run_async(scene())
    assert (refused.status, refused.headers["retry-after"]) == (503, "5")
    assert refused.messages == ["Too many logs are being sent; try again later."]
    assert later.status == 200


# ------------------------------------------------------------------------------------- answers of the API


def test_large_answers_come_by_gzip_to_whoever_takes_it_and_small_ones_never_do(api, run_id):
    write(api, run_id, [line(number) for number in range(1_000)])
    large = json.dumps({"query": "{ log(limit: 1000) { id message timestamp } }"}).encode()
    small = json.dumps({"query": "{ log(limit: 10) { id message timestamp } }"}).encode()

    plain = api.call("POST", "/graphql", large)
    packed = api.call("POST", "/graphql", large, {"accept-encoding": "gzip, deflate"})

    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["content-length"] == str(len(packed.body))
    assert len(packed.body) * 2 < len(plain.body)
    assert json.loads(gzip.decompress(packed.body)) == plain.json
    for headers in ({"accept-encoding": "gzip;q=0"}, {"accept-encoding": "br"}, {}):
        assert api.call("POST", "/graphql", large, headers).json == plain.json
    assert "content-encoding" not in api.call("POST", "/graphql", small, {"accept-encoding": "gzip"}).headers


def test_a_reader_that_takes_nothing_is_given_up_after_a_minute(run_async, monkeypatch, caplog):
    assert downloads.PATIENCE_SECONDS == 60
    monkeypatch.setattr(downloads, "PATIENCE_SECONDS", 0.001)

    async def parts():
        yield b"one"
        yield b"another"

    taken = []

    async def send(message):
        taken.append(message["type"])
        if message["type"] == "http.response.body":
            await asyncio.Event().wait()

    run_async(downloads.send_file(downloads.LogFile([], parts()), [], asyncio.Event().wait, send))

    assert taken == ["http.response.start", "http.response.body"]
    assert "A log was not sent to its end: its reader takes nothing" in caplog.text


@pytest.mark.parametrize(
    ("name", "expected"),
    [("n" * 80, "n" * 80), ("n" * 81, "n" * 80), ("a b/../c", "a-b-..-c"), (".-x-.", "x"), ("é", None)],
    ids=["as long as may be", "longer", "strange", "edges", "nothing of it"],
)
def test_a_file_has_a_plain_name(api, run_id, name, expected):
    api.do("set_flow_run_name", "success", flow_run_id=run_id, name=name)
    answer = api.call("GET", f"/flow-run/{run_id}/logs.txt")
    assert answer.headers["content-disposition"] == f'attachment; filename="{expected or run_id}-logs.txt"'
