"""One database of each kind for all tests of actions and HTTP, emptied before each.

Making one anew costs PostgreSQL more than most of these tests take.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from prefect.server import catalogue
from prefect.server.store.opening import open_database
from support.databases import NoPostgres
from support.twins import Family, kept_family

BOTH = [pytest.param("sqlite", id="sqlite"), pytest.param("postgres", id="postgres", marks=pytest.mark.postgres)]
GIVEN_UP = "%s %s could not be dealt with: %s"
DELETIONS = [table.delete() for table in reversed(catalogue.metadata.sorted_tables)]


@pytest.fixture(scope="session", params=BOTH)
def opened_database(request: Any, databases: Any) -> Iterator[tuple[Any, Any]]:
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
def shared_database(opened_database: Any) -> tuple[Any, Any]:
    """An empty database, and what runs a coroutine in its loop."""
    database, run_async = opened_database
    run_async(database.write(lambda tx: [tx.run(deletion) for deletion in DELETIONS]))
    database.on_announce = None
    return database, run_async


@pytest.fixture(scope="session")
def family(databases: Any, tmp_path_factory: pytest.TempPathFactory) -> Family:
    """The rows of one of each thing, to be copied."""
    return kept_family(lambda: databases.fresh("sqlite"), tmp_path_factory.mktemp("family"))


class _GivenUp(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.told: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.msg == GIVEN_UP:
            self.told.append(record.getMessage())


@pytest.fixture(autouse=True)
def no_row_is_given_up(request: Any) -> Iterator[None]:
    """Services go on when they cannot deal with a row; where nobody has spoiled one, they can deal with each.

    Tests that spoil one carry the mark ``spoils``.
    """
    services, handler = logging.getLogger("prefect.server.services"), _GivenUp()
    services.addHandler(handler)
    yield
    services.removeHandler(handler)
    if request.node.get_closest_marker("spoils") is None:
        assert handler.told == []
