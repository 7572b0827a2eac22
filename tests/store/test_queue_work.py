"""What a look at the queue costs does not depend on what waits for others, counted in rows and steps."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from prefect.server.actions import queue, why
from prefect.server.store.opening import open_database
from prefect.server.store.statements import Prepared
from support.databases import NoPostgres
from support.rows import insert, uid
from support.work import count_sqlite_steps, postgres_rows

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
TENANT, FLOW = uid(1), uid(31)
MANY = 20_000
#: More than a look takes that finds a few runs, and far less than one that reads what waits for others.
FEW = 1_000
# What SQLite does with a row that is found by an index.
STEPS_OF_A_ROW = 50
BOTH = [pytest.param("sqlite", id="sqlite"), pytest.param("postgres", id="postgres", marks=pytest.mark.postgres)]


class Recorder:
    """A transaction that notes what it is asked."""

    def __init__(self, tx: Any) -> None:
        self._tx = tx
        self.asked: list[tuple[Any, Mapping[str, Any]]] = []

    def all(self, statement: Any, /, **values: Any) -> Any:
        self.asked.append((statement, values))
        return self._tx.all(statement, **values)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tx, name)


def visited(tx: Any, statement: Any, values: Mapping[str, Any]) -> float:
    sql, bound = Prepared(statement, tuple(values), tx.dialect).bind(values)
    if tx.dialect.name == "sqlite":
        ((path,),) = tx.raw("SELECT file FROM pragma_database_list WHERE name = 'main'")
        return count_sqlite_steps(path, sql, bound) / STEPS_OF_A_ROW
    return postgres_rows(tx.raw("EXPLAIN (ANALYZE, FORMAT JSON) " + sql, bound)[0][0][0]["Plan"])


def look(tx: Any, **given: Any) -> tuple[queue.Due, float, int]:
    """Look at the queue; gives what was seen, the rows that were visited, and the statements asked."""
    recorder = Recorder(tx)
    seen = queue.due_runs(recorder, tenant_id=TENANT, before=NOW, **given)  # type: ignore[arg-type]
    return seen, sum(visited(tx, *one) for one in recorder.asked), len(recorder.asked)


def fill(tx: Any) -> None:
    """Make runs of others: due and not yet due, of one set of labels and of many, and no statistics of them."""
    insert(tx, "tenant", id=TENANT, name="t", slug="t")
    insert(tx, "project", id=uid(11), tenant_id=TENANT, name="p")
    insert(tx, "flow_group", id=uid(21), tenant_id=TENANT, name="g")
    insert(tx, "flow", id=FLOW, tenant_id=TENANT, project_id=uid(11), flow_group_id=uid(21), version=1, name="f")
    tx.run(text("ANALYZE"))
    for first, start, labels in (
        (100_000, NOW - timedelta(hours=1), '["gpu", "many"]'),
        (200_000, NOW + timedelta(seconds=30), '["gpu", "many"]'),
        (300_000, NOW - timedelta(hours=1), '["other-#"]'),
        (400_000, NOW + timedelta(hours=1), '["other-#"]'),
    ):
        tx.run(text(many_runs(tx.dialect.name, first, start, labels)))
    insert(tx, "flow", id=uid(32), tenant_id=TENANT, project_id=uid(11), flow_group_id=uid(21), version=2, name="q")
    insert_run(tx, uid(960), ["gpu", "many"], NOW, flow_id=uid(32))
    for number, labels in enumerate(([], ["mine"], ["mine", "my"])):
        insert_run(tx, uid(900 + number), labels, NOW - timedelta(seconds=9 - number))
        insert_run(tx, uid(950 + number), labels, NOW + timedelta(seconds=9 - number))


def insert_run(tx: Any, run_id: str, labels: list[str], start: datetime, flow_id: str = FLOW) -> None:
    values = {
        "tenant_id": TENANT,
        "flow_id": flow_id,
        "state": "Scheduled",
        "state_start_time": start,
        "labels": labels,
    }
    insert(tx, "flow_run", id=run_id, **values)


def many_runs(kind: str, first: int, start: datetime, labels: str) -> str:
    columns = "INSERT INTO flow_run (id, tenant_id, flow_id, state, state_start_time, labels) SELECT "
    if kind == "sqlite":
        head = f"WITH RECURSIVE s(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM s WHERE n < {first + MANY - 1}) "
        moment = start.isoformat(timespec="microseconds")
        return (
            f"{head}{columns} printf('00000000-0000-4000-8000-%012d', n), '{TENANT}', '{FLOW}', 'Scheduled', "
            f"'{moment}', replace('{labels}', '#', n % 100) FROM s"
        )
    return (
        f"{columns} CAST('00000000-0000-4000-8000-' || lpad(CAST(n AS text), 12, '0') AS uuid), '{TENANT}', '{FLOW}', "
        f"'Scheduled', '{start.isoformat()}', CAST(replace('{labels}', '#', CAST(n % 100 AS text)) AS jsonb) "
        f"FROM generate_series({first}, {first + MANY - 1}) AS s(n)"
    )


@pytest.fixture(scope="module", params=BOTH)
def filled(request: pytest.FixtureRequest, databases: Any) -> Iterator[Any]:
    try:
        url = databases.fresh(request.param)
    except NoPostgres as error:
        pytest.skip(str(error))
    with asyncio.Runner() as runner:
        database = open_database(url, readers=1)
        runner.run(database.start())
        runner.run(database.write(fill))
        yield lambda work: runner.run(database.read(work))
        runner.run(database.stop())
    databases.drop(url)


@pytest.mark.parametrize(
    ("given", "ids"),
    [
        pytest.param({"labels": []}, [uid(900)], id="none"),
        pytest.param({"labels": ["mine"]}, [uid(901)], id="one"),
        pytest.param({"labels": ["my", "mine"], "unlabelled": True}, [uid(900), uid(901), uid(902)], id="both"),
        pytest.param({"labels": ["gpu"]}, [], id="the first of others"),
        pytest.param({"labels": ["unknown"]}, [], id="unknown"),
    ],
)
def test_a_look_passes_by_what_waits_for_others(filled: Any, given: Any, ids: list[str]) -> None:
    seen, rows, _ = filled(lambda tx: look(tx, **given))

    assert seen.ids == ids
    assert rows < FEW


def test_when_the_next_is_due_is_found_beside_what_waits_for_others(filled: Any) -> None:
    mine = [uid(900), uid(901), uid(902)]
    seen, rows, _ = filled(lambda tx: look(tx, labels=["my", "mine"], unlabelled=True, exclude=mine))

    starts = {(): NOW + timedelta(seconds=9), ("mine",): NOW + timedelta(seconds=8)}
    assert seen.nexts == {**starts, ("mine", "my"): NOW + timedelta(seconds=7)}
    assert seen.next_start == NOW + timedelta(seconds=7)
    assert seen.left == set(seen.nexts)
    assert rows < FEW


def test_of_a_long_row_only_so_many_are_read_as_are_wanted(filled: Any) -> None:
    seen, rows, _ = filled(lambda tx: look(tx, labels=["gpu", "many"]))

    assert len(seen.ids) == 25
    assert seen.left == {("gpu", "many")}
    assert rows < FEW


def test_the_first_run_of_another_flow_is_found_behind_a_long_row(filled: Any) -> None:
    seen, rows, _ = filled(lambda tx: look(tx, labels=["gpu", "many"]))

    assert uid(960) in seen.ids
    assert rows < FEW


def test_an_agent_that_takes_many_sets_of_labels_asks_few_statements(filled: Any) -> None:
    labels = [f"other-{number}" for number in range(100)]
    seen, rows, statements = filled(lambda tx: look(tx, labels=labels))

    assert len(seen.ids) == 25
    assert statements < 20
    assert rows < MANY / 2


def test_the_place_in_the_queue_is_counted_without_reading_the_queue(filled: Any) -> None:
    def count(tx: Any) -> tuple[int | None, float]:
        recorder = Recorder(tx)
        run = tx.one(why.why.run_with_flow, flow_run_id=uid(902))
        place = why._position(recorder, run, NOW)  # type: ignore[arg-type]
        return place, sum(visited(tx, *one) for one in recorder.asked)

    place, rows = filled(count)

    assert place == why.MOST_BEFORE
    assert rows < MANY / 2
