"""How a server begins and ends: by the word of its ASGI server, with what the last one left, and without a trace."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from prefect.server.actions import chores
from prefect.server.app import App
from prefect.server.catalogue import metadata
from prefect.server.live import CHORE_TOPIC
from prefect.server.services.loop import Service
from prefect.server.settings import Settings, load_settings
from prefect.server.store import chores as statements
from prefect.server.store.opening import open_database
from support.rows import uid

LEASED = timedelta(seconds=1000)
WAITING, HELD = uid(1), uid(2)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    # No look comes by itself while a test takes.
    quiet = {f"{name}_seconds": 80_000.0 for name in ("scheduler", "lazarus", "zombie_killer", "outbox", "sla")}
    return load_settings({**quiet, "chore_seconds": 80_000.0}, environment={}, home=tmp_path)


class Asgi:
    """What stands where an ASGI server would: says start and stop, and hears what became of it."""

    def __init__(self, app: App):
        self.app = app
        self.words: asyncio.Queue[dict[str, str]] = asyncio.Queue()
        self.heard: asyncio.Queue[dict[str, str]] = asyncio.Queue()
        self.task = asyncio.create_task(app({"type": "lifespan"}, self.words.get, self.heard.put))

    async def say(self, word: str) -> dict[str, str]:
        await self.words.put({"type": f"lifespan.{word}"})
        async with asyncio.timeout(60):
            return await self.heard.get()


def test_an_asgi_server_starts_and_stops_it(run_async: Any, databases: Any, settings: Settings) -> None:
    app = App(settings, open_database(databases.fresh("sqlite")))

    async def scene() -> None:
        server = Asgi(app)
        assert await server.say("startup") == {"type": "lifespan.startup.complete"}
        assert await app.database_problem() is None
        assert app.services
        assert not server.task.done()
        assert await server.say("shutdown") == {"type": "lifespan.shutdown.complete"}
        await server.task
        assert await app.database.read(lambda tx: None) is None

    with pytest.raises(Exception, match="not started"):
        run_async(scene())
    assert all(service._task is not None and service._task.done() for service in app.services)


def test_a_start_that_fails_is_told_to_the_asgi_server_and_ends(
    run_async: Any, databases: Any, settings: Settings
) -> None:
    app = App(settings, open_database(databases.fresh("sqlite", migrated=False)))

    async def scene() -> None:
        server = Asgi(app)
        answer = await server.say("startup")
        assert answer["type"] == "lifespan.startup.failed"
        assert "database" in answer["message"].lower()
        async with asyncio.timeout(60):
            await server.task

    run_async(scene())
    assert app.services == []


def test_without_services_none_is_started_until_large_work_is_begun(
    run_async: Any, databases: Any, settings: Settings
) -> None:
    app = App(dataclasses.replace(settings, services_enabled=False), open_database(databases.fresh("sqlite")))

    async def scene() -> list[str]:
        await app.start()
        assert app.services == []
        for _ in range(2):
            await app.database.write(lambda tx: tx.announce(CHORE_TOPIC))
        await app.database.write(lambda tx: None)
        names = [service.name for service in app.services]
        await app.stop()
        app._announce({CHORE_TOPIC})
        assert [service.name for service in app.services] == names, "nothing begins after the stop"
        return names

    assert run_async(scene()) == ["chores"]


def test_what_the_last_server_had_in_hand_goes_on_at_once_where_there_can_be_no_other(
    run_async: Any, database_url: str, settings: Settings
) -> None:
    """A file has one server at a time; of several over one PostgreSQL, another may have it in hand."""
    database = open_database(database_url)
    table = metadata.tables["chore"]

    def begin(tx: Any) -> None:
        now = datetime.now(UTC)
        for held in (True, False):
            chore_id = chores.begin(tx, now, "close_task_runs", HELD if held else WAITING, due=now + LEASED)
            if held:
                at = now + LEASED
                assert tx.run(statements.claim, chore_id=chore_id, seen_attempts=0, now=at, until=at + LEASED)

    async def scene() -> list[str]:
        await database.start()
        await database.write(begin)
        await database.stop()
        app = App(settings, open_database(database_url))
        await app.start()
        (of_chores,) = [service for service in app.services if service.name == "chores"]
        async with asyncio.timeout(60):
            while not of_chores.turns:
                await asyncio.sleep(0.01)
        left = await app.database.read(lambda tx: tx.all(table.select()))
        await app.stop()
        return sorted(str(row["subject_id"]) for row in left)

    assert run_async(scene()) == ([WAITING] if database.dialect.name == "sqlite" else [WAITING, HELD])


def test_an_announcement_wakes_whom_it_concerns(
    run_async: Any, databases: Any, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = App(settings, open_database(databases.fresh("sqlite")))
    woken: list[str] = []
    monkeypatch.setattr(Service, "wake", lambda self: woken.append(self.name))

    async def scene() -> None:
        await app.start()
        by_topic = {service.topic: service.name for service in app.services if service.topic}
        assert len(by_topic) == 2
        for topic, name in by_topic.items():
            woken.clear()
            app._announce({topic, "queue:x"})
            assert woken == [name]
        woken.clear()
        app._announce({"queue:x"})
        assert woken == []
        await app.stop()

    run_async(scene())


def test_what_is_wrong_at_a_start_is_in_the_log_for_who_looks(
    run_async: Any, databases: Any, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    app = App(settings, open_database(databases.fresh("sqlite", migrated=False)))

    async def scene() -> None:
        await Asgi(app).say("startup")

    with caplog.at_level(logging.DEBUG, "prefect.server"):
        run_async(scene())
    assert any(record.getMessage() == "Start failed" and record.exc_info for record in caplog.records)


def test_a_server_that_is_ready_does_not_go_over_all_that_was_imported_again_and_again() -> None:
    script = (
        "import gc; from prefect.server import serve; before = len(gc.get_objects()); serve._spare_collections();"
        "print(before, len(gc.get_objects()), gc.isenabled())"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    before, after, is_enabled = done.stdout.split()
    assert int(before) > 10_000
    assert int(after) < 1_000
    assert is_enabled == "True"


def test_who_waits_is_woken_at_the_stop_and_nobody_waits_after_it(
    run_async: Any, databases: Any, settings: Settings
) -> None:
    app = App(settings, open_database(databases.fresh("sqlite")))

    async def scene() -> None:
        await app.start()
        with app.live.listen("something") as ear:
            waiting = asyncio.create_task(ear.wait(3_600))
            await asyncio.sleep(0)
            await app.stop()
            async with asyncio.timeout(60):
                await waiting
        assert app.live.closed

    run_async(scene())
