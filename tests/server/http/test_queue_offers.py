"""Agents that ask at one time are shown different runs while there are enough, and any run rather than none."""

from __future__ import annotations

import asyncio
import time

from prefect.server.live import Offers
from support.asgi import graphql

CREATE = "mutation($input: create_flow_run_input!) { create_flow_run(input: $input) { id } }"
SUBMIT = "mutation($input: set_flow_run_states_input!) { set_flow_run_states(input: $input) { states { id } } }"
QUEUE = "mutation($input: get_runs_in_queue_input!) { get_runs_in_queue(input: $input) { flow_run_ids } }"


def agent(api, name):
    return {"X-PREFECT-AGENT-ID": api.do("register_agent", type="LocalAgent", name=name)["id"]}


def look(api, headers=None, **inputs):
    return api.ask(QUEUE, {"input": inputs}, headers=headers).data["get_runs_in_queue"]["flow_run_ids"]


def test_two_agents_are_shown_different_runs(api):
    flow_id = api.register()
    made = [api.do("create_flow_run", flow_id=flow_id)["id"] for _ in range(30)]
    one, other = agent(api, "one"), agent(api, "other")

    first, second = look(api, one), look(api, other)

    assert first == made[:25]
    assert second == made[25:]
    assert look(api, one) == made[:25], "its own are shown to an agent again"


def test_a_run_that_another_agent_was_shown_is_better_than_none(api):
    flow_id = api.register()
    run_id = api.do("create_flow_run", flow_id=flow_id)["id"]

    shown = [look(api, agent(api, "one")), look(api, agent(api, "other"))]

    assert shown == [[run_id], [run_id]]


def test_an_agent_that_waits_is_shown_a_run_when_the_first_one_does_not_take_it(api, monkeypatch):
    monkeypatch.setattr(Offers, "SECONDS", 0.3)
    flow_id = api.register()
    run_id = api.do("create_flow_run", flow_id=flow_id)["id"]
    one, other = agent(api, "one"), agent(api, "other")
    assert look(api, one) == [run_id]

    begun = time.monotonic()
    waiting = graphql(api.app, QUEUE, {"input": {"wait_seconds": 60}}, headers=other)
    answer = api.run_async(asyncio.wait_for(waiting, 40))

    assert answer.data["get_runs_in_queue"]["flow_run_ids"] == [run_id]
    assert time.monotonic() - begun > 0.2


def test_a_new_run_wakes_one_of_the_agents_that_wait(api):
    flow_id = api.register()
    headers = [agent(api, name) for name in ("one", "other", "third")]
    inputs = {"input": {"wait_seconds": 1.5}}

    async def scene():
        waiting = [asyncio.create_task(graphql(api.app, QUEUE, inputs, header)) for header in headers]
        while api.app.live.waiting < len(headers):
            await asyncio.sleep(0)
        made = await graphql(api.app, CREATE, {"input": {"flow_id": flow_id}})
        run_id = made.data["create_flow_run"]["id"]
        first, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        (answer,) = (one.result() for one in first)
        taken = {"states": [{"flow_run_id": run_id, "version": 1, "state": {"type": "Submitted"}}]}
        await graphql(api.app, SUBMIT, {"input": taken})
        others = [await one for one in waiting]
        return answer.data, [one.data["get_runs_in_queue"]["flow_run_ids"] for one in others], run_id

    first, all_of_them, run_id = api.run_async(scene())

    assert first["get_runs_in_queue"]["flow_run_ids"] == [run_id]
    assert sorted(all_of_them) == [[], [], [run_id]]


def test_a_caller_that_is_no_agent_sees_the_queue_as_it_is(api):
    flow_id = api.register()
    made = [api.do("create_flow_run", flow_id=flow_id)["id"] for _ in range(30)]
    look(api, agent(api, "one"))

    assert look(api) == look(api) == made[:25]


def test_an_offer_is_for_a_moment_and_for_one_agent():
    now = 0.0
    offers = Offers(clock=lambda: now)

    assert offers.note("one", ["a", "b"]) == ["a", "b"]
    now = 0.5
    assert offers.note("one", ["a"]) == []
    assert offers.note("other", ["b", "c"]) == ["b", "c"]

    assert offers.to_others("one") == {"b", "c"}
    assert offers.to_others("other") == {"a"}
    now = 2.2
    assert offers.to_others("nobody") == {"b", "c"}
    now = 2.5
    assert offers.to_others("nobody") == frozenset()


def test_an_agent_that_looks_again_and_again_without_taking_keeps_nothing_from_others():
    now = 0.0
    offers = Offers(clock=lambda: now)
    for step in range(30):
        now = step / 10
        offers.note("stuck", ["a"])

    assert offers.to_others("other") == frozenset()
    offers.note("other", ["a"])
    assert offers.to_others("stuck") == {"a"}


def test_the_offer_of_a_run_that_has_moved_on_is_forgotten():
    offers = Offers(clock=lambda: 0.0)
    offers.note("one", ["a", "b"])

    offers.forget_moved({"flow_run:a", "task_runs:b", "table:flow_run"})

    assert offers.to_others("other") == {"b"}
    assert (offers.is_open(["a"]), offers.is_open(["a", "b"])) == (False, True)


def test_only_so_many_offers_are_remembered():
    offers = Offers(clock=lambda: 0.0)

    offers.note("one", [str(number) for number in range(Offers.MOST + 10)])

    assert len(offers.to_others("other")) == Offers.MOST
    assert "0" not in offers.to_others("other")


def test_an_agent_gets_no_more_than_it_has_places_for_and_others_are_shown_the_rest(api):
    flow_id = api.register()
    made = [api.do("create_flow_run", flow_id=flow_id)["id"] for _ in range(30)]
    one, other = agent(api, "one"), agent(api, "other")

    assert look(api, one, limit=2) == made[:2]
    assert look(api, other, limit=1_000) == made[2:27]


def test_an_agent_without_a_place_is_answered_at_once_is_offered_nothing_and_counts_as_alive(api):
    flow_id = api.register()
    run_id = api.do("create_flow_run", flow_id=flow_id)["id"]
    full, other = agent(api, "full"), agent(api, "other")
    before = api.row("agent", full["X-PREFECT-AGENT-ID"], "last_queried")["last_queried"]

    waiting = graphql(api.app, QUEUE, {"input": {"limit": 0, "wait_seconds": 60}}, headers=full)
    answer = api.run_async(asyncio.wait_for(waiting, 40))

    assert answer.data["get_runs_in_queue"]["flow_run_ids"] == []
    assert api.row("agent", full["X-PREFECT-AGENT-ID"], "last_queried")["last_queried"] > before
    assert not api.app.offers.to_others(other["X-PREFECT-AGENT-ID"])
    assert look(api, other) == [run_id]


def test_fewer_than_no_runs_cannot_be_asked_for(api):
    answer = api.ask(QUEUE, {"input": {"limit": -1}})

    assert answer.messages == ["Invalid limit: expected a whole number, 0 or more, got -1."]
