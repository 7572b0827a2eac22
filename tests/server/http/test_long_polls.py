"""Answers that wait: woken by the commit, by the clock, by the end of the server, or by the client's leaving."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest

from prefect.server.graphql import waiting
from prefect.server.live import EVERYTHING, Live
from support.asgi import call, graphql

QUEUE = "mutation($input: get_runs_in_queue_input!) { get_runs_in_queue(input: $input) { flow_run_ids } }"
EVENTS = (
    "query($id: UUID!, $after: Int, $wait_seconds: Float) "
    "{ flow_run_events(flow_run_id: $id, after: $after, wait_seconds: $wait_seconds) { cursor events } }"
)
CREATE = "mutation($input: create_flow_run_input!) { create_flow_run(input: $input) { id } }"
# Answers that waited to the end come after 60 s.
BEFORE_THE_WAIT_ENDS = 40
LOG = "mutation($input: write_run_logs_input!) { write_run_logs(input: $input) { success } }"


async def listening(api):
    """Wait until somebody waits at the server."""
    while api.app.live.waiting == 0:
        await asyncio.sleep(0)


async def queue(api, **inputs):
    answer = await graphql(api.app, QUEUE, {"input": inputs})
    return answer.data["get_runs_in_queue"]["flow_run_ids"]


async def create(api, flow_id, **inputs):
    answer = await graphql(api.app, CREATE, {"input": {"flow_id": flow_id, **inputs}})
    return answer.data["create_flow_run"]["id"]


def test_an_idle_agent_gets_a_new_run_as_soon_as_it_is_committed(api):
    flow_id = api.register()

    async def scene():
        waiting = asyncio.create_task(queue(api, wait_seconds=60))
        await listening(api)
        run_id = await create(api, flow_id)
        return await asyncio.wait_for(waiting, BEFORE_THE_WAIT_ENDS) == [run_id]

    assert api.run_async(scene())


def test_a_run_for_others_does_not_end_the_wait(api):
    flow_id = api.register()

    async def scene():
        waiting = asyncio.create_task(queue(api, wait_seconds=30, labels=["mine"]))
        await listening(api)
        await create(api, flow_id)
        await create(api, flow_id, labels=["other"])
        mine = await create(api, flow_id, labels=["mine"])
        return await waiting == [mine]

    assert api.run_async(scene())


def test_a_run_of_the_future_is_handed_out_when_its_time_comes(api):
    flow_id = api.register()

    async def scene():
        start = datetime.now(UTC) + timedelta(seconds=0.4)
        run_id = await create(api, flow_id, scheduled_start_time=start.isoformat())
        found = await asyncio.wait_for(queue(api, wait_seconds=60), BEFORE_THE_WAIT_ENDS)
        return found == [run_id], datetime.now(UTC) - start

    is_it, late = api.run_async(scene())
    assert is_it
    assert late >= timedelta(0)


def test_the_horizon_of_an_agent_that_looks_ahead_moves_on(api):
    flow_id = api.register()

    async def scene():
        ahead = (datetime.now(UTC) + timedelta(seconds=300)).isoformat()
        start = datetime.now(UTC) + timedelta(seconds=300.4)
        run_id = await create(api, flow_id, scheduled_start_time=start.isoformat())
        at_once = await queue(api, before=ahead)
        later = await asyncio.wait_for(queue(api, before=ahead, wait_seconds=60), BEFORE_THE_WAIT_ENDS)
        return at_once, later == [run_id]

    assert api.run_async(scene()) == ([], True)


def test_runs_that_the_agent_has_in_hand_do_not_end_its_wait(api):
    flow_id = api.register()

    async def scene():
        first = await create(api, flow_id)
        waiting = asyncio.create_task(queue(api, wait_seconds=30, exclude=[first]))
        await listening(api)
        second = await create(api, flow_id)
        return await waiting == [second]

    assert api.run_async(scene())


def test_a_wait_ends_empty_after_its_time(api):
    assert api.run_async(queue(api, wait_seconds=0.05)) == []


def test_a_wait_for_events_ends_after_its_time_however_long_a_nap_may_be(api, monkeypatch):
    monkeypatch.setattr(waiting, "LONGEST_NAP_SECONDS", 3600)
    run_id = api.do("create_flow_run", flow_id=api.register())["id"]
    asked = {"id": run_id, "after": 1, "wait_seconds": 0.05}

    found = api.run_async(asyncio.wait_for(graphql(api.app, EVENTS, asked), 60))

    assert found.data["flow_run_events"] == {"cursor": 1, "events": []}


def test_the_end_of_the_server_ends_every_wait_at_once(api):
    run_id = api.do("create_flow_run", flow_id=api.register(), labels=["x"])["id"]

    async def scene():
        agent = asyncio.create_task(queue(api, wait_seconds=60))
        watcher = asyncio.create_task(graphql(api.app, EVENTS, {"id": run_id, "after": 1, "wait_seconds": 60}))
        while api.app.live.waiting < 2:
            await asyncio.sleep(0)
        api.app.live.close()
        return await agent, (await watcher).data, await queue(api, wait_seconds=60)

    assert api.run_async(scene()) == ([], {"flow_run_events": {"cursor": 1, "events": []}}, [])


def test_a_client_that_leaves_leaves_nothing_behind(api):
    body = json.dumps({"query": QUEUE, "variables": {"input": {"wait_seconds": 60}}}).encode()

    async def scene():
        leaves = asyncio.Event()
        asking = asyncio.create_task(call(api.app, "POST", "/", body, leaves=leaves))
        await listening(api)
        leaves.set()
        return await asking, api.app.live.waiting

    assert api.run_async(scene()) == (None, 0)


def test_whoever_watches_a_run_hears_of_states_and_logs_in_their_order(api):
    flow_id = api.register()

    async def scene():
        run_id = await create(api, flow_id)
        waiting = asyncio.create_task(graphql(api.app, EVENTS, {"id": run_id, "after": 1, "wait_seconds": 30}))
        await listening(api)
        await graphql(api.app, LOG, {"input": {"logs": [{"flow_run_id": run_id, "message": "hello", "name": "n"}]}})
        found = (await waiting).data["flow_run_events"]
        await graphql(api.app, f'mutation {{ cancel_flow_run(input: {{flow_run_id: "{run_id}"}}) {{ state }} }}')
        rest = (await graphql(api.app, EVENTS, {"id": run_id, "after": found["cursor"]})).data["flow_run_events"]
        return found, rest

    found, rest = api.run_async(scene())
    assert found["cursor"] == 2
    (log,) = found["events"]
    assert {key: log[key] for key in ("kind", "seq", "level", "name", "message", "task_run_id")} == {
        "kind": "log",
        "seq": 2,
        "level": "INFO",
        "name": "n",
        "message": "hello",
        "task_run_id": None,
    }
    assert [(event["kind"], event["seq"], event["state"]) for event in rest["events"]] == [("state", 3, "Cancelled")]


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"wait_seconds": 61}, "wait_seconds"),
        ({"wait_seconds": -1}, "wait_seconds"),
        ({"exclude": ["x"] * 1001}, "exclude"),
        ({"labels": [""]}, "label in labels"),
    ],
)
def test_bad_input_is_named(api, inputs, said):
    assert f"Invalid {said}" in api.ask(QUEUE, {"input": inputs}).messages[0]


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ("limit: -1", "limit"),
        ("limit: 1", None),
        ("limit: 5000", None),
        ("limit: 5001", "limit"),
        ("after: -2", "after"),
        ("after: -1", None),
        ("wait_seconds: -0.1", "wait_seconds"),
        ("wait_seconds: 60", None),
        ("wait_seconds: 60.1", "wait_seconds"),
    ],
)
def test_a_question_for_events_has_bounds(api, inputs, said):
    run_id = api.do("create_flow_run", flow_id=api.register())["id"]  # it has an event: nobody waits

    answer = api.ask(f'{{ flow_run_events(flow_run_id: "{run_id}", {inputs}) {{ cursor }} }}')

    if said is None:
        assert "errors" not in answer.json
    else:
        assert answer.messages[0].startswith(f"Invalid {said}: ")


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"exclude": ["6c1a26e5-6305-46bb-b9ca-6f530bbd733d"] * 1000}, None),
        ({"limit": 0}, None),
        ({"limit": -1}, "limit"),
        ({"limit": 10_000}, None),
        ({"wait_seconds": 60.1}, "wait_seconds"),
    ],
    ids=["as many as may be", "none", "fewer than none", "more than there are", "too long"],
)
def test_a_question_for_due_runs_has_bounds(api, inputs, said):
    api.do("create_flow_run", flow_id=api.register())

    answer = api.ask(QUEUE, {"input": inputs})

    assert ("errors" in answer.json) == (said is not None)
    if said is not None:
        assert answer.messages[0].startswith(f"Invalid {said}: ")


def test_events_of_an_unknown_run_are_an_error_at_once(api):
    answer = api.ask(EVENTS, {"id": "00000000-0000-4000-8000-000000000000", "wait_seconds": 30})

    assert "not found" in answer.messages[0]


def test_lost_announcements_wake_everybody(run_async):
    async def scene():
        live = Live()
        with live.listen("a") as one, live.listen("b", "c") as two:
            live.announce(["c"])
            heard = (await one.wait(0), await two.wait(0))
            live.announce([EVERYTHING])
            return heard, await one.wait(1), await two.wait(1), await two.wait(0)

    assert run_async(scene()) == ((False, True), True, True, False)
