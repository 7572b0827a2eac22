"""Work on more rows than one transaction may write is whole in the end, and others are answered beside it."""

from __future__ import annotations

import asyncio
import base64
import gzip
import itertools
import json
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from prefect.server.graphql import waiting
from prefect.server.live import chore_topic
from prefect.server.store import chores
from prefect.server.store.database import MOST_ROWS
from support.asgi import graphql
from support.world import flow_document

TASKS = 1300  # the task runs of one run are some transactions' work

HOURLY = {"type": "Schedule", "clocks": [{"type": "IntervalClock", "interval": 3_600_000_000}]}


def large_document(count=TASKS, **changes):
    slugs = [f"t{number:06}" for number in range(count)]
    edges = [
        {"upstream_task": {"slug": one}, "downstream_task": {"slug": other}, "key": None, "mapped": False}
        for one, other in itertools.pairwise(slugs)
    ]
    return flow_document(
        "large", tasks=[{"slug": slug, "name": "t", "tags": []} for slug in slugs], edges=edges, **changes
    )


@contextmanager
def rows_of_transactions(database, monkeypatch):
    """Note how many rows each transaction writes."""
    rows = []
    write = database.write

    def noting(work):
        def noted(tx):
            try:
                return work(tx)
            finally:
                rows.append(tx.rows_written)

        return write(noted)

    with monkeypatch.context() as patch:
        patch.setattr(database, "write", noting)
        yield rows


@pytest.fixture
def rows(api, shared_database, monkeypatch):
    with rows_of_transactions(shared_database[0], monkeypatch) as noted:
        yield noted
    # What a part does last, e.g. noting where it stands, is a row or two beyond.
    assert max(noted) <= MOST_ROWS + 20, sorted(noted)[-5:]


def register(api, document, **inputs):
    project = api.ask("{ project { id } }").data["project"]
    project_id = project[0]["id"] if project else api.do("create_project", name="project")["id"]
    packed = base64.b64encode(gzip.compress(json.dumps(document).encode())).decode()
    return api.do("create_flow_from_compressed_string", serialized_flow=packed, project_id=project_id, **inputs)["id"]


def count(api, table, **where):
    shown = json.dumps({key: {"_eq": value} for key, value in where.items()})
    query = f"query($where: {table}_bool_exp) {{ {table}_aggregate(where: $where) {{ aggregate {{ count }} }} }}"
    return api.ask(query, {"where": json.loads(shown)}).data[f"{table}_aggregate"]["aggregate"]["count"]


def test_a_large_flow_is_registered_as_a_whole_and_once(api, rows):
    flow_id = register(api, large_document(), idempotency_key="k")

    assert register(api, large_document(), idempotency_key="k") == flow_id
    assert api.row("flow", flow_id, "version archived") == {"version": 1, "archived": False}
    assert count(api, "task", flow_id=flow_id) == TASKS
    assert count(api, "edge", flow_id=flow_id) == TASKS - 1

    second = register(api, large_document(), idempotency_key="other")
    assert api.row("flow", second, "version archived") == {"version": 2, "archived": False}
    assert api.row("flow", flow_id, "archived") == {"archived": True}


def test_a_run_of_a_large_flow_has_all_its_task_runs_and_is_made_once(api, rows):
    flow_id = register(api, large_document())

    run_id = api.do("create_flow_run", flow_id=flow_id, idempotency_key="k")["id"]

    assert api.do("create_flow_run", flow_id=flow_id, idempotency_key="k")["id"] == run_id
    assert count(api, "task_run", flow_run_id=run_id, state="Pending") == TASKS
    assert count(api, "task_run_state") == TASKS
    assert api.do("get_runs_in_queue", "flow_run_ids")["flow_run_ids"] == [run_id]


def test_cancelling_and_deleting_a_large_run_reach_all_of_it(api, rows):
    run_id = api.do("create_flow_run", flow_id=register(api, large_document()))["id"]

    api.do("cancel_flow_run", "state", flow_run_id=run_id)
    assert count(api, "task_run", flow_run_id=run_id, state="Cancelled") == TASKS
    assert count(api, "task_run_state", state="Cancelled") == TASKS

    assert api.do("delete_flow_run", "success", flow_run_id=run_id) == {"success": True}
    assert count(api, "flow_run") == count(api, "task_run") == count(api, "task_run_state") == 0


@pytest.mark.parametrize("what", ["flow", "flow_group", "project"])
def test_deleting_what_is_large_leaves_nothing(api, rows, what):
    flow_id = register(api, large_document())
    api.do("create_flow_run", flow_id=flow_id)
    ids = {"flow": flow_id, **api.ask("{ flow { flow_group_id project_id } }").data["flow"][0]}

    row_id = ids.get(f"{what}_id", flow_id)
    assert api.do(f"delete_{what}", "success", **{f"{what}_id": row_id}) == {"success": True}

    for table in ("flow", "task", "edge", "flow_run", "task_run", "task_run_state"):
        assert count(api, table) == 0, table


def test_archiving_cancels_many_waiting_runs(api, rows):
    flow_id = register(api, flow_document("small"))
    for _ in range(4):
        runs = [{"flow_id": flow_id}] * 150
        api.do("create_flow_runs", "flow_run_ids", flow_runs=runs)

    api.do("archive_flow", "success", flow_id=flow_id)

    assert count(api, "flow_run", state="Cancelled") == 600
    assert count(api, "task_run", state="Cancelled") == 1200


def test_a_long_list_of_states_is_set_as_a_whole(api, rows):
    flow_id = register(api, flow_document("small"))
    ids = [
        run_id
        for _ in range(4)
        for run_id in api.do("create_flow_runs", "flow_run_ids", flow_runs=[{"flow_id": flow_id}] * 150)["flow_run_ids"]
    ]
    states = [{"flow_run_id": run_id, "state": {"type": "Cancelled", "message": "x"}} for run_id in ids]

    refused = api.ask(
        "mutation($input: set_flow_run_states_input!) { set_flow_run_states(input: $input) { states { id } } }",
        {"input": {"states": [*states, {"flow_run_id": ids[0], "state": {"type": "Nonsense"}}]}},
    )
    assert "Nonsense" in refused.messages[0]
    assert count(api, "flow_run", state="Scheduled") == 600

    answered = api.do("set_flow_run_states", "states { id status }", states=states)["states"]
    assert [one["id"] for one in answered] == ids
    assert count(api, "task_run", state="Cancelled") == 1200


def test_small_requests_beside_large_work_wait_for_a_part_of_it_at_most(api, shared_database, monkeypatch):
    """Between two answers to small requests that follow each other, no more than a part of the large work is done."""
    flow_id = register(api, large_document(3 * TASKS))
    small_id = register(api, flow_document("small"))
    create = "mutation($input: create_flow_run_input!) { create_flow_run(input: $input) { id } }"

    async def beside():
        large = asyncio.ensure_future(graphql(api.app, create, {"input": {"flow_id": flow_id}}))
        small = 0
        while not large.done():
            assert (await graphql(api.app, create, {"input": {"flow_id": small_id}})).data
            small += 1
        return small, (await large).data["create_flow_run"]["id"]

    with rows_of_transactions(shared_database[0], monkeypatch):
        small, run_id = api.run_async(beside())

    assert count(api, "task_run", flow_run_id=run_id) == 3 * TASKS
    assert small >= 3 * TASKS * 2 // MOST_ROWS - 1


@pytest.mark.parametrize("is_active", [True, False, None], ids=["active", "not active", "not said"])
def test_a_large_flow_is_scheduled_unless_it_is_said_that_it_shall_not_be(api, is_active):
    hourly = {"type": "Schedule", "clocks": [{"type": "IntervalClock", "interval": 3_600_000_000}]}
    tasks = [{"slug": f"t{number}", "name": "t"} for number in range(2_100)]
    project_id = api.do("create_project", name="large")["id"]
    document = flow_document("large", tasks=tasks, edges=[], schedule=hourly)
    more = {} if is_active is None else {"set_schedule_active": is_active}

    flow_id = api.do("create_flow", serialized_flow=document, project_id=project_id, **more)["id"]

    row = api.row("flow", flow_id, "is_schedule_active archived flow_runs(limit: 1) { auto_scheduled }")
    assert row["archived"] is False
    assert row["is_schedule_active"] is (is_active is not False)
    assert row["flow_runs"] == ([] if is_active is False else [{"auto_scheduled": True}])


def test_nobody_waits_for_large_work_for_longer_than_clients_do(api, monkeypatch):
    """It goes on without whoever asked for it."""
    chore_id = "00000000-0000-4000-8000-000000000001"
    app, now = api.app, datetime.now(UTC)
    values = {"id": chore_id, "kind": "x", "subject_id": chore_id, "position": "", "due_time": now + timedelta(days=1)}
    api.run_async(app.database.write(lambda tx: tx.run(chores.enter, created=now, updated=now, **values)))
    monkeypatch.setattr(waiting, "LONGEST_WORK_SECONDS", 0.01)

    api.run_async(asyncio.wait_for(waiting.work_done(app, [chore_topic(chore_id)]), 60))

    assert api.run_async(app.database.read(lambda tx: tx.one(chores.is_left, chore_id=chore_id)))
