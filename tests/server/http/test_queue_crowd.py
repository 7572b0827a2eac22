"""Of many agents that wait, as few look at the queue as serve a run, and none of them misses one."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from prefect.server import waiters
from prefect.server.graphql import waiting
from prefect.server.live import Offers
from prefect.server.waiters import QueueWaiters, queue_topic
from support.asgi import graphql

CREATE = "mutation($input: create_flow_run_input!) { create_flow_run(input: $input) { id } }"
SUBMIT = "mutation($input: set_flow_run_states_input!) { set_flow_run_states(input: $input) { states { id } } }"
QUEUE = "mutation($input: get_runs_in_queue_input!) { get_runs_in_queue(input: $input) { flow_run_ids } }"
CROWD = 40
# Far longer than any of these scenes: who is not called is not served.
LONG = 40


class Crowd:
    """Agents that wait at a server, and the looks that were taken for them."""

    def __init__(self, api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.api = api
        self.looks = 0
        due_runs = waiting.queue_actions.due_runs

        def counted(*args: Any, **given: Any) -> Any:
            self.looks += 1
            return due_runs(*args, **given)

        monkeypatch.setattr(waiting.queue_actions, "due_runs", counted)

    def agents(self, *labels: list[str]) -> list[dict[str, str]]:
        register = self.api.do
        return [
            {"X-PREFECT-AGENT-ID": register("register_agent", type="LocalAgent", name=f"agent-{place}")["id"]}
            for place, _ in enumerate(labels)
        ]

    async def begin(self, *labels: list[str], agents: list[dict[str, str]], **more: Any) -> list[asyncio.Task[Any]]:
        """Let an agent wait for each of these labels; all have looked once when this returns."""
        begun = [
            asyncio.create_task(self.wait(agent, labels=of_agent, **more))
            for agent, of_agent in zip(agents, labels, strict=True)
        ]
        while self.looks < len(begun) or any(group.awake for group in self.groups()):
            await asyncio.sleep(0)
        self.looks = 0
        return begun

    def groups(self) -> list[Any]:
        return [group for place in self.api.app.live.queue._places.values() for group in place.groups.values()]

    async def wait(self, agent: dict[str, str], **inputs: Any) -> list[str]:
        answer = await graphql(self.api.app, QUEUE, {"input": {"wait_seconds": LONG, **inputs}}, headers=agent)
        ids: list[str] = answer.data["get_runs_in_queue"]["flow_run_ids"]
        return ids

    async def create(self, flow_id: str, **inputs: Any) -> str:
        answer = await graphql(self.api.app, CREATE, {"input": {"flow_id": flow_id, **inputs}})
        run_id: str = answer.data["create_flow_run"]["id"]
        return run_id

    async def take(self, run_id: str) -> None:
        change = {"flow_run_id": run_id, "version": 1, "state": {"type": "Submitted"}}
        await graphql(self.api.app, SUBMIT, {"input": {"states": [change]}})


@pytest.fixture(autouse=True)
def no_naps(monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody was called for would be found by the end of a nap."""
    monkeypatch.setattr(waiters, "LONGEST_NAP_SECONDS", 10_000.0)


@pytest.fixture
def crowd(api: Any, monkeypatch: pytest.MonkeyPatch) -> Crowd:
    return Crowd(api, monkeypatch)


async def end(tasks: list[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.parametrize(
    "labels",
    [
        pytest.param([["other"]] * CROWD + [["mine"]], id="of others with equal labels"),
        pytest.param([[f"host-{place}"] for place in range(CROWD)] + [["mine"]], id="of others, each with its own"),
        pytest.param([["mine"]] * CROWD, id="that may all take it"),
        pytest.param([["mine", f"host-{place}"] for place in range(CROWD)], id="that may all take it, and more"),
    ],
)
def test_one_agent_of_a_crowd_looks_for_a_run(api, crowd, labels):
    flow_id = api.register()
    agents = crowd.agents(*labels)

    async def scene():
        tasks = await crowd.begin(*labels, agents=agents)
        run_id = await crowd.create(flow_id, labels=["mine"])
        done, left = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED, timeout=LONG)
        await end(list(left))
        return [task.result() for task in done] == [[run_id]]

    assert api.run_async(scene())
    assert crowd.looks == 1


def test_a_run_that_was_taken_wakes_nobody_when_its_offer_ends(api, crowd, monkeypatch):
    flow_id = api.register()
    agents = crowd.agents(*[["mine"]] * 3)
    asked = []

    def call_later(queue, seconds, tenant_id, labels, is_due):
        asked.append((seconds, labels, is_due))

    monkeypatch.setattr(QueueWaiters, "call_later", call_later)

    async def scene():
        tasks = await crowd.begin(*[["mine"]] * 3, agents=agents)
        run_id = await crowd.create(flow_id, labels=["mine"])
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED, timeout=LONG)
        ((seconds, labels, is_due),) = asked
        assert (labels, is_due()) == (("mine",), True)
        assert Offers.SECONDS <= seconds < Offers.SECONDS + 1
        await crowd.take(run_id)
        await end(tasks)
        return is_due()

    assert api.run_async(scene()) is False
    assert crowd.looks == 1


def test_a_run_that_an_agent_was_shown_and_did_not_take_goes_to_the_next_one(api, crowd, monkeypatch):
    monkeypatch.setattr(Offers, "SECONDS", 0.05)
    flow_id = api.register()
    agents = crowd.agents(*[["mine"]] * 3)

    async def scene():
        tasks = await crowd.begin(*[["mine"]] * 3, agents=agents)
        run_id = await crowd.create(flow_id, labels=["mine"])
        return [await asyncio.wait_for(task, LONG) for task in tasks] == [[run_id]] * 3

    assert api.run_async(scene())
    assert crowd.looks == 3


def test_runs_that_come_together_are_shared_by_as_many_agents_as_they_need(api, crowd):
    flow_id = api.register()
    labels = [["mine"]] * 10
    agents = crowd.agents(*labels)

    async def scene():
        tasks = await crowd.begin(*labels, agents=agents, limit=2)
        given = [{"flow_id": flow_id, "labels": ["mine"]}] * 8
        many = "mutation($input: create_flow_runs_input!) { create_flow_runs(input: $input) { flow_run_ids } }"
        await graphql(api.app, many, {"input": {"flow_runs": given}})
        served: list[list[str]] = []
        for task in asyncio.as_completed(tasks, timeout=LONG):
            served.append(await task)
            if len(served) == 4:
                break
        await end(tasks)
        return served

    served = api.run_async(scene())
    assert [len(ids) for ids in served] == [2] * 4
    assert len({run_id for ids in served for run_id in ids}) == 8
    assert crowd.looks <= 5


def test_an_agent_that_has_the_run_in_hand_leaves_it_to_the_next(api, crowd):
    flow_id = api.register()
    first_agent, second_agent = crowd.agents([], [])

    async def scene():
        start = (datetime.now(UTC) + timedelta(seconds=0.3)).isoformat()
        run_id = await crowd.create(flow_id, scheduled_start_time=start)
        first = asyncio.create_task(crowd.wait(first_agent, exclude=[run_id]))
        second = asyncio.create_task(crowd.wait(second_agent))
        found = await asyncio.wait_for(second, LONG) == [run_id]
        await end([first])
        return found

    assert api.run_async(scene())


def test_a_start_that_comes_wakes_one_of_a_crowd(api, crowd):
    flow_id = api.register()
    labels = [["mine"]] * CROWD
    agents = crowd.agents(*labels)

    async def scene():
        tasks = await crowd.begin(*labels, agents=agents)
        start = (datetime.now(UTC) + timedelta(seconds=0.5)).isoformat()
        run_id = await crowd.create(flow_id, labels=["mine"], scheduled_start_time=start)
        done, left = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED, timeout=LONG)
        await end(list(left))
        return [task.result() for task in done] == [[run_id]]

    assert api.run_async(scene())
    assert crowd.looks <= 4, "one learns when it comes, one takes it; a clock may be a moment early"


def test_the_end_of_a_pause_wakes_one_of_each_kind(api, crowd):
    flow_id = api.register()
    tenant_id = api.row("flow", flow_id, "tenant_id")["tenant_id"]
    labels = [["mine"]] * 10 + [["other"]] * 10
    agents = crowd.agents(*labels)

    async def scene():
        pause = "mutation($id: UUID!) { %s_tenant_work_queue(input: {tenant_id: $id}) { success } }"
        await graphql(api.app, pause % "pause", {"id": tenant_id})
        run_id = await crowd.create(flow_id, labels=["other"])
        tasks = await crowd.begin(*labels, agents=agents)
        await graphql(api.app, pause % "resume", {"id": tenant_id})
        done, left = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED, timeout=LONG)
        await end(list(left))
        return [task.result() for task in done] == [[run_id]]

    assert api.run_async(scene())
    assert crowd.looks <= 3


class Toy:
    """A queue of a few words, agents that take at most two runs at once, and everything that may go wrong."""

    KINDS = (("a",), ("b",), ("a", "b"), ())

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.waiters = QueueWaiters()
        self.due: list[tuple[str, ...]] = []
        self.served = 0
        self.asleep: list[tuple[str, ...]] = []
        self.missed: list[Any] = []
        self.tasks: list[asyncio.Task[None]] = []

    def mine(self, labels: tuple[str, ...]) -> list[tuple[str, ...]]:
        return [run for run in self.due if bool(run) == bool(labels) and set(run) <= set(labels)]

    async def agent(self, labels: tuple[str, ...]) -> None:
        with self.waiters.waiter("t", labels, unlabelled=not labels, ahead=0) as waiter:
            while True:
                waiter.look()
                seen = self.mine(labels)
                for _ in range(self.dice.randrange(3)):
                    await asyncio.sleep(0)
                got = [run for run in seen if run in self.due][: self.dice.choice((1, 2))]
                for run in got:
                    self.due.remove(run)
                waiter.pass_on(set(seen[len(got) :]))
                if got:
                    self.served += len(got)
                    return
                self.asleep.append(labels)
                try:
                    await waiter.wait(LONG)
                finally:
                    self.asleep.remove(labels)

    async def play(self) -> None:
        tasks = self.tasks
        steps: list[Callable[[], None]] = [
            lambda: tasks.append(asyncio.create_task(self.agent(self.dice.choice(self.KINDS)))),
            lambda: self.make(),
            lambda: self.dice.choice(tasks).cancel() if tasks else None,
        ]
        for _ in range(200):
            self.dice.choices(steps, (5, 4, 3))[0]()
            for _ in range(self.dice.randrange(4)):
                await asyncio.sleep(0)
        for _ in range(1000):  # until all have looked that were called
            await asyncio.sleep(0)
        self.missed = [(run, labels) for labels in self.asleep for run in self.mine(labels)]
        await end(tasks)

    def make(self) -> None:
        run = self.dice.choice(self.KINDS)
        self.due.append(run)
        self.waiters.announce([queue_topic("t", run)])
        if self.dice.random() < 0.3:  # whoever is called goes away
            for task in self.tasks:
                if self.dice.random() < 0.5:
                    task.cancel()


@pytest.mark.parametrize("seed", range(30))
def test_whatever_agents_do_no_run_is_left_that_one_of_them_waits_for(run_async, seed):
    async def scene():
        toy = Toy(seed)
        await toy.play()
        return toy

    toy = run_async(scene())
    assert toy.missed == []
    assert toy.served > 0
    assert toy.waiters.count == 0
    assert not toy.waiters._places


def test_a_call_goes_on_when_the_one_that_was_called_goes_away(run_async):
    async def scene():
        queue = QueueWaiters()
        heard = []

        async def agent(name, goes_away):
            with queue.waiter("t", ["a"], unlabelled=False, ahead=0) as waiter:
                waiter.look()
                waiter.pass_on(())
                await waiter.wait(LONG)
                if goes_away:
                    return
                waiter.look()
                heard.append(name)
                waiter.pass_on(())

        tasks = []
        for name in ("one", "other", "third"):
            tasks.append(asyncio.create_task(agent(name, name == "one")))
            await asyncio.sleep(0)
        queue.announce([queue_topic("t", ("a",))])
        await asyncio.wait(tasks[:2], timeout=LONG)
        await end(tasks[2:])
        return heard

    assert run_async(scene()) == ["other"]


def test_a_call_during_a_look_is_followed_by_another_look(run_async):
    async def scene():
        queue = QueueWaiters()
        with queue.waiter("t", ["a"], unlabelled=False, ahead=0) as waiter:
            waiter.look()
            queue.announce([queue_topic("t", ("a",))])
            waiter.pass_on(())
            await asyncio.wait_for(waiter.wait(10 * LONG), LONG)
            waiter.look()
            asked_again = asyncio.create_task(waiter.wait(10 * LONG))
            await asyncio.sleep(0)
            is_asleep = not asked_again.done()
            await end([asked_again])
            return is_asleep

    assert run_async(scene())
