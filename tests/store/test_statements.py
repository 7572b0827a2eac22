"""Statements as finished text."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert, select

from prefect.server.catalogue import run_key, tenant
from prefect.server.store.dialect import POSTGRESQL
from prefect.server.store.phrases import inserting, value_of
from prefect.server.store.postgres import MOST_TOGETHER
from prefect.server.store.statements import Prepared

KEYS = ("scope", "key")
GIVEN = {name: value_of(name, run_key.c[name]) for name in KEYS}


def prepared(statement: Any) -> Prepared:
    return Prepared(statement, KEYS, POSTGRESQL)


def test_an_insert_of_several_rows_is_one_statement() -> None:
    rows = [{"scope": "a", "key": "1"}, {"scope": "b", "key": "2"}]

    text, values = prepared(inserting(run_key, *KEYS)).bind_together(rows) or ("", {})

    assert text.count("(%(scope_") == text.count("%(key_") == 2
    assert text.startswith("INSERT INTO run_key (scope, key) VALUES (%(scope_0)s")
    assert values == {"scope_0": "a", "key_0": "1", "scope_1": "b", "key_1": "2"}


@pytest.mark.parametrize(
    "statement",
    [
        inserting(run_key, *KEYS).on_conflict_do_nothing(),
        inserting(run_key, *KEYS).returning(run_key.c.key),
        select(run_key.c.key).where(run_key.c.scope == GIVEN["scope"]).where(run_key.c.key == GIVEN["key"]),
    ],
    ids=["on conflict", "returning", "select"],
)
def test_other_statements_are_executed_for_each_row(statement: Any) -> None:
    assert prepared(statement).bind_together([{"scope": "a", "key": "1"}]) is None


@pytest.mark.parametrize("count", [1, MOST_TOGETHER, MOST_TOGETHER + 1])
def test_all_rows_arrive_however_many(database: Any, run_async: Any, count: int) -> None:
    rows = [{"id": str(UUID(int=n)), "name": f"it's {n} % \\ (x)", "slug": f"t{n}"} for n in range(count)]

    run_async(database.write(lambda tx: tx.run_many(insert(tenant), rows)))

    kept = run_async(database.read(lambda tx: tx.all(select(tenant.c.id, tenant.c.name, tenant.c.slug))))
    assert sorted(kept, key=str) == sorted(rows, key=str)
