"""The queries that services and agents ask all the time find their rows by an index, in a database of 100,000 runs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text

from prefect.server.store import failures, flows, logs, lost, queue, restart, retention, slots, sums, why
from prefect.server.store.opening import open_database
from prefect.server.store.statements import Prepared
from support.databases import NoPostgres
from support.work import count_sqlite_steps, postgres_rows

NOW = datetime(2030, 1, 1, tzinfo=UTC)
TENANT = "00000000-0000-4000-8000-000000000001"
RUNS = 100_000
# What SQLite does with a row that one of these queries finds.
STEPS_OF_A_ROW = 50

# Ids from numbers, the same in both databases.
UUID_OF = {
    "sqlite": "'00000000-0000-4000-{kind}-' || printf('%012d', {number})",
    "postgresql": "CAST('00000000-0000-4000-{kind}-' || lpad(CAST({number} AS text), 12, '0') AS uuid)",
}
NUMBERS = {
    "sqlite": "WITH RECURSIVE s(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM s WHERE n < {last}) {insert} FROM s",
    "postgresql": "{insert} FROM generate_series(0, {last}) AS s(n)",
}
ENDED = "'2029-01-01T00:00:00.000000+00:00'"


def fill(tx: Any) -> None:
    """Make one flow in a hundred, a hundred thousand runs, nearly all ended, and as many task runs."""
    kind = tx.dialect.name

    def key(group: str, number: str = "n") -> str:
        return UUID_OF[kind].format(kind=group, number=number)

    def many(insert: str, last: int) -> None:
        tx.run(text(NUMBERS[kind].format(insert=insert, last=last - 1)))

    flow, its_task = key("8002", "(n % 1000)"), key("8004", "(n % 1000)")
    tx.run(text(f"INSERT INTO tenant (id, name, slug) VALUES ('{TENANT}', 't', 't')"))
    project = "00000000-0000-4000-8001-000000000001"
    tx.run(text(f"INSERT INTO project (id, tenant_id, name) VALUES ('{project}', '{TENANT}', 'p')"))
    of_tenant = f"CAST('{TENANT}' AS {'text' if kind == 'sqlite' else 'uuid'})"
    of_project = f"CAST('{project}' AS {'text' if kind == 'sqlite' else 'uuid'})"
    many(f"INSERT INTO flow_group (id, tenant_id, name) SELECT {key('8003')}, {of_tenant}, 'g' || n", 1000)
    many(
        "INSERT INTO flow (id, tenant_id, project_id, flow_group_id, version, name, is_schedule_active) "
        f"SELECT {key('8002')}, {of_tenant}, {of_project}, {key('8003')}, 1, 'f' || n, n % 10 = 0",
        1000,
    )
    many(f"INSERT INTO task (id, tenant_id, flow_id, slug) SELECT {key('8004')}, {of_tenant}, {key('8002')}, 's'", 1000)
    time_type = "text" if kind == "sqlite" else "timestamptz"
    # Of a hundred runs: one waits, one runs, the others have ended.
    many(
        "INSERT INTO flow_run (id, tenant_id, flow_id, state, state_start_time, heartbeat, state_timestamp, version) "
        f"SELECT {key('8005')}, {of_tenant}, {flow}, "
        "CASE WHEN n % 100 = 0 THEN 'Scheduled' WHEN n % 100 = 1 THEN 'Running' ELSE 'Success' END, "
        f"CASE WHEN n % 100 = 0 THEN CAST({ENDED} AS {time_type}) END, "
        f"CAST({ENDED} AS {time_type}), CAST({ENDED} AS {time_type}), 3",
        RUNS,
    )
    many(
        "INSERT INTO task_run (id, tenant_id, flow_run_id, task_id, state, state_timestamp, version) "
        f"SELECT {key('8006')}, {of_tenant}, {key('8005')}, {its_task}, "
        f"CASE WHEN n % 100 = 1 THEN 'Running' ELSE 'Success' END, CAST({ENDED} AS {time_type}), 3",
        RUNS,
    )

    many(
        "INSERT INTO message (id, tenant_id, created, updated) "
        f"SELECT {key('8007')}, {of_tenant}, CAST({ENDED} AS {time_type}), CAST({ENDED} AS {time_type})",
        RUNS // 10,
    )


BOTH = [pytest.param("sqlite", id="sqlite"), pytest.param("postgres", id="postgres", marks=pytest.mark.postgres)]


@pytest.fixture(scope="module", params=BOTH)
def filled(request: pytest.FixtureRequest, databases: Any) -> Iterator[Any]:
    import asyncio

    try:
        url = databases.fresh(request.param)
    except NoPostgres as error:
        pytest.skip(str(error))
    with asyncio.Runner() as runner:
        database = open_database(url, readers=1)
        runner.run(database.start())
        runner.run(database.write(fill))
        runner.run(database.write(lambda tx: tx.run(text("ANALYZE"))))
        yield database, runner.run
        runner.run(database.stop())
    databases.drop(url)


RUN, TASK = "00000000-0000-4000-8005-000000000001", "00000000-0000-4000-8004-000000000001"
FILLED = ("flow_run", "task_run", "message")
QUEUE = {"tenant_id": TENANT, "before": NOW}
NO_ROW = {"lead_0": "", "key_0": None, "priority_0": 0}
QUESTIONS: dict[str, tuple[Any, dict[str, Any]]] = {
    "queue": (queue.waiting_sets[queue.UNLABELLED], {"tenant_id": TENANT, "leads": [""]}),
    "queue by labels": (queue.waiting_sets[queue.BOTH], {"tenant_id": TENANT, "leads": ["", "a"], "labels": ["a"]}),
    "queue, due": (queue.due_runs[queue.UNLABELLED, 1], {**QUEUE, **NO_ROW, "limit": 25}),
    "queue of waiting tasks": (queue.due_again[queue.UNLABELLED], {**QUEUE, "limit": 25}),
    "queue, next": (queue.next_due, {**QUEUE, **NO_ROW}),
    "queue, next of waiting tasks": (queue.next_again[queue.UNLABELLED], {**QUEUE, "horizon": NOW}),
    "lazarus": (
        lost.lost_flow_runs,
        {"limit_time": NOW, "long_limit_time": NOW, "submitted_limit_time": NOW, "limit": 500},
    ),
    "zombies": (lost.silent_task_runs, {"limit_time": NOW, "long_limit_time": NOW, "limit": 500}),
    "zombies, cancelling": (lost.silent_cancelling_runs, {"limit_time": NOW, "long_limit_time": NOW, "limit": 500}),
    "zombies, heartbeats of the future": (lost.flow_runs_ahead, {"future_time": NOW, "limit": 500}),
    "scheduler, latest": (flows.latest_auto_scheduled, {"flow_id": "00000000-0000-4000-8002-000000000001"}),
    "queued": (slots.overdue_queued_runs, {"before": NOW, "most": 500}),
    "limits, running": (slots.limits_of_tenant[slots.FLOW], {"tenant_id": TENANT}),
    "retention": (
        retention.ended_runs,
        {"before": NOW, "since": datetime(1, 1, 1, tzinfo=UTC), "most": 100},
    ),
    "retention of messages": (
        retention.delete_old_messages,
        {"tenant_id": TENANT, "before": datetime(2028, 1, 1, tzinfo=UTC), "most": 1000},
    ),
    "restart, the run": (restart.run_as_it_is, {"flow_run_id": RUN}),
    "restart, what failed": (restart.failed_places, {"flow_run_id": RUN}),
    "restart, its task runs": (restart.task_runs_of_tasks, {"flow_run_id": RUN, "task_ids": [TASK]}),
    "restart, edges": (restart.edges_of_flow, {"flow_id": "00000000-0000-4000-8002-000000000001"}),
    "restart, named task runs": (restart.owners_of_task_runs, {"task_run_ids": [RUN]}),
    "task runs that changed": (
        logs.task_runs_after,
        {"flow_run_id": RUN, "since": NOW, "after_id": RUN, "limit": 1000},
    ),
    "failures of a run": (failures.failures, {"flow_run_id": RUN, "first": 5, "most": 100}),
    "sets of labels in the queue": (why.sets_of_tenant, {"tenant_id": TENANT}),
    "place in the queue": (
        why.count_of_same[1],
        {"tenant_id": TENANT, "until": NOW, "created": NOW, "most": 1000} | NO_ROW,
    ),
    "first line of a log": (sums.first_line, {"flow_run_id": RUN}),
    "last line of a log": (sums.last_line, {"flow_run_id": RUN}),
    "places": (slots.usage, {"tenant_id": TENANT, "kind": "flow", "name": "gpu"}),
}


def plan(tx: Any, statement: Any, values: dict[str, Any]) -> list[str]:
    prepared = Prepared(statement, tuple(values), tx.dialect)
    sql, bound = prepared.bind(values)
    prefix = "EXPLAIN QUERY PLAN " if tx.dialect.name == "sqlite" else "EXPLAIN "
    rows = tx.raw(prefix + sql, bound)
    return [str(row[3] if tx.dialect.name == "sqlite" else row[0]).strip() for row in rows]


@pytest.mark.parametrize("question", QUESTIONS)
def test_no_service_or_agent_reads_all_runs(filled, question):
    database, run_async = filled
    statement, values = QUESTIONS[question]

    steps = run_async(database.read(lambda tx: plan(tx, statement, values)))

    wide = [
        step
        for step in steps
        for table in (*FILLED, "edge", "log")
        # PostgreSQL reads a table that is empty here, of edges or lines, as it stands.
        if step.endswith(f"SCAN {table}") or (f"Seq Scan on {table} " in step and table in FILLED)
    ]
    assert wide == [], "\n".join(steps)


@pytest.mark.parametrize("question", ["retention", "retention of messages"])
def test_retention_sorts_nothing(filled, question):
    database, run_async = filled
    statement, values = QUESTIONS[question]

    steps = run_async(database.read(lambda tx: plan(tx, statement, values)))

    assert [step for step in steps if "TEMP B-TREE" in step or "Sort" in step] == [], "\n".join(steps)


def test_the_scheduler_reads_its_page_of_flows_by_key(filled):
    database, run_async = filled
    values = {"after_id": "00000000-0000-0000-0000-000000000000", "limit": 500}
    steps = run_async(database.read(lambda tx: plan(tx, flows.active_flows, values)))

    assert not any("flow_run" in step for step in steps)
    if database.dialect.name == "sqlite":
        assert any(step.startswith("SEARCH flow USING") for step in steps), steps


@pytest.mark.parametrize("question", ["queue", "queue, next", "queue of waiting tasks", "lazarus", "zombies"])
def test_a_look_visits_few_rows(filled, question):
    """Bounds above what an index leads to, a thousand rows, and far below what reading each would be."""
    database, run_async = filled
    statement, values = QUESTIONS[question]

    def visited(tx: Any) -> float:
        sql, bound = Prepared(statement, tuple(values), tx.dialect).bind(values)
        if tx.dialect.name == "sqlite":
            ((path,),) = tx.raw("SELECT file FROM pragma_database_list WHERE name = 'main'")
            return count_sqlite_steps(path, sql, bound) / STEPS_OF_A_ROW
        return postgres_rows(tx.raw("EXPLAIN (ANALYZE, FORMAT JSON) " + sql, bound)[0][0][0]["Plan"])

    assert run_async(database.read(visited)) < RUNS / 10


def test_what_a_large_run_lacks_is_looked_up_task_by_task(database, run_async):
    """While the table grows, the planner knows nothing of it yet."""
    values = {"flow_id": TENANT, "flow_run_id": TENANT, "after": "", "most": 500}

    steps = run_async(database.read(lambda tx: plan(tx, flows.tasks_without_run, values)))

    assert [step for step in steps if "Join" in step or step.startswith(("SCAN task_run", "Seq Scan"))] == [], steps
