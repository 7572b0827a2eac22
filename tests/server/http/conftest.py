"""A whole server in this process, reached through its ASGI application, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from prefect.server.app import App
from prefect.server.settings import load_settings
from support.api import Api


@pytest.fixture
def api(shared_database: Any) -> Iterator[Api]:
    database, run_async = shared_database
    app = App(load_settings({"services_enabled": False}, environment={}), database)
    run_async(app.start())
    yield Api(app, run_async)
    # Whoever waited, listened or read has gone, and is counted and remembered no more.
    sockets, live = app.http.sockets, app.live
    assert (sockets.open, sockets.subscriptions, live.waiting, app.http._downloads, live._ears) == (0, 0, 0, 0, {})
