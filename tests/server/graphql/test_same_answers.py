"""Random questions about random rows get the same answer from both databases."""

from __future__ import annotations

import asyncio
import json
import os
from contextlib import ExitStack
from datetime import UTC, datetime
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest

from prefect.server.graphql.execute import Executor
from prefect.server.graphql.operations import Request
from prefect.server.graphql.schema import build
from prefect.server.store.opening import open_database
from prefect.server.tracing import Spans
from support.databases import NoPostgres
from support.questions import Asker, fill, same

pytestmark = pytest.mark.postgres
#: More of both when asked for: ``QUESTIONS=20000 SEEDS=7,8``.
QUESTIONS = int(os.environ.get("QUESTIONS", "200"))
SEEDS = [int(seed) for seed in os.environ.get("SEEDS", "1,2").split(",")]


class Reader:
    """One database with its own kept plans."""

    def __init__(self, url: str, runner: asyncio.Runner) -> None:
        self._runner = runner
        self._executor = Executor(build([]))
        self.database = open_database(url, readers=1)
        runner.run(self.database.start())
        self._caller: Any = Request(
            SimpleNamespace(database=self.database, spans=Spans()),  # type: ignore[arg-type]
            {},
            datetime.now(UTC),
        )
        self.types = self._executor.schema.types

    def ask(self, query: str, variables: Any) -> tuple[int, Any]:
        body = {"query": query, "variables": variables}
        status, answer = self._runner.run(self._executor.execute(self._caller, body))
        return status, json.loads(answer)


@pytest.mark.parametrize("seed", SEEDS)
def test_both_databases_give_the_same_answer(databases, seed):
    with ExitStack() as stack:
        runner = stack.enter_context(asyncio.Runner())
        readers = []
        for kind in ("sqlite", "postgres"):
            try:
                url = databases.fresh(kind)
            except NoPostgres as error:
                pytest.skip(str(error))
            stack.callback(databases.drop, url)
            reader = Reader(url, runner)
            stack.callback(lambda reader=reader: runner.run(reader.database.stop()))
            runner.run(reader.database.write(fill(Random(seed))))
            readers.append(reader)
        lite, postgres = readers
        asker = Asker(lite.types, Random(seed))
        found = 0
        for _ in range(QUESTIONS):
            query, variables = asker.question()
            (status, ours), (other_status, theirs) = lite.ask(query, variables), postgres.ask(query, variables)
            case = f"seed {seed}: {query} with {json.dumps(variables)}"
            assert "errors" not in ours, (case, ours)
            assert "errors" not in theirs, (case, theirs)
            assert status == other_status == 200, case
            assert same(ours, theirs), (case, ours, theirs)
            found += bool(ours["data"]["found"])
        assert found > QUESTIONS / 3, "nearly every answer was empty: the questions say nothing"
