"""Secrets, templates and notifications."""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from prefect import Flow, Parameter, context, task
from prefect.engine.results import LocalResult
from prefect.tasks.notifications import EmailTask, PushbulletTask, SlackTask
from prefect.tasks.notifications.posting import DeliveryFailed
from prefect.tasks.secrets import EnvVarSecret, PrefectSecret, SecretBase
from prefect.tasks.secrets.vault_secret import VaultSecret
from prefect.tasks.templates import JinjaTemplate, StringFormatter
from prefect.utilities.configuration import set_temporary_config

# ----- secrets


def test_secret_is_named_for_what_it_reads_and_never_checkpointed() -> None:
    secret = PrefectSecret("token", checkpoint=True)

    assert (secret.name, secret.secret_name, secret.checkpoint) == ("token", "token", False)
    assert type(secret.result).__name__ == "SecretResult"
    assert secret.result.location == "token"
    assert PrefectSecret().name == "PrefectSecret"
    with pytest.raises(ValueError, match="Result types for Secrets are not configurable"):
        SecretBase(result=LocalResult())


def test_secret_of_the_context_is_read_and_decoded() -> None:
    with context(secrets={"number": "7", "text": "x"}), set_temporary_config({"cloud.use_local_secrets": True}):
        assert PrefectSecret("number").run() == 7
        assert PrefectSecret().run(name="text") == "x"


def test_secret_needs_a_name() -> None:
    for secret in (PrefectSecret(), EnvVarSecret()):
        with pytest.raises(ValueError, match="A secret name must be provided"):
            secret.run()


def test_environment_variable_is_read_when_the_task_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = EnvVarSecret("PROCTOR_TEST_SECRET", cast=int)
    assert secret.run() is None

    monkeypatch.setenv("PROCTOR_TEST_SECRET", "5")

    assert secret.run() == 5
    assert EnvVarSecret().run(name="PROCTOR_TEST_SECRET") == "5"
    with pytest.raises(ValueError, match="Environment variable not set: PROCTOR_TEST_NONE"):
        EnvVarSecret("PROCTOR_TEST_NONE", raise_if_missing=True).run()


def test_secret_in_a_flow_reaches_its_task(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROCTOR_TEST_SECRET", "s")

    @task
    def use(secret: str) -> str:
        return secret * 2

    with Flow("secret") as flow:
        used = use(EnvVarSecret("PROCTOR_TEST_SECRET"))
    state = flow.run()

    assert state.result[used].result == "ss"


def test_vault_needs_its_package_and_a_whole_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hvac", None)
    with pytest.raises(ImportError, match=r"VaultSecret needs the package `hvac`: (uv )?pip install .*\[vault\]'"):
        VaultSecret("mount/path").run()
    with pytest.raises(ValueError, match="<mount_point>/<path>"):
        VaultSecret("path-alone").run()


# ----- templates


@pytest.mark.parametrize(
    ("make", "template"),
    [(StringFormatter, "{greeting}, {name}"), (JinjaTemplate, "{{ greeting }}, {{ name }}")],
    ids=["format", "jinja"],
)
def test_template_takes_inputs_and_context(make: Any, template: str) -> None:
    with context(greeting="hello", name="nobody"):
        assert make(template=template).run(name="you") == "hello, you"
        assert make().run(template=template) == "hello, nobody"


def test_template_in_a_flow() -> None:
    with Flow("template") as flow:
        filled = StringFormatter(template="{x} of {flow_name}")(x=Parameter("x", default=1))
    state = flow.run(parameters={"x": 2})

    assert state.result[filled].result == "2 of template"


def test_unknown_name_in_a_format_template_is_an_error() -> None:
    with pytest.raises(KeyError, match="nowhere"):
        StringFormatter(template="{nowhere}").run()


# ----- notifications


class Posts:
    """What was posted to a small web server."""

    def __init__(self) -> None:
        self.received: list[tuple[str, dict[str, str], Any]] = []
        posts = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                posts.received.append((self.path, dict(self.headers), body))
                self.send_response(200 if self.path.startswith("/ok") else 404)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"no")

            def log_message(self, *_: Any) -> None:
                """Write no line for each request."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def posts() -> Iterator[Posts]:
    made = Posts()
    thread = threading.Thread(target=made.server.serve_forever, args=(0.01,))
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


def test_slack_gets_texts_and_mappings(posts: Posts) -> None:
    secrets = {"SLACK_WEBHOOK_URL": f"{posts.url}/ok/1", "OTHER": f"{posts.url}/ok/2"}
    with context(secrets=secrets):
        SlackTask(message="hi").run()
        SlackTask(webhook_secret="OTHER").run(message={"blocks": []})
        SlackTask(message="hi").run(webhook_url=f"{posts.url}/ok/3")

    assert [(path, body) for path, _, body in posts.received] == [
        ("/ok/1", {"text": "hi"}),
        ("/ok/2", {"blocks": []}),
        ("/ok/3", {"text": "hi"}),
    ]


def test_refused_message_fails_without_showing_the_secret_url(posts: Posts) -> None:
    with pytest.raises(DeliveryFailed, match=r"^404 Not Found from 127\.0\.0\.1:") as caught:
        SlackTask(message="hi").run(webhook_url=f"{posts.url}/SECRET")

    assert "SECRET" not in str(caught.value)


def test_pushbullet_gets_a_note_with_the_token(posts: Posts, monkeypatch: pytest.MonkeyPatch) -> None:
    from prefect.tasks.notifications import pushbullet_task

    monkeypatch.setattr(pushbullet_task, "URL", f"{posts.url}/ok")
    with context(secrets={"PUSHBULLET_TOKEN": "TOKEN"}):
        PushbulletTask(msg="hi").run()
        PushbulletTask().run(msg="ho", access_token="OTHER")

    assert [(headers["Access-Token"], body["body"], body["type"]) for _, headers, body in posts.received] == [
        ("TOKEN", "hi", "note"),
        ("OTHER", "ho", "note"),
    ]


def test_a_token_of_a_file_works_and_one_that_breaks_the_header_is_not_shown(
    posts: Posts, monkeypatch: pytest.MonkeyPatch
) -> None:
    from prefect.tasks.notifications import pushbullet_task

    monkeypatch.setattr(pushbullet_task, "URL", f"{posts.url}/ok")
    PushbulletTask().run(msg="ho", access_token="TOKEN\r\n")
    with pytest.raises(ValueError, match="Access-Token") as refused:
        PushbulletTask().run(msg="ho", access_token="hid\nden")

    assert [headers["Access-Token"] for _, headers, _ in posts.received] == ["TOKEN"]
    assert "hid" not in str(refused.value)


class MailBox:
    """A small SMTP server that takes one mail at a time."""

    def __init__(self) -> None:
        self.mails: list[tuple[list[str], str]] = []
        self.port = 0
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> MailBox:
        self._thread.start()
        assert self._ready.wait(60)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(60)
        self._loop.close()

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._run())

    async def _run(self) -> None:
        self._stop = asyncio.Event()
        server = await asyncio.start_server(self._take, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        await server.wait_closed()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        recipients: list[str] = []
        while line := (await reader.readline()).decode().strip():
            verb = line.split(":")[0].upper()
            if verb == "RCPT TO":
                recipients.append(line.split("<")[1].rstrip(">"))
            elif verb == "DATA":
                writer.write(b"354 go on\r\n")
                text = (await reader.readuntil(b"\r\n.\r\n")).decode()
                self.mails.append((recipients, text))
            writer.write(b"221 bye\r\n" if verb == "QUIT" else b"250 yes\r\n")
            if verb == "QUIT":
                break
        writer.close()


def test_mail_goes_to_everybody_with_all_its_parts(tmp_path: Any) -> None:
    from email import message_from_string, policy

    (tmp_path / "report.csv").write_text("1,2")
    with MailBox() as box:
        EmailTask(
            subject="sübject",
            msg="<b>hi</b>",
            msg_plain="hi",
            email_to="a@b.example, c@d.example",
            email_to_cc="cc@x.example",
            smtp_server="127.0.0.1",
            smtp_port=box.port,
            smtp_type="INSECURE",
            attachments=[str(tmp_path / "report.csv")],
        ).run(email_to_bcc="hidden@x.example")

    recipients, text = box.mails[0]
    mail = message_from_string(text, policy=policy.default)
    assert set(recipients) == {"a@b.example", "c@d.example", "cc@x.example", "hidden@x.example"}
    assert mail["Subject"] == "sübject"
    assert mail["From"] == "notifications@prefect.io"
    assert "hidden" not in text
    assert mail.get_body(("html",)).get_content().strip() == "<b>hi</b>"
    assert mail.get_body(("plain",)).get_content().strip() == "hi"
    assert [part.get_filename() for part in mail.iter_attachments()] == ["report.csv"]


def test_unknown_kind_of_mail_server_is_refused() -> None:
    with pytest.raises(ValueError, match="foo is an unsupported value for smtp_type"):
        EmailTask(smtp_type="foo", email_to="a@b").run()
