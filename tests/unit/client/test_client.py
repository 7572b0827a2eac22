"""What the client sends, and what it makes of the answers; against a real little HTTP server."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from prefect.client import Client, auth
from prefect.client import connection as connection_module
from prefect.exceptions import (
    AuthorizationError,
    ClientError,
    ObjectNotFoundError,
    ServerUnreachable,
    VersionLockMismatchSignal,
)
from prefect.model.state import Queued, Running, Success
from prefect.utilities.configuration import set_temporary_config
from support.graphql_stub import StubServer
from support.servers import free_port

TENANT = "6d5b3ab5-6f3d-4f3d-a8a8-000000000001"


@pytest.fixture
def stub(tmp_path):
    settings = {"home_dir": str(tmp_path), "backend": "server", "cloud.api_key": "", "cloud.tenant_id": ""}
    with StubServer() as stub, set_temporary_config({**settings, "cloud.api": stub.url}):
        stub.data("tenant { id }", tenant=[{"id": TENANT}])
        yield stub
        # The next stub may get the same port.
        connection_module._plain_servers.discard(stub.url)


# ----- headers, keys, tenants


KEY = "pct_0123456789"


@pytest.mark.parametrize("text", [KEY + "\n", KEY + "\r\n", " " + KEY, f"\t{KEY} ", KEY])
@pytest.mark.parametrize("way", ["argument", "configured", "stored", "attribute", "of one request"])
def test_a_key_of_a_file_works_with_the_line_break_at_its_end(stub, tmp_path, text, way):
    stub.data("hello", hello="hi")
    more = {}
    if way == "argument":
        client = Client(api_key=text)
    elif way == "configured":
        with set_temporary_config({"cloud.api_key": text}):
            client = Client()
    elif way == "stored":
        auth.save(tmp_path / "auth.toml", auth.section_name(stub.url), api_key=text, tenant_id=None)
        client = Client()
    else:
        client = Client()
        if way == "attribute":
            client.api_key = text
        else:
            more = {"api_key": text}

    client.post("hello", **more) if more else client.graphql("{ hello }")

    assert stub.asked[-1].headers["Authorization"] == f"Bearer {KEY}"
    if not more:
        client.save_auth_to_disk()
        assert (tmp_path / "auth.toml").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("text", ["pct_hid\nden", "pct_hid\r\nX: den", "pct hidden", "pct_hidden\x00", "pct_hiddén"])
def test_a_key_that_cannot_be_one_is_refused_without_showing_it(stub, text):
    for build in (lambda: Client(api_key=text), lambda: Client().graphql("{ hello }", headers={"X-Key": "hid\nden"})):
        with pytest.raises(ClientError) as refused:
            build()
        assert "hid" not in str(refused.value)
    assert stub.asked == []


def test_every_request_says_the_version_and_what_was_attached(stub):
    stub.data("hello", hello="hi")
    client = Client()
    client.attach_headers({"X-PREFECT-AGENT-ID": "a"})

    assert client.graphql("query { hello }").data.hello == "hi"

    headers = stub.asked[-1].headers
    assert headers["X-PREFECT-CORE-VERSION"]
    assert headers["X-PREFECT-AGENT-ID"] == "a"
    assert "Authorization" not in headers
    assert "X-PREFECT-TENANT-ID" not in headers


def test_a_key_goes_with_the_tenant_once_that_is_known(stub):
    stub.data("hello", hello="hi")
    client = Client(api_key="k")

    client.graphql("query { hello }")
    assert "X-PREFECT-TENANT-ID" not in stub.asked[-1].headers

    assert client.tenant_id == TENANT
    client.graphql("query { hello }")
    assert stub.asked[-1].headers["Authorization"] == "Bearer k"
    assert stub.asked[-1].headers["X-PREFECT-TENANT-ID"] == TENANT


def test_stored_keys_are_found_again_for_their_address_only(stub, tmp_path):
    Client(api_key="k", tenant_id=TENANT).save_auth_to_disk()

    assert Client().api_key == "k"
    assert Client().load_auth_from_disk() == {"api_key": "k", "tenant_id": TENANT}
    assert Client(api_server="http://other.example:4200").api_key is None
    assert (tmp_path / "auth.toml").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "content", [b"garbage ][", b"\xff\xfe", b'"127.0.0.1" = "text"'], ids=["no TOML", "no text", "no section"]
)
def test_a_file_of_keys_that_cannot_be_read_is_named(stub, tmp_path, content):
    (tmp_path / "auth.toml").write_bytes(content)

    with pytest.raises(ClientError, match=r"auth\.toml cannot be read: .* remove it and log in again"):
        Client()


def test_tenants_are_read_by_keys_and_by_attributes(stub):
    stub.data("tenant(order_by", tenant=[{"id": TENANT, "slug": "default", "name": "Default"}])

    (tenant,) = Client().get_available_tenants()

    assert tenant == {"id": TENANT, "slug": "default", "name": "Default"}
    assert tenant.slug == "default"


@pytest.mark.parametrize("errors", [None, []])
def test_an_answer_with_no_errors_in_it_is_no_error(stub, errors):
    stub.on("hello", {"data": {"hello": "hi"}, "errors": errors})

    assert Client().graphql("query { hello }").data.hello == "hi"


def test_a_client_that_is_told_to_wait_says_so_and_asks_again(stub, caplog):
    stub.on("hello", (429, {}), (200, {"data": {"hello": "hi"}}))

    with set_temporary_config({"cloud.rate_limiting.backoff_s": 0, "cloud.rate_limiting.backoff_multiplier": 0}):
        assert Client().graphql("query { hello }").data.hello == "hi"

    assert "Rate limit encountered (attempt 1)" in caplog.text


def test_who_switches_tenants_with_a_key_is_told_when_it_is_none(stub):
    client = Client(api_key="k")
    stub.data("auth_info", auth_info={"tenant_id": TENANT})
    assert client.switch_tenant(tenant_id=TENANT) == TENANT
    assert "auth_info" in stub.asked[-1].query

    stub.rules.clear()
    stub.data("auth_info", auth_info={"tenant_id": None})
    with pytest.raises(AuthorizationError, match="belongs to no tenant"):
        client.switch_tenant(tenant_id=TENANT)


def test_who_switches_tenants_without_a_key_needs_none_but_of_the_cloud(stub):
    assert Client().switch_tenant(tenant_id=TENANT) == TENANT
    assert stub.asked == []
    with set_temporary_config({"backend": "cloud"}), pytest.raises(ValueError, match="not set an API key"):
        Client(api_server=stub.url).switch_tenant(tenant_id=TENANT)


def test_a_tenant_id_must_be_a_uuid(stub):
    with pytest.raises(ValueError, match=r"The `tenant_id` must be a valid UUID. Got 'x'."):
        Client(tenant_id="x")


def test_a_server_without_tenants_says_how_to_make_one(stub):
    stub.data("tenant { id }", tenant=[])

    with pytest.raises(ClientError, match="prefect server create-tenant"):
        _ = Client().tenant_id


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "A `tenant_id` or `tenant_slug` must be provided."),
        (
            {"tenant_slug": "a", "tenant_id": "b"},
            "Received both `tenant_slug` and `tenant_id`; only one is allowed.",
        ),
        ({"tenant_slug": "zz"}, "No matching tenant found for slug 'zz'."),
    ],
    ids=["none", "both", "unknown"],
)
def test_switching_tenants_wants_one_known_name(stub, arguments, message):
    stub.data("$slug", tenant=[])

    with pytest.raises(ValueError, match=message):
        Client().switch_tenant(**arguments)


# ----- answers


def test_the_first_error_of_a_refused_document_is_shown_with_document_and_variables(stub):
    stub.on("boom", {"errors": [{"message": "nope", "extensions": {"code": "X"}}, {"message": "two"}]}, status=400)

    with pytest.raises(ClientError) as caught:
        Client().graphql("query { boom }", variables={"a": 1})

    text = str(caught.value)
    assert "    X: nope\n    UNKNOWN_ERROR: two" in text
    assert "    query { boom }" in text
    assert '    {"a": 1}' in text


def test_an_answer_with_errors_raises_unless_told_not_to(stub):
    stub.on("boom", {"errors": [{"message": "no"}]})

    with pytest.raises(ClientError):
        Client().graphql("{ boom }")
    assert Client().graphql("{ boom }", raise_on_error=False).errors == [{"message": "no"}]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ((401, {"errors": [{"message": "no key"}]}), AuthorizationError),
        ((413, b"too big"), ClientError),
        ((200, b"<html>"), ClientError),
        ((200, [1]), ClientError),
    ],
    ids=["unauthorized", "too-big", "not-json", "no-object"],
)
def test_other_answers_are_client_errors(stub, answer, kind):
    stub.on("x", answer)

    with pytest.raises(kind):
        Client().graphql("{ x }")


def test_a_passing_error_is_asked_again(stub, monkeypatch):
    pauses = []
    monkeypatch.setattr(connection_module.time, "sleep", pauses.append)
    stub.on("hello", {"errors": [{"message": "API_ERROR"}]}, {"data": {"hello": 1}})

    assert Client().graphql("{ hello }").data.hello == 1
    assert pauses == [0.25]


def test_a_server_that_is_coming_back_is_waited_for(stub):
    stub.on("hello", (503, b""), {"data": {"hello": 1}})

    assert Client().graphql("{ hello }").data.hello == 1


def test_a_server_that_is_not_there_is_named_with_advice(stub):
    client = Client(api_server=f"http://127.0.0.1:{free_port()}")
    client.retry_seconds = 0

    with pytest.raises(ServerUnreachable) as caught:
        client.graphql("{ hello }")

    assert client.api_server in str(caught.value)
    assert "prefect server start" in str(caught.value)
    assert "refused" in str(caught.value)


# ----- flow runs


def test_creating_a_run_sends_what_was_given_and_a_key(stub):
    stub.data("create_flow_run", create_flow_run={"id": "r"})

    run_id = Client().create_flow_run(
        flow_id="f",
        parameters={},
        labels=[],
        scheduled_start_time=datetime(2030, 1, 2, 3, tzinfo=UTC),
        flow_run_name="n",
    )

    sent = stub.asked[-1].variables["input"]
    key = sent.pop("idempotency_key")
    assert run_id == "r"
    assert len(key) == 32
    assert sent == {
        "flow_id": "f",
        "parameters": {},
        "labels": [],
        "scheduled_start_time": "2030-01-02T03:00:00+00:00",
        "flow_run_name": "n",
    }


def test_a_run_can_be_of_a_flow_group_and_its_name_has_two_spellings(stub):
    stub.data("create_flow_run", create_flow_run={"id": "r"})

    Client().create_flow_run(flow_group_id="g", run_name="n", idempotency_key="k", priority=-1)

    expected = {"flow_group_id": "g", "flow_run_name": "n", "idempotency_key": "k", "priority": -1}
    assert stub.asked[-1].variables["input"] == expected


def test_many_runs_go_in_one_request(stub):
    stub.data("create_flow_runs", create_flow_runs={"flow_run_ids": ["r", "s"]})

    made = Client().create_flow_runs([{"flow_id": "f", "run_name": "n", "idempotency_key": "k"}, {"flow_id": "f"}])

    first, second = stub.asked[-1].variables["input"]["flow_runs"]
    assert made == ["r", "s"]
    assert first == {"flow_id": "f", "flow_run_name": "n", "idempotency_key": "k"}
    assert len(second.pop("idempotency_key")) == 32
    assert second == {"flow_id": "f"}
    with pytest.raises(ValueError, match="must be provided"):
        Client().create_flow_runs([{}])


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ({}, ValueError, "must be provided"),
        ({"flow_id": "f", "run_name": "a", "flow_run_name": "b"}, ValueError, "only one is allowed"),
        ({"flow_id": "f", "labels": "abc"}, TypeError, "`labels` must be a list"),
        ({"flow_id": "f", "parameters": [1]}, TypeError, r"`parameters` must be a dictionary. Got \[1\]"),
        ({"flow_id": "f", "context": "x"}, TypeError, "`context` must be a dictionary. Got 'x'"),
        ({"flow_id": "f", "scheduled_start_time": 5}, TypeError, "`scheduled_start_time` must be a datetime"),
    ],
    ids=["no-flow", "two-names", "labels-text", "parameters-list", "context-text", "start-number"],
)
def test_a_run_that_makes_no_sense_is_not_sent(stub, arguments, kind, message):
    with pytest.raises(kind, match=message):
        Client().create_flow_run(**arguments)
    assert stub.asked == []


def test_a_run_is_told_with_the_time_that_it_was_due(stub):
    project = {"id": "p", "name": "project"}
    run = {"id": "r", "name": "n", "flow_id": "f", "flow": {"project": project}, "parameters": None, "context": None}
    run |= {"version": 3, "scheduled_start_time": "2026-03-04T05:06:07.5+02:00", "task_runs": []}
    run["serialized_state"] = {"type": "Success", "message": "done"}
    stub.data("flow_run_by_pk", flow_run_by_pk=run)

    found = Client().get_flow_run_info("r")

    due = datetime(2026, 3, 4, 3, 6, 7, 500_000, tzinfo=UTC)
    assert (found.scheduled_start_time, found.version, found.parameters, found.context) == (due, 3, {}, {})
    assert (found.project.name, found.state.is_successful(), found.task_runs) == ("project", True, [])


def test_a_missing_run_is_named(stub):
    stub.data("flow_run_by_pk", flow_run_by_pk=None)

    with pytest.raises(ClientError, match='Flow run ID not found: "abc"'):
        Client().get_flow_run_info("abc")
    with pytest.raises(ObjectNotFoundError, match=r"Flow run 'abc' not found\."):
        Client().get_flow_run_state("abc")


def test_setting_a_state_gives_it_an_id_so_that_it_can_be_sent_again(stub):
    stub.data(
        "set_flow_run_states", set_flow_run_states={"states": [{"id": "r", "status": "SUCCESS", "message": None}]}
    )
    state = Running("go")

    assert Client().set_flow_run_state("r", state, version=3) is state

    [sent] = stub.asked[-1].variables["input"]["states"]
    assert len(sent["id"]) == 36
    assert (sent["flow_run_id"], sent["version"], sent["state"]["type"]) == ("r", 3, "Running")


def test_a_server_of_another_make_gets_no_inputs_that_it_does_not_know(stub):
    refusal = {"message": "Field 'id' is not defined by type 'set_task_run_state_input'."}
    taken = {"data": {"set_task_run_states": {"states": [{"id": "t", "status": "SUCCESS", "message": None}]}}}
    stub.on("set_task_run_states", (400, {"errors": [refusal]}), taken)
    client = Client()

    client.set_task_run_state("t", Success())
    client.set_task_run_state("t", Success())

    carries_id = ["id" in asked.variables["input"]["states"][0] for asked in stub.asked]
    assert carries_id == [True, False, False]
    assert not client.knows_extras


def test_a_queued_answer_becomes_a_queued_state(stub):
    answer = {"id": "r", "status": "QUEUED", "message": "full"}
    stub.data("set_flow_run_states", set_flow_run_states={"states": [answer]})

    state = Client().set_flow_run_state("r", Running())

    assert isinstance(state, Queued)
    assert state.message == "full"
    assert 25 < (state.due_time - datetime.now(UTC)).total_seconds() <= 30


def test_a_refused_version_is_a_signal_of_its_own(stub):
    stub.on("set_flow_run_states", {"errors": [{"message": "m", "extensions": {"code": "VERSION_LOCKING_ERROR"}}]})

    with pytest.raises(VersionLockMismatchSignal):
        Client().set_flow_run_state("r", Running(), version=1)


# ----- projects, logs, artifacts


def test_an_existing_project_is_given_as_it_is(stub):
    stub.on("create_project", {"errors": [{"message": "Uniqueness violation."}]})
    stub.data("project(where", project=[{"id": "p"}])

    assert Client().create_project("x") == "p"


def test_deleting_an_unknown_project_says_so(stub):
    stub.data("project(where", project=[])

    with pytest.raises(ValueError, match=r"Project x not found\."):
        Client().delete_project("x")


def test_logs_that_are_refused_raise(stub):
    stub.data("write_run_logs", write_run_logs={"success": False})

    with pytest.raises(ValueError, match=r"Writing logs failed\."):
        Client().write_run_logs({"flow_run_id": "r"})
    assert stub.asked[-1].variables["input"]["logs"] == [{"flow_run_id": "r"}]


@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.create_task_run_artifact(None, "link", {}),
        lambda client: client.update_task_run_artifact(None, {}),
        lambda client: client.delete_task_run_artifact(None),
        lambda client: client.update_task_tag_limit("a", -1),
    ],
    ids=["create", "update", "delete", "limit"],
)
def test_missing_ids_and_negative_limits_are_refused_here(stub, call):
    with pytest.raises(ValueError, match=r"must be (provided|>= 0)"):
        call(Client())
    assert stub.asked == []


def test_cached_states_are_asked_for_by_key_or_else_by_task(stub):
    stub.data("task_run(", task_run=[{"serialized_state": {"type": "Cached", "message": "m"}}])
    since = datetime(2030, 1, 1, tzinfo=UTC)

    [state] = Client().get_latest_cached_states("t", "key", since)
    Client().get_latest_cached_states("t", None, since)

    assert state.is_cached()
    by_key, by_task = (asked.variables["where"] for asked in stub.asked)
    assert by_key["cache_key"] == {"_eq": "key"}
    assert "task_id" not in by_key
    assert by_task["task_id"] == {"_eq": "t"}
