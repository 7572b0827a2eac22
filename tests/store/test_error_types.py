"""Each error of a driver becomes one of ours, with its text: one input for each kind, by every way in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select, text

from prefect.server import catalogue
from prefect.server.store import runs, slots
from prefect.server.store.database import (
    ForeignKeyViolation,
    IntegrityViolation,
    InvalidValue,
    UniquenessViolation,
)
from prefect.server.store.dialect import POSTGRESQL, SQLITE, JsonText, dump_json, load_json, upsert
from prefect.server.store.opening import open_database
from support.databases import NoPostgres
from support.meeting import meet
from support.rows import insert, uid

add_tenant = upsert(catalogue.tenant)
add_project = upsert(catalogue.project)
NOW = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def opened(request: pytest.FixtureRequest, databases: Any) -> Iterator[tuple[Any, Callable[..., Any]]]:
    """One database for all: nothing that is refused is kept in it."""
    try:
        url = databases.fresh(request.param)
    except NoPostgres as error:
        pytest.skip(str(error))
    with asyncio.Runner() as runner:
        database = open_database(url, readers=2)
        runner.run(database.start())
        runner.run(database.write(lambda tx: insert(tx, "tenant", **tenant(1))))
        yield database, runner.run
        runner.run(database.stop())
    databases.drop(url)


@pytest.fixture
def database(opened: tuple[Any, Callable[..., Any]]) -> Any:
    return opened[0]


@pytest.fixture
def run_async(opened: tuple[Any, Callable[..., Any]]) -> Callable[..., Any]:
    return opened[1]


def tenant(number: int, **more: Any) -> dict[str, Any]:
    return {"id": uid(number), "name": "t", "slug": f"t{number}", **more}


def one_by_one(tx: Any, statement: Any, row: dict[str, Any]) -> None:
    tx.run(statement, **row)


def many(tx: Any, statement: Any, row: dict[str, Any]) -> None:
    tx.run_many(statement, [row])


def very_many(tx: Any, statement: Any, row: dict[str, Any]) -> None:
    """More rows than one INSERT takes: the bad one is the last."""
    fine = {**row, "name": "fine"}
    if "slug" in row:
        rows = [{**fine, "id": uid(500 + n), "slug": f"many{n}"} for n in range(30)]
    else:
        rows = [{**fine, "id": uid(500 + n), "name": f"many{n}", "tenant_id": uid(1)} for n in range(30)]
    tx.run_many(statement, [*rows, row])


WAYS = pytest.mark.parametrize("way", [one_by_one, many, very_many])


def deep(tx: Any) -> str:
    """An expression nested deeper than the database reads."""
    if tx.dialect.name == "sqlite":
        return "SELECT " + "(" * 5000 + "1" + ")" * 5000
    return "SELECT 1" + "+1" * 100_000


@WAYS
@pytest.mark.parametrize(
    ("statement", "row", "kind", "said"),
    [
        pytest.param(add_tenant, tenant(1), UniquenessViolation, r"^Uniqueness violation\.$", id="a taken id"),
        pytest.param(add_tenant, tenant(2, slug="t1"), UniquenessViolation, r"^Uniqueness", id="a taken name"),
        pytest.param(
            add_project, {"id": uid(9), "tenant_id": uid(77), "name": "p"}, ForeignKeyViolation,
            r"^Foreign key violation\.$", id="a missing parent",
        ),
        pytest.param(add_tenant, tenant(2, name=None), IntegrityViolation, "(?i)not.null", id="a missing value"),
        pytest.param(add_tenant, tenant(2, name="\ud800"), InvalidValue, "A value can not be stored", id="half a sign"),
        pytest.param(add_tenant, tenant(2, settings={"x": object()}), InvalidValue, "Not a JSON value", id="no JSON"),
        pytest.param(add_tenant, tenant(2, created=datetime(2030, 1, 1)), InvalidValue, "without a zone", id="no zone"),
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_kept_is_refused_by_its_reason(
    database: Any,
    run_async: Callable[..., Any],
    way: Callable[..., None],
    statement: Any,
    row: dict[str, Any],
    kind: type[Exception],
    said: str,
) -> None:
    with pytest.raises(kind, match=said) as caught:
        run_async(database.write(lambda tx: way(tx, statement, row)))

    assert type(caught.value) is kind
    # Nothing of it is kept, and the next one finds the database as it was.
    names = run_async(database.read(lambda tx: tx.all(select(catalogue.tenant.c.slug))))
    assert names == [{"slug": "t1"}]


@WAYS
def test_a_number_that_no_column_holds_is_an_invalid_value(
    database: Any, run_async: Callable[..., Any], way: Callable[..., None]
) -> None:
    def work(tx: Any) -> None:
        # Of its own: other tests leave theirs in this database.
        insert(tx, "project", id=uid(72), tenant_id=uid(1), name="of numbers")
        insert(tx, "flow_group", id=uid(73), tenant_id=uid(1), name="of numbers")
        row = {"id": uid(74), "tenant_id": uid(1), "project_id": uid(72), "flow_group_id": uid(73), "name": "f"}
        statement = upsert(catalogue.flow)
        bad = {**row, "version": 2**70}
        if way is one_by_one:
            tx.run(statement, **bad)
        else:
            fine = [{**row, "id": uid(10 + n), "version": n} for n in range(30 if way is very_many else 0)]
            tx.run_many(statement, [*fine, bad])

    with pytest.raises(InvalidValue, match=r"can not be stored|refused a value"):
        run_async(database.write(work))


@pytest.mark.parametrize("by", ["raw", "statement"])
def test_a_query_too_deep_for_the_database_says_so(database: Any, run_async: Callable[..., Any], by: str) -> None:
    def work(tx: Any) -> Any:
        return tx.raw(deep(tx)) if by == "raw" else tx.all(text(deep(tx)))

    with pytest.raises(InvalidValue, match=r"^The query is too large or nested too deeply for the database\.$"):
        run_async(database.read(work))


@pytest.mark.parametrize("by", ["raw", "one", "all", "run"])
def test_a_fault_in_our_own_text_is_no_fault_of_the_database(
    database: Any, run_async: Callable[..., Any], by: str
) -> None:
    def work(tx: Any) -> Any:
        return tx.raw("SELECT nonsense") if by == "raw" else getattr(tx, by)(text("SELECT nonsense"))

    with pytest.raises(RuntimeError, match=r"^(SQLite|PostgreSQL): .*nonsense"):
        run_async(database.write(work))
    assert run_async(database.read(lambda tx: tx.raw("SELECT 1"))) == [(1,)]


def test_a_value_that_does_not_fit_its_comparison_is_an_invalid_value(
    database: Any, run_async: Callable[..., Any]
) -> None:
    """More bytes than a value may have on SQLite, a pattern that cannot be read on PostgreSQL."""

    def work(tx: Any) -> Any:
        if tx.dialect.name == "sqlite":
            return tx.raw("SELECT zeroblob(2000000000)")
        return tx.raw("SELECT 'a' ~ '('")

    with pytest.raises(InvalidValue, match="The database refused a value"):
        run_async(database.read(work))


# ----- values


def test_a_text_of_json_that_was_made_before_is_kept_as_it_is() -> None:
    assert dump_json(JsonText('{"a":  1}')) == '{"a":  1}'


@pytest.mark.parametrize(
    "value",
    [2**63, -(2**63), 2**64, {"a": [2**100]}, {1: "x"}, [None, True, 1.5, "é\u2028"], {"": {}}, 2**53 + 1],
    ids=str,
)
def test_json_comes_back_as_it_was_given(value: Any) -> None:
    expected = {str(key): inner for key, inner in value.items()} if isinstance(value, dict) else value
    assert load_json(dump_json(value)) == expected


@pytest.mark.parametrize(
    "value",
    [{"x": float("nan"), "y": 2**70}, object(), {(1, 2): 3}, {"a": {1, 2}}],
    ids=["numbers", "an object", "a pair as key", "a set"],
)
def test_what_json_cannot_say_is_an_invalid_value(value: Any) -> None:
    with pytest.raises(InvalidValue, match=r"^Not a JSON value: "):
        dump_json(value)


@pytest.mark.parametrize("dialect", [SQLITE, POSTGRESQL], ids=lambda d: d.name)
def test_text_that_is_no_json_is_a_value_error(dialect: Any) -> None:
    with pytest.raises(ValueError):
        load_json("{nonsense")


# ----- what a lock keeps out, and what it lets in


@pytest.mark.parametrize(
    "held",
    [
        pytest.param(lambda tx: tx.one(runs.flow_run_to_change, flow_run_id=uid(5)), id="to change"),
        pytest.param(lambda tx: tx.one(slots.queued_run_now, run_id=uid(5)), id="queued"),
    ],
)
def test_who_writes_a_line_about_a_run_need_not_wait_for_who_decides_about_it(
    database: Any, run_async: Callable[..., Any], held: Callable[[Any], Any]
) -> None:
    """On SQLite there is one writer, and nobody decides while another one writes."""

    def build(tx: Any) -> None:
        tx.run(catalogue.tenant.delete())
        insert(tx, "tenant", **tenant(1))
        insert(tx, "project", id=uid(2), tenant_id=uid(1), name="p")
        insert(tx, "flow_group", id=uid(3), tenant_id=uid(1), name="g")
        of_flow = {"tenant_id": uid(1), "project_id": uid(2), "flow_group_id": uid(3), "name": "f", "version": 1}
        insert(tx, "flow", id=uid(4), **of_flow)
        insert(tx, "flow_run", id=uid(5), tenant_id=uid(1), flow_id=uid(4), name="r", version=1, state="Queued")

    run_async(database.write(build))
    ended: list[str] = []

    def decide(tx: Any) -> None:
        held(tx)

    async def scene() -> None:
        async def line() -> None:
            await database.write(
                lambda tx: insert(
                    tx, "log", id=uid(6), flow_run_id=uid(5), tenant_id=uid(1), message="m", timestamp=NOW
                )
            )
            ended.append("line")

        await meet(database, decide, line, on_wait=lambda: ended.append("waited"))

    run_async(scene())
    assert ended == ["line"]
