"""Every task that asks a service on the web, when the service refuses, is away, or answers with half of something."""

from __future__ import annotations

import inspect
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from prefect import context
from prefect.tasks.authoring import web
from prefect.tasks.authoring.declared import WebTask
from prefect.tasks.authoring.web import ServiceFailed
from prefect.tasks.dbt import DbtCloudRunJob, dbt_cloud_utils
from prefect.tasks.monte_carlo import client as monte_carlo_client
from support.fake_service import FakeService
from support.pauses import record_sleep
from support.road import free_port
from unit.tasks.test_library_as_a_whole import declared

HIDDEN = "s3cr3t"
VALUES: dict[str, Any] = {
    "access_control_list": [],
    "git_source": None,
    "headers": {"X-A": "b"},
    "api_trigger": f"https://bearer:secret-token:{HIDDEN}-trigger@app.getcensus.com/api/v1/syncs/11/trigger",
    "airbyte_server_host": "127.0.0.1",
    "airbyte_server_port": 1,
    "airbyte_api_version": "v1",
    "cause": "why",
    "connection_id": "12345678-1234-1234-1234-123456789012",
    "data": {"a": 1},
    "databricks_conn_secret": {"host": "http://127.0.0.1:1", "token": f"{HIDDEN}-databricks"},
    "destination": {"node_name": "t", "object_id": "t", "object_type": "table", "resource_name": "r"},
    "domain": "cloud.example",
    "include_entities": None,
    "info_keys": [],
    "items": None,
    "json": {"a": 1},
    "lineage_tags": [],
    "method": "POST",
    "next_page": None,
    "params": {"a": "b"},
    "polling_period_seconds": 0,
    "query": {"measures": []},
    "repo": "o/r",
    "selector": {"a": 1},
    "server_url": "https://jira.example",
    "source": {"node_name": "s", "object_id": "s", "object_type": "table", "resource_name": "r"},
    "start_time": 1767225600,
    "subdomain": "sub",
    "tasks": [{"task_key": "k"}],
    "url": "https://site.example/a",
}
SECRETS = {
    "JIRASECRETS": {"JIRAUSER": "u", "JIRATOKEN": f"{HIDDEN}-jira", "JIRASERVER": "https://jira.example"},
    **{name: f"{HIDDEN}-{name}" for name in ("AIRTABLE_API_KEY", "DROPBOX_ACCESS_TOKEN", "SENDGRID_API_KEY")},
}
NUMBERS = ("seconds", "limit", "timeout", "time", "calls", "delay", "tries", "pages", "_s", "_rows")


def web_tasks() -> list[Any]:
    """Give the tasks that can be used, without those that only others are made of."""
    found = [
        task
        for task in declared()
        if (issubclass(task, WebTask) or task.__module__.startswith("prefect.tasks.monte_carlo"))
        and not task.__subclasses__()
        and not task.__name__.startswith("_")
    ]
    return [*found, DbtCloudRunJob]


def given(task: Any) -> dict[str, Any]:
    """Give a value for each argument of ``run``; whatever looks like a credential can be found again."""
    values = {}
    for name, parameter in inspect.signature(task.run).parameters.items():
        if name in VALUES:
            values[name] = VALUES[name]
        elif name in ("attachment_file_path", "token_secret", "additional_args") or name.endswith("env_var"):
            continue
        elif any(word in name for word in ("token", "secret", "api_key", "password")) and "env_var" not in name:
            values[name] = f"{HIDDEN}-{name}"
        elif parameter.default in (None, parameter.empty) and not name.endswith(NUMBERS):
            values[name] = 7 if name.endswith(("_id", "number")) else name
    values.pop("as_bytes", None)
    return values


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeService]:
    record_sleep(monkeypatch)
    with FakeService() as service:
        real = WebTask.service
        service.place = service.url  # type: ignore[attr-defined]
        monkeypatch.setattr(WebTask, "service", lambda self, address=None, **how: real(self, service.place, **how))  # type: ignore[attr-defined]
        monkeypatch.setattr(monte_carlo_client, "ADDRESS", service.url)
        monkeypatch.setattr(dbt_cloud_utils, "ADDRESS", service.url + "/{}")
        yield service


def echo(asked: Any) -> tuple[int, dict[str, Any]]:
    return 403, {"headers": asked.headers, "body": asked.body.decode("utf-8", "replace"), "path": asked.path}


def made(task: Any) -> Any:
    return task(**{n: f"<{n}>" for n, p in inspect.signature(task.__init__).parameters.items() if _must(n, p)})


def refuse(task: Any, fake: FakeService) -> str:
    with context(secrets=SECRETS), pytest.raises(BaseException) as caught:
        made(task).run(**given(made(task)))
    return checked(caught.value)


def checked(error: BaseException) -> str:
    """Give all that an error says of itself, which has to be one of ours and no accident."""
    assert type(error).__module__.partition(".")[0] in ("prefect", "builtins"), repr(error)
    assert not isinstance(error, (TypeError, KeyError, AttributeError, IndexError, AssertionError)), repr(error)
    assert not isinstance(error.__cause__, ServiceFailed) or HIDDEN not in str(error.__cause__)
    return f"{error} {error!r} {getattr(getattr(error, 'state', None), 'message', '')}"


def _must(name: str, parameter: inspect.Parameter) -> bool:
    return name != "self" and parameter.default is parameter.empty and parameter.kind is not parameter.VAR_KEYWORD


# What no service of these answers, as JSON and as something else.
STRANGE: list[Any] = [
    (200, b"<html>Sign in</html>"),
    (200, b'{"id": 1'),
    (200, b""),
    None,
    7,
    "done",
    [],
    [1],
    [None],
    {},
    {"data": None},
    {"data": []},
    {"data": {}},
    {"data": 7},
    {"data": {"id": None, "status": None}},
    {"id": {"a": 1}, "run_id": [], "jobId": {}, "status": 7, "state": "x", "job": 3},
    {"run_id": 1, "number_in_job": 1, "state": None},
    {"errors": "x", "data": "y"},
]
ALL = pytest.mark.parametrize("task", web_tasks(), ids=lambda task: task.__name__)


@ALL
def test_a_refusal_that_repeats_the_whole_request_shows_no_secret(task: Any, fake: FakeService) -> None:
    fake.on("", echo)

    text = refuse(task, fake)

    assert fake.asked
    assert "403" in text
    assert task.__name__ in text
    assert HIDDEN not in text


@ALL
def test_a_service_that_is_away_is_told(task: Any, fake: FakeService, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = f"http://127.0.0.1:{free_port()}"
    fake.place = gone  # type: ignore[attr-defined]
    monkeypatch.setattr(monte_carlo_client, "ADDRESS", gone)
    monkeypatch.setattr(dbt_cloud_utils, "ADDRESS", gone + "/{}")

    text = refuse(task, fake)

    assert "could not be reached" in text
    assert task.__name__ in text
    assert HIDDEN not in text


@ALL
@pytest.mark.parametrize(
    "answer",
    [(200, b'{"data": {"id', {"Content-Length": "900"}), ConnectionError],
    ids=["half-an-answer", "hung-up"],
)
def test_an_answer_that_breaks_off_is_one_clear_error(task: Any, answer: Any, fake: FakeService) -> None:
    fake.on("", answer)

    text = refuse(task, fake)

    assert "could not be reached" in text
    assert HIDDEN not in text


@ALL
def test_a_service_that_says_nothing_is_told(task: Any, fake: FakeService, monkeypatch: pytest.MonkeyPatch) -> None:
    real = web.WebService.__init__

    def impatient(self: Any, address: str, **how: Any) -> None:
        real(self, address, **{**how, "timeout": 0.05, "tries": 1})

    monkeypatch.setattr(web.WebService, "__init__", impatient)
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        place = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        fake.place = place  # type: ignore[attr-defined]
        monkeypatch.setattr(monte_carlo_client, "ADDRESS", place)
        monkeypatch.setattr(dbt_cloud_utils, "ADDRESS", place + "/{}")

        text = refuse(task, fake)

    assert "did not answer in time" in text
    assert task.__name__ in text
    assert HIDDEN not in text


@ALL
def test_an_answer_of_another_form_is_one_clear_error_or_the_result(task: Any, fake: FakeService) -> None:
    for answer in STRANGE:
        fake.rules.clear()
        fake.on("", answer)
        try:
            with context(secrets=SECRETS):
                made(task).run(**given(made(task)))
        except BaseException as error:
            text = checked(error)
            assert task.__name__ in text, f"{answer!r}: {text}"
            assert HIDDEN not in text, answer


# Of these the value is an address, or the part of one that is the user's to choose.
PLACES = [
    "address",
    "airbyte_api_version",
    "airbyte_server_host",
    "api_trigger",
    "databricks_conn_secret",
    "domain",
    "method",
    "next_page",
    "server_url",
    "subdomain",
    "url",
]
HOSTILE = "x/../../y?z=1&w=2#v %2e%2e/\r\nX-Own: 1"


@ALL
def test_no_argument_becomes_another_path_question_or_header(task: Any, fake: FakeService) -> None:
    fake.on("", (403, {}))
    plain = asked_with(task, fake, {})
    for name, value in given(made(task)).items():
        if not isinstance(value, str) or name in PLACES:
            continue
        hostile = HOSTILE if "/" not in value else value.replace("/", f"/{HOSTILE}/")
        for request in asked_with(task, fake, {name: hostile}):
            assert request.headers.keys() <= {*plain[0].headers}, name
            assert request.path.count("/") == plain[0].path.count("/"), (name, request.path)
            assert "/../" not in request.path, (name, request.path)
            assert request.query.keys() == plain[0].query.keys(), name


def asked_with(task: Any, fake: FakeService, changed: dict[str, Any]) -> list[Any]:
    """Give the first request that a task makes; none when it refuses a value."""
    fake.asked.clear()
    constructed = made(task)
    with context(secrets=SECRETS), pytest.raises(BaseException) as caught:
        constructed.run(**{**given(constructed), **changed})
    if changed:
        checked(caught.value)
    return fake.asked[:1]
