"""A page is the same whichever way its rows are found: by what they have in common, or in the order of an index."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from graphql import parse
from sqlalchemy import text

from prefect.server.graphql.arguments import Arguments
from prefect.server.graphql.plan import Planner, TableRoot
from prefect.server.graphql.schema import build
from prefect.server.store import compiler
from prefect.server.store.opening import open_database
from prefect.server.store.selection import TENANT_SLOT, Scope

SCHEMA = build([])
TENANTS = [f"00000000-0000-4000-8000-00000000000{n}" for n in (1, 2)]
BEGIN = datetime(2030, 1, 1, tzinfo=UTC)
STATES = ["Success", "Failed", "Scheduled", "Running"]
LABELS: list[Any] = [[], ["eu"], ["eu", "gpu"], [1], ["é"], ["x" * 1200]]
PARAMETERS: list[Any] = [
    {},
    {"x": 5},
    {"x": 5.0},
    {"x": "5"},
    {"x": 0.1, "y": None},
    {"x": True},
    {"x": [1, {"a": 2}]},
    {"x": {"a": {"b": 1}}},
    {"x": -0.0},
    {"x": 2**70},
    {"x": 1e-300, "é\"'": "ü\n"},
    {"x": "long " * 60},
    {"x": "longer " * 300, "y": 7},
    {"k" * 150: 1},
]
NAMES = ["red-fox", "Red-Fox", "blue_fox", "100%", None, "a\\b"]


def uid(kind: int, number: int) -> str:
    return f"00000000-0000-4000-8{kind:03d}-{number:012d}"


def written(chance: random.Random, values: list[Any]) -> str:
    """Write one of the values as JSON, sometimes as another hand would."""
    how = chance.choice([{"separators": (",", ":")}, {"separators": (",", ":")}, {}, {"indent": 1}])
    return json.dumps(chance.choice(values), ensure_ascii=False, **how)


def rows_of(seed: int, count: int) -> Iterator[dict[str, Any]]:
    chance = random.Random(seed)
    for number in range(count):
        start = None if chance.random() < 0.3 else BEGIN + timedelta(minutes=chance.randrange(50))
        flow = chance.randrange(4)
        yield {
            "id": uid(5, number),
            "tenant_id": TENANTS[flow == 3],
            "flow_id": uid(2, flow),
            "flow_group_id": uid(3, flow // 2),
            "state": chance.choices(STATES, (10, 3, 2, 1))[0],
            "start_time": start,
            "created": BEGIN + timedelta(minutes=chance.randrange(50)),
            "scheduled_start_time": BEGIN + timedelta(minutes=chance.randrange(50)),
            "labels": written(chance, LABELS),
            "parameters": written(chance, PARAMETERS),
            "name": chance.choice(NAMES),
            "agent_id": chance.choice([uid(4, 0), None]),
        }


def fill(tx: Any) -> None:
    for number, tenant in enumerate(TENANTS):
        tx.run(text(f"INSERT INTO tenant (id, name, slug) VALUES ('{tenant}', 't', 't{number}')"))
        tx.run(text(f"INSERT INTO project (id, tenant_id, name) VALUES ('{uid(1, number)}', '{tenant}', 'p')"))
        tx.run(text(f"INSERT INTO flow_group (id, tenant_id, name) VALUES ('{uid(3, number)}', '{tenant}', 'g')"))
    for flow in range(4):
        values = f"'{uid(2, flow)}', '{TENANTS[flow == 3]}', '{uid(1, flow == 3)}', '{uid(3, flow // 2)}', 'fox {flow}'"
        tx.run(text(f"INSERT INTO flow (id, tenant_id, project_id, flow_group_id, name) VALUES ({values})"))
    tx.run(text(f"INSERT INTO agent (id, tenant_id) VALUES ('{uid(4, 0)}', '{TENANTS[0]}')"))
    for row in rows_of(seed=7, count=400):
        values = ", ".join(quoted(value) for value in row.values())
        tx.run(text(f"INSERT INTO flow_run ({', '.join(row)}) VALUES ({values})".replace(":", "\\:")))
        state = f"'{row['id'].replace('-8005-', '-8006-')}', '{row['tenant_id']}', '{row['id']}', 'Success', '{{}}', 1"
        tx.run(
            text(
                "INSERT INTO flow_run_state (id, tenant_id, flow_run_id, state, serialized_state, version) "
                f"VALUES ({state})"
            )
        )


def quoted(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, datetime):
        value = value.isoformat(timespec="microseconds")
    return "'" + str(value).replace("'", "''") + "'"


@pytest.fixture(scope="module")
def run_async() -> Iterator[Callable[[Any], Any]]:
    """One event loop for all: the databases stay open."""
    with asyncio.Runner() as runner:
        yield runner.run


@pytest.fixture(scope="module")
def filled(databases: Any, run_async: Callable[[Any], Any]) -> Iterator[dict[str, Any]]:
    """One database of each kind, with the same rows."""
    opened: dict[str, Any] = {}
    for kind in ("sqlite", "postgres"):
        opened[kind] = open_database(databases.fresh(kind), readers=1)
        run_async(opened[kind].start())
        run_async(opened[kind].write(fill))
    yield opened
    for database in opened.values():
        run_async(database.stop())


def ask(database: Any, run_async: Callable[[Any], Any], query: str, scope: Scope | None = None) -> Any:
    dialect = database.dialect
    planner = Planner(SCHEMA, {}, Arguments({}, {}), dialect, scope)
    (root,) = planner.plan(parse(query).definitions[0]).roots
    assert isinstance(root, TableRoot)
    slots = {} if scope is None else {TENANT_SLOT: TENANTS[0]}

    def read(tx: Any) -> list[Any]:
        return [json.loads(row[0]) for row in tx.raw(root.compiled.sql, root.compiled.values(slots))]

    return run_async(database.read(read))


def graphql(value: Any) -> str:
    """Write a value as GraphQL does."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {graphql(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(graphql, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


FILTERS = {
    "none": "{}",
    "state": '{state: {_eq: "Failed"}}',
    "states": '{state: {_in: ["Failed", "Running"]}}',
    "no such state": '{state: {_eq: "Paused"}}',
    "flow": f'{{flow_id: {{_eq: "{uid(2, 1)}"}}}}',
    "group": f'{{flow: {{flow_group_id: {{_eq: "{uid(3, 0)}"}}}}}}',
    "groups, and a name": f'{{flow: {{flow_group_id: {{_in: ["{uid(3, 0)}"]}}, name: {{_eq: "fox 1"}}}}}}',
    "project and state": f'{{state: {{_eq: "Success"}}, flow: {{project_id: {{_eq: "{uid(1, 0)}"}}}}}}',
    "with an agent": "{agent: {}}",
    "of an agent": f'{{agent: {{id: {{_eq: "{uid(4, 0)}"}}}}}}',
    "no flow": '{flow: {name: {_eq: "wolf"}}}',
    "not a project": f'{{_not: {{flow: {{project_id: {{_eq: "{uid(1, 0)}"}}}}}}}}',
    "with a start": "{start_time: {_is_null: false}}",
    "without a start": "{start_time: {_is_null: true}}",
    "label": '{labels: {_contains: ["eu"]}}',
    "two labels": '{labels: {_contains: ["gpu", "eu"]}}',
    "a number as label": "{labels: {_contains: [1]}}",
    "no label": "{labels: {_contains: []}}",
    "long label": f'{{labels: {{_contains: ["{"x" * 1200}"]}}}}',
    "absent label": '{labels: {_contains: ["us"]}}',
    "name": '{name: {_ilike: "%fox%"}}',
    "name like": '{name: {_like: "%fox%"}}',
    "signs in a name": '{name: {_ilike: "%\\\\_%"}}',
    "one name": '{name: {_eq: "red-fox"}}',
    "absent name": '{name: {_ilike: "%wolf%"}}',
    "name or flow": '{_or: [{name: {_ilike: "%blue%"}}, {flow: {name: {_ilike: "%X 1%"}}}]}',
    "nothing or": "{_or: []}",
    "parameter either way": '{_or: [{parameters: {_contains: {x: 5}}}, {parameters: {_contains: {x: "5"}}}]}',
    "no parameter": "{parameters: {_contains: {}}}",
    "label and state": '{labels: {_contains: ["eu"]}, state: {_eq: "Success"}}',
}
ORDERS = ["{created: desc}", "{start_time: desc_nulls_last}", "{start_time: desc}", "{start_time: asc}"]
ORDERS += ["{start_time: asc_nulls_first}", "{scheduled_start_time: asc}", "{name: asc}"]
PAGES = ["limit: 4", "limit: 7, offset: 3", "limit: 0", "limit: 500"]


@pytest.mark.parametrize("few", [0, 3, 5_000])
@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
@pytest.mark.parametrize("where", FILTERS.values(), ids=FILTERS.keys())
def test_a_page_is_a_part_of_the_whole_list(filled, run_async, monkeypatch, where, kind, few):
    monkeypatch.setattr(compiler, "FEW_TO_SORT", few)
    scope = Scope() if few else None
    for order in ORDERS:
        given = f"where: {where}, order_by: [{order}, {{id: asc}}]"
        whole = ask(filled[kind], run_async, f"{{ flow_run({given}) {{ id }} }}", scope)
        for page in PAGES:
            found = ask(filled[kind], run_async, f"{{ flow_run({given}, {page}) {{ id }} }}", scope)
            limit, _, offset = page.removeprefix("limit: ").partition(", offset: ")
            begin = int(offset or 0)
            assert found == whole[begin : begin + int(limit)], (order, page)


@pytest.mark.parametrize("few", [0, 3, 5_000])
@pytest.mark.parametrize("where", FILTERS.values(), ids=FILTERS.keys())
def test_a_page_in_no_order_is_of_rows_that_meet_the_filter(filled, run_async, monkeypatch, where, few):
    monkeypatch.setattr(compiler, "FEW_TO_SORT", few)
    for kind, page in itertools.product(filled, PAGES):
        limit, _, offset = page.removeprefix("limit: ").partition(", offset: ")
        whole = {row["id"] for row in ask(filled[kind], run_async, f"{{ flow_run(where: {where}) {{ id }} }}")}
        found = [row["id"] for row in ask(filled[kind], run_async, f"{{ flow_run(where: {where}, {page}) {{ id }} }}")]
        assert len(found) == len(set(found)) == max(0, min(int(limit), len(whole) - int(offset or 0)))
        assert whole.issuperset(found)


@pytest.mark.parametrize("where", FILTERS.values(), ids=FILTERS.keys())
def test_both_databases_find_the_same(filled, run_async, where):
    query = f"{{ flow_run(where: {where}, order_by: {{id: asc}}) {{ id }} }}"
    assert ask(filled["sqlite"], run_async, query) == ask(filled["postgres"], run_async, query)


def test_states_are_found_by_their_run(filled, run_async, monkeypatch):
    for few in (0, 3, 5_000):
        monkeypatch.setattr(compiler, "FEW_TO_SORT", few)
        for kind, (key, value) in itertools.product(filled, (("flow_id", uid(2, 0)), ("state", "Failed"))):
            given = f'where: {{flow_run: {{{key}: {{_eq: "{value}"}}}}}}, order_by: [{{timestamp: desc}}, {{id: asc}}]'
            whole = ask(filled[kind], run_async, f"{{ flow_run_state({given}) {{ id }} }}")
            assert len(whole) > 5
            assert ask(filled[kind], run_async, f"{{ flow_run_state({given}, limit: 5) {{ id }} }}") == whole[:5]


@pytest.mark.parametrize("few", [0, 3, 5_000])
@pytest.mark.parametrize("where", FILTERS.values(), ids=FILTERS.keys())
def test_a_count_is_that_of_the_list(filled, run_async, monkeypatch, where, few):
    monkeypatch.setattr(compiler, "FEW_TO_SORT", few)
    for kind, scope in itertools.product(filled, (None, Scope())):
        listed = ask(filled[kind], run_async, f"{{ flow_run(where: {where}) {{ id }} }}", scope)
        counted = f"{{ flow_run_aggregate(where: {where}) {{ aggregate {{ count }} }} }}"
        assert ask(filled[kind], run_async, counted, scope) == [{"aggregate": {"count": len(listed)}}]


WANTED: list[Any] = [*(one for one in PARAMETERS if all(key.isalnum() for key in one)), {"y": 7}, {"x": [1]}]
WANTED += [{"x": {"a": {}}}, {"x": 0}, {"x": 1e3}, {"x": "long"}, {"x": [], "y": 7}, {"z": 1}, {"x": "longer " * 300}]


@pytest.mark.parametrize("few", [0, 5_000])
@pytest.mark.parametrize("wanted", WANTED, ids=lambda wanted: json.dumps(wanted)[:40])
def test_runs_are_found_by_their_parameters(filled, run_async, monkeypatch, wanted, few):
    """However the value is written: what PostgreSQL takes for equal is equal."""
    monkeypatch.setattr(compiler, "FEW_TO_SORT", few)
    where = f"where: {{parameters: {{_contains: {graphql(wanted)}}}}}, order_by: [{{created: desc}}, {{id: asc}}]"
    found = [ask(filled[kind], run_async, f"{{ flow_run({where}, limit: 500) {{ id }} }}") for kind in filled]
    assert found[0] == found[1]
    assert found[0] == ask(filled["sqlite"], run_async, f"{{ flow_run({where}) {{ id }} }}")


def through(count: int) -> str:
    """Write a filter that goes through so many relationships, there and back."""
    where = '{name: {_eq: "red-fox"}}'
    for place in range(count):
        where = f"{{{'flow_runs' if (count - place) % 2 == 0 else 'flow'}: {where}}}"
    return where


@pytest.mark.parametrize("count", [2, 4, 6, 8])
@pytest.mark.parametrize(
    "page", ["limit: 5", "order_by: {created: desc}, limit: 5", "order_by: {start_time: desc}, limit: 5"]
)
def test_a_filter_may_go_through_eight_relationships(filled, run_async, count, page):
    """What is written around it leaves SQLite's parser room for it."""
    for kind in filled:
        assert ask(filled[kind], run_async, f"{{ flow_run(where: {through(count)}, {page}) {{ id }} }}")
    counted = f"{{ flow_run_aggregate(where: {through(count)}) {{ aggregate {{ count }} }} }}"
    assert ask(filled["sqlite"], run_async, counted) == ask(filled["postgres"], run_async, counted)


@pytest.mark.parametrize("order", ["created: desc", "start_time: desc", "start_time: desc_nulls_last"])
def test_rows_may_lie_in_rows_six_deep_in_any_order(filled, run_async, order):
    asked = "id"
    for _ in range(3):
        asked = f"flow {{ flow_runs(order_by: {{{order}}}, limit: 1) {{ {asked} }} }}"
    for kind, scope in itertools.product(filled, (None, Scope())):
        assert ask(filled[kind], run_async, f"{{ flow_run(order_by: {{{order}}}, limit: 1) {{ {asked} }} }}", scope)
