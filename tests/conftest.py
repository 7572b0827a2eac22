"""Fixtures for all tests.

``database_url``  a fresh, migrated database: the test runs once on SQLite, once on PostgreSQL (marker ``postgres``;
                  skipped with the reason where no server can be had)
``database``      the same, opened and started in the loop of ``run_async``
``run_async``     runs a coroutine to its end: ``result = run_async(something())``; all calls in a test share one loop,
                  so what one starts the next can use
``databases``     makes further ones: ``databases.fresh("sqlite")``, ``databases.fresh("postgres", migrated=False)``
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

HERE = str(Path(__file__).parent)
if HERE not in sys.path:  # for ``import support.<module>``
    sys.path.insert(0, HERE)

if TYPE_CHECKING:
    from prefect.server.store.database import Database
    from support.databases import Databases

# Which order the tests have, which of them may be skipped, and that each ends what it started; and our own fixtures,
# which are found without this where the package was installed since it has them.
pytest_plugins = ["support.order", "support.skips", "support.processes", "prefect.pytest_plugin"]

BOTH = [pytest.param("sqlite", id="sqlite"), pytest.param("postgres", id="postgres", marks=pytest.mark.postgres)]


@pytest.fixture
def run_async() -> Iterator[Callable[[Coroutine[Any, Any, Any]], Any]]:
    with asyncio.Runner() as runner:
        yield runner.run


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    from support.databases import Databases

    made = Databases(tmp_path_factory.mktemp("databases"))
    yield made
    made.close()


def fresh_or_skip(databases: Databases, kind: str, **how: Any) -> str:
    """Give a fresh database, or skip the test with the reason."""
    from support.databases import NoPostgres

    try:
        return databases.fresh(kind, **how)
    except NoPostgres as error:
        pytest.skip(str(error))


@pytest.fixture(params=BOTH)
def database_url(request: pytest.FixtureRequest, databases: Databases) -> Iterator[str]:
    url = fresh_or_skip(databases, request.param)
    yield url
    databases.drop(url)


@pytest.fixture
def database(database_url: str, run_async: Callable[[Coroutine[Any, Any, Any]], Any]) -> Iterator[Database]:
    from prefect.server.store.opening import open_database

    opened = open_database(database_url, readers=2)
    run_async(opened.start())
    yield opened
    run_async(opened.stop())
