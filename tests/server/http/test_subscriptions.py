"""Subscriptions over a WebSocket: answered at once, and again after each commit that changed the answer."""

import asyncio
import dataclasses
import json
import threading

import pytest

from prefect._version import __version__
from prefect.server import websocket
from support.asgi import graphql
from support.servers import running_server
from support.sockets import PATIENCE_SECONDS, Socket
from support.world import flow_document

CREATE = "mutation($input: create_flow_run_input!) { create_flow_run(input: $input) { id } }"
CANCEL = "mutation($input: cancel_flow_run_input!) { cancel_flow_run(input: $input) { state } }"
LOGS = "mutation($input: write_run_logs_input!) { write_run_logs(input: $input) { success } }"


async def create(api, flow_id, **inputs):
    return (await graphql(api.app, CREATE, {"input": {"flow_id": flow_id, **inputs}})).data["create_flow_run"]["id"]


def test_a_table_is_answered_at_once_and_after_each_change(api):
    flow_id = api.register()

    async def scene():
        async with Socket(api.app) as socket:
            await socket.begin()
            await socket.subscribe(
                "subscription($f: uuid) { flow_run(where: {flow_id: {_eq: $f}}) { id state } }", f=flow_id
            )
            first = await socket.data()
            run_id = await create(api, flow_id)
            second = await socket.data()
            await graphql(api.app, CANCEL, {"input": {"flow_run_id": run_id}})
            return run_id, first, second, await socket.data()

    run_id, first, second, third = api.run_async(scene())
    assert first == {"flow_run": []}
    assert second == {"flow_run": [{"id": run_id, "state": "Scheduled"}]}
    assert third == {"flow_run": [{"id": run_id, "state": "Cancelled"}]}


@pytest.mark.parametrize(
    "query",
    [
        "subscription($id: uuid!) { flow_run_by_pk(id: $id) { logs { message } } }",
        'subscription($id: uuid!) { flow_run_aggregate(where: {id: {_eq: $id}, logs: {message: {_eq: "said"}}}) '
        "{ aggregate { count } } }",
        "subscription($id: uuid!) { flow(where: {flow_runs: {id: {_eq: $id}}}) { flow_runs { logs { message } } } }",
        "subscription($id: uuid!) { task_run(where: {flow_run_id: {_eq: $id}}, "
        "order_by: {logs_aggregate: {count: asc}}, limit: 1) { flow_run { logs { message } } } }",
    ],
    ids=["nested", "in the condition", "two levels down", "through the parent"],
)
def test_a_change_in_any_table_that_the_answer_reads_is_noticed(api, query):
    flow_id = api.register()

    async def scene():
        run_id = await create(api, flow_id)
        async with Socket(api.app) as socket:
            await socket.begin()
            await socket.subscribe(query, id=run_id)
            first = await socket.data()
            await graphql(api.app, LOGS, {"input": {"logs": [{"flow_run_id": run_id, "message": "said"}]}})
            return first, await socket.data()

    first, second = api.run_async(scene())
    assert first != second


def test_changes_that_leave_the_answer_as_it_was_are_not_sent(api):
    flow_id, other_id = api.register(), api.register(name="other")

    async def scene():
        async with Socket(api.app) as socket:
            await socket.begin()
            await socket.subscribe("subscription($f: uuid) { flow_run(where: {flow_id: {_eq: $f}}) { id } }", f=flow_id)
            await socket.data()
            await create(api, other_id)
            await socket.silence()

    api.run_async(scene())


def test_many_commits_in_a_row_make_few_answers(api):
    flow_id = api.register()

    async def scene():
        async with Socket(api.app) as socket:
            await socket.begin()
            await socket.subscribe("subscription { flow_run_aggregate { aggregate { count } } }")
            answers = [await socket.data()]
            await asyncio.gather(*(create(api, flow_id) for _ in range(100)))
            while answers[-1]["flow_run_aggregate"]["aggregate"]["count"] < 100:
                answers.append(await socket.data())
            return len(answers)

    assert api.run_async(scene()) < 60


def test_events_of_a_run_come_each_once_and_in_order(api):
    flow_id = api.register()

    async def scene():
        run_id = await create(api, flow_id)
        async with Socket(api.app) as socket:
            await socket.begin()
            await socket.subscribe(
                "subscription($id: UUID!) { flow_run_events(flow_run_id: $id, limit: 2) { cursor events } }", id=run_id
            )
            events = (await socket.data())["flow_run_events"]["events"]
            for number in range(3):
                lines = [{"flow_run_id": run_id, "message": f"{number}.{line}"} for line in range(3)]
                await graphql(api.app, LOGS, {"input": {"logs": lines}})
            while len(events) < 10:
                events += (await socket.data())["flow_run_events"]["events"]
            await socket.silence()
            return events

    events = api.run_async(scene())
    assert [event["seq"] for event in events] == list(range(1, 11))
    assert [event.get("message") for event in events][1:] == [f"{n}.{line}" for n in range(3) for line in range(3)]


def test_queries_and_mutations_are_answered_once(api):
    async def scene():
        async with Socket(api.app) as socket:
            await socket.begin()
            await socket.subscribe("{ hello }", "a")
            first, end = await socket.hear(), await socket.hear()
            await socket.subscribe('mutation { create_project(input: {name: "p"}) { id } }', "b")
            return first, end, await socket.data("b")

    first, end, made = api.run_async(scene())
    assert first == {"type": "next", "id": "a", "payload": {"data": {"hello": "👋"}}}
    assert end == {"type": "complete", "id": "a"}
    assert made["create_project"]["id"]


def test_a_query_that_is_wrong_gets_its_errors_and_the_connection_lives_on(api):
    async def scene():
        async with Socket(api.app) as socket:
            await socket.begin()
            await socket.subscribe("subscription { nothing }", "a")
            await socket.subscribe("subscription { flow { id } project { id } }", "b")
            return await socket.hear(), await socket.hear()

    first, second = api.run_async(scene())
    assert (first["type"], first["id"]) == ("error", "a")
    assert "nothing" in first["payload"][0]["message"]
    assert "one top level field" in second["payload"][0]["message"]


def test_a_subscription_sent_by_post_is_told_where_to_go(api):
    answer = api.ask("subscription { flow { id } }")

    assert answer.status == 400
    assert "WebSocket" in answer.messages[0]


@pytest.mark.parametrize(
    ("messages", "code", "reason"),
    [
        (["{"], 4400, "A message must be JSON"),
        ([{"type": "nonsense"}], 4400, "A message must have a type of the protocol"),
        ([5], 4400, "A message must have a type of the protocol"),
        ([{"type": "subscribe", "id": "1", "payload": {"query": "{ hello }"}}], 4401, "Unauthorized"),
        ([{"type": "connection_init", "payload": 5}], 4400, "The payload of connection_init must be an object"),
        ([{"type": "connection_init"}, {"type": "connection_init"}], 4429, "Too many initialisation requests"),
        ([{"type": "connection_init"}, {"type": "subscribe"}], 4400, "subscribe needs an id and a payload"),
        (
            [{"type": "connection_init"}, {"type": "subscribe", "id": "", "payload": {}}],
            4400,
            "subscribe needs an id and a payload",
        ),
        (["x" * 5_000_001], 1009, "The message is too large"),
        ([{"type": "connection_init", "payload": {"x-prefect-tenant-id": "no uuid"}}], 4403, "X-PREFECT-TENANT-ID"),
        (
            [
                {"type": "connection_init"},
                {"type": "subscribe", "id": "1", "payload": {"query": "subscription { flow { id } }"}},
                {"type": "subscribe", "id": "1", "payload": {"query": "subscription { flow { id } }"}},
            ],
            4409,
            "Subscriber for 1 already exists",
        ),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_client_that_does_not_keep_to_the_protocol_is_closed_with_its_code(api, messages, code, reason):
    api.app.settings = dataclasses.replace(api.app.settings, max_body_bytes=5_000_000)

    async def scene():
        async with Socket(api.app) as socket:
            for message in messages:
                await socket.say(message)
            while (said := await socket.raw())["type"] != "websocket.close":
                pass
            return said["code"], said["reason"]

    closed, why = api.run_async(scene())
    assert closed == code
    assert reason in why


def test_who_does_not_say_who_they_are_in_time_is_closed_and_who_did_stays(api, monkeypatch):
    monkeypatch.setattr(websocket, "INIT_SECONDS", 0.3)

    async def scene():
        async with Socket(api.app) as silent, Socket(api.app) as pinging, Socket(api.app) as right:
            await right.begin()
            await pinging.raw()
            await pinging.say({"type": "ping"})
            assert await pinging.hear() == {"type": "pong"}
            assert (await silent.raw())["type"] == "websocket.accept"
            ends = [await silent.raw(), await pinging.raw()]
            await right.subscribe("{ hello }")
            return [(end["code"], end["reason"]) for end in ends], await right.data()

    ends, said = api.run_async(scene())
    assert ends == [(4408, "Connection initialisation timeout")] * 2
    assert said == {"hello": "\N{WAVING HAND SIGN}"}


def test_a_server_that_stops_says_so(api):
    async def scene():
        async with Socket(api.app) as socket:
            await socket.begin()
            await socket.subscribe("subscription { flow { id } }")
            await socket.data()
            api.app.live.close()
            return await socket.raw()

    closed = api.run_async(scene())
    assert (closed["type"], closed["code"], closed["reason"]) == ("websocket.close", 1012, "The server stops")


def test_other_protocols_and_other_paths_are_refused(api):
    async def scene():
        async with Socket(api.app, subprotocols=["graphql-ws"]) as old, Socket(api.app, path="/else") as lost:
            assert (await old.raw())["type"] == "websocket.accept"
            return (await old.raw())["code"], (await lost.raw())["type"]

    assert api.run_async(scene()) == (4406, "websocket.close")


def test_subscriptions_are_bounded_for_each_connection_and_in_all(api):
    object.__setattr__(api.app.settings, "max_subscriptions_per_connection", 2)
    object.__setattr__(api.app.settings, "max_subscriptions", 3)
    query = "subscription { tenant { slug } }"

    async def scene():
        async with Socket(api.app) as one, Socket(api.app) as two:
            await one.begin()
            await two.begin()
            for socket in (one, two):
                await socket.subscribe(query, "a")
                await socket.data("a")
            await one.subscribe(query, "b")
            await one.data("b")
            await two.subscribe(query, "b")
            full = await two.hear()
            await one.subscribe(query, "c")
            closed = await one.raw()
        return full, closed

    full, closed = api.run_async(scene())
    assert (full["type"], full["id"]) == ("error", "b")
    assert (closed["code"], closed["reason"]) == (4429, "More than 2 subscriptions")
    assert api.app.http.sockets.subscriptions == 0
    assert api.app.live._ears == {}


def test_completing_a_subscription_ends_it(api):
    async def scene():
        async with Socket(api.app) as socket:
            await socket.begin()
            await socket.subscribe("subscription { project { name } }")
            await socket.data()
            await socket.say({"type": "complete", "id": "1"})
            await socket.say({"type": "ping"})
            assert await socket.hear() == {"type": "pong"}
            await graphql(api.app, 'mutation { create_project(input: {name: "p"}) { id } }')
            await socket.silence()
        return api.app.http.sockets.subscriptions

    assert api.run_async(scene()) == 0


@pytest.mark.process
def test_an_id_may_be_used_again_at_once_after_its_end(api):
    flow_id = api.register()
    sockets = api.app.http.sockets
    query = "subscription { flow_run { id } }"

    async def scene():
        async with Socket(api.app) as socket:
            await socket.begin()
            await socket.subscribe(query)
            await socket.data()
            # Both are there before the server looks: the end of the first must not be taken for that of the second.
            await socket.say({"type": "complete", "id": "1"})
            await socket.subscribe(query)
            await socket.data()
            counted = sockets.subscriptions
            await create(api, flow_id)
            heard = await socket.data()
            await socket.subscribe(query)
            closed = await socket.raw()
        return counted, heard, closed["code"], sockets.subscriptions

    counted, heard, code, left = api.run_async(scene())
    assert (counted, len(heard["flow_run"]), code, left) == (1, 1, 4409, 0)


def test_a_client_that_leaves_as_soon_as_it_subscribed_is_not_counted_for_ever(api):
    async def scene():
        async with Socket(api.app) as socket:
            await socket.begin()
            await socket.subscribe("subscription { flow_run { id } }")
        return api.app.http.sockets.subscriptions

    assert api.run_async(scene()) == 0


def test_a_reader_that_takes_nothing_gets_the_newest_answer_when_it_reads_again(api):
    flow_id = api.register()

    async def scene():
        async with Socket(api.app) as socket:
            await socket.begin()
            await socket.subscribe("subscription { flow_run_aggregate { aggregate { count } } }")
            counts = [(await socket.data())["flow_run_aggregate"]["aggregate"]["count"]]
            socket.reads.clear()
            for _ in range(30):
                await create(api, flow_id)
            socket.reads.set()
            while counts[-1] < 30:
                counts.append((await socket.data())["flow_run_aggregate"]["aggregate"]["count"])
            return counts

    counts = api.run_async(scene())
    assert len(counts) < 10
    assert counts == sorted(counts)


def test_a_real_client_sees_changes_and_is_told_when_the_server_stops(tmp_path):
    client = pytest.importorskip("websockets.sync.client", reason="needs the package websockets")
    from websockets import exceptions as closed

    with running_server(tmp_path) as server:
        address = server.url.replace("http", "ws") + "/graphql"
        with client.connect(address, subprotocols=["graphql-transport-ws"]) as socket:
            hear = lambda: json.loads(socket.recv(PATIENCE_SECONDS))  # noqa: E731
            socket.send('{"type": "connection_init"}')
            assert hear()["type"] == "connection_ack"
            query = json.dumps({"query": "subscription { project { name } }"})
            socket.send(f'{{"type": "subscribe", "id": "1", "payload": {query}}}')
            assert hear()["payload"] == {"data": {"project": []}}
            post(server.url, 'mutation { create_project(input: {name: "seen"}) { id } }')
            assert hear()["payload"] == {"data": {"project": [{"name": "seen"}]}}
            threading.Thread(target=server.stop).start()
            with pytest.raises(closed.ConnectionClosed) as ended:
                hear()
            assert ended.value.rcvd.code == 1012  # come again


def post(url, query, variables=None):
    from urllib.request import Request, urlopen

    body = json.dumps({"query": query, "variables": variables}).encode()
    with urlopen(Request(url, body, {"Content-Type": "application/json"}), timeout=30) as answer:
        return json.loads(answer.read())


@pytest.mark.process
@pytest.mark.postgres
def test_a_subscriber_of_one_replica_sees_what_is_done_through_another(tmp_path, databases):
    client = pytest.importorskip("websockets.sync.client", reason="needs the package websockets")
    from conftest import fresh_or_skip

    url = fresh_or_skip(databases, "postgres")
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    with running_server(tmp_path / "one", url) as one, running_server(tmp_path / "two", url) as two:
        project = post(one.url, 'mutation { create_project(input: {name: "p"}) { id } }')["data"]["create_project"]
        create_flow = "mutation($input: create_flow_input!) { create_flow(input: $input) { id } }"
        made = post(one.url, create_flow, {"input": {"project_id": project["id"], "serialized_flow": flow_document()}})
        address = two.url.replace("http", "ws") + "/graphql"
        with client.connect(address, subprotocols=["graphql-transport-ws"]) as socket:
            hear = lambda: json.loads(socket.recv(PATIENCE_SECONDS))  # noqa: E731
            socket.send('{"type": "connection_init"}')
            assert hear()["type"] == "connection_ack"
            query = json.dumps({"query": "subscription { flow_run { state } }"})
            socket.send(f'{{"type": "subscribe", "id": "1", "payload": {query}}}')
            assert hear()["payload"] == {"data": {"flow_run": []}}
            post(one.url, CREATE, {"input": {"flow_id": made["data"]["create_flow"]["id"]}})
            assert hear()["payload"] == {"data": {"flow_run": [{"state": "Scheduled"}]}}
    databases.drop(url)


def test_a_client_hears_the_version_when_it_begins_and_pings_while_it_stays(api, monkeypatch):
    monkeypatch.setattr(websocket, "PING_SECONDS", 0.01)

    async def scene():
        async with Socket(api.app) as socket:
            await socket.begin()
            pings = [json.loads((await socket.raw())["text"]) for _ in range(2)]
            await socket.say({"type": "pong"})
            return socket.acknowledged, pings, json.loads((await socket.raw())["text"])

    acknowledged, pings, after = api.run_async(scene())
    assert acknowledged["payload"] == {"api": {"version": __version__}}
    assert [*pings, after] == [{"type": "ping"}] * 3
