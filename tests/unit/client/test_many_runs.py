"""What a client asks about many runs at once, as it is sent and as it is told."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from prefect.client import Client
from prefect.engine.state import Success
from prefect.exceptions import ClientError
from prefect.utilities.configuration import set_temporary_config
from support.graphql_stub import Stub, StubServer

FROZEN = "2026-11-27T10:00:00+00:00"
PAGE = {"created_before": FROZEN, "changed": ["a"], "refused": [], "cursor": "1:a", "has_more": False}


@pytest.fixture
def stub(tmp_path):
    settings = {"home_dir": str(tmp_path), "backend": "server", "cloud.api_key": "", "cloud.tenant_id": ""}
    with StubServer() as stub, set_temporary_config({**settings, "cloud.api": stub.url}):
        yield stub


def test_all_pages_are_asked_for_of_the_same_runs(stub: Stub) -> None:
    pages = [{**PAGE, "has_more": True}, {**PAGE, "changed": ["b"], "refused": [{"flow_run_id": "c"}], "cursor": "2:b"}]
    stub.on("set_flow_runs_state(", *({"data": {"set_flow_runs_state": page}} for page in pages))
    handled: list[int] = []

    told = Client().set_flow_runs_state({"name": {"_eq": "x"}}, Success("fine"), progress=handled.append)

    assert told == {"created_before": FROZEN, "changed": ["a", "b"], "refused": [{"flow_run_id": "c"}]}
    assert handled == [1, 3]
    first, second = (asked.variables["input"] for asked in stub.asked)
    assert (first["state"]["type"], "created_before" in first) == ("Success", False)
    assert (second["created_before"], second["after"]) == (FROZEN, "1:a")


def test_an_error_in_the_middle_is_raised(stub: Stub) -> None:
    stub.on(
        "cancel_flow_runs(",
        {"data": {"cancel_flow_runs": {**PAGE, "has_more": True}}},
        {"data": None, "errors": [{"message": "no more"}]},
    )

    with pytest.raises(ClientError, match="no more"):
        Client().cancel_flow_runs({}, created_before=datetime(2026, 11, 27))

    assert stub.asked[0].variables["input"]["created_before"] == "2026-11-27T00:00:00+00:00"


def test_sums_are_asked_for_and_given_without_what_was_not_asked(stub: Stub) -> None:
    stub.data("flow_run_counts(", flow_run_counts=[{"state": "Failed", "flow_id": None, "count": 3}])
    stub.data("flow_run_history(", flow_run_history={"buckets": [{"time": FROZEN, "total": 0, "counts": {}}]})
    stub.data("log_volume(", log_volume={"total": 2})
    client = Client()

    assert client.flow_run_counts(by="state") == [{"state": "Failed", "count": 3}]
    assert client.flow_run_history(FROZEN, datetime(2026, 11, 27, 11, tzinfo=UTC), 60)[0]["total"] == 0
    assert client.log_volume("x", buckets=3) == {"total": 2}

    counts, history, volume = (asked.variables for asked in stub.asked)
    assert counts == {"where": {}, "by": ["state"], "limit": 1000}
    assert (history["from"], history["to"], history["seconds"]) == (FROZEN, "2026-11-27T11:00:00+00:00", 60)
    assert volume == {"id": "x", "where": {}, "buckets": 3}
    assert (history["where"], history["time"]) == ({}, "scheduled_start_time")


def test_sums_are_asked_of_the_runs_and_lines_that_are_named(stub: Stub) -> None:
    stub.data("flow_run_counts(", flow_run_counts=[])
    stub.data("flow_run_history(", flow_run_history={"buckets": []})
    stub.data("log_volume(", log_volume={"total": 0})
    client, where = Client(), {"name": {"_eq": "x"}}

    assert client.flow_run_counts(where, by=["state", "flow_id"], limit=5) == []
    assert client.flow_run_history(FROZEN, FROZEN, 1, where=where, time="end_time") == []
    assert client.log_volume("x", where) == {"total": 0}

    counts, history, volume = (asked.variables for asked in stub.asked)
    assert counts == {"where": where, "by": ["state", "flow_id"], "limit": 5}
    assert (history["where"], history["time"]) == (where, "end_time")
    assert volume == {"id": "x", "where": where, "buckets": 1}


def test_a_run_tells_what_it_waits_for_and_a_schedule_its_times(stub: Stub) -> None:
    stub.data("why_not_running(", why_not_running={"ready": False, "queue_position": 4})
    stub.data("schedule_preview(", schedule_preview={"times": []})
    client = Client()

    assert client.why_not_running("x")["queue_position"] == 4
    assert client.schedule_preview([{"cron": "0 9 * * *"}], timezone="Europe/Berlin") == {"times": []}

    assert stub.asked[-1].variables == {"clocks": [{"cron": "0 9 * * *"}], "timezone": "Europe/Berlin", "count": 5}
