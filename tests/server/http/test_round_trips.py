"""How often a database is asked for one new run: what it costs beside the work itself, on both databases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest

from prefect.server.app import build
from prefect.server.settings import Settings
from prefect.server.store import postgres
from prefect.server.store.opening import open_database
from support.access import Keyed
from support.api import Api
from support.databases import Databases, NoPostgres
from support.round_trips import RoundTrips
from support.world import flow_document

#: Statements of one new run on SQLite: the transaction, a look, the run with its history, key and task runs.
MOST_STATEMENTS = 9
MOST_ROUND_TRIPS = 3


def of_flow(api: Api, flow_id: str) -> dict[str, str]:
    return {"flow_id": flow_id}


def of_flow_with_key(api: Api, flow_id: str) -> dict[str, str]:
    return {"flow_id": flow_id, "idempotency_key": uuid4().hex}


def of_group_with_key(api: Api, flow_id: str) -> dict[str, str]:
    group = api.row("flow", flow_id, "flow_group_id")["flow_group_id"]
    return {"flow_group_id": group, "idempotency_key": uuid4().hex}


def of_version_group_with_key(api: Api, flow_id: str) -> dict[str, str]:
    group = api.row("flow", flow_id, "version_group_id")["version_group_id"]
    return {"version_group_id": group, "idempotency_key": uuid4().hex}


WAYS = (of_flow, of_flow_with_key, of_group_with_key, of_version_group_with_key)


def asked_for(trips: RoundTrips) -> list[list[str]]:
    """Give what was asked but for what tells other replicas of it, which waits for nobody."""
    return [texts for texts in trips.asked if not any("pg_notify" in text or "LISTEN" in text for text in texts)]


def make(url: str, run_async: Callable[..., object]) -> Api:
    app = build(Settings(database_url=url, services_enabled=False))
    run_async(app.start())
    return Api(app, run_async)


def fresh(databases: Databases, kind: str) -> Iterator[str]:
    try:
        url = databases.fresh(kind)
    except NoPostgres as error:
        pytest.skip(str(error))
    yield url
    databases.drop(url)


@pytest.fixture
def file_url(databases: Databases) -> Iterator[str]:
    yield from fresh(databases, "sqlite")


@pytest.fixture
def trips(databases: Databases) -> Iterator[RoundTrips]:
    for url in fresh(databases, "postgres"):
        with RoundTrips(url) as trips:
            yield trips


@pytest.mark.postgres
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("has_pipelines", [True, False], ids=["pipelines", "an old libpq"])
def test_a_run_takes_few_round_trips(trips, run_async, monkeypatch, way, has_pipelines) -> None:
    monkeypatch.setattr(postgres, "PIPELINES", has_pipelines)
    api = make(trips.url, run_async)
    given = way(api, api.register())
    del trips.asked[:]

    run_id = api.do("create_flow_run", **given)["id"]

    asked = asked_for(trips)
    assert len(asked) <= MOST_ROUND_TRIPS, asked
    assert api.row("flow_run", run_id, "state task_runs { state } states { version }") == {
        "state": "Scheduled", "task_runs": [{"state": "Pending"}] * 2, "states": [{"version": 1}]
    }  # fmt: skip
    if "idempotency_key" in given:
        del trips.asked[:]
        assert api.do("create_flow_run", **given)["id"] == run_id
        assert len(asked_for(trips)) <= 2
    run_async(api.app.stop())


@pytest.mark.postgres
def test_a_run_of_somebody_with_a_key_is_recorded_on_the_way(trips, run_async, tmp_path) -> None:
    database = open_database(trips.url, readers=2)
    keyed = Keyed(database, run_async, tmp_path)
    project_id = keyed.admin.do("create_project", name="project")["id"]
    flow_id = keyed.admin.do("create_flow", project_id=project_id, serialized_flow=flow_document())["id"]
    keyed.run.do("create_flow_run", flow_id=flow_id)  # the key and its tenant are known from here on
    del trips.asked[:]

    run_id = keyed.run.do("create_flow_run", flow_id=flow_id, idempotency_key="k")["id"]

    assert len(asked_for(trips)) <= MOST_ROUND_TRIPS, asked_for(trips)
    audits = keyed.admin.ask('{ audit(where: {operation: {_eq: "create_flow_run"}}) { detail } }').data["audit"]
    assert len(audits) == 2
    asked = f'{{ flow_run_by_pk(id: "{run_id}") {{ state task_runs {{ state }} }} }}'
    made = {"state": "Scheduled", "task_runs": [{"state": "Pending"}] * 2}
    assert keyed.admin.data(asked)["flow_run_by_pk"] == made
    run_async(keyed.app.stop())


@pytest.mark.parametrize("way", WAYS)
def test_a_run_takes_few_statements_in_a_file(file_url, run_async, way) -> None:
    api = make(file_url, run_async)
    given = way(api, api.register())
    asked: list[str] = []
    run_async(api.app.database.write(lambda tx: tx._conn.set_trace_callback(asked.append)))
    del asked[:]

    api.do("create_flow_run", **given)

    assert 6 <= len(asked) <= MOST_STATEMENTS + (way in WAYS[2:]) * 2, asked
    run_async(api.app.stop())


#: The end of one task run and the beginning of the next: the transaction, a look at each, on PostgreSQL one more at the
#: flow run, and what is written, which is a step of its own for each line in a file and goes with the commit elsewhere.
PAIR_STATEMENTS = 8
PAIR_ROUND_TRIPS = 5
STATUSES = "states { status }"


def move_on(api: Api, run_id: str) -> Callable[[], None]:
    """Begin the first of a run's task runs, and give what ends it and begins the second."""
    api.do("set_flow_run_states", STATUSES, states=[{"flow_run_id": run_id, "state": {"type": "Running"}}])
    first, second = (
        one["id"] for one in api.row("flow_run", run_id, "task_runs(order_by: {id: asc}) { id }")["task_runs"]
    )
    begun = {"version": 1, "state": {"type": "Running"}}
    api.do("set_task_run_states", STATUSES, states=[{"task_run_id": first, **begun}])

    def move() -> None:
        ended = {"task_run_id": first, "state": {"type": "Success"}, "id": str(uuid4())}
        told = api.do(
            "set_task_run_states", STATUSES, states=[ended, {"task_run_id": second, **begun, "id": str(uuid4())}]
        )
        assert [one["status"] for one in told["states"]] == ["SUCCESS", "SUCCESS"]

    return move


@pytest.mark.postgres
def test_one_task_after_the_other_takes_few_round_trips(trips, run_async) -> None:
    api = make(trips.url, run_async)
    move = move_on(api, api.do("create_flow_run", flow_id=api.register())["id"])
    del trips.asked[:]

    move()

    assert len(asked_for(trips)) <= PAIR_ROUND_TRIPS, asked_for(trips)
    run_async(api.app.stop())


def test_one_task_after_the_other_takes_few_statements_in_a_file(file_url, run_async) -> None:
    api = make(file_url, run_async)
    move = move_on(api, api.do("create_flow_run", flow_id=api.register())["id"])
    asked: list[str] = []
    run_async(api.app.database.write(lambda tx: tx._conn.set_trace_callback(asked.append)))
    del asked[:]

    move()

    assert 6 <= len(asked) <= PAIR_STATEMENTS, asked
    run_async(api.app.stop())
