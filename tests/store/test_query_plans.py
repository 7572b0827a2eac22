# ruff: noqa: E501 - a question stands in a line
"""Reads that happen all the time find their rows by an index."""

from __future__ import annotations

import pytest
from graphql import parse

from prefect.server.graphql.arguments import Arguments
from prefect.server.graphql.plan import Planner, TableRoot
from prefect.server.graphql.schema import build
from prefect.server.store.dialect import SQLITE
from prefect.server.store.opening import open_database

ID = "6c1a26e5-6305-46bb-b9ca-6f530bbd733d"
SINCE = "2026-01-01T00:00:00+00:00"


def compiled(query):
    """Compile a query of one root for SQLite."""
    planner = Planner(build([]), {}, Arguments({}, {}), SQLITE)
    (root,) = planner.plan(parse(query).definitions[0]).roots
    assert isinstance(root, TableRoot)
    return root.compiled


@pytest.mark.parametrize(
    "query",
    [
        f'{{ flow_run_by_pk(id: "{ID}") {{ state task_runs {{ id task {{ slug }} }} flow {{ project {{ name }} }} }} }}',
        f'{{ flow_run_by_pk(id: "{ID}") {{ logs(order_by: {{timestamp: asc}}) {{ message }} states {{ state }} }} }}',
        f'{{ task_run_by_pk(id: "{ID}") {{ logs(order_by: {{timestamp: asc}}) {{ message }} states {{ state }} }} }}',
        f'{{ task_run(where: {{task: {{slug: {{_eq: "x"}}}}, flow_run_id: {{_eq: "{ID}"}}}}) {{ id }} }}',
        f'{{ task_run(where: {{state: {{_eq: "Cached"}}, task_id: {{_eq: "{ID}"}}, state_timestamp: {{_gte: "{SINCE}"}}}}) {{ id }} }}',
        f'{{ task_run(where: {{state: {{_eq: "Cached"}}, cache_key: {{_eq: "x"}}, state_timestamp: {{_gte: "{SINCE}"}}}}) {{ id }} }}',
        f'{{ flow_run(where: {{_or: [{{id: {{_eq: "{ID}"}}, state: {{_eq: "x"}}}}, {{flow_id: {{_eq: "{ID}"}}}}]}}) {{ id }} }}',
        f'{{ flow_run(where: {{_or: [{{_and: [{{id: {{_eq: "{ID}"}}}}, {{state: {{_eq: "x"}}}}]}}, {{agent_id: {{_eq: "{ID}"}}}}]}}) {{ id }} }}',
        '{ flow(where: {name: {_eq: "x"}, archived: {_eq: false}}, order_by: {version: desc}, limit: 1) { id } }',
        "{ flow_run(order_by: {created: desc}, limit: 10) { id } }",
        "{ flow_run(order_by: {scheduled_start_time: desc_nulls_last}, limit: 10) { id flow { name } } }",
    ],
)
def test_no_table_is_scanned(databases, run_async, query):
    database = open_database(databases.fresh("sqlite"), readers=1)
    made = compiled(query)

    async def explain():
        await database.start()
        rows = await database.read(lambda tx: tx.raw(f"EXPLAIN QUERY PLAN {made.sql}", made.values({})))
        await database.stop()
        return [row[3] for row in rows]

    steps = run_async(explain())
    scans = [
        step for step in steps if step.startswith("SCAN") and "USING" not in step and step not in ("SCAN s", "SCAN k")
    ]
    assert scans == [], steps


def test_runs_named_by_key_are_found_by_key_whatever_else_is_asked(databases, run_async):
    """The agents' query: without statistics SQLite would take the index over states."""
    database = open_database(databases.fresh("sqlite"), readers=1)
    made = compiled(
        f'{{ flow_run(where: {{id: {{_in: ["{ID}"]}}, _or: [{{state: {{_eq: "Scheduled"}}}},'
        f' {{state: {{_eq: "Running"}}, task_runs: {{state_start_time: {{_lte: "{SINCE}"}}}}}}]}}) {{ id }} }}'
    )

    async def explain():
        await database.start()
        rows = await database.read(lambda tx: tx.raw(f"EXPLAIN QUERY PLAN {made.sql}", made.values({})))
        await database.stop()
        return [row[3] for row in rows]

    assert any(step.startswith("SEARCH t1") and "(id=?)" in step for step in run_async(explain()))


NEWEST = {
    "of a flow": (
        f'{{ flow_run(where: {{flow_id: {{_eq: "{ID}"}}, start_time: {{_is_null: false}}}}, order_by: {{start_time: desc}}, limit: 10) {{ id }} }}',
        "flow_run_flow_id_start_time_idx",
    ),
    "of each flow": (
        "{ flow(limit: 25) { flow_runs(order_by: {start_time: desc_nulls_last}, limit: 10) { id state } } }",
        "flow_run_flow_id_start_time_idx",
    ),
    "of each flow group": (
        '{ flow_group(limit: 25) { flow_runs(order_by: {scheduled_start_time: desc}, limit: 12, where: {state: {_neq: "Scheduled"}}) { id state } } }',
        "flow_run_flow_group_id_scheduled_start_time_idx",
    ),
    "that changed": (
        f'{{ flow_run(where: {{updated: {{_gt: "{SINCE}"}}}}, order_by: {{updated: asc}}, limit: 100) {{ id state }} }}',
        "flow_run_updated_idx",
    ),
    "with the filters of `prefect get flow-runs`, none of them given": (
        "{ flow_run(where: {flow: {_and: {name: {_eq: null}, project: {name: {_eq: null}}}}, start_time: {_is_null: false}}, limit: 10, order_by: {start_time: desc}) { id } }",
        "flow_run_start_time_idx",
    ),
}


@pytest.mark.parametrize(("query", "index"), NEWEST.values(), ids=NEWEST.keys())
def test_the_newest_runs_come_from_an_index_in_their_order(databases, run_async, query, index):
    database = open_database(databases.fresh("sqlite"), readers=1)
    made = compiled(query)

    async def explain():
        await database.start()
        rows = await database.read(lambda tx: tx.raw(f"EXPLAIN QUERY PLAN {made.sql}", made.values({})))
        await database.stop()
        return [row[3] for row in rows]

    steps = run_async(explain())
    assert any(index in step for step in steps), steps
    assert not any("TEMP B-TREE" in step for step in steps), steps


@pytest.mark.parametrize("aggregate", [False, True], ids=["listed", "counted"])
@pytest.mark.parametrize(("column", "part"), [("labels", '["eu"]'), ("parameters", '{day: "monday"}')])
def test_what_runs_contain_is_looked_for_in_an_index_of_it(databases, run_async, column, part, aggregate):
    database = open_database(databases.fresh("sqlite"), readers=1)
    where = f"where: {{{column}: {{_contains: {part}}}}}"
    made = compiled(
        f"{{ flow_run_aggregate({where}) {{ aggregate {{ count }} }} }}"
        if aggregate
        else f"{{ flow_run({where}, order_by: {{created: desc}}, limit: 50) {{ id }} }}"
    )

    async def explain():
        await database.start()
        rows = await database.read(lambda tx: tx.raw(f"EXPLAIN QUERY PLAN {made.sql}", made.values({})))
        await database.stop()
        return [row[3] for row in rows]

    assert any(f"USING INDEX flow_run_{column}_idx" in step for step in run_async(explain()))


def test_values_are_never_part_of_the_text():
    made = compiled(
        '{ flow(where: {name: {_eq: "\'; DROP TABLE flow; --"}}) { parameters(path: "$.x\'y") } }'.replace(
            "$.x'y", "$['x y']"
        )
    )
    assert "DROP" not in made.sql
    assert "x y" not in made.sql
