"""Real processes on a real file: every test gets an installation of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.databases import Databases, NoPostgres
from support.road import Road


@pytest.fixture
def road(tmp_path: Path) -> Iterator[Road]:
    with Road(tmp_path) as started:
        yield started


@pytest.fixture(scope="module")
def shared_road(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Road]:
    """One server and one agent for all tests of a module that do not disturb each other."""
    with Road(tmp_path_factory.mktemp("road")) as started:
        started.server()
        started.agent()
        yield started


@pytest.fixture
def fresh_postgres(databases: Databases) -> str:
    """The address of an empty PostgreSQL database; skips, and says why, where there is no PostgreSQL."""
    try:
        return databases.fresh("postgres")
    except NoPostgres as reason:
        pytest.skip(str(reason))
