"""A backend for each test, on both databases."""

from __future__ import annotations

from typing import Any

import pytest

from support.world import World


@pytest.fixture
def world(shared_database: Any) -> World:
    return World(*shared_database)
