"""A whole server in this process, reached through its ASGI application, on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator
from typing import Any

import pytest

from prefect.server.app import App
from prefect.server.settings import load_settings
from support.api import Api


async def left(before: Collection[asyncio.Task[Any]] = ()) -> set[asyncio.Task[Any]]:
    """Give the tasks that have not ended, once there are no others than before or those others had the time to end."""
    for _ in range(100):
        found = asyncio.all_tasks() - {asyncio.current_task()}
        # Chores begin with the first that is given to them, and end with the server.
        found = {task for task in found if task is not None and not task.get_name().startswith("service ")}
        if found <= set(before):
            break
        await asyncio.sleep(0.01)
    return found


@pytest.fixture
def api(shared_database: Any) -> Iterator[Api]:
    database, run_async = shared_database
    app = App(load_settings({"services_enabled": False}, environment={}), database)
    run_async(app.start())
    before = run_async(left())
    yield Api(app, run_async)
    assert run_async(left(before)) <= before
    # Whoever waited, listened or read has gone, and is counted and remembered no more.
    sockets, live = app.http.sockets, app.live
    assert (sockets.open, sockets.subscriptions, live.waiting, app.http._downloads, live._ears) == (0, 0, 0, 0, {})
