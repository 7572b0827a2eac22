"""Rows outlive the way from every earlier revision to this one, and back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import MetaData, create_engine, select

from prefect.server.app import App
from prefect.server.settings import load_settings
from prefect.server.store import migrations
from prefect.server.store.opening import migrate, open_database
from support.access import Keyed
from support.asgi import graphql

pytestmark = pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")

Rows = dict[str, list[dict[str, Any]]]


def rows_of(url: str) -> Rows:
    """Give all rows of all tables, as far as the schema of the moment goes."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    try:
        found = MetaData()
        found.reflect(engine)
        with engine.connect() as conn:
            return {
                name: sorted([dict(row) for row in conn.execute(select(table)).mappings()], key=lambda row: str(row))
                for name, table in found.tables.items()
                if name != "alembic_version"
            }
    finally:
        engine.dispose()


def common(rows: Rows, shape: Rows) -> Rows:
    """Keep the tables and columns that both have."""
    kept: Rows = {}
    for name in rows.keys() & shape.keys():
        columns = {column for row in shape[name] for column in row}
        narrowed = [{column: row[column] for column in row.keys() & columns} for row in rows[name]]
        kept[name] = sorted(narrowed, key=lambda row: str(sorted(row.items(), key=lambda item: item[0])))
    return kept


@pytest.fixture
def filled(database_url: str, run_async: Callable[[Any], Any], tmp_path: Path) -> str:
    """A database with one of each thing in it, in two tenants, that no server uses."""
    database = open_database(database_url, readers=1)
    keyed = Keyed(database, run_async, tmp_path)
    for holder in (keyed.admin, keyed.other):
        keyed.fill(holder)
    run_async(keyed.app.stop())
    return database_url


@pytest.mark.parametrize("revision", migrations.REVISIONS)
def test_rows_outlive_the_way_back_and_forth(
    filled: str, revision: str, run_async: Callable[[Any], Any], tmp_path: Path
) -> None:
    before = rows_of(filled)
    assert all(before[name] for name in ("flow_run", "flow_run_state", "task_run", "log", "flow", "edge", "agent"))

    migrations.downgrade(filled, revision)
    back = rows_of(filled)
    assert common(back, back) == common(before, back)

    migrate(filled)
    again = rows_of(filled)
    assert common(again, back) == common(before, back)
    assert {name: len(rows) for name, rows in again.items() if name in back} == {
        name: len(rows) for name, rows in before.items() if name in back
    }

    # This version works with them.
    database = open_database(filled, readers=1)
    app = App(load_settings({"services_enabled": False}, environment={}, home=tmp_path), database)
    run_async(app.start())
    try:
        runs = run_async(
            graphql(app, "{ flow_run { id state states { state } task_runs { state } logs { message } } }")
        )
        assert [run["state"] for run in runs.data["flow_run"]] == ["Running", "Running"]
        flow_id = run_async(graphql(app, "{ flow(limit: 1) { id } }")).data["flow"][0]["id"]
        made = run_async(
            graphql(app, f'mutation {{ create_flow_run(input: {{flow_id: "{flow_id}"}}) {{ id }} }}', None, {})
        )
        assert made.data["create_flow_run"]["id"]
    finally:
        run_async(app.stop())
