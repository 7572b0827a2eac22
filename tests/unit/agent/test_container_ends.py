"""What an engine tells of the ends of containers, and what is made of it; the engine itself is played."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from prefect.agent.docker import ends
from prefect.agent.docker.ends import ContainerEnds

KEY = ("run", "process")


class Lost(Exception):
    """The engine does not answer."""


class Engine:
    """Tells what is put into its queue, to one question after the other; an exception ends the answer."""

    def __init__(self) -> None:
        self.said: queue.Queue[Any] = queue.Queue()
        self.asked: list[dict[str, Any]] = []

    def events(self, **question: Any) -> Iterator[Any]:
        self.asked.append(question)
        while (event := self.said.get()) is not None:
            if isinstance(event, Exception):
                raise event
            yield event


class Scene:
    def __init__(self) -> None:
        self.engine = Engine()
        self.told: queue.Queue[tuple[tuple[str, str], str]] = queue.Queue()
        self.pauses: queue.Queue[float] = queue.Queue()
        self.goes_on = threading.Semaphore(0)
        tell = lambda key, how: self.told.put((key, how))  # noqa: E731
        self.ends = ContainerEnds(self.engine, (Lost,), tell, logging.getLogger("prefect.agent"))

    def say(self, action: str, container_id: str = "c", exit_code: object = 1, **more: Any) -> None:
        attributes = {} if exit_code is None else {"exitCode": str(exit_code)}
        self.engine.said.put({"Action": action, "Actor": {"ID": container_id, "Attributes": attributes}, **more})

    def hear(self) -> tuple[tuple[str, str], str]:
        return self.told.get(timeout=60)

    def close(self) -> None:
        self.ends.stop()
        self.engine.said.put(None)
        self.goes_on.release(100)
        if self.ends._thread is not None:
            self.ends._thread.join(60)
            assert not self.ends._thread.is_alive()


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    made = Scene()

    class Time:
        """A clock that stands, and pauses that end when they are told to."""

        time = staticmethod(lambda: 1000.5)

        @staticmethod
        def sleep(seconds: float) -> None:
            made.pauses.put(seconds)
            made.goes_on.acquire(timeout=60)

    monkeypatch.setattr(ends, "time", Time)
    yield made
    made.close()


def test_a_container_that_ended_badly_is_told_once_and_others_never(scene: Scene) -> None:
    scene.ends.expect("c", KEY)
    scene.ends.expect("well", ("well", "p"))
    scene.ends.expect("forgotten", ("forgotten", "p"))
    scene.ends.forget("forgotten")
    scene.ends.forget("never expected")
    scene.say("die", "of somebody else", 3)
    scene.say("die", "well", 0)
    scene.say("die", "forgotten", 3)
    scene.say("die", "c", 3)
    scene.say("die", "c", 4)
    scene.ends.expect("last", ("last", "p"))
    scene.say("die", "last", 137)

    assert sorted([scene.hear(), scene.hear()]) == [
        (("last", "p"), ends.describe_end(137)),
        (KEY, ends.describe_end(3)),
    ]
    assert scene.told.empty()


def test_the_engine_is_asked_for_ends_of_flow_runs_from_a_second_before_the_first(scene: Scene) -> None:
    assert scene.ends._thread is None
    scene.ends.expect("c", KEY)
    scene.say("die")
    scene.hear()

    assert scene.engine.asked == [
        {
            "since": 999,
            "decode": True,
            "filters": {"type": "container", "event": ["oom", "die"], "label": "io.prefect.flow-run-id"},
        }
    ]


def test_memory_that_ran_out_is_told_of_the_container_that_it_was(scene: Scene) -> None:
    scene.ends.expect("a", ("a", "p"))
    scene.ends.expect("b", ("b", "p"))
    scene.say("oom", "a", None)
    scene.say("die", "b", 1)
    first = scene.hear()
    scene.say("die", "a", 137)
    second = scene.hear()
    scene.ends.expect("a", ("again", "p"))
    scene.say("die", "a", 1)

    assert first == (("b", "p"), ends.describe_end(1))
    assert second == (("a", "p"), f"{ends.describe_end(137)}, after the memory of its container ran out")
    assert scene.hear() == (("again", "p"), ends.describe_end(1))


def test_older_engines_name_the_container_and_what_happened_elsewhere(scene: Scene) -> None:
    scene.ends.expect("c", KEY)
    scene.engine.said.put({"status": "die", "id": "c", "Actor": {"Attributes": {"exitCode": "2"}}, "time": 7})

    assert scene.hear() == (KEY, ends.describe_end(2))


def test_an_engine_that_is_lost_is_asked_again_after_a_pause_for_all_since_its_last_word(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "prefect.agent")
    scene.ends.expect("c", KEY)
    scene.say("die", "other", time=5000)
    scene.say("die", "older", time=4000)
    scene.engine.said.put(Lost("gone"))
    assert scene.pauses.get(timeout=60) == ends.PAUSE_SECONDS
    assert len(scene.engine.asked) == 1, "not before the pause is over"
    scene.goes_on.release()
    scene.say("die")

    assert scene.hear() == (KEY, ends.describe_end(1))
    assert [question["since"] for question in scene.engine.asked] == [999, 5000]
    assert "The engine does not tell of its containers: gone" in caplog.text


def test_an_answer_that_ends_is_asked_for_again(scene: Scene) -> None:
    scene.ends.expect("c", KEY)
    scene.engine.said.put(None)
    scene.pauses.get(timeout=60)
    scene.goes_on.release()
    scene.say("die")

    assert scene.hear() == (KEY, ends.describe_end(1))


def test_after_the_stop_nobody_asks_or_complains(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "prefect.agent")
    scene.ends.expect("c", KEY)
    scene.ends.stop()
    scene.engine.said.put(Lost("gone"))
    scene.goes_on.release()
    assert scene.ends._thread is not None
    scene.ends._thread.join(60)

    assert not scene.ends._thread.is_alive()
    assert len(scene.engine.asked) <= 1
    assert caplog.text == ""


def test_what_is_heard_waits_for_who_names_a_container(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []
    listening = ContainerEnds(Engine(), (Lost,), lambda *said: told.append(said), logging.getLogger("prefect.agent"))
    listening._expected["c"] = KEY
    died = {"Action": "die", "Actor": {"ID": "c", "Attributes": {"exitCode": "0"}}}
    with listening._lock:
        hearing = threading.Thread(target=listening._hear, args=(died,))
        hearing.start()
        hearing.join(0.05)
        assert listening._expected == {"c": KEY}
    hearing.join(60)
    assert listening._expected == {}
    assert told == []
