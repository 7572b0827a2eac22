"""What ends a turn of a service before its work is done: the stop of the server, and a database that is gone."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from prefect.server.actions import (
    automations,
    chore_kinds,
    clearing,
    deliveries,
    events,
    queue,
    schedules,
    slots,
    tenants,
)
from prefect.server.actions.chores import begin as begin_chore
from prefect.server.actions.create_run import KeyTaken
from prefect.server.actions.delivery import Undeliverable
from prefect.server.catalogue import metadata
from prefect.server.errors import ApiError
from prefect.server.services import (
    chores,
    lazarus,
    outbox,
    retention,
    scheduler,
    settling,
    sla,
    slot_keeper,
    zombie_killer,
)
from prefect.server.services.stop import Stop
from prefect.server.store import chores as chores_statements
from prefect.server.store import outbox as outbox_statements
from prefect.server.store.database import DatabaseUnavailable, UniquenessViolation
from prefect.server.store.postgres import PostgresTransaction
from prefect.server.store.sqlite import SqliteTransaction
from support.families import SERVICES, begun, turn, turn_all
from support.world import World

EACH = pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.__name__.rpartition(".")[2])
#: Nobody beats, asks or waits for so long.
LONG = 1000.0
GONE = DatabaseUnavailable("the disk is full")


def filled(world: World, count: int = 3) -> None:
    """Make families with something to be done by each service, runs that are lost, and some that wait no more."""
    families = begun(world, [f"f{number}" for number in range(count)])
    world.do(slots.set_limit, tenant_id=world.tenant_id, kind=slots.FLOW, name="none", limit=0)
    for family in families:
        world.running(family.flow_id)
        world.set_flow_run(world.create(family.flow_id, labels=["none"]), "Running")
    world.pass_time(LONG)


def rows(world: World) -> dict[str, Any]:
    return {name: sorted(world.rows(name), key=str) for name in metadata.tables}


@EACH
def test_after_the_stop_no_work_is_begun(world: World, service: Any) -> None:
    filled(world, 1)
    stop = Stop()
    stop.set()
    if service is slot_keeper:  # lapsed places come back by one statement, whatever their number
        turn(world, slot_keeper, stop)
    before = rows(world)

    assert turn(world, service, stop) == 0

    assert rows(world) == before
    assert turn(world, service) > 0
    assert rows(world) != before


@EACH
def test_a_stop_in_the_middle_is_seen_after_the_transaction_that_is_under_way(
    world: World, service: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(world)
    monkeypatch.setattr(settling, "MOST_TOGETHER", 1)
    monkeypatch.setattr(settling, "LANES", dict.fromkeys(settling.LANES, 1))
    monkeypatch.setattr(retention, "TOGETHER", 1)
    if service is slot_keeper:
        turn(world, zombie_killer)  # so that no place is left that lapsed
    stop, write, begun_after = Stop(), world.database.write, []

    async def write_and_stop(work: Any) -> Any:
        if stop:
            begun_after.append(work)
        result = await write(work)
        stop.set()
        return result

    with monkeypatch.context() as patch:
        patch.setattr(world.database, "write", write_and_stop)
        turn(world, service, stop)

    # What was taken in hand is brought to its end, or given back by one more.
    assert stop
    assert len(begun_after) <= {outbox: 12, chores: 1}.get(service, 0)
    if service not in (outbox, chores):
        assert turn(world, service) > 0


def raising(*_: Any, **__: Any) -> Any:
    raise GONE


def failing_at(statement: Any, run: Callable[..., int]) -> Callable[..., int]:
    """Give a transaction's ``run`` that finds the database gone at this statement."""

    def failing(self: Any, given: Any, /, **values: Any) -> int:
        return raising() if given is statement else run(self, given, **values)

    return failing


@pytest.mark.parametrize(
    ("service", "where", "what"),
    [
        (scheduler, schedules, "missing_runs"),
        (scheduler, schedules, "schedule_flow_runs"),
        (lazarus, lazarus, "restart_flow_run"),
        (zombie_killer, zombie_killer, "settle_task_run"),
        (slot_keeper, slot_keeper, "set_flow_run_state"),
        (sla, sla, "event_of_run"),
        (sla, sla, "settle_all"),
        (sla, sla, "settle_rows"),
        (outbox, outbox, "_read"),
        (outbox, outbox_statements, "claim"),
        (retention, retention, "clear_flow_run"),
        (chores, chores, "do_part"),
        (chores, chores_statements, "claim"),
    ],
    ids=lambda value: value if isinstance(value, str) else getattr(value, "__name__", "").rpartition(".")[2],
)
def test_a_database_that_is_gone_is_no_fault_of_a_row(
    world: World, service: Any, where: Any, what: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing is named, put off, taken away or tried for the next row: the turn ends, and the next one does it all."""
    filled(world, 2)
    # Of several transactions at one time, the others would go on after the first that fails.
    monkeypatch.setattr(settling, "LANES", dict.fromkeys(settling.LANES, 1))
    before = rows(world)
    with monkeypatch.context() as patch:
        if what == "claim":
            for kind in (SqliteTransaction, PostgresTransaction):
                patch.setattr(kind, "run", failing_at(where.claim, kind.run))
        else:
            patch.setattr(where, what, raising)
        with pytest.raises(DatabaseUnavailable, match="the disk is full"):
            turn(world, service)

    assert "could not be dealt with" not in caplog.text
    after = rows(world)
    for table in ("flow_run", "task_run"):
        assert [row["id"] for row in after[table]] == [row["id"] for row in before[table]]
    if service is not sla:  # of late runs it may have told before it looked for silent agents
        assert after["outbox"] == before["outbox"]
    world.pass_time(4 * chore_kinds.LEASE.total_seconds())
    assert turn(world, service) > 0


def test_where_there_is_nothing_to_do_nothing_is_done_or_complained_of(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    filled(world, 1)
    turn_all(world)
    for service in SERVICES:  # what the last of them brought about
        turn(world, service)
    for agent in world.rows("agent"):  # so that none of those that are watched is silent
        world.do(queue.mark_queried, agent_id=agent["id"])
    before = rows(world)
    caplog.clear()

    assert [turn(world, service) for service in SERVICES] == [0] * len(SERVICES)

    assert rows(world) == before
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []


# ----- work that fails


@pytest.mark.spoils
def test_work_that_fails_is_put_off_for_longer_each_time_up_to_five_minutes(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    run_id = world.create(world.register())
    world.do(begin_chore, kind="delete_flow_run", subject_id=run_id)
    monkeypatch.setattr(clearing.runs, "delete_flow_run", None)
    pauses = []
    for _ in range(12):
        begun_at = world.now
        caplog.clear()
        assert turn(world, chores) == 0
        (chore,) = world.rows("chore")
        assert f"Work {chore['id']} of the kind delete_flow_run on {run_id} could not be dealt with" in caplog.text
        pauses.append((chore["due_time"] - begun_at).total_seconds())
        world.now = chore["due_time"] - timedelta(seconds=1)
        assert turn(world, chores) == 0
        assert world.row("chore") == chore, "it is not looked at before its time"
        world.pass_time(1)

    assert [round(pause) for pause in pauses] == [2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300, 300]
    monkeypatch.undo()
    assert turn(world, chores) == 1
    assert world.rows("flow_run", id=run_id) == []


@pytest.mark.parametrize(
    ("error", "again", "said"),
    [
        (KeyTaken("k"), True, "attempt 1 failed, the next in 0:00:05: another replica made the run at the same moment"),
        (Undeliverable("no luck"), True, "attempt 1 failed, the next in 0:00:05: no luck"),
        (Undeliverable("no luck", again=False), False, "given up after 1 attempts: no luck"),
        (ApiError("it is archived"), False, "given up after 1 attempts: it is archived"),
        (UniquenessViolation(), False, "given up after 1 attempts: Uniqueness violation."),
        (ValueError("hush"), True, "attempt 1 failed, the next in 0:00:05: unexpected ValueError"),
        (KeyError("hush"), True, "attempt 1 failed, the next in 0:00:05: unexpected KeyError"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_each_error_of_an_action_is_tried_again_or_given_up_with_its_reason(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    again: bool,
    said: str,
) -> None:
    given = {"tenant_id": world.tenant_id, "action_type": "MESSAGE", "action_config": {"message": "hello"}}
    action_id = world.do(automations.create_action, **given)
    payload = {"action_id": action_id, "event": {"flow_run": {"id": "f-1"}}}
    world.do(events.enter, tenant_id=world.tenant_id, kind=events.DO_ACTION, payload=payload)

    def fail(*_: Any, **__: Any) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(automations, "perform", fail)
        assert turn(world, outbox) == 1

    (record,) = [one for one in caplog.records if one.name == outbox.logger.name]
    assert record.getMessage() == f"Action MESSAGE ({action_id}) for flow run f-1: {said}"
    assert record.levelno == (logging.WARNING if again else logging.ERROR)
    assert "hush" not in caplog.text
    assert len(world.rows("outbox")) == int(again)
    world.pass_time(5)
    assert turn(world, outbox) == int(again)
    told = [row["text"] for row in world.rows("message")]
    # Whoever looks into the inbox hears of what was given up.
    assert told == ["hello"] if again else [f"Automation MESSAGE was given up after 1 attempt: {error}"]


def test_the_reason_in_the_inbox_has_a_bound(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"tenant_id": world.tenant_id, "action_type": "MESSAGE", "action_config": {"message": "hello"}}
    action_id = world.do(automations.create_action, **given)
    for length in (deliveries.LONGEST_REASON, deliveries.LONGEST_REASON + 1):

        def fail(*_: Any, length: int = length, **__: Any) -> None:
            raise ApiError("x" * length)

        world.do(
            events.enter,
            tenant_id=world.tenant_id,
            kind=events.DO_ACTION,
            payload={"action_id": action_id, "event": {}},
        )
        with monkeypatch.context() as patch:
            patch.setattr(automations, "perform", fail)
            turn(world, outbox)
        reasons = [row["content"]["reason"] for row in world.rows("message")]
        assert set(reasons) == {"x" * 1000}


# ----- deliveries at one time


class Receivers:
    """Receivers that take their time: who is being sent to, until they are let go."""

    def __init__(self) -> None:
        self.goes_on = threading.Event()
        self.lock = threading.Lock()
        self.at_once: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self.most_of_all = 0

    def send(self, work: outbox.Work, settings: Any) -> None:
        with self.lock:
            self.at_once[work.tenant_id] += 1
            self.most |= self.at_once
            self.most_of_all = max(self.most_of_all, self.at_once.total())
        self.goes_on.wait(60)
        with self.lock:
            self.at_once[work.tenant_id] -= 1


def test_of_each_tenant_and_of_all_so_many_deliveries_are_under_way_and_no_more(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("MOST_SENT", 5), ("MOST_OF_TENANT", 2), ("BATCH", 4), ("LOOK_SECONDS", 0.01)):
        monkeypatch.setattr(outbox, name, value)
    receivers, looks, take = Receivers(), [], outbox._take

    async def counted(*given: Any) -> Any:
        looks.append(given)
        return await take(*given)

    monkeypatch.setattr(outbox, "_send", receivers.send)
    monkeypatch.setattr(outbox, "_take", counted)
    for name in ("a", "b", "c", "d"):
        tenant_id = world.do(tenants.create_tenant, name=name, slug=name)
        config = {"url": "http://127.0.0.1:1/"}
        given = {"tenant_id": tenant_id, "action_type": "WEBHOOK", "action_config": config}
        action_id = world.do(automations.create_action, **given)
        for _ in range(4):
            payload = {"action_id": action_id, "event": {}}
            world.do(events.enter, tenant_id=tenant_id, kind=events.DO_ACTION, payload=payload)

    async def scene() -> int:
        sending = asyncio.ensure_future(outbox.run_once(world.database, world.settings, world.now))
        async with asyncio.timeout(60):
            while receivers.at_once.total() < 5:
                await asyncio.sleep(0.001)
            seen = len(looks)
            while len(looks) < seen + 5:  # it looks on, and finds no room
                await asyncio.sleep(0.001)
            assert receivers.at_once.total() == 5
            receivers.goes_on.set()
            return await sending

    assert world.run_async(scene()) == 16
    assert receivers.most_of_all == 5
    assert max(receivers.most.values()) == 2
    assert world.rows("outbox") == []
    for thread in threading.enumerate():  # they are left to end by themselves
        if thread.name.startswith("outbox"):
            thread.join(60)
            assert not thread.is_alive()
