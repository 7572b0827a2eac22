"""What a connection sends with every request, how often it asks again, and what it makes of each kind of answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from prefect import Flow, __version__
from prefect.client import Client, Secret
from prefect.client import connection as connection_module
from prefect.client.auth import load, save, section_name
from prefect.contract import errors
from prefect.exceptions import AuthorizationError, ClientError, InvalidAddressError, VersionLockMismatchSignal
from prefect.utilities.configuration import set_temporary_config
from prefect.utilities.context import context
from support.graphql_stub import StubServer

TENANT = "6d5b3ab5-6f3d-4f3d-a8a8-000000000001"


@pytest.fixture
def stub(tmp_path, monkeypatch):
    settings = {"home_dir": str(tmp_path), "backend": "server", "cloud.api_key": "", "cloud.tenant_id": ""}
    with StubServer() as stub, set_temporary_config({**settings, "cloud.api": stub.url}):
        stub.data("tenant { id }", tenant=[{"id": TENANT}])
        yield stub
        connection_module._plain_servers.discard(stub.url)


@pytest.fixture
def pauses(monkeypatch) -> list[float]:
    found: list[float] = []
    monkeypatch.setattr(connection_module.time, "sleep", found.append)
    return found


# ----- addresses, keys, tenants


@pytest.mark.parametrize("address", ["", "localhost:4200", "ftp://x", "://x"])
def test_an_address_that_is_not_of_http_is_refused(stub, address):
    with set_temporary_config({"cloud.api": address}), pytest.raises(InvalidAddressError) as caught:
        Client()
    assert (
        str(caught.value) == f'The API address must begin with http:// or https://, or be "embedded". Got {address!r}.'
    )


def test_a_slash_at_the_end_of_an_address_means_nothing(stub):
    assert Client(api_server=stub.url + "//").api_server == stub.url


def test_what_is_given_wins_over_the_settings_and_those_over_the_file(stub, tmp_path):
    other = TENANT[:-1] + "2"
    third = TENANT[:-1] + "3"
    Client(api_key="file", tenant_id=TENANT).save_auth_to_disk()
    assert (Client().api_key, Client().tenant_id) == ("file", TENANT)
    with set_temporary_config({"cloud.api_key": "settings", "cloud.tenant_id": other}):
        assert (Client().api_key, Client().tenant_id) == ("settings", other)
        client = Client(api_key="given", tenant_id=third)
        assert (client.api_key, client.tenant_id) == ("given", third)


@pytest.mark.parametrize(
    ("address", "section"),
    [
        ("http://127.0.0.1:4200/graphql", "127.0.0.1-4200"),
        ("https://API.Example.com", "api.example.com"),
        ("http://[::1]:4200", "1-4200"),
    ],
)
def test_a_section_is_named_by_host_and_port(address, section):
    assert section_name(address) == section


def test_saving_one_section_keeps_the_others_and_a_left_draft_is_no_hindrance(tmp_path):
    import os

    path = tmp_path / "deep" / "auth.toml"
    save(path, "a", api_key="k", tenant_id=None)
    draft = path.with_name(f".auth.toml.{os.getpid()}")
    draft.write_text("left")
    draft.chmod(0o644)
    save(path, "b", api_key=None, tenant_id='quo"te')

    assert load(path) == {"a": {"api_key": "k", "tenant_id": ""}, "b": {"api_key": "", "tenant_id": 'quo"te'}}
    assert path.stat().st_mode & 0o777 == 0o600
    assert not draft.exists()
    assert load(tmp_path / "none") == {}


def test_the_tenant_of_a_key_is_asked_of_a_cloud(stub):
    def answer(info: Any) -> str:
        stub.data("auth_info", auth_info=info)
        return Client(api_key="k").tenant_id

    with set_temporary_config({"backend": "cloud"}):
        with pytest.raises(ValueError, match="You have not set an API key for authentication"):
            _ = Client().tenant_id
        assert answer({"tenant_id": TENANT}) == TENANT
        with pytest.raises(ClientError, match="did not say which tenant"):
            answer(None)
        with pytest.raises(ClientError, match="did not say which tenant"):
            answer({})
        with pytest.raises(AuthorizationError, match="it is an API token, not an API key"):
            answer({"tenant_id": None})


# ----- headers


def test_the_headers_of_a_request(stub):
    stub.data("x", x=1)
    client = Client(api_key="k", tenant_id=TENANT)
    client.attach_headers({"X-MINE": "attached", "X-BOTH": "attached"})
    given = {"x-both": "given", "X-Call": "given", "x-prefect-core-version": "0.1", "Accept": "text/plain"}
    with context(run_process="p-1"):
        client.graphql("{ x }", headers=given, api_key="other")

    headers = {name.lower(): value for name, value in stub.asked[-1].headers.items()}
    assert len(headers) == len(stub.asked[-1].headers), "one header of each name, in whatever case it was given"
    assert (headers["accept"], headers["content-type"]) == ("text/plain", "application/json")
    assert headers["x-prefect-core-version"] == __version__, "a caller does not speak for the client"
    assert headers["user-agent"].startswith("prefect/")
    assert headers["accept-encoding"] == "gzip, deflate"
    assert headers["authorization"] == "Bearer other"
    assert headers["x-prefect-tenant-id"] == TENANT
    assert headers["x-prefect-run-process"] == "p-1"
    assert (headers["x-mine"], headers["x-both"], headers["x-call"]) == ("attached", "attached", "given")
    client.graphql("{ x }")
    assert "X-PREFECT-RUN-PROCESS" not in {name.upper() for name in stub.asked[-1].headers}
    assert stub.asked[-1].headers["Authorization"] == "Bearer k"


def test_headers_follow_who_asks(stub):
    stub.data("x", x=1)
    client = Client(api_key="k")

    def sent(**values: Any) -> dict[str, str]:
        with context(**values):
            client.ask("{ x }")
        return {name.lower(): value for name, value in stub.asked[-1].headers.items()}

    assert "x-prefect-run-process" not in sent()
    assert sent(run_process="run/1")["x-prefect-run-process"] == "run/1"
    assert sent(run_process="run/2")["x-prefect-run-process"] == "run/2"
    client.api_key = "other"
    assert sent()["authorization"] == "Bearer other"
    client.attach_headers({"X-Mine": "1"})
    assert sent()["x-mine"] == "1"
    client.api_key = "line\nbreak"
    for _ in range(2):
        with pytest.raises(Exception, match="line break"):
            client.ask("{ x }")


# ----- asking again


@pytest.mark.parametrize(("refusals", "pauses_made"), [(1, 1), (6, 6), (7, 6)])
def test_a_passing_error_is_asked_again_six_times(stub, pauses, refusals, pauses_made):
    refusal = {"errors": [{"message": "API_ERROR"}]}
    stub.on("x", *[refusal] * refusals, {"data": {"x": 1}})
    if refusals > 6:
        with pytest.raises(ClientError):
            Client().graphql("{ x }")
    else:
        assert Client().graphql("{ x }").data.x == 1
    assert pauses == [0.25 * 2**n for n in range(pauses_made)]


def test_who_wants_no_second_try_gets_none(stub, pauses):
    stub.on("x", {"errors": [{"message": "API_ERROR"}]})
    answer = Client().graphql("{ x }", raise_on_error=False, retry_on_api_error=False)
    assert answer["errors"] == [{"message": "API_ERROR"}]
    assert pauses == []
    assert len(stub.asked) == 1


@pytest.mark.parametrize(("most", "asked"), [(0, 1), (2, 3)])
def test_a_client_that_is_told_to_wait_asks_so_often_and_waits_ever_longer(stub, pauses, most, asked):
    stub.on("x", (429, {"errors": []}))
    limits = {"max_retries": most, "backoff_s": 10, "backoff_multiplier": 1, "backoff_exponent": 100}
    settings = {f"cloud.rate_limiting.{name}": value for name, value in limits.items()}
    with set_temporary_config(settings), pytest.raises(ClientError, match="429"):
        Client().graphql("{ x }")
    assert len(stub.asked) == asked
    assert len(pauses) == most
    assert all(10 <= pause <= 10 + 100**n for n, pause in enumerate(pauses))


# ----- answers


@pytest.mark.parametrize(
    ("status", "content", "kind", "said"),
    [
        (401, b"", AuthorizationError, "401 refused by "),
        (403, {"errors": [{"message": "no"}]}, AuthorizationError, "no"),
        (500 - 1, {"errors": [{"message": "m", "extensions": {"code": "UNAUTHENTICATED"}}]}, AuthorizationError, "m"),
        (404, b"plain text", ClientError, "404 error for url: .*: plain text"),
        (404, b"", ClientError, r"404 error for url: http://[0-9.:]+$"),
        (404, b"x" * 501, ClientError, f"{'x' * 500}$"),
        (404, {"errors": [{"message": "m"}]}, ClientError, "404 error for url: .*: UNKNOWN_ERROR: m$"),
        (400, {"nothing": 1}, ClientError, "400 error for url"),
        (200, b"<html>", ClientError, "Malformed response received from .*: expected a JSON object"),
        (200, [1], ClientError, "Malformed response"),
    ],
)
def test_an_answer_of_another_kind_says_what_it_was(stub, status, content, kind, said):
    stub.on("x", (status, content))
    with pytest.raises(kind, match=said):
        Client().graphql("{ x }")


def test_values_that_are_nested_too_deeply_are_said_to_be_so(stub):
    value = []
    for _ in range(100_000):
        value = [value]
    with pytest.raises(ValueError, match=r"^The values of a request are nested too deeply to be sent as JSON\.$"):
        Client().graphql("{ x }", variables={"v": value})
    while value:  # one by one: freed at once, so many are too deep for the interpreter, too
        value = value.pop()


@pytest.mark.parametrize("content", [{"data": [1]}, {"data": None}, {"nothing": 1}], ids=str)
def test_an_answer_without_data_is_of_no_server(stub, content):
    stub.on("x", (200, content))
    with pytest.raises(ClientError, match=r"^Malformed response received from http://\S+: expected an object"):
        Client().ask("{ x }")


def test_an_answer_without_json_of_a_cloud_may_mean_a_missing_key(stub):
    stub.on("x", (200, b"<html>"))
    with set_temporary_config({"backend": "cloud"}):
        with pytest.raises(AuthorizationError, match=r"gave no JSON answer\. You have not set an API key"):
            Client().graphql("{ x }")
        with pytest.raises(ClientError, match="Malformed response"):
            Client(api_key="k").graphql("{ x }")


def test_the_messages_of_a_refused_document_can_be_read_one_by_one(stub):
    stub.on("x", {"errors": [{"message": "one"}, {"message": "two"}]}, status=400)
    with pytest.raises(ClientError) as caught:
        Client().graphql("{ x }")
    assert caught.value.messages == ("one", "two")


@pytest.mark.parametrize(
    ("found", "kind"),
    [
        ([{"message": "m", "extensions": {"code": "UNAUTHENTICATED"}}], AuthorizationError),
        ([{"message": "Malformed Authorization header"}], AuthorizationError),
        ([{"message": "m", "extensions": {"code": "VERSION_LOCKING_ERROR"}}], VersionLockMismatchSignal),
        ([{"message": "m"}, {"message": "m", "extensions": {"code": "VERSION_LOCKING_ERROR"}}], ClientError),
        ([{"message": "m", "extensions": None}], ClientError),
        ([{"message": "m", "extensions": {"code": 5}}], ClientError),
        ([], ClientError),
    ],
)
def test_the_code_of_an_error_decides_its_exception(found, kind):
    assert type(errors.exception_for(found)) is kind


def test_errors_are_described_by_code_and_message():
    found = [{"message": "m", "extensions": {"code": "C"}}, {"message": "n"}, {"other": 1}]
    assert errors.describe(found) == ["C: m", "UNKNOWN_ERROR: n", "UNKNOWN_ERROR: {'other': 1}"]


# ----- other ways of asking


def test_a_server_that_does_not_know_an_input_is_asked_without_it_from_then_on(stub):
    stub.on("change", {"errors": [{"message": 'Field "more" is not defined by type "t".'}]}, {"data": {"c": {"ok": 1}}})
    client = Client()
    assert client.knows_extras
    for _ in range(2):
        assert client.change_with_extras("mutation change", {"a": 1, "more": 2}, plain={"a": 1}) == {"ok": 1}
    assert [asked.variables["input"] for asked in stub.asked] == [{"a": 1, "more": 2}, {"a": 1}, {"a": 1}]
    assert not client.knows_extras


def test_another_error_of_an_input_is_raised(stub):
    stub.on("change", {"errors": [{"message": "no"}]})
    client = Client()
    with pytest.raises(ClientError, match="no"):
        client.change_with_extras("mutation change", {"a": 1, "more": 2}, plain={"a": 1})
    assert client.knows_extras
    assert len(stub.asked) == 1


def test_numbers_that_are_none_are_not_sent(stub):
    with pytest.raises(ValueError, match="JSON"):
        Client().graphql("{ x }", variables={"x": float("nan")})
    assert stub.asked == []


def test_secrets_are_looked_for_here_then_there(stub):
    stub.data("secret_names", secret_names=["there"])
    stub.data("secret_value", secret_value='{"a": 1}')
    with set_temporary_config({"cloud.use_local_secrets": False}), context(secrets={"here": "[1]", "text": "plain"}):
        assert [Secret(name).exists() for name in ("here", "there", "nowhere")] == [True, True, False]
        assert (Secret("here").get(), Secret("text").get(), Secret("there").get()) == ([1], "plain", {"a": 1})
        stub.data("secret_names", secret_names=None)
        assert not Secret("there").exists()
    with set_temporary_config({"cloud.use_local_secrets": True}), context(secrets={}):
        assert not Secret("there").exists()
        with pytest.raises(ValueError, match='Local Secret "there" was not found'):
            Secret("there").get()


@pytest.mark.parametrize(("backend", "kind"), [("server", ValueError), ("cloud", KeyError)])
def test_a_secret_that_is_nowhere_raises_what_its_backend_means(stub, backend, kind):
    stub.on("secret_value", {"errors": [{"message": errors.NO_VALUE_FOR_KEY}]})
    with set_temporary_config({"cloud.use_local_secrets": False, "backend": backend}), pytest.raises(kind, match="s-1"):
        Secret("s-1").get()


def test_another_error_about_a_secret_is_raised_as_it_is(stub):
    stub.on("secret_value", {"errors": [{"message": "other"}]})
    with set_temporary_config({"cloud.use_local_secrets": False, "backend": "cloud"}), pytest.raises(ClientError):
        Secret("s-1").get()


# ----- clocks


@pytest.mark.parametrize(("ahead", "expected"), [(3600, 3600), (-3600, -3600), (2, 0), (-2, 0)])
def test_the_time_of_the_api_is_known_from_its_answers(stub, monkeypatch, ahead, expected):
    client = Client()
    before = datetime.now(UTC)
    told = format_datetime(before + timedelta(seconds=ahead), usegmt=False)

    client._note_clock(told)

    assert abs((client.server_time() - before).total_seconds() - expected) < 60


@pytest.mark.parametrize("told", [None, "", "yesterday", "Sat, 99 Nov 2026 25:00:00 GMT"])
def test_a_server_that_tells_no_time_is_taken_to_agree(stub, told):
    client = Client()

    client._note_clock(told)

    assert abs((client.server_time() - datetime.now(UTC)).total_seconds()) < 60


def test_every_answer_tells_the_time(stub):
    connection_module._clocks.pop(stub.url, None)

    Client().ask("{ tenant { id } }")

    assert stub.url in connection_module._clocks


def test_a_project_that_is_not_there_is_named_with_how_to_make_it(stub):
    stub.data("project(where", project=[])
    with pytest.raises(ValueError) as caught:
        Client().register(Flow("f"), project_name="mine")
    assert str(caught.value) == "Project mine not found. Run `prefect create project 'mine'` to create it."
    with pytest.raises(TypeError, match="'project_name' is a required field when registering a flow"):
        Client().register(Flow("f"))


@pytest.mark.parametrize(
    ("run_id", "configured", "seconds"), [(None, 7, 3.0), ("r", 7, 7.0), ("r", None, 3.0)], ids=str
)
def test_who_sits_at_a_terminal_hears_soon_and_a_run_tries_for_as_long_as_is_set(
    run_id: str | None, configured: int | None, seconds: float
) -> None:
    settings = {} if configured is None else {"cloud.retry_seconds": configured}
    with set_temporary_config(settings), context(flow_run_id=run_id):
        if configured is None:
            context.config.cloud.pop("retry_seconds", None)
        assert connection_module._retry_seconds() == seconds
