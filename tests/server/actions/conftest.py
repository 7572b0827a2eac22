"""A backend for each test, on both databases.

One database of each kind serves all tests of this folder and is emptied before each: making one anew costs PostgreSQL
more than most of these tests take.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from support.databases import NoPostgres
from support.world import World

from prefect.server import catalogue
from prefect.server.store.database import open_database

BOTH = [pytest.param("sqlite", id="sqlite"), pytest.param("postgres", id="postgres", marks=pytest.mark.postgres)]


@pytest.fixture(scope="session", params=BOTH)
def shared_database(request: Any, databases: Any) -> Iterator[tuple[Any, Any]]:
    try:
        url = databases.fresh(request.param)
    except NoPostgres as error:
        pytest.skip(str(error))
    with asyncio.Runner() as runner:
        database = open_database(url, readers=4)
        runner.run(database.start())
        yield database, runner.run
        runner.run(database.stop())
    databases.drop(url)


@pytest.fixture
def world(shared_database: Any) -> World:
    database, run_async = shared_database
    run_async(database.write(empty))
    return World(database, run_async)


def empty(tx: Any) -> None:
    """Delete all rows of all tables."""
    for table in reversed(catalogue.metadata.sorted_tables):
        tx.run(DELETIONS[table.name])


DELETIONS = {table.name: table.delete() for table in catalogue.metadata.sorted_tables}
