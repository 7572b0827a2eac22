"""Health, figures and answers while the database cannot be used, and when it comes back."""

from __future__ import annotations

import pytest

from prefect.server.logs import request_id
from prefect.server.store.database import DatabaseUnavailable

GONE = DatabaseUnavailable("Database postgresql://user:***@db.internal/proctor does not answer: refused")


class Gone:
    """A database that others cannot reach for a while; everything else is the real one's."""

    def __init__(self, database):
        self.database = database
        self.is_gone = False

    def __getattr__(self, name):
        return getattr(self.database, name)

    async def read(self, work, **_):
        if self.is_gone:
            raise GONE
        return await self.database.read(work)

    async def write(self, work):
        if self.is_gone:
            raise GONE
        return await self.database.write(work)


@pytest.fixture
def gone(api, monkeypatch):
    found = Gone(api.app.database)
    monkeypatch.setattr(api.app, "database", found)
    monkeypatch.setattr("prefect.server.app.LOOK_HOLDS_SECONDS", -1.0)
    return found


def test_health_fails_while_the_database_is_gone_and_tells_nobody_where_it_is(api, gone):
    assert api.call("GET", "/health").json["status"] == "ok"

    gone.is_gone = True
    answer = api.call("GET", "/health")
    assert answer.status == 503
    assert answer.json["status"] == "unavailable"
    assert b"db.internal" not in answer.body
    assert api.call("GET", "/health/live").status == 200  # another process would find no database either
    assert api.call("GET", "/.well-known/apollo/server-health").status == 200

    gone.is_gone = False
    assert api.call("GET", "/health").status == 200


def test_figures_are_told_while_the_database_is_gone(api, gone):
    assert "proctor_database_up 1\n" in api.call("GET", "/metrics").body.decode()
    gone.is_gone = True
    api.ask("{ flow { id } }")

    text = api.call("GET", "/metrics").body.decode()

    assert "proctor_database_up 0\n" in text
    assert "proctor_database_failures_total 1\n" in text


def test_what_could_not_be_done_for_want_of_the_database_is_answered_503_so_that_clients_send_again(api, gone):
    gone.is_gone = True

    for query in ("{ flow { id } }", 'mutation { create_project(input: {name: "p"}) { id } }'):
        answer = api.ask(query)
        assert answer.status == 503
        assert answer.messages == ["Unable to connect to the database."]

    partly = api.ask("{ hello flow { id } }")
    assert partly.status == 200
    assert partly.messages == ["Unable to connect to the database."]


def test_a_database_that_goes_away_between_two_looks_is_told_as_down(api, gone, monkeypatch):
    async def no_problem():
        return None

    monkeypatch.setattr(api.app, "database_problem", no_problem)
    assert "proctor_database_up 1\n" in api.call("GET", "/metrics").body.decode()
    gone.is_gone = True

    text = api.call("GET", "/metrics").body.decode()

    assert "proctor_database_up 0\n" in text
    assert "proctor_flow_runs{" not in text


def test_a_line_of_the_log_names_the_request_that_it_is_about(api, gone, caplog):
    named = []
    caplog.handler.addFilter(lambda record: named.append(request_id.get()) or True)
    gone.is_gone = True
    api.call("GET", "/health", headers={"X-Request-ID": "one-of-mine"})
    answer = api.call("GET", "/health")

    assert named == ["one-of-mine", answer.headers["x-request-id"]]
