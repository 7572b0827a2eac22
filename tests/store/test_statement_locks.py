"""Which rows the named statements lock on PostgreSQL, and how strongly.

A second connection asks, without waiting, for each strength of lock: what it is refused tells what the first one holds.
Too weak a lock lets two decide from one row; too strong a one makes those wait who only add a row below it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from prefect.server.store import (
    chores,
    deliveries,
    flows,
    lost,
    restart,
    runs,
    slots,
    states,
    tenants,
)
from prefect.server.store.opening import open_database
from support.databases import NoPostgres
from support.rows import insert, uid
from support.statement_world import FLOW, GROUP, MINE, NOW, OTHER_RUN, RUN, TASK, at, base, task_run

pytestmark = pytest.mark.postgres

A, B, PROJECT = uid(1000), uid(1001), uid(11)
#: From the weakest to the strongest; each is refused while another holds one that it does not go with.
STRENGTHS = ("FOR KEY SHARE", "FOR SHARE", "FOR NO KEY UPDATE", "FOR UPDATE")
#: How many of the strengths, from the strongest on, are refused while a row is locked in this way.
HELD = {"not": 0, "as a parent": 1, "to change": 3, "whole": 4}
SILENT = {"limit_time": NOW, "long_limit_time": NOW}
OF_RUN = {"run_id": RUN, "most": 9}
#: Statement, its values, and how which rows are locked meanwhile.
CASES: dict[str, tuple[Any, dict[str, Any], dict[tuple[str, str], str]]] = {
    "a chore": (chores.chore_by_id, {"chore_id": A}, {("chore", A): "whole", ("chore", B): "not"}),
    "a hook that sends": (
        deliveries.lock_sender["cloud_hook_id"],
        {"sender_id": A},
        {("cloud_hook", A): "as a parent"},
    ),
    "an action that sends": (deliveries.lock_sender["action_id"], {"sender_id": A}, {("action", A): "as a parent"}),
    "a group by its name": (flows.group_by_name, {"tenant_id": MINE, "name": GROUP}, {("flow_group", GROUP): "whole"}),
    "a group": (flows.group_by_id, {"flow_group_id": GROUP}, {("flow_group", GROUP): "whole"}),
    "a flow": (flows.flow_by_id, {"flow_id": FLOW}, {("flow", FLOW): "whole", ("flow_group", GROUP): "not"}),
    "a run of a process": (
        lost.flow_run_of_process,
        {"flow_run_id": RUN},
        {("flow_run", RUN): "whole", ("flow", FLOW): "not", ("flow_group", GROUP): "not"},
    ),
    "a silent run": (lost.flow_run_now, {"flow_run_id": RUN, **SILENT}, {("flow_run", RUN): "whole"}),
    "a silent task run": (
        lost.task_run_now,
        {"task_run_id": A, **SILENT},
        {("task_run", A): "whole", ("flow_run", RUN): "not"},
    ),
    "a run to restart": (
        restart.run_to_restart,
        {"flow_run_id": RUN},
        {("flow_run", RUN): "to change", ("flow", FLOW): "not"},
    ),
    "a run that is only looked at": (restart.run_as_it_is, {"flow_run_id": RUN}, {("flow_run", RUN): "not"}),
    "a run to change": (runs.flow_run_to_change, {"flow_run_id": RUN}, {("flow_run", RUN): "to change"}),
    "a run to fill": (runs.flow_run_to_fill, {"flow_run_id": RUN}, {("flow_run", RUN): "whole"}),
    "a run": (runs.flow_run_by_id, {"flow_run_id": RUN}, {("flow_run", RUN): "not"}),
    "a limit of flow runs": (
        slots.locked_limit["flow"],
        {"tenant_id": MINE, "name": "n"},
        {("flow_concurrency_limit", A): "whole"},
    ),
    "a limit of task runs": (
        slots.locked_limit["task"],
        {"tenant_id": MINE, "name": "n"},
        {("task_tag_limit", A): "whole"},
    ),
    "a queued run": (slots.queued_run_now, {"run_id": RUN}, {("flow_run", RUN): "to change"}),
    "a run that moves": (states.present_flow_run, {"run_id": RUN}, {("flow_run", RUN): "to change"}),
    "a task run that moves": (
        states.present_task_run,
        {"run_id": A, "state_id": uid(999)},
        {("task_run", A): "to change", ("flow_run", RUN): "not"},
    ),
    "task runs to close": (
        states.unfinished_task_runs,
        OF_RUN,
        {("task_run", A): "whole", ("task_run", B): "not", ("flow_run", RUN): "not"},
    ),
    "task runs to open": (
        states.task_runs_closed_with_it,
        {**OF_RUN, "beginning": "m"},
        {("task_run", B): "whole", ("task_run", A): "not"},
    ),
    "a tenant": (tenants.tenant_by_id, {"tenant_id": MINE}, {("tenant", MINE): "whole"}),
    "a project": (
        tenants.locked_project,
        {"project_id": PROJECT},
        {("project", PROJECT): "to change", ("tenant", MINE): "not"},
    ),
    "a project that is only looked at": (tenants.project_by_id, {"project_id": PROJECT}, {("project", PROJECT): "not"}),
    "a run that is numbered": (
        runs.take_event_numbers,
        {"flow_run_id": RUN, "count": 1},
        {("flow_run", RUN): "to change", ("flow_run", OTHER_RUN): "not"},
    ),
}


def fill(tx: Any) -> None:
    base(tx)
    task_run(tx, A, state="Running")
    task_run(tx, B, state="Cancelled", state_message="m", task=TASK)
    for chore in (A, B):
        insert(tx, "chore", id=chore, kind="k", subject_id=RUN, due_time=at(0))
    insert(tx, "cloud_hook", id=A, tenant_id=MINE, type="WEBHOOK", states=["Failed"], config={})
    insert(tx, "action", id=A, tenant_id=MINE, name="a", action_type="x", action_config={})
    insert(tx, "flow_concurrency_limit", id=A, tenant_id=MINE, name="n", limit=1)
    insert(tx, "task_tag_limit", id=A, tenant_id=MINE, tag="n", limit=1)


@pytest.fixture(scope="module")
def filled(databases: Any) -> Iterator[tuple[Any, Any, str]]:
    try:
        url = databases.fresh("postgres")
    except NoPostgres as error:
        pytest.skip(str(error))
    with asyncio.Runner() as runner:
        database = open_database(url, readers=1)
        runner.run(database.start())
        runner.run(database.write(fill))
        yield database, runner.run, url
        runner.run(database.stop())
    databases.drop(url)


class Undone(Exception):
    """Nothing is kept."""


def refused(conn: psycopg.Connection[Any], table: str, row: str) -> list[str]:
    found = []
    for strength in STRENGTHS:
        try:
            with conn.transaction():
                conn.execute(f'SELECT 1 FROM "{table}" WHERE id = %s {strength} NOWAIT', (row,))
        except psycopg.errors.LockNotAvailable:
            found.append(strength)
    return found


@pytest.mark.parametrize(("statement", "values", "locked"), CASES.values(), ids=CASES.keys())
def test_a_statement_locks_its_rows_as_strongly_as_it_must(
    filled: Any, statement: Any, values: dict[str, Any], locked: dict[tuple[str, str], str]
) -> None:
    database, run_async, url = filled
    found: dict[tuple[str, str], list[str]] = {}

    def hold(tx: Any) -> None:
        if statement is runs.take_event_numbers:
            tx.run(statement, **values)
        else:
            assert tx.all(statement, **values), "it finds nothing"
        with psycopg.connect(url) as conn:
            found.update({place: refused(conn, *place) for place in locked})
        raise Undone

    with pytest.raises(Undone):
        run_async(database.write(hold))
    assert found == {place: list(STRENGTHS[len(STRENGTHS) - HELD[how] :]) for place, how in locked.items()}
