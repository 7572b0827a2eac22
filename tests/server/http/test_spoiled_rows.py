"""What somebody spoiled by hand in one row: lists, the queue, the reasons of a run and figures go on beside it."""

from __future__ import annotations

import os
from random import Random
from typing import Any
from uuid import uuid5

import pytest
from sqlalchemy import JSON, Boolean, DateTime, Integer, Interval, Text, Uuid

from prefect.server import catalogue
from prefect.server.app import App
from prefect.server.settings import load_settings
from prefect.server.store.database import DatabaseError
from support.api import Api
from support.twins import NAMESPACE, Twins

#: All of them when asked for: ``SPOILED_ROWS=all``; or another sample: ``SPOILED_ROWS=7``.
CHOSEN = os.environ.get("SPOILED_ROWS", "1")
SAMPLE = 60
FAMILIES = ("good", "bad")
#: What tells the rows of a table without ids apart.
KEYS = {"slot": "run_id", "alarm": "subject", "run_key": "flow_run_id", "queue_offer": "run_id"}
#: By kind of column and database.
GARBAGE: dict[type[Any], dict[str, tuple[str, ...]]] = {
    JSON: {"sqlite": ("{broken", '"text"', "[1, {}]", "5"), "postgresql": ('"text"', "[1, {}]", "5", "null")},
    DateTime: {"sqlite": ("yesterday", "", '9"9'), "postgresql": ("infinity", "-infinity", "9999-12-31T23:59:59Z")},
    Interval: {"sqlite": ("long",), "postgresql": ("-1000 years",)},
    Integer: {"sqlite": ("many", "-5"), "postgresql": ("-5", "2147483647")},
    Boolean: {"sqlite": ("maybe",), "postgresql": ()},
    Text: {"sqlite": ('\u0001 ?"', ""), "postgresql": ('\u0001 ?"', "")},
}


def cases(kind: str) -> list[tuple[Any, str]]:
    """Each value that each column of each stored table may have been given; ids are told apart by their type."""
    found = [
        (column, value)
        for table in catalogue.metadata.sorted_tables
        for column in table.columns
        if not isinstance(column.type, Uuid) and column.name != KEYS.get(table.name)
        for sort, values in GARBAGE.items()
        if isinstance(column.type, sort)
        for value in values[kind]
    ]
    return found if CHOSEN == "all" else Random(int(CHOSEN)).sample(found, SAMPLE)


@pytest.fixture
def api(shared_database: Any, family: Any) -> Any:
    database, run_async = shared_database
    app = App(load_settings({"services_enabled": False}, environment={}), database)
    run_async(app.start())
    Twins(database, run_async).add(family, good=app.auth.default_tenant_id, bad=app.auth.default_tenant_id)
    made = Api(app, run_async)
    for name in FAMILIES:
        made.do("create_flow_run", flow_id=flow_of(name, family))
    return made


def id_in(name: str, row_id: str) -> str:
    return str(uuid5(NAMESPACE, name + row_id))


def flow_of(name: str, family: Any) -> str:
    return next(id_in(name, flow["id"]) for flow in family["flow"] if not flow["archived"])


def write(api: Any, column: Any, row_id: str, value: str | None) -> bool:
    database = api.app.database
    is_sqlite = database.dialect.name == "sqlite"
    mark, kind = ("?", "") if is_sqlite else ("%s", f"::{column.type.compile(database.dialect.compiler)}")
    key = KEYS.get(column.table.name, "id")
    sql = f'UPDATE {column.table.name} SET "{column.name}" = {mark}{kind} WHERE {key} = {mark} RETURNING 1'
    try:
        api.run_async(database.write(lambda tx: tx.raw(sql, (value, row_id))))
    except DatabaseError:
        return False  # the database does not take it, so it is never found there
    return True


def raw_values(api: Any, column: Any) -> list[tuple[str, str | None]]:
    """The keys of a table's rows and what stands in a column, as the database has it."""
    text, key = f'CAST("{column.name}" AS text)', KEYS.get(column.table.name, "id")
    sql = f"SELECT {key}, {text} FROM {column.table.name} ORDER BY {key}"
    return api.run_async(api.app.database.read(lambda tx: tx.raw(sql)))


def page(name: str) -> str:
    return f"{{ {name}(order_by: {{ id: asc }}) {{ {' '.join(catalogue.PUBLIC[name].columns)} }} }}"


def look(api: Any, family: Any, table: str, ids: list[str]) -> None:
    """Read all that may read the table, and bring a run beside it to its end."""
    if table in catalogue.PUBLIC:
        rows = api.ask(page(table)).data[table]
        assert {row["id"] for row in rows} >= set(ids)
    for selected in LISTS.get(table, ()):
        api.ask(selected)
    run_id = api.do("create_flow_run", flow_id=flow_of("good", family))["id"]
    assert run_id in api.do("get_runs_in_queue", "flow_run_ids")["flow_run_ids"]
    for state in ("Running", "Failed"):
        states = [{"flow_run_id": run_id, "state": {"type": state}}]
        api.do("set_flow_run_states", "states { id }", states=states)
    api.do("delete_flow_run", "success", flow_run_id=run_id)
    for run in api.ask("{ flow_run { id } }").data["flow_run"]:
        api.ask("query($id: UUID!) { why_not_running(flow_run_id: $id) { reasons } }", {"id": run["id"]})
    figures = api.call("GET", "/metrics")
    assert figures.status == 200
    assert b"proctor_database_up 1" in figures.body


#: Pages that reach a table through another.
LISTS = {
    "flow": ["{ flow_group { flows { name schedule parameters environment } } }"],
    "flow_group": ["{ flow { flow_group { name schedule labels settings } } }"],
    "flow_run": [
        "{ flow { flow_runs { state parameters serialized_state } flow_runs_aggregate { aggregate { count } } } }"
    ],
    "flow_run_state": ["{ flow_run { states { timestamp state serialized_state } } }"],
    "task_run": ["{ flow_run { task_runs { state state_result } } }"],
    "task_run_state": ["{ task_run { states { timestamp state serialized_state } } }"],
    "slot": [
        "{ slot_holders { kind name run_id flow_run_id flow_run_name taken_time } }",
        "{ flow_concurrency { label usage } task_concurrency { name usage } }",
    ],
    "log": ["{ flow_run { logs { timestamp level message } } }"],
}


def test_no_value_of_a_row_ends_a_list_the_queue_or_the_figures(api, family):
    faults = []
    for column, value in cases(api.app.database.dialect.name):
        stored = raw_values(api, column)
        if not stored:
            continue
        key = KEYS.get(column.table.name, "id")
        bad = {id_in("bad", row[key]) for row in family[column.table.name]}
        row_id, right = next((pair for pair in stored if pair[0] in bad), stored[0])
        if not write(api, column, row_id, value):
            continue
        try:
            look(api, family, column.table.name, [found for found, _ in stored])
        except Exception as error:
            faults.append(f"{column} {value!r}: {type(error).__name__}: {str(error)[:300]}")
        finally:
            assert write(api, column, row_id, right)
    assert faults == [], "\n".join(faults)
