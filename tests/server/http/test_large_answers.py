"""An answer is bounded in bytes while it is made, and one request keeps few readers busy."""

import json

import pytest

from prefect.server.app import App
from prefect.server.settings import load_settings
from prefect.server.store.postgres import PostgresTransaction
from prefect.server.store.sqlite import SqliteTransaction
from support.api import Api
from support.asgi import call

MOST = 100_000
LINES = 1_500
MESSAGE = "x" * 200
TOO_LARGE = f"The answer is larger than {MOST} bytes (http.max_answer_bytes); ask for less at once."


@pytest.fixture
def api(shared_database):
    database, run_async = shared_database
    settings = load_settings({"services_enabled": False, "max_answer_bytes": MOST}, environment={})
    app = App(settings, database)
    run_async(app.start())
    return Api(app, run_async)


@pytest.fixture
def run_id(api):
    """A flow run with 300 kB of log."""
    run_id = api.do("create_flow_run", flow_id=api.register())["id"]
    lines = [{"flow_run_id": run_id, "message": MESSAGE} for _ in range(LINES)]
    api.do("write_run_logs", "success", logs=lines)
    return run_id


TOO_MUCH = {
    "a list": "{ log { message } }",
    "a list of so many rows": "{ log(limit: 1000) { message } }",
    "a list of more rows": "{ log(limit: 100000) { message } }",
    "aliases": "{{ {} }}".format(" ".join(f"a{n}: log(limit: 100) {{ message }}" for n in range(800))),
    "rows within rows": "{ flow_run { logs { message } } }",
    "rows within few rows": "{ flow_run(limit: 1) { logs { message } } }",
    "rows within one row": '{ flow_run_by_pk(id: "RUN") { logs { message } } }',
    "rows within one row twice": (
        '{ flow_run_by_pk(id: "RUN") { a: logs(limit: 300) { message } b: logs(limit: 300) { message } } }'
    ),
    "rows of an aggregate": "{ log_aggregate { nodes { message } } }",
    "one column often": "{{ log(limit: 30) {{ {} }} }}".format(" ".join(f"a{n}: message" for n in range(30))),
}  # fmt: skip


@pytest.mark.parametrize("query", TOO_MUCH.values(), ids=TOO_MUCH.keys())
def test_too_large_an_answer_is_refused_with_its_bound(api, run_id, query):
    answer = api.ask(query.replace("RUN", run_id))

    assert set(answer.messages) == {TOO_LARGE}
    assert len(answer.body) < 250_000
    assert answer.json["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    # Whoever asks next has the same connection.
    assert len(api.ask("{ log(limit: 300) { message } }").data["log"]) == 300


def test_what_comes_after_the_bound_is_not_asked_of_the_database(api, run_id, monkeypatch):
    asked = []
    for kind in (SqliteTransaction, PostgresTransaction):
        real = kind.texts

        def texts(self, *values, real=real, **more):
            asked.append(1)
            return real(self, *values, **more)

        monkeypatch.setattr(kind, "texts", texts)

    assert TOO_LARGE in api.ask(TOO_MUCH["aliases"]).messages

    assert len(asked) <= MOST // (100 * len(MESSAGE)) + 1


def test_rows_beyond_the_bound_are_not_fetched(api, run_id, monkeypatch):
    from prefect.server.store import transaction

    seen = []
    real = transaction.within
    for module in ("sqlite", "postgres"):
        monkeypatch.setattr(
            f"prefect.server.store.{module}.within",
            lambda rows, most: real((seen.append(1) or row for row in rows), most),
        )

    assert TOO_LARGE in api.ask("{ log { message } }").messages

    assert len(seen) <= MOST // len(MESSAGE) + 1


class Readers:
    """A database, and how many of its readers were busy at one time."""

    def __init__(self, database):
        self._database = database
        self._busy = self.most = 0

    def __getattr__(self, name):
        return getattr(self._database, name)

    async def read(self, work, **more):
        self._busy += 1
        self.most = max(self.most, self._busy)
        try:
            return await self._database.read(work, **more)
        finally:
            self._busy -= 1


@pytest.fixture
def readers(api, run_id, monkeypatch):
    found = Readers(api.app.database)
    monkeypatch.setattr(api.app, "database", found)
    return found


def test_a_batch_keeps_no_more_than_two_readers_busy(api, readers):
    bodies = [{"query": "{ log(limit: 100) { message } }"} for _ in range(20)]

    answer = api.run_async(call(api.app, "POST", "/", json.dumps(bodies).encode()))

    assert [len(one["data"]["log"]) for one in answer.json] == [100] * 20
    assert readers.most == 2


def test_so_do_many_operations_of_one_document(api, readers, run_id):
    asked = " ".join(f'a{n}: why_not_running(flow_run_id: "{run_id}") {{ ready }}' for n in range(20))

    assert len(api.ask(f"{{ {asked} }}").data) == 20

    assert readers.most == 2
