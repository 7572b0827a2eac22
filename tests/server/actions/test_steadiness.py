"""Living runs are spared after whatever kept them from beating."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from prefect.server.services.loop import Service
from prefect.server.services.steadiness import Steadiness
from prefect.server.store.database import DatabaseUnavailable

GRACE = 90.0


class Clocks:
    def __init__(self):
        self.monotonic, self.wall = 1000.0, 1_700_000_000.0

    def pass_time(self, seconds):
        self.monotonic += seconds
        self.wall += seconds


class Database:
    is_gone = False

    async def read(self, work, **_):
        if self.is_gone:
            raise DatabaseUnavailable("gone")


@pytest.fixture
def scene(run_async):
    class Scene:
        def __init__(self):
            self.clocks, self.database, self.failures = Clocks(), Database(), 0
            self.steady = Steadiness(
                self.database,
                GRACE,
                lambda: self.failures,
                monotonic=lambda: self.clocks.monotonic,
                wall=lambda: self.clocks.wall,
            )

        def live(self, seconds):
            """Let time go by as it should, with looks in between."""
            for _ in range(int(seconds / self.steady.look_seconds)):
                self.clocks.pass_time(self.steady.look_seconds)
                self.look()

        def look(self):
            run_async(self.steady.run_once(datetime.now(UTC)))

    return Scene()


def test_after_the_start_runs_get_the_time_to_beat(scene):
    assert scene.steady.seconds_left() == GRACE
    scene.live(GRACE)
    assert scene.steady.seconds_left() == 0


def test_in_quiet_times_nothing_is_warned_of(scene, caplog):
    scene.live(3 * GRACE)
    assert caplog.text == ""


@pytest.mark.parametrize("jump", [3600, -3600, 20], ids=["on", "back", "a little"])
def test_after_a_jump_of_the_clock_they_get_it_again(scene, jump):
    scene.live(GRACE)
    scene.clocks.wall += jump
    assert scene.steady.seconds_left() == GRACE
    scene.live(GRACE)
    assert scene.steady.seconds_left() == 0


def test_a_clock_that_is_set_by_small_steps_is_no_trouble(scene):
    scene.live(GRACE)
    for _ in range(20):
        scene.clocks.wall += 0.5
        scene.live(scene.steady.look_seconds)
    assert scene.steady.seconds_left() == 0


def test_after_a_stop_of_the_process_they_get_it_again(scene):
    scene.live(GRACE)
    scene.clocks.pass_time(300)
    assert scene.steady.seconds_left() == GRACE


def test_while_the_database_is_gone_nobody_can_beat(scene):
    scene.live(GRACE)
    scene.database.is_gone = True
    scene.live(5 * GRACE)
    scene.database.is_gone = False
    assert scene.steady.seconds_left() > GRACE / 2
    scene.live(GRACE)
    assert scene.steady.seconds_left() == 0


def test_a_write_that_failed_may_have_been_a_heartbeat(scene):
    """A full disk lets everybody read."""
    scene.live(GRACE)
    scene.failures += 1
    assert scene.steady.seconds_left() == GRACE


def test_a_service_waits_until_all_is_well_and_goes_on_then(run_async):
    import asyncio

    class Steady:
        left = 0.02

        def seconds_left(self):
            found, self.left = self.left, 0.0
            return found

    async def run():
        turned = asyncio.Event()

        async def turn(now):
            turned.set()

        service = Service("s", turn, 60, Steady())
        service.start()
        async with asyncio.timeout(60):
            await turned.wait()
        await service.stop()
        return service.turns

    assert run_async(run()) == 1


@pytest.mark.parametrize(
    ("stood_still", "jumped", "said"),
    [
        (39.0, 0.0, ""),
        (39.5, 0.0, "this process stood still for 40 s"),
        (0.0, 9.0, ""),
        (0.0, 9.5, "the clock jumped by +10 s"),
        (0.0, -9.0, ""),
        (0.0, -3600.0, "the clock jumped by -3600 s"),
    ],
)
def test_what_is_no_more_than_a_busy_machine_is_no_trouble(scene, caplog, stood_still, jumped, said):
    scene.live(GRACE)
    scene.clocks.pass_time(stood_still)
    scene.clocks.wall += jumped
    scene.look()
    assert scene.steady.seconds_left() == (GRACE if said else 0)
    lines = [f"Silent runs are given {GRACE:g} s to beat again: {said}"] if said else []
    assert caplog.messages == lines


def test_with_a_short_grace_a_second_is_no_trouble(scene, caplog):
    scene.steady._grace_seconds, scene.steady.look_seconds = 1.5, 0.0
    for seconds, is_trouble in ((1.0, False), (1.25, True)):
        for move in ("pass_time", "jump"):
            caplog.clear()
            if move == "pass_time":
                scene.clocks.pass_time(seconds)
            else:
                scene.clocks.wall += seconds
            scene.look()
            assert bool(caplog.messages) is is_trouble, (seconds, move)


def test_why_the_database_failed_is_told(scene, caplog):
    scene.live(GRACE)
    scene.database.is_gone = True
    scene.look()
    scene.database.is_gone = False
    scene.failures += 1
    scene.look()
    begin = f"Silent runs are given {GRACE:g} s to beat again: "
    assert caplog.messages == [f"{begin}the database cannot be reached: gone", f"{begin}the database failed"]
