"""A backend for each test, on both databases, beside twins of everything."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from support.twins import Family, Twins
from support.world import World


@pytest.fixture
def world(shared_database: Any, family: Family) -> Iterator[World]:
    made = World(*shared_database)
    twins = Twins(*shared_database)
    twins.add(family, other_tenant=None, other_project=made.tenant_id)
    made.beside(twins)
    made.announced.clear()
    yield made
    twins.check()
