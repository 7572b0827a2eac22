"""State handlers that tell people."""

from __future__ import annotations

import socket
import ssl
import traceback
from email import message_from_string, policy
from types import SimpleNamespace

import pytest

from prefect.core.task import Task
from prefect.model.state import Failed, Pending, Success
from prefect.tasks.notifications import SlackTask
from prefect.tasks.notifications.posting import DeliveryFailed
from prefect.utilities.context import context
from prefect.utilities.notifications import callback_factory, gmail_notifier, slack_message_formatter, slack_notifier
from support.graphql_stub import StubServer
from support.sinks import mail_sink
from support.tls import make_certificate


@pytest.fixture
def task():
    return Task(name="t")


def test_a_callback_is_called_when_its_check_holds(task):
    called = []
    handler = callback_factory(lambda obj, state: called.append((obj, state)), check=lambda state: state.is_failed())
    failed, success = Failed(), Success()

    assert handler(task, Pending(), failed) is failed
    assert handler(task, Pending(), success) is success
    assert called == [(task, failed)]


def test_a_slack_message_says_who_is_in_which_state(task):
    [attachment] = slack_message_formatter(task, Failed("boo", result=ValueError("x")))["attachments"]

    assert attachment["title"] == "Failed"
    assert attachment["color"] == "#eb0000"
    assert attachment["text"] == "t is now in a Failed state"
    assert attachment["fields"][0]["value"] == "```ValueError('x')```"


def test_slack_is_told_of_the_wanted_states_only(task):
    with StubServer() as stub:
        stub.rules.append(("", lambda _: (200, {})))
        handler = slack_notifier(only_states=[Failed])
        with context(secrets={"SLACK_WEBHOOK_URL": stub.url}):
            state = Success()
            assert handler(task, Pending(), state) is state
            assert stub.asked == []
            handler(task, Pending(), Failed())
        assert len(stub.asked) == 1


def test_a_message_that_slack_does_not_take_is_an_error(task):
    with StubServer() as stub, context(secrets={"SLACK_WEBHOOK_URL": stub.url}):
        stub.rules.append(("", lambda _: (500, {})))
        with pytest.raises(ValueError, match="failed with status 500"):
            slack_notifier(task, Pending(), Failed())


def test_whoever_stands_in_for_requests_gets_what_is_sent_to_slack(task, monkeypatch):
    sent = []

    def post(url, json, **options):
        sent.append((url, json["text"] if "text" in json else json["attachments"][0]["title"]))
        return SimpleNamespace(ok=url.endswith("/ok"), status_code=418, reason="teapot", content=b"")

    monkeypatch.setattr("requests.post", post)
    with context(secrets={"SLACK_WEBHOOK_URL": "https://slack.example/ok", "BAD": "https://slack.example/SECRET"}):
        slack_notifier(task, Pending(), Failed())
        SlackTask(message="hi").run()
        for refused in (
            lambda: slack_notifier(webhook_secret="BAD")(task, Pending(), Failed()),
            SlackTask(webhook_secret="BAD").run,
        ):
            with pytest.raises((ValueError, DeliveryFailed), match="418") as raised:
                refused()
            assert "SECRET" not in str(raised.value)
    assert sent[:2] == [("https://slack.example/ok", "Failed"), ("https://slack.example/ok", "hi")]


def test_a_webhook_that_cannot_be_reached_is_not_shown(task):
    with StubServer() as stub:
        url = f"{stub.url}/SECRET"
    for send in (lambda: slack_notifier(task, Pending(), Failed()), SlackTask(message="hi").run):
        with context(secrets={"SLACK_WEBHOOK_URL": url}), pytest.raises((ValueError, DeliveryFailed)) as raised:
            send()
        assert "SECRET" not in "".join(traceback.format_exception(raised.value))


@pytest.fixture
def gmail(tmp_path, monkeypatch):
    """What stands in for the mail server of Gmail, with a certificate of its name: the mails that it took."""
    certificate = make_certificate(tmp_path, "smtp.gmail.com")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    look_up = socket.getaddrinfo
    with mail_sink(("me@gmail.example", "hush"), certificate, security="tls") as (port, mails):
        there = {"smtp.gmail.com": ("127.0.0.1", port)}
        monkeypatch.setattr(
            socket, "getaddrinfo", lambda host, port, *more: look_up(*there.get(host, (host, port)), *more)
        )
        with context(secrets={"EMAIL_USERNAME": "me@gmail.example", "EMAIL_PASSWORD": "hush"}):
            yield mails


def test_a_mail_tells_oneself_of_the_wanted_states_only(task, gmail):
    state = Failed("no luck")

    assert gmail_notifier(ignore_states=[Failed])(task, Pending(), state) is state
    assert gmail == []
    assert gmail_notifier(task, Pending(), state) is state
    (mail,) = gmail
    assert "To: me@gmail.example\r\n" in mail
    assert "t is now in a Failed state.\r\n\r\nno luck\r\n" in mail


def test_a_mail_is_text_and_a_page_in_which_names_are_text(gmail):
    gmail_notifier(Task(name="<b>t</b>\nBcc: you@x"), Pending(), Failed("why <i>not</i>"))

    mail = message_from_string(gmail[0], policy=policy.default)
    assert mail["Subject"] == "Prefect state change notification for <b>t</b> Bcc: you@x"
    assert mail["Bcc"] is None
    text, page = (mail.get_body((kind,)).get_content() for kind in ("plain", "html"))
    assert "<b>t</b>\nBcc: you@x is now in a Failed state.\n\nwhy <i>not</i>" in text.replace("\r\n", "\n")
    assert "&lt;b&gt;t&lt;/b&gt;" in page
    assert "why &lt;i&gt;not&lt;/i&gt;" in page
    assert f"color: {Failed.color}" in page


def test_who_only_says_to_be_the_mail_server_gets_neither_mail_nor_password(task, gmail, monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE")

    with pytest.raises(ssl.SSLCertVerificationError):
        gmail_notifier(task, Pending(), Failed())

    assert gmail == []
