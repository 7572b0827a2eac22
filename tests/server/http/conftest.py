"""A whole server in this process, reached through its ASGI application, on both databases."""

from __future__ import annotations

from typing import Any

import pytest

from prefect.server.app import App
from prefect.server.settings import load_settings
from support.api import Api


@pytest.fixture
def api(shared_database: Any) -> Api:
    database, run_async = shared_database
    app = App(load_settings({"services_enabled": False}, environment={}), database)
    run_async(app.start())
    return Api(app, run_async)
