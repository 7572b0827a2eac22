"""The loop that asks for due runs, under a clock that the test moves."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from typing import Any

import pytest

from prefect.agent.polling import (
    BUSY_SECONDS,
    INTERVALS_SECONDS,
    LOST_PAUSES_SECONDS,
    SET_ASIDE_SECONDS,
    PollingLoop,
    SystemClock,
)
from prefect.exceptions import ServerUnreachable


class FakeClock:
    """Time passes only when somebody waits."""

    def __init__(self) -> None:
        self.now = 0.0
        self.waits: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def wait(self, event: threading.Event, seconds: float) -> bool:
        if event.is_set():
            return True
        self.now += seconds
        self.waits.append(seconds)
        return False


class Queue:
    """Gives the prepared answers, one for each question; the loop ends with the last."""

    def __init__(self, *answers: list[str] | Exception, can_wait: bool = True, max_polls: int | None = None) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[set[str], float]] = []
        self.taken: list[str] = []
        self.lost: list[Exception] = []
        self.returns = 0
        self.refused: set[str] = set()
        self.busy: set[str] = set()
        self.room: int | None = None
        self.clock = FakeClock()
        self.loop = PollingLoop(
            find=self.find,
            take=self.take,
            busy=lambda: list(self.busy),
            can_wait=lambda: can_wait,
            on_lost=self.lost.append,
            on_found_again=self.note_return,
            max_polls=max_polls,
            clock=self.clock,
            room=lambda: self.room,
        )

    def find(self, excluded: Collection[str], wait_seconds: float) -> Collection[str]:
        self.asked.append((set(excluded), wait_seconds))
        answer = self.answers.pop(0)
        if not self.answers:
            self.loop.stop()
        if isinstance(answer, Exception):
            raise answer
        if not answer and self.loop._can_wait():
            self.clock.now += wait_seconds
        return answer

    def take(self, run_ids: Collection[str]) -> Collection[str]:
        taken = [run_id for run_id in run_ids if run_id not in self.refused]
        self.taken += taken
        return taken

    def note_return(self) -> None:
        self.returns += 1


def test_a_server_that_can_wait_is_asked_again_at_once():
    queue = Queue([], ["a"], [])

    queue.loop.run()

    assert queue.taken == ["a"]
    assert queue.clock.waits == []
    assert [wait for _, wait in queue.asked] == [30.0, 30.0, 30.0]


def test_a_server_that_cannot_wait_is_asked_ever_less_often_until_it_has_work():
    queue = Queue([], [], [], [], [], [], [], ["a"], [], [], can_wait=False)

    queue.loop.run()

    assert queue.clock.waits[:8] == [0.5, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0, 0.25]
    assert queue.clock.waits[8] == 0.5


def test_a_run_that_may_not_be_started_yet_is_set_aside_for_a_while():
    queue = Queue(["a"], [], [], [])
    queue.refused = {"a"}

    queue.loop.run()

    assert queue.taken == []
    assert queue.asked[1] == ({"a"}, SET_ASIDE_SECONDS)
    assert queue.asked[2] == (set(), 30.0)


def test_a_lost_server_is_told_once_and_asked_until_it_is_back():
    away = ServerUnreachable("http://x")
    queue = Queue(away, away, away, [], away, [])

    queue.loop.run()

    assert queue.lost == [away, away]
    assert queue.returns == 2
    assert queue.clock.waits == [*LOST_PAUSES_SECONDS[:3], LOST_PAUSES_SECONDS[0]]


def test_a_bounded_number_of_questions_takes_the_time_of_the_pauses():
    queue = Queue([], [], [], [], max_polls=3)

    queue.loop.run()

    assert [wait for _, wait in queue.asked] == list(INTERVALS_SECONDS[:3])


def test_a_poke_ends_the_pause():
    queue = Queue([], [], can_wait=False)
    queue.loop.poke()

    queue.loop.run()

    assert queue.clock.waits == []


def test_a_question_that_leaves_out_runs_being_started_is_short():
    queue = Queue([], [])
    queue.busy = {"a"}

    queue.loop.run()

    assert queue.asked[0] == ({"a"}, BUSY_SECONDS)


class Full(Queue):
    """A queue whose agent has no place; ``wakes`` says what happens at each wait."""

    def __init__(self, *answers: list[str] | Exception, wakes: list[Callable[[], None] | None], **how: Any) -> None:
        super().__init__(*answers, **how)
        self.room = 0
        self.wakes = wakes
        self.were_awake: list[bool] = []
        self.clock.wait = self.wait  # type: ignore[method-assign]

    def wait(self, event: threading.Event, seconds: float) -> bool:
        self.were_awake.append(event.is_set())
        self.clock.waits.append(seconds)
        happens = self.wakes.pop(0)
        if happens is None:
            return False
        happens()
        return event.is_set()

    def free(self) -> None:
        self.room = 1
        self.loop.poke()


def test_without_a_place_nothing_is_asked_for_until_one_is_free():
    queue = Full(["a"], [], wakes=[lambda: queue.loop.poke(), lambda: queue.free()])

    queue.loop.run()

    assert queue.taken == ["a"]
    assert queue.clock.waits == [30.0, 30.0]
    assert queue.were_awake == [False, False]  # a waking is used up by the look that it leads to
    assert len(queue.asked) == 2


@pytest.mark.parametrize("can_wait", [True, False], ids=["ours", "1.x"])
def test_a_server_of_ours_hears_now_and_then_that_an_agent_without_a_place_is_there(can_wait):
    answers = [[], [], ["a"], []] if can_wait else [["a"], []]
    queue = Full(*answers, wakes=[None, None, lambda: queue.free(), None, None], can_wait=can_wait)

    queue.loop.run()

    assert queue.taken == ["a"]
    assert queue.asked[:2] == ([(set(), 0.0)] * 2 if can_wait else queue.asked[:2])
    assert len(queue.asked) == (4 if can_wait else 2)


def test_a_server_that_is_lost_while_there_is_no_place_is_waited_for():
    away = ServerUnreachable("http://x")
    queue = Full(away, ["a"], [], wakes=[None, lambda: queue.free()])

    queue.loop.run()

    assert queue.lost == [away]
    assert queue.returns == 1
    assert queue.taken == ["a"]


def test_an_agent_without_a_place_can_be_stopped():
    queue = Full(wakes=[lambda: queue.loop.stop()])

    queue.loop.run()

    assert queue.asked == []


def test_the_clock_of_the_machine_says_whether_an_event_came():
    clock, came = SystemClock(), threading.Event()
    assert clock.wait(came, 0) is False
    came.set()
    assert clock.wait(came, 60) is True
    assert clock.monotonic() <= clock.monotonic()
