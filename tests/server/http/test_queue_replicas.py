"""Agents of several replicas over one PostgreSQL are shown different runs, and a replica that dies keeps none."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from conftest import fresh_or_skip
from prefect.server import waiters
from prefect.server.actions import queue
from prefect.server.app import build
from prefect.server.live import Offers
from prefect.server.settings import Settings
from support.api import Api
from support.asgi import graphql

pytestmark = pytest.mark.postgres

SUBMIT = "mutation($input: set_flow_run_states_input!) { set_flow_run_states(input: $input) { states { id } } }"
QUEUE = "mutation($input: get_runs_in_queue_input!) { get_runs_in_queue(input: $input) { flow_run_ids } }"
RUNS, AGENTS = 120, 6
LONG = 40


@pytest.fixture
def replicas(databases: Any, run_async: Any) -> Iterator[list[Api]]:
    url = fresh_or_skip(databases, "postgres")
    apps = [build(Settings(database_url=url, services_enabled=False)) for _ in range(2)]
    for app in apps:
        run_async(app.start())
    yield [Api(app, run_async) for app in apps]
    for app in apps:
        run_async(app.stop())
    databases.drop(url)


def agent(api: Api, name: str) -> dict[str, str]:
    return {"X-PREFECT-AGENT-ID": api.do("register_agent", type="LocalAgent", name=name)["id"]}


async def look(api: Api, headers: dict[str, str], **inputs: Any) -> list[str]:
    answer = await graphql(api.app, QUEUE, {"input": inputs}, headers=headers)
    ids: list[str] = answer.data["get_runs_in_queue"]["flow_run_ids"]
    return ids


def test_no_attempt_to_take_a_run_is_refused(replicas, run_async, monkeypatch):
    monkeypatch.setattr(Offers, "SECONDS", 600.0)
    first = replicas[0]
    flow_id = first.register()
    first.do("create_flow_runs", "flow_run_ids", flow_runs=[{"flow_id": flow_id}] * RUNS)
    taken: Counter[str] = Counter()
    refused = []

    all_taken = asyncio.Event()

    async def work(api, headers):
        while True:
            # Who does not wait is shown what others hold rather than nothing.
            for run_id in await look(api, headers, limit=5, wait_seconds=60):
                change = {"flow_run_id": run_id, "version": 1, "state": {"type": "Submitted"}}
                answer = await graphql(api.app, SUBMIT, {"input": {"states": [change]}}, headers=headers)
                if "errors" in answer.json:
                    refused.append(answer.messages)
                else:
                    taken[run_id] += 1
            if taken.total() == RUNS:
                all_taken.set()

    agents = [(replicas[place % 2], agent(first, f"agent-{place}")) for place in range(AGENTS)]

    async def scene():
        tasks = [asyncio.create_task(work(*one)) for one in agents]
        await asyncio.wait_for(all_taken.wait(), LONG)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    run_async(scene())
    assert refused == []
    assert (len(taken), set(taken.values())) == (RUNS, {1})


def test_a_replica_that_dies_keeps_nothing_from_the_agents_of_others(replicas, run_async, monkeypatch):
    monkeypatch.setattr(Offers, "SECONDS", 0.5)
    monkeypatch.setattr(waiters, "LONGEST_NAP_SECONDS", 10_000.0)
    dying, other = replicas
    flow_id = dying.register()
    run_id = dying.do("create_flow_run", flow_id=flow_id)["id"]
    of_dying, of_other = agent(dying, "one"), agent(dying, "other")

    async def scene():
        assert await look(dying, of_dying) == [run_id]
        dying.app.live.queue.close()  # what it would have told nobody hears
        return await asyncio.wait_for(look(other, of_other, wait_seconds=60), LONG)

    assert run_async(scene()) == [run_id]


def test_what_is_kept_for_agents_is_forgotten_once_the_runs_have_moved_on(replicas, run_async):
    api, other = replicas
    flow_id = api.register()
    headers = agent(api, "one")

    async def scene():
        for _ in range(3):
            for run_id in await look(api, headers):
                change = {"flow_run_id": run_id, "version": 1, "state": {"type": "Submitted"}}
                await graphql(api.app, SUBMIT, {"input": {"states": [change]}}, headers=headers)
            create = "mutation($id: UUID!) { create_flow_run(input: {flow_id: $id}) { id } }"
            await graphql(other.app, create, {"id": flow_id})
        await look(api, headers)
        await look(api, headers)
        others = queue.offers.held_by_others
        return await api.app.database.read(lambda tx: others(tx, "another agent", 10))

    assert len(run_async(scene())) == 1


@pytest.mark.parametrize("until", ["infinity", "-infinity"])
def test_an_offer_that_somebody_spoiled_keeps_no_run_from_agents(replicas, run_async, until):
    api, _ = replicas
    run_id = api.do("create_flow_run", flow_id=api.register())["id"]
    headers = agent(api, "one")
    row = "INSERT INTO queue_offer (run_id, agent_id, until) VALUES (%s, 'gone', %s) RETURNING 1"
    run_async(api.app.database.write(lambda tx: tx.raw(row, (run_id, until))))

    assert run_async(look(api, headers)) == [run_id]
    assert api.app.offers.is_open([run_id])
