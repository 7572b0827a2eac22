"""One small set of rows, on both databases, and short ways to ask about them."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from prefect.server.graphql.execute import Executor
from prefect.server.graphql.operations import Request
from prefect.server.graphql.schema import build
from prefect.server.store.opening import open_database
from prefect.server.tracing import Spans
from support.databases import NoPostgres
from support.rows import make


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def ask(request, databases):
    """Ask over one filled database; nobody here writes."""
    try:
        url = databases.fresh(request.param)
    except NoPostgres as error:
        pytest.skip(str(error))
    executor = Executor(build([]))
    with asyncio.Runner() as runner:
        database = open_database(url)
        runner.run(database.start())
        runner.run(make(database))
        caller = Request(SimpleNamespace(database=database, spans=Spans()), {}, datetime.now(UTC))

        def raw(query, variables=None, name=None):
            body = {"query": query, "variables": variables, "operationName": name}
            status, answer = runner.run(executor.execute(caller, body))
            return status, json.loads(answer)

        def ask(query, variables=None, *, status=200, name=None):
            got, answer = raw(query, variables, name)
            assert got == status, answer
            return answer["errors"] if status == 400 else answer["data"]

        ask.raw = raw
        ask.database = database
        yield ask
        runner.run(database.stop())
    databases.drop(url)


@pytest.fixture(scope="module")
def ask_raw(ask):
    """Ask, and get status and whole answer."""
    return ask.raw
