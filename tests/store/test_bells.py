"""Processes that have one SQLite file open tell each other of their commits."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from prefect.server.store.bells import MOST_BYTES, Bells
from prefect.server.store.opening import open_database

Run = Callable[[Any], Any]
LONG_SECONDS = 30.0


class Listener:
    """A pipe of its own, and all that it heard."""

    def __init__(self, path: Path) -> None:
        self.heard: set[str] = set()
        self._woken = asyncio.Event()
        self.bells = Bells(path, self._hear)
        self.bells.start()

    def _hear(self, topics: Any) -> None:
        self.heard.update(topics)
        self._woken.set()

    async def until(self, topic: str) -> None:
        async with asyncio.timeout(LONG_SECONDS):
            while topic not in self.heard:
                self._woken.clear()
                await self._woken.wait()


def _pipes(path: Path) -> list[str]:
    folder = Path(f"{path}-bells")
    return sorted(os.listdir(folder)) if folder.is_dir() else []


def test_a_commit_of_one_process_is_announced_in_the_other(databases: Any, run_async: Run) -> None:
    url = databases.fresh("sqlite")

    async def both() -> None:
        one, other = open_database(url), open_database(url)
        heard: asyncio.Queue[Any] = asyncio.Queue()
        other.on_announce = heard.put_nowait
        await one.start()
        await other.start()
        try:
            await one.write(lambda tx: tx.announce("flow_run:1"))
            assert await asyncio.wait_for(heard.get(), LONG_SECONDS) == {"flow_run:1"}
        finally:
            await one.stop()
            await other.stop()

    run_async(both())


def test_who_stops_leaves_nothing_beside_the_file(tmp_path: Path, run_async: Run) -> None:
    async def scene() -> None:
        before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
        listeners = [Listener(tmp_path / "a.db") for _ in range(3)]
        assert len(_pipes(tmp_path / "a.db")) == 3
        listeners[0].bells.ring({"x"})  # has those of the others open
        await listeners[1].until("x")
        for listener in listeners:
            listener.bells.stop()
        assert os.listdir(tmp_path) == []
        listeners[0].bells.stop()  # once more, and one that is told of nothing any more
        listeners[0].bells.ring({"x"})
        assert before == (len(os.listdir("/proc/self/fd")) if before else 0)

    run_async(scene())


def test_the_pipe_of_a_process_that_was_killed_is_taken_away_by_the_next_commit(tmp_path: Path, run_async: Run) -> None:
    path = tmp_path / "a.db"

    async def scene() -> None:
        mine, others = Listener(path), Listener(path)
        os.mkfifo(f"{path}-bells/123-dead")
        mine.bells.ring({"x"})
        await others.until("x")
        assert "123-dead" not in _pipes(path)
        assert len(_pipes(path)) == 2
        # One that dies after it was known is found by writing to it.
        asyncio.get_running_loop().remove_reader(others.bells._fd)
        os.close(others.bells._fd)
        mine.bells.ring({"y"})
        assert len(_pipes(path)) == 1
        mine.bells.stop()

    run_async(scene())


def test_who_does_not_read_for_a_while_is_told_to_look_at_everything(
    tmp_path: Path, run_async: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.db"
    monkeypatch.setattr("prefect.server.store.bells.PAUSE_SECONDS", 0.01)

    async def scene() -> None:
        mine, busy = Listener(path), Listener(path)
        for number in range(2000):  # nobody reads meanwhile: the loop is here
            mine.bells.ring({f"topic-{number}-{'x' * 300}"})
        await busy.until("*")
        assert any(topic.startswith("topic-0-") for topic in busy.heard)
        mine.bells.stop()
        busy.bells.stop()

    run_async(scene())


def test_many_topics_are_told_as_everything(tmp_path: Path, run_async: Run) -> None:
    async def scene() -> None:
        mine, other = Listener(tmp_path / "a.db"), Listener(tmp_path / "a.db")
        mine.bells.ring({f"flow_run:{number}" for number in range(MOST_BYTES)})
        await other.until("*")
        mine.bells.stop()
        other.bells.stop()

    run_async(scene())


@pytest.mark.parametrize("said", [b"no json\n", b"{}\n", b"x" * 2000, b'"text"\n'], ids=["text", "map", "long", "word"])
def test_what_nobody_of_ours_wrote_means_everything(tmp_path: Path, run_async: Run, said: bytes) -> None:
    async def scene() -> None:
        mine = Listener(tmp_path / "a.db")
        os.write(mine.bells._fd, said)
        await mine.until("*")
        mine.bells.stop()

    run_async(scene())


def test_without_a_folder_for_pipes_all_else_works(tmp_path: Path, run_async: Run) -> None:
    async def scene() -> None:
        (tmp_path / "a.db-bells").write_text("a file in its place")
        mine = Listener(tmp_path / "a.db")
        mine.bells.ring({"x"})
        mine.bells.stop()
        assert mine.heard == set()
        assert (tmp_path / "a.db-bells").read_text() == "a file in its place"

    run_async(scene())
