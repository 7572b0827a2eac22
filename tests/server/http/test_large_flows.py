"""A large flow is read in a process of its own: what comes of it is the same, and others are answered beside it."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import sys
import threading
from functools import partial

import pytest

from prefect.contract import limits
from prefect.server.actions import registration, unpacking
from prefect.server.app import App
from prefect.server.settings import load_settings
from prefect.server.store.opening import open_database
from support.asgi import graphql
from support.beside import not_held_up
from support.world import flow_document

CREATE = """mutation($input: create_flow_from_compressed_string_input!) {
    create_flow_from_compressed_string(input: $input) { id } }"""


def packed(document, level=1):
    return base64.b64encode(gzip.compress(json.dumps(document).encode(), level)).decode()


def project(api):
    known = api.ask("{ project { id } }").data["project"]
    return known[0]["id"] if known else api.do("create_project", name="p")["id"]


def register(api, document):
    return api.ask(CREATE, {"input": {"project_id": project(api), "serialized_flow": packed(document)}})


def a_flow(name, **changes):
    tasks = [
        {"slug": "a", "name": "ä", "tags": ["x"], "retry_delay": 1.5, "max_retries": 2, "auto_generated": True},
        {"slug": "b", "name": None, "trigger": {"fn": "prefect.triggers.all_successful", "kwargs": {}}},
        {"slug": "c", "cache_key": "k", "big": 2**80},
    ]
    edges = [
        {"upstream_task": {"slug": "a"}, "downstream_task": {"slug": "b"}, "key": "x", "mapped": True},
        {"upstream_task": "b", "downstream_task": "c"},
    ]
    parameters = [{"name": "p", "slug": "p", "required": False, "default": {"a": [1, None]}}]
    schedule = {"type": "Schedule", "clocks": [{"type": "IntervalClock", "interval": 3_600_000_000}]}
    given = {"tasks": tasks, "edges": edges, "parameters": parameters, "schedule": schedule, "reference_tasks": ["a"]}
    return flow_document(name, **{**given, "description": "d", **changes})


@pytest.fixture
def elsewhere(monkeypatch):
    """Every flow is large."""
    asked = []
    real = unpacking.ask

    def ask(*given):
        asked.append(given)
        return real(*given)

    monkeypatch.setattr(registration, "LARGE_BYTES", 10)
    monkeypatch.setattr(registration, "ask", ask)
    return asked


def read_back(api, flow_id):
    """Give what was registered, without what differs from one flow to the next."""
    flow = api.row(
        "flow", flow_id, "description core_version storage run_config environment parameters schedule serialized_flow"
    )
    flow["serialized_flow"].pop("name")
    selected = """name slug type max_retries retry_delay trigger mapped auto_generated cache_key is_root_task
        is_terminal_task is_reference_task tags"""
    which = "where: {flow_id: {_eq: $id}}"
    tasks = api.ask(f"query($id: uuid!) {{ task({which}, order_by: {{slug: asc}}) {{ {selected} }} }}", {"id": flow_id})
    ends = "upstream_task { slug } downstream_task { slug } key mapped"
    edges = api.ask(f"query($id: uuid!) {{ edge({which}, order_by: {{mapped: asc}}) {{ {ends} }} }}", {"id": flow_id})
    runs = api.ask(f"query($id: uuid!) {{ flow_run({which}) {{ state }} }}", {"id": flow_id})
    return flow, tasks.data, edges.data, runs.data


def test_a_flow_that_was_read_elsewhere_is_registered_as_any_other(api, elsewhere, monkeypatch):
    far = register(api, a_flow("far")).data["create_flow_from_compressed_string"]["id"]
    assert len(elsewhere) == 1
    monkeypatch.setattr(registration, "LARGE_BYTES", 5_000_000)
    near = register(api, a_flow("near")).data["create_flow_from_compressed_string"]["id"]
    assert len(elsewhere) == 1

    assert read_back(api, far) == read_back(api, near)


WRONG = {
    "a field": a_flow("f", tasks=5),
    "an edge": a_flow("f", edges=[{"upstream_task": "a", "downstream_task": "nobody"}]),
    "a clock": a_flow("f", schedule={"clocks": [{"type": "CronClock", "cron": "x"}]}),
    "a sign": a_flow("f", description="\0"),
    "a version": a_flow("f", __version__="0.1.0"),
    "no object": [*range(10)],
}


@pytest.mark.parametrize("document", WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_is_told_in_the_same_words(api, elsewhere, monkeypatch, document):
    far = register(api, document)
    monkeypatch.setattr(registration, "LARGE_BYTES", 5_000_000)
    near = register(api, document)

    assert far.messages == near.messages
    assert far.json == near.json
    assert len(elsewhere) == 1


def test_what_is_no_json_is_refused(api, elsewhere):
    text = base64.b64encode(gzip.compress(b'{"name": "f", "tasks": [')).decode()
    answer = api.ask(CREATE, {"input": {"project_id": project(api), "serialized_flow": text}})

    assert answer.messages[0].startswith("Unable to decompress serialized flow: expected base64 of gzip of JSON (")


def test_a_process_that_ends_without_an_answer_is_told(api, elsewhere, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/false")

    assert register(api, a_flow("f")).messages == ["The serialized flow could not be read: its process ended with 1."]


@pytest.mark.parametrize("size", [unpacking.LARGE_BYTES, unpacking.LARGE_BYTES + 1])
def test_the_size_unpacked_decides(size):
    text = base64.b64encode(gzip.compress(b" " * size)).decode()

    assert registration.is_large(text) is (size > unpacking.LARGE_BYTES)


@pytest.mark.parametrize("text", [None, 5, "x", "é", "AAAA", ""])
def test_what_is_not_packed_is_not_large(text):
    assert registration.is_large(text) is False


def test_a_column_of_a_large_flow_is_bounded(api):
    document = a_flow("f", run_config={"type": "UniversalRun", "env": {"A": "x" * limits.JSON_BYTES}})

    assert "serialized_flow.run_config: expected at most 5000000 bytes of JSON" in register(api, document).messages[0]


def test_large_flows_are_read_one_after_the_other_and_the_thread_ends_with_the_server(databases, run_async):
    """Each takes half a gigabyte."""
    app = App(load_settings({"services_enabled": False}, environment={}), open_database(databases.fresh("sqlite")))
    goes_on, before = threading.Event(), set(threading.enumerate())

    async def scene():
        await app.start()
        some = [app.large_flows.do(partial(goes_on.wait, 60)) for _ in range(3)]
        [thread] = [one for one in threading.enumerate() if one.name.startswith("large-flows") and one not in before]
        goes_on.set()
        await asyncio.gather(*some)
        await app.stop()
        await asyncio.to_thread(thread.join, 60)
        return thread

    assert not run_async(scene()).is_alive()


@pytest.mark.parametrize("kind", ["objects", "tasks"])
def test_small_requests_are_answered_beside_a_large_flow(api, kind):
    many = [{}] * 8_000_000 if kind == "objects" else None
    tasks = [{"slug": "a", "x": many}] if many else [{"slug": f"t{n}", "x": "y" * 1_000} for n in range(30_000)]
    given = {"project_id": project(api), "serialized_flow": packed(flow_document("large", tasks=tasks, edges=[]))}
    del many, tasks

    async def run():
        large = graphql(api.app, CREATE, {"input": given})
        return await not_held_up(large, lambda: graphql(api.app, "{ project { id } }"))

    assert api.run_async(run()).data["create_flow_from_compressed_string"]["id"]
