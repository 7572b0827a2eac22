"""What many follow is read once for all of them, and what nobody changed is not read again."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import pytest

from prefect.server.graphql.execute import Executor
from prefect.server.graphql.feeds import Feeds, Pace
from prefect.server.live import ANY_ROW, Live, row_topic, table_topic
from prefect.server.store import retention, runs, states
from prefect.server.store.dialect import POSTGRESQL, SQLITE
from prefect.server.store.statements import Prepared
from support.asgi import graphql
from support.sockets import PATIENCE_SECONDS, Socket

CREATE = "mutation($input: create_flow_run_input!) { create_flow_run(input: $input) { id } }"
NAME = "mutation($input: set_flow_run_name_input!) { set_flow_run_name(input: $input) { success } }"
CANCEL = "mutation($input: cancel_flow_run_input!) { cancel_flow_run(input: $input) { state } }"
LIST = "subscription { flow_run(order_by: {created: desc}) { id } }"
ONE = "subscription($id: uuid!) { flow_run_by_pk(id: $id) { id name states { state } } }"
MANY = 20


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What subscriptions have read."""
    answer, found = Executor.answer, []

    async def counted(executor: Any, request: Any, plan: Any, bound: Any, given: Any) -> bytes:
        found.append(bound)
        return await answer(executor, request, plan, bound, given)

    monkeypatch.setattr(Executor, "answer", counted)
    return found


async def create(api: Any, flow_id: str) -> str:
    made = await graphql(api.app, CREATE, {"input": {"flow_id": flow_id}})
    run_id: str = made.data["create_flow_run"]["id"]
    return run_id


async def follow(stack: AsyncExitStack, api: Any, query: str, **variables: Any) -> Socket:
    socket = await stack.enter_async_context(Socket(api.app))
    await socket.begin()
    await socket.subscribe(query, **variables)
    return socket


def test_one_look_serves_all_who_follow_the_same(api, reads):
    flow_id = api.register()

    async def scene():
        async with AsyncExitStack() as stack:
            sockets = [await follow(stack, api, LIST) for _ in range(MANY)]
            first = [await socket.data() for socket in sockets]
            before = len(reads)
            run_id = await create(api, flow_id)
            second = [await socket.data() for socket in sockets]
            return run_id, first, second, len(reads) - before

    run_id, first, second, looks = api.run_async(scene())
    assert first == [{"flow_run": []}] * MANY
    assert second == [{"flow_run": [{"id": run_id}]}] * MANY
    assert looks == 1


def test_those_who_ask_for_others_get_their_own_answers(api, reads):
    flow_id = api.register()

    async def scene():
        ids = [await create(api, flow_id) for _ in range(3)]
        async with AsyncExitStack() as stack:
            sockets = [await follow(stack, api, ONE, id=run_id) for run_id in ids]
            return ids, [(await socket.data())["flow_run_by_pk"]["id"] for socket in sockets]

    ids, found = api.run_async(scene())
    assert found == ids


def test_who_follows_one_run_is_not_woken_by_others(api, reads):
    flow_id = api.register()

    async def scene():
        mine, other = await create(api, flow_id), await create(api, flow_id)
        async with AsyncExitStack() as stack:
            socket = await follow(stack, api, ONE, id=mine)
            await socket.data()
            before = len(reads)
            await graphql(api.app, NAME, {"input": {"flow_run_id": other, "name": "other"}})
            await graphql(api.app, CANCEL, {"input": {"flow_run_id": other}})
            await create(api, flow_id)
            await graphql(api.app, NAME, {"input": {"flow_run_id": mine, "name": "new"}})
            renamed = (await socket.data())["flow_run_by_pk"]
            looks = len(reads) - before
            await graphql(api.app, CANCEL, {"input": {"flow_run_id": mine}})
            return renamed["name"], looks, (await socket.data())["flow_run_by_pk"]["states"]

    name, looks, history = api.run_async(scene())
    assert (name, looks) == ("new", 1)
    assert [line["state"] for line in history] == ["Scheduled", "Cancelled"]


def test_of_one_run_its_own_rows_are_listened_for_and_whole_tables_of_what_hangs_on_it(api, monkeypatch):
    follow_feed, heard = Feeds.follow, []

    def noted(feeds: Feeds, key: Any, topics: Any, read: Any) -> Any:
        heard.append(list(topics))
        return follow_feed(feeds, key, topics, read)

    monkeypatch.setattr(Feeds, "follow", noted)
    flow_id = api.register()

    async def scene():
        run_id = await create(api, flow_id)
        with_flow = ONE.replace("states {", "flow { name } states {")
        async with AsyncExitStack() as stack:
            for query in (ONE, with_flow):
                await (await follow(stack, api, query, id=run_id)).data()
        return run_id

    run_id = api.run_async(scene())
    assert heard == [[row_topic(run_id), ANY_ROW], [row_topic(run_id), ANY_ROW, table_topic("flow")]]


@pytest.mark.parametrize(
    "query",
    [
        "subscription($id: uuid!) { flow_run_by_pk(id: $id) { flow { flow_runs { id } } } }",
        "subscription($id: uuid!) { flow_run_by_pk(id: $id) { flow { flow_runs_aggregate { aggregate { count } } } } }",
    ],
)
def test_who_reads_other_runs_through_one_is_woken_by_all(api, query):
    flow_id = api.register()

    async def scene():
        mine = await create(api, flow_id)
        async with AsyncExitStack() as stack:
            socket = await follow(stack, api, query, id=mine)
            first = await socket.data()
            await create(api, flow_id)
            return first != await socket.data()

    assert api.run_async(scene())


def test_the_last_who_leaves_leaves_nothing_behind(api):
    async def scene():
        async with AsyncExitStack() as stack:
            for socket in [await follow(stack, api, LIST) for _ in range(3)]:
                await socket.data()
        return dict(api.app.http.sockets.feeds._by_key), dict(api.app.live._ears)

    assert api.run_async(scene()) == ({}, {})


def test_one_who_may_not_read_any_more_keeps_nothing_from_the_others(run_async):
    async def scene():
        live = Live()
        feeds = Feeds(live, 2)
        ended = []

        async def refused() -> bytes:
            if ended:
                raise PermissionError("the key has ended")
            return b"0"

        async def read() -> bytes:
            return b"%d" % len(ended)

        with feeds.follow("q", ["t"], refused) as (feed, one), feeds.follow("q", ["t"], read) as (_, other):
            assert await feed.now(one) == b"0"
            version = feed.version
            ended.append(True)
            live.announce(["t"])
            answer = await asyncio.wait_for(feed.after(other, version), PATIENCE_SECONDS)
            with pytest.raises(PermissionError):
                await asyncio.wait_for(feed.after(one, feed.version), PATIENCE_SECONDS)
            return answer

    assert run_async(scene()) == b"1"


def test_work_waits_once_more_than_its_share_was_done():
    now = 100.0
    pace = Pace(clock=lambda: now)
    assert pace.seconds_left() == 0

    pace.spend(Pace.BURST_SECONDS)
    assert pace.seconds_left() == 0, "after a quiet time much is done at once"
    pace.spend(0.05)
    assert pace.seconds_left() == pytest.approx(0.05 / Pace.SHARE)
    now += 0.05 / Pace.SHARE
    assert pace.seconds_left() == pytest.approx(0)
    now += 1_000_000
    pace.spend(Pace.BURST_SECONDS + Pace.SHARE)
    assert pace.seconds_left() == pytest.approx(1)
    pace.spend(1_000.0)
    assert pace.seconds_left() == pytest.approx(Pace.LONGEST_SECONDS), "whatever a burdened machine has made of it"


def test_those_who_wait_for_their_share_take_turns(run_async, monkeypatch):
    monkeypatch.setattr(Pace, "SHARE", 100.0)
    monkeypatch.setattr(Pace, "BURST_SECONDS", 0.0)

    async def scene():
        pace, order = Pace(), []

        async def work(number: int) -> None:
            for _ in range(3):
                await pace.turn()
                order.append(number)
                pace.spend(0.1)

        await asyncio.gather(*(work(number) for number in range(4)))
        return order

    assert run_async(scene())[1:9] == [0, 1, 2, 3] * 2, "the first one was alone at first"


@pytest.mark.parametrize("dialect", [SQLITE, POSTGRESQL], ids=lambda dialect: dialect.name)
def test_which_run_a_statement_writes_is_told_where_it_says_so(dialect):
    def told(statement: Any, *keys: str) -> str | None:
        return Prepared(statement, keys, dialect).row

    moved = ("run_id", "seen_version", "now", *states._MIRRORED)
    assert told(states.move_flow_run[""], *moved) == "run_id"
    assert told(runs.set_flow_run_name, "flow_run_id", "name", "now") == "flow_run_id"
    assert told(runs.beat_flow_run, "flow_run_id", "now") == "flow_run_id"
    assert told(runs.delete_flow_run, "flow_run_id") == "flow_run_id"
    assert told(states.insert_flow_run_state, *states._STATE, "flow_run_id", "seq") == "flow_run_id"
    assert told(retention.ended_runs, "before", "since", "most") is None
    assert (
        told(states.close_task_run, *moved[:1], "new_version", "now", *[n for n in moved[3:] if n != "start_time"])
        is None
    )


def test_of_many_rows_at_once_it_is_told_of_each_or_of_any(shared_database):
    database, run_async = shared_database
    heard: list[set[str]] = []
    database.on_announce = lambda topics: heard.append(set(topics))
    few, many = [f"00000000-0000-4000-8000-{number:012}" for number in range(3)], ["x"] * 60

    def beat(ids: list[str]) -> Any:
        return lambda tx: tx.run_many(runs.retire_flow_run, [{"flow_run_id": one} for one in ids])

    run_async(database.write(beat(few)))
    run_async(database.write(beat(few[:1] * len(many))))

    rows = [{topic for topic in topics if topic.startswith("row:")} for topics in heard]
    assert rows == [{row_topic(one) for one in few}, {ANY_ROW}]
