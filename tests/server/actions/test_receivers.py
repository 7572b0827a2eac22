"""Where hooks and actions may send: what is refused when they are made, and what is not tried again."""

from __future__ import annotations

import dataclasses
import logging
import socket
from urllib.parse import urlsplit

import pytest

from prefect.server.actions import automations, delivery, hooks
from prefect.server.actions.delivery import Mail, Post, Undeliverable, deliver
from prefect.server.actions.receivers import is_allowed, read_mail_address, read_receiver
from prefect.server.catalogue import metadata
from prefect.server.errors import ApiError, StartUpError
from prefect.server.services import outbox
from prefect.server.settings import DENIED_NETWORKS, load_settings
from support.sinks import http_sink, mail_sink, raw_sink

SETTINGS = load_settings({}, environment={})
NO_ADDRESS = [
    *(
        "",
        " ",
        "nonsense",
        "/hook",
        "//host/x",
        "http://",
        "http:///x",
        "http:/host",
        "http:host",
        "ftp://host",
        "file:///x",
    ),
    *(
        "javascript:alert(1)",
        "http://[",
        "http://[::1",
        "http://::1/",
        "http://host:x",
        "http://host:99999",
        "http://host:0",
    ),
    *(
        "http://host name/",
        "http://host/a b",
        "http://host/a\nX: y",
        "http://host/\r\nX: y",
        "http://ho\tst/",
        "http://hö.st/",
    ),
    *(
        "http://me:secret@host/",
        "http://good.example@evil.example/",
        "http://good.example\\@evil.example/",
        "http://a..b/",
    ),
    *(
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f.0.0.1/",
        "http://0177.0.0.1/",
        "http://host/é",
    ),
    *(f"http://{'a' * 64}.example/", "http://host/" + "a" * 3000, None, 5, ["http://host"], {"url": "http://host"}),
]
ADDRESSES = [
    ("http://host", "http", "host", 80, "/"),
    ("https://Host.Example:8443/a?b=c#d", "https", "host.example", 8443, "/a?b=c"),
    ("https://host?x=1", "https", "host", 443, "/?x=1"),
    ("http://[2001:db8::1]:81/x\n", "http", "2001:db8::1", 81, "/x"),
    (" http://10.0.0.1/ ", "http", "10.0.0.1", 80, "/"),
    ("https://hooks.example/services/T0/B0/x%20y@z", "https", "hooks.example", 443, "/services/T0/B0/x%20y@z"),
]


@pytest.mark.parametrize(("url", "scheme", "host", "port", "target"), ADDRESSES)
def test_an_address_is_read_into_its_parts(url, scheme, host, port, target):
    found = read_receiver(url)

    assert (found.scheme, found.host, found.port, found.target) == (scheme, host, port, target)


@pytest.mark.parametrize("url", NO_ADDRESS)
@pytest.mark.parametrize("kind", ["WEBHOOK", "SLACK_WEBHOOK", "SLACK", "TEAMS"])
def test_what_is_no_address_is_refused_when_the_hook_is_made(url, kind):
    # Nothing is written before a configuration is found good, so that no database is needed.
    make, field = (
        (hooks.create_hook, "config") if kind in hooks.CONFIGS else (automations.create_action, "action_config")
    )
    given = {"type": kind, "states": ["FAILED"]} if field == "config" else {"action_type": kind}
    if kind == "WEBHOOK":
        given, make, field = {"type": kind, "states": ["FAILED"]}, hooks.create_hook, "config"

    with pytest.raises(ApiError) as refused:
        make(None, None, tenant_id="t", **{field: {"url": url}}, **given)

    assert refused.value.code == "BAD_USER_INPUT"
    assert "url (expected an address such as https://example.com/hook" in refused.value.message
    assert "secret" not in refused.value.message


@pytest.mark.parametrize(
    ("kind", "config", "field"),
    [
        ("EMAIL", {"to": ["a@b.example\nBcc: c@d.example"]}, "to"),
        ("EMAIL", {"to": ["a@b.example\r"]}, "to"),
        ("EMAIL", {"to": ["a@b.example, c@d.example"]}, "to"),
        ("EMAIL", {"to": ["nobody"]}, "to"),
        ("EMAIL", {"to": ["@b.example"]}, "to"),
        ("EMAIL", {"to": [5]}, "to"),
        ("EMAIL", {"to": ["a@b.example", ""]}, "to"),
        ("EMAIL", {"to": ["A\n <a@b.example>"]}, "to"),
        ("PAGERDUTY", {"api_token": "a\nX: y", "routing_key": "k", "severity": "error"}, "api_token"),
        ("PAGERDUTY", {"api_token": "é", "routing_key": "k", "severity": "error"}, "api_token"),
        (
            "TWILIO",
            {"account_sid": "a\r\nb", "auth_token": "t", "messaging_service_sid": "m", "to": ["1"]},
            "account_sid",
        ),
        (
            "TWILIO",
            {"account_sid": "a", "auth_token": "t\n\nb", "messaging_service_sid": "m", "to": ["1"]},
            "auth_token",
        ),
        ("TWILIO", {"account_sid": "a", "auth_token": "t", "messaging_service_sid": "m", "to": [None]}, "to"),
    ],
)
def test_what_would_break_a_header_is_refused_when_the_action_is_made(kind, config, field):
    with pytest.raises(ApiError) as refused:
        automations.create_action(None, None, tenant_id="t", action_type=kind, action_config=config)

    assert f"{field} (expected " in refused.value.message


def test_addresses_of_mail_may_have_a_name():
    for good in ("a@b.example", "A. B <a.b+c@d.example>", "Zoë <zoe@example.org>", "root@localhost"):
        assert read_mail_address(good) == good


ANSWERS = [
    (b"", True),
    (b"nonsense\r\n\r\n", False),
    (b"\x00\xff\xfe" * 100, False),
    (b"HTTP/1.1 abc OK\r\n\r\n", False),
    (b"HTTP/1.1 99999 OK\r\n\r\n", False),
    (b"HTTP/9.9\r\n\r\n", False),
    (b"SSH-2.0-OpenSSH_9.2\r\n", False),
    (b"220 mail.example ESMTP\r\n", False),
    (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500, False),
    (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n", False),
    (b"HTTP/1.1 " + b"2" * 70_000 + b"\r\n\r\n", False),
    (b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n", False),
    (b"HTTP/1.1 301 Moved\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n", False),
    (b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n", False),
    (b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", True),
    (b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n", True),
]


@pytest.mark.parametrize(("answer", "again"), ANSWERS, ids=[repr(answer[:30]) for answer, _ in ANSWERS])
def test_a_receiver_that_answers_nonsense_is_not_tried_again(answer, again):
    with raw_sink(answer) as (port, taken):
        with pytest.raises(Undeliverable) as failed:
            deliver(Post("Webhook", f"http://127.0.0.1:{port}/x?secret", b"{}", {}), SETTINGS)

        assert failed.value.again == again
        assert "secret" not in str(failed.value)
        assert "169.254" not in str(failed.value)
        assert len(taken) == 1, "no redirect was followed"


def test_what_was_kept_before_it_was_checked_is_given_up_at_once_and_told(world, caplog):
    """Rows of earlier versions hold what is refused today."""
    with mail_sink() as (port, mails):
        world.settings = dataclasses.replace(world.settings, email_host="127.0.0.1", email_port=port)
        bad = [("WEBHOOK", {"url": url}) for url in ("nonsense", "http://[", "http://a b/", "http://me:hush@host/")]
        bad += [("EMAIL", {"to": ["a@b.example\nBcc: c@d.example"]})]
        bad += [("PAGERDUTY", {"api_token": "hush\nX: y", "routing_key": "k", "severity": "error"})]
        for kind, config in bad:
            good = {"url": "http://host/"}
            action_id = world.do(
                automations.create_action, tenant_id=world.tenant_id, action_type="WEBHOOK", action_config=good
            )
            table = metadata.tables["action"]
            world.do(
                lambda tx, now, table=table, kind=kind, config=config, action_id=action_id: tx.run(
                    table.update().where(table.c.id == action_id).values(action_type=kind, action_config=config)
                )
            )
            world.do(
                automations.create_flow_run_state_changed_hook,
                tenant_id=world.tenant_id,
                action_id=action_id,
                states=["Failed"],
            )
        world.set_flow_run(world.running(), "Failed")
        with caplog.at_level(logging.ERROR):
            world.run_async(outbox.run_once(world.database, world.settings, world.now))

        assert world.rows("outbox") == []
        assert caplog.text.count("given up after 1 attempts") == len(bad)
        assert mails == []
        assert "Traceback" not in caplog.text
        assert "hush" not in caplog.text


@pytest.mark.parametrize("url", ["nonsense", "http://[", "http://me:hush@host/"])
def test_what_is_no_address_is_not_sent_to(url):
    with pytest.raises(Undeliverable, match=r"Webhook: its address is no good: expected an address such as") as failed:
        deliver(Post("Webhook", url, b"{}", {}), SETTINGS)

    assert failed.value.again is False
    assert "hush" not in str(failed.value)


@pytest.mark.parametrize("mail", [Mail(("a@b.example\n",), "s", "t"), Mail(("a@b.example",), "s", "\ud800")])
def test_a_mail_that_cannot_be_written_is_not_tried_again(mail):
    with mail_sink() as (port, mails):
        settings = dataclasses.replace(SETTINGS, email_host="127.0.0.1", email_port=port)
        with pytest.raises(Undeliverable) as failed:
            deliver(mail, settings)

    assert failed.value.again is False
    assert mails == []


@pytest.mark.parametrize(
    ("address", "is_free"),
    [
        ("93.184.216.34", True),
        ("127.0.0.1", True),
        ("10.0.0.1", True),
        ("2001:db8::1", True),
        ("fd00::1", True),
        ("169.254.169.254", False),
        ("169.254.0.1", False),
        ("fe80::1", False),
        ("fe80::1%eth0", False),
        ("febf::1", False),
        ("fd00:ec2::254", False),
        ("100.100.100.200", False),
        ("168.63.129.16", False),
        ("::ffff:169.254.169.254", False),
        ("::ffff:a9fe:a9fe", False),
        ("64:ff9b::169.254.169.254", False),
        ("2002:a9fe:a9fe::1", False),
        ("::169.254.169.254", False),
        ("0.0.0.0", False),
        ("::", False),
        ("224.0.0.1", False),
        ("ff02::1", False),
        ("255.255.255.255", False),
        ("no address", False),
    ],
)
def test_link_local_and_what_is_nobody_is_denied_unless_set(address, is_free):
    assert is_allowed(address, "", DENIED_NETWORKS) == is_free


def test_an_operator_says_which_networks():
    assert not is_allowed("127.0.0.1", "", "127.0.0.0/8, ::1")
    assert not is_allowed("::ffff:127.0.0.1", "", "127.0.0.0/8, ::1")
    assert not is_allowed("::1", "", "127.0.0.0/8, ::1")
    assert is_allowed("10.1.2.3", "10.0.0.0/8", "")
    assert not is_allowed("10.1.2.3", "10.0.0.0/8", "10.1.0.0/16")
    assert not is_allowed("11.0.0.1", "10.0.0.0/8", "")
    assert is_allowed("169.254.1.1", "", "")
    with pytest.raises(StartUpError, match="denied_networks"):
        load_settings({"hook_networks_denied": "10.0.0"}, environment={})


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_a_denied_network_gets_nothing_and_is_not_tried_again(host):
    settings = dataclasses.replace(SETTINGS, hook_networks_denied="127.0.0.0/8, ::1/128")
    with http_sink() as sink:
        port = sink.url.rpartition(":")[2]
        post = Post("Webhook", f"http://{host}:{port}/", b"{}", {})

        with pytest.raises(Undeliverable, match="denied_networks") as failed:
            deliver(post, settings)
        assert failed.value.again is False
        assert sink.requests == []

        deliver(dataclasses.replace(post, url=f"{sink.url}/", is_of_settings=True), settings)
        assert len(sink.requests) == 1, "the operator's own services are not held to it"


def test_a_name_is_looked_up_once_and_what_was_found_is_connected_to(monkeypatch):
    """A name that leads to an allowed address when it is checked, and elsewhere when it is used."""
    lookups: list[str] = []
    look_up = socket.getaddrinfo

    def rebinding(host, port, *more, **given):
        if host != "rebound.example":
            return look_up(host, port, *more, **given)
        lookups.append(host)
        return look_up("127.0.0.1" if len(lookups) == 1 else "127.0.0.2", port, *more, **given)

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    settings = dataclasses.replace(SETTINGS, hook_networks_denied="127.0.0.2/32")
    with http_sink() as sink:
        port = sink.url.rpartition(":")[2]
        deliver(Post("Webhook", f"http://rebound.example:{port}/x", b"{}", {}), settings)

        assert lookups == ["rebound.example"]
        assert sink.requests[0].headers["host"] == f"rebound.example:{port}"
        with pytest.raises(Undeliverable, match="denied_networks"):
            deliver(Post("Webhook", f"http://rebound.example:{port}/x", b"{}", {}), settings)
        assert len(sink.requests) == 1


def test_a_name_with_allowed_and_denied_addresses_is_reached_at_the_allowed_ones(monkeypatch):
    look_up = socket.getaddrinfo

    def two(host, port, *more, **given):
        if host != "two.example":
            return look_up(host, port, *more, **given)
        return [*look_up("169.254.169.254", port, *more, **given), *look_up("127.0.0.1", port, *more, **given)]

    monkeypatch.setattr(socket, "getaddrinfo", two)
    with http_sink() as sink:
        deliver(Post("Webhook", f"http://two.example:{sink.url.rpartition(':')[2]}/", b"{}", {}), SETTINGS)

        assert len(sink.requests) == 1


@pytest.mark.parametrize("url", ["http://x.example/y", "https://x.example/y"])
def test_a_proxy_is_waited_for_as_long_as_a_receiver(url):
    connection, _, _ = delivery._through(urlsplit("http://127.0.0.1:3128"), read_receiver(url), 7.5)
    assert (connection.host, connection.port, connection.timeout) == ("127.0.0.1", 3128, 7.5)


def test_a_proxy_of_the_environment_is_used_for_what_it_may_reach(monkeypatch):
    with raw_sink(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") as (port, taken):
        monkeypatch.setenv("http_proxy", f"http://me:word@127.0.0.1:{port}")
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)

        deliver(Post("Webhook", "http://only-the-proxy-knows.invalid/x?y", b"{}", {}), SETTINGS)
        with pytest.raises(Undeliverable, match="denied_networks"):
            deliver(Post("Webhook", "http://169.254.169.254/latest/meta-data", b"{}", {}), SETTINGS)

        (sent,) = taken
        assert sent.startswith(b"POST http://only-the-proxy-knows.invalid/x?y HTTP/1.1\r\n")
        assert b"\r\nProxy-Authorization: Basic bWU6d29yZA==\r\n" in sent
