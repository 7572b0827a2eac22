"""Statements as finished text."""

from __future__ import annotations

import ast
import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import bindparam, insert, select

from prefect.server.catalogue import flow_run, run_key, task, tenant
from prefect.server.store.database import UnreadableRow
from prefect.server.store.dialect import POSTGRESQL, SQLITE, Dialect
from prefect.server.store.phrases import inserting, value_of
from prefect.server.store.postgres import MOST_TOGETHER
from prefect.server.store.statements import Prepared, Statements

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


def test_each_value_of_a_list_is_compared_in_the_form_in_which_it_is_stored(database: Any, run_async: Any) -> None:
    times = [datetime(2030, 1, day, 12, tzinfo=UTC) for day in (1, 2, 3)]
    rows = [{"id": str(UUID(int=n)), "name": "x", "slug": f"t{n}", "created": time} for n, time in enumerate(times)]
    made_then = select(tenant.c.slug).where(tenant.c.created.in_(bindparam("times"))).order_by(tenant.c.slug)

    run_async(database.write(lambda tx: tx.run_many(insert(tenant), rows)))

    for some in ([], times[:1], [times[0], times[2]]):
        found = run_async(database.read(lambda tx, some=some: tx.all(made_then, times=some)))
        assert [row["slug"] for row in found] == [f"t{times.index(time)}" for time in some]


@pytest.mark.parametrize("count", [1, MOST_TOGETHER, MOST_TOGETHER + 1])
def test_all_rows_arrive_however_many(database: Any, run_async: Any, count: int) -> None:
    rows = [{"id": str(UUID(int=n)), "name": f"it's {n} % \\ (x)", "slug": f"t{n}"} for n in range(count)]

    run_async(database.write(lambda tx: tx.run_many(insert(tenant), rows)))

    kept = run_async(database.read(lambda tx: tx.all(select(tenant.c.id, tenant.c.name, tenant.c.slug))))
    assert sorted(kept, key=str) == sorted(rows, key=str)


@pytest.mark.parametrize("dialect", [SQLITE, POSTGRESQL], ids=["sqlite", "postgres"])
def test_a_statement_is_made_text_once_for_each_set_of_values(dialect: Dialect) -> None:
    statement, other = inserting(run_key, *KEYS), inserting(tenant, "id", "slug")
    statements = Statements(dialect)

    first = statements.prepare(statement, {"scope": "a", "key": "1"})

    assert statements.prepare(statement, {"scope": "b", "key": "2"}) is first
    assert statements.prepare(other, {"id": "b", "slug": "c"}) is not first
    assert statements.prepare(statement, {"scope": "c", "key": "3"}) is first
    assert Statements(dialect).prepare(statement, {"scope": "b", "key": "2"}) is not first


def test_statements_that_are_built_anew_for_each_call_are_not_kept_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Statements, "LIMIT", 2)
    statements = Statements(SQLITE)
    made = [inserting(run_key, *KEYS) for _ in range(3)]
    given = {"scope": "a", "key": "1"}

    first, second = (statements.prepare(one, given) for one in made[:2])
    assert [statements.prepare(one, given) for one in made[:2]] == [first, second]

    third = statements.prepare(made[2], given)
    assert statements.prepare(made[2], given) is third
    assert statements.prepare(made[0], given) is not first


STORE = Path(__file__).parents[2] / "src" / "prefect" / "server"


def test_nothing_is_named_in_the_store_that_nobody_uses() -> None:
    texts = {path: path.read_text() for path in STORE.rglob("*.py")}
    words = Counter(word for text in texts.values() for word in re.findall(r"\w+", text))
    unused = []
    for path in sorted((STORE / "store").glob("*.py")):
        for node in ast.parse(texts[path]).body:
            targets = node.targets if isinstance(node, ast.Assign) else [node]
            for name in (getattr(one, "id", None) or getattr(one, "name", "__") for one in targets):
                is_offered = f'"{name}",' in texts[path] or f'"{name}"]' in texts[path]
                if not name.startswith("__") and words[name] <= 1 + is_offered:
                    unused.append(f"{path.name}: {name}")
    # Found by SQLAlchemy, which is told of them where they stand.
    assert [one for one in unused if not one.endswith(("_sqlite", "_postgresql"))] == []


stored_rows = select(flow_run.c.id, flow_run.c.created, flow_run.c.parameters, task.c.retry_delay)


@pytest.mark.parametrize(
    ("column", "stored", "kind"),
    [
        ("created", "no time", "ValueError"),
        ("created", 5, "TypeError"),
        ("parameters", "{", "JSONDecodeError"),
        ("parameters", 5, "TypeError"),
        ("retry_delay", 1e300, "OverflowError"),
        ("retry_delay", "x", "TypeError"),
    ],
    ids=str,
)
def test_whatever_somebody_stored_makes_its_row_unreadable_and_no_other(
    caplog: pytest.LogCaptureFixture, column: str, stored: Any, kind: str
) -> None:
    names = ("id", "created", "parameters", "retry_delay")
    sound = {"id": "a", "created": "2030-01-01T00:00:00.000000+00:00", "parameters": "{}", "retry_delay": 5}
    reading = Prepared(stored_rows, (), SQLITE)
    broken = {**sound, "id": "b", column: stored}
    rows = [tuple(one[name] for name in names) for one in (sound, broken, {**sound, "id": "c"})]

    with pytest.raises(UnreadableRow, match=column) as caught:
        reading.load(rows[1], names)
    assert f"({kind})" in str(caught.value)
    assert [row["id"] for row in reading.load_all(rows, names)] == ["a", "c"]
    assert [record.getMessage() for record in caplog.records] == [f"{caught.value} It is left out."]
