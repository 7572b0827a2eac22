"""A loop of the server: when it turns, what ends a pause or a loop, and what a turn that fails leaves behind."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from prefect.server.app import App
from prefect.server.live import CHORE_TOPIC, OUTBOX_TOPIC
from prefect.server.services import loop
from prefect.server.services.loop import Service
from prefect.server.services.stop import Stop
from prefect.server.settings import load_settings
from prefect.server.store.database import DatabaseUnavailable
from prefect.server.store.opening import open_database

#: Nobody waits so long: what comes sooner was woken.
FOR_EVER = 100_000.0


class Turns:
    """Turns that are counted, each with what it shall do."""

    def __init__(self, *deeds: Any):
        self.deeds = list(deeds)
        self.times: list[datetime] = []
        self._is_over = asyncio.Condition()

    async def __call__(self, now: datetime) -> None:
        self.times.append(now)
        async with self._is_over:
            self._is_over.notify_all()
        deed = self.deeds.pop(0) if self.deeds else None
        if isinstance(deed, BaseException):
            raise deed
        if deed is not None:
            await deed.wait()

    async def wait_for(self, count: int) -> None:
        async with asyncio.timeout(60), self._is_over:
            await self._is_over.wait_for(lambda: len(self.times) >= count)


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that a loop wants; each of them is over at once while ``FOR_EVER`` is not asked for."""
    wanted: list[float] = []
    timeout = asyncio.timeout

    def noted(seconds: float) -> Any:
        wanted.append(seconds)
        return timeout(seconds if seconds > FOR_EVER / 2 else 0)

    class Asyncio:
        """Pauses are asked for; all else is as it is."""

        def __getattr__(self, name: str) -> Any:
            return noted if name == "timeout" else getattr(asyncio, name)

    monkeypatch.setattr(loop, "asyncio", Asyncio())
    return wanted


def test_a_turn_knows_the_time_and_is_counted_when_it_is_over(run_async: Any) -> None:
    async def run() -> Service:
        gate = asyncio.Event()
        turns = Turns(gate)
        service = Service("s", turns, FOR_EVER)
        assert (service.turns, service.failures, service.last_end, service.last_seconds) == (0, 0, 0.0, 0.0)
        before, begun = datetime.now(UTC), time.monotonic()
        service.start()
        await turns.wait_for(1)
        assert before <= turns.times[0] <= datetime.now(UTC)
        assert service.turns == 0
        while time.monotonic() <= begun + 0.01:
            await asyncio.sleep(0.001)
        gate.set()
        await service.stop()
        assert 0.0 < service.last_seconds <= time.monotonic() - begun
        return service

    before = time.time()
    service = run_async(run())
    assert (service.turns, service.failures) == (1, 0)
    assert before <= service.last_end <= time.time()


def test_a_loop_that_was_never_begun_can_be_stopped(run_async: Any) -> None:
    stop = Stop()
    run_async(Service("s", Turns(), 1, stop=stop).stop())
    assert stop


@pytest.mark.parametrize("seconds", [5.0, 3600.0])
def test_pauses_differ_by_a_tenth_so_that_replicas_drift_apart(
    run_async: Any, pauses: list[float], seconds: float
) -> None:
    async def run() -> None:
        turns = Turns()
        service = Service("s", turns, seconds)
        service.start()
        await turns.wait_for(40)
        await service.stop()

    run_async(run())
    assert all(0.9 * seconds <= pause <= 1.1 * seconds for pause in pauses)
    assert min(pauses) < 0.98 * seconds
    assert max(pauses) > 1.02 * seconds


def test_a_wake_ends_one_pause_and_not_the_next(run_async: Any) -> None:
    async def run() -> int:
        turns = Turns()
        service = Service("s", turns, FOR_EVER)
        service.start()
        await turns.wait_for(1)
        service.wake()
        await turns.wait_for(2)
        for _ in range(20):  # the loop has every chance to turn again
            await asyncio.sleep(0)
        assert len(turns.times) == 2
        await service.stop()
        return service.turns

    assert run_async(run()) == 2


def test_a_wake_in_a_turn_brings_the_next_at_once(run_async: Any) -> None:
    async def run() -> None:
        gate = asyncio.Event()
        turns = Turns(gate)
        service = Service("s", turns, FOR_EVER)
        service.start()
        await turns.wait_for(1)
        service.wake()
        gate.set()
        await turns.wait_for(2)
        await service.stop()

    run_async(run())


def test_a_stop_waits_for_the_turn_that_is_under_way(run_async: Any) -> None:
    async def run() -> None:
        gate = asyncio.Event()
        turns = Turns(gate)
        service = Service("s", turns, 0.0)
        service.start()
        await turns.wait_for(1)
        stopping = asyncio.create_task(service.stop())
        for _ in range(20):
            await asyncio.sleep(0)
        assert not stopping.done()
        gate.set()
        async with asyncio.timeout(60):
            await stopping
        assert (service.turns, len(turns.times)) == (1, 1)

    run_async(run())


def test_a_turn_that_does_not_look_at_its_sign_is_broken_off_soon_after_the_stop(
    run_async: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "LAST_TURN_SECONDS", 0.05)
    cleaned: list[str] = []

    async def turn(now: datetime) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            cleaned.append("up")

    async def run() -> None:
        service = Service("s", turn, 0.0)
        service.start()
        async with asyncio.timeout(60):
            await begun.wait()
            await service.stop()

    begun = asyncio.Event()
    run_async(run())
    assert cleaned == ["up"]


def test_one_stop_ends_all_that_share_it_and_no_other(run_async: Any) -> None:
    async def run() -> None:
        stop = Stop()
        mine = [Service("a", Turns(), FOR_EVER, stop=stop), Service("b", Turns(), FOR_EVER, stop=stop)]
        other = Service("c", Turns(), FOR_EVER)
        for service in (*mine, other):
            service.start()
        async with asyncio.timeout(60):
            await mine[0].stop()
            mine[1].wake()  # it looks at the sign now, and not at a turn
            assert mine[1]._task is not None
            await mine[1]._task
        assert not other._stop
        await other.stop()

    run_async(run())


@pytest.mark.parametrize(
    ("error", "line", "has_trace"),
    [
        (DatabaseUnavailable("the disk is full"), "the next comes in 7 s: the disk is full", False),
        (ValueError("nobody thought of it"), "the next comes in 7 s", True),
        (TimeoutError(), "the next comes in 7 s", True),
    ],
    ids=["the database", "a fault", "a time-out"],
)
def test_a_turn_that_fails_is_told_and_the_next_comes(
    run_async: Any, pauses: list[float], caplog: pytest.LogCaptureFixture, error: Exception, line: str, has_trace: bool
) -> None:
    async def run() -> Service:
        turns = Turns(error)
        service = Service("keeper", turns, 7.0)
        service.start()
        await turns.wait_for(2)
        await service.stop()
        return service

    service = run_async(run())
    assert service.failures == 1
    assert service.turns >= 2
    assert service.last_end > 0
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert record.getMessage() == f"Service keeper: this turn failed, {line}"
    assert bool(record.exc_info) is has_trace
    assert all(6 < pause < 8 for pause in pauses)


class Steady:
    """Unwell for so many looks."""

    def __init__(self, *left: float):
        self.left = list(left)

    def seconds_left(self) -> float:
        return self.left.pop(0) if self.left else 0.0


def test_while_the_server_is_not_well_there_is_no_turn(run_async: Any, pauses: list[float]) -> None:
    async def run() -> Service:
        turns = Turns()
        steady: Any = Steady(30.0, 20.0)
        service = Service("s", turns, FOR_EVER, steady)
        service.start()
        await turns.wait_for(1)
        assert steady.left == []
        await service.stop()
        return service

    assert run_async(run()).turns == 1
    assert pauses[:2] == [30.0, 20.0]


# ----- the loops of a server

#: The setting of the pause, whether it waits until living runs had time to beat, and what wakes it.
LOOPS: dict[str, tuple[str | None, bool, str | None]] = {
    "scheduler": ("scheduler_seconds", False, None),
    "steadiness": (None, False, None),
    "lazarus": ("lazarus_seconds", True, None),
    "zombie killer": ("zombie_killer_seconds", True, None),
    "slot keeper": ("slot_keeper_seconds", True, None),
    "outbox": ("outbox_seconds", False, OUTBOX_TOPIC),
    "sla": ("sla_seconds", True, None),
    "retention": ("retention_seconds", False, None),
}


@pytest.fixture
def app(run_async: Callable[..., Any], tmp_path: Path, databases: Any) -> Any:
    # Each of another length, so that none has another's.
    seconds = {name: 1000.0 + n for n, (name, *_) in enumerate(LOOPS.values()) if name}
    settings = load_settings({**seconds, "chore_seconds": 2000.0}, environment={}, home=tmp_path)
    made = App(settings, open_database(databases.fresh("sqlite")))
    run_async(made.start())
    yield made
    run_async(made.stop())


def test_each_loop_has_its_pause_its_call_and_the_servers_stop(app: Any) -> None:
    found = {service.name: service for service in app.services}

    assert set(found) == {*LOOPS, "chores"}
    for name, (setting, is_steady, topic) in LOOPS.items():
        wanted = getattr(app.settings, setting) if setting else app.settings.heartbeat_limit_seconds / 10
        service = found[name]
        assert (service.seconds, service.steady is not None, service.topic) == (wanted, is_steady, topic), name
        assert service._stop is app._stop
    chores = found["chores"]
    assert (chores.seconds, chores.topic, chores._stop) == (2000.0, CHORE_TOPIC, app._stop)
    assert len({id(service.steady) for service in app.services if service.steady is not None}) == 1


def test_every_loop_turns_once_it_may(app: Any, run_async: Any) -> None:
    async def wait() -> None:
        async with asyncio.timeout(60):
            while not all(service.turns for service in app.services if service.steady is None):
                await asyncio.sleep(0.01)

    run_async(wait())
    # The living had no time to beat yet.
    assert all(service.turns == 0 for service in app.services if service.steady is not None)
    assert all(service.failures == 0 for service in app.services)


def test_the_loops_that_end_runs_turn_when_all_was_well_for_long_enough(
    run_async: Any, tmp_path: Path, databases: Any
) -> None:
    given = {"heartbeat_limit_seconds": 1.0, "lazarus_seconds": 0.1, "zombie_killer_seconds": 0.1}
    given |= {"slot_keeper_seconds": 0.1, "sla_seconds": 0.1}
    app = App(load_settings(given, environment={}, home=tmp_path), open_database(databases.fresh("sqlite")))

    async def wait() -> None:
        await app.start()
        async with asyncio.timeout(120):
            while not all(service.turns for service in app.services):
                await asyncio.sleep(0.01)
        await app.stop()

    run_async(wait())
    assert all(service.failures == 0 for service in app.services)
