"""Deliveries by TLS: who shows no certificate of a known authority for its name gets nothing, and no password."""

from __future__ import annotations

import dataclasses
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from prefect.server.actions import delivery
from prefect.server.actions.delivery import Mail, Post, Undeliverable, deliver
from prefect.server.settings import Settings, load_settings
from support.sinks import Certificate, http_sink, mail_sink, proxy_sink
from support.tls import make_certificate

SETTINGS = load_settings({}, environment={})
MAIL = Mail(("a@b.example",), "subject", "text")
LOGIN = ("me", "hush")


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    return make_certificate(tmp_path)


@pytest.fixture
def known(certificate: Certificate, monkeypatch: pytest.MonkeyPatch) -> Iterator[Certificate]:
    """The certificate, of an authority that this machine knows."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    delivery._trust.cache_clear()
    yield certificate
    delivery._trust.cache_clear()


def post(url: str, port: int | None = None) -> Post:
    return Post("Webhook", url if port is None else f"https://{url}:{port}/x", b"{}", {})


def test_a_receiver_with_a_known_certificate_gets_it(known: Certificate) -> None:
    with http_sink(known) as sink:
        deliver(post(f"{sink.url}/here?x=1"), SETTINGS)
        (kept,) = sink.requests

    assert (kept.path, kept.body, kept.headers["host"]) == ("/here?x=1", b"{}", sink.url.partition("//")[2])


def test_a_receiver_whose_certificate_nobody_knows_gets_nothing(certificate: Certificate) -> None:
    delivery._trust.cache_clear()
    with http_sink(certificate) as sink:
        with pytest.raises(Undeliverable, match=r"could not be reached \(SSLCertVerificationError\)") as failed:
            deliver(post(sink.url), SETTINGS)

        assert (failed.value.again, sink.requests) == (True, [])


def test_a_certificate_for_another_name_is_not_enough(known: Certificate, monkeypatch: pytest.MonkeyPatch) -> None:
    look_up = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *more, **given: look_up("127.0.0.1", *more, **given))
    with http_sink(known) as sink:
        port = int(sink.url.rpartition(":")[2])
        deliver(post("localhost", port), SETTINGS)
        with pytest.raises(Undeliverable, match="SSLCertVerificationError"):
            deliver(post("other.example", port), SETTINGS)

        assert len(sink.requests) == 1


def test_by_a_proxy_it_goes_through_a_tunnel_that_the_proxy_cannot_read(
    known: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with http_sink(known) as sink, proxy_sink() as (proxy, asked):
        monkeypatch.setenv("https_proxy", f"http://me:w%6Frd@127.0.0.1:{proxy}")
        port = int(sink.url.rpartition(":")[2])
        deliver(post("localhost", port), SETTINGS)
        (kept,) = sink.requests
        (head,) = asked

        assert head.startswith(f"CONNECT localhost:{port} ")
        assert "Proxy-Authorization: Basic bWU6d29yZA==\r\n" in head
        assert (kept.path, kept.headers["host"]) == ("/x", f"localhost:{port}")
        assert "proxy-authorization" not in kept.headers
        with pytest.raises(Undeliverable, match="SSLCertVerificationError"):
            deliver(post("receiver.invalid", port), SETTINGS)
        assert len(sink.requests) == 1


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_mail_goes_to_a_mail_server_with_a_known_certificate(known: Certificate, security: str) -> None:
    with mail_sink(LOGIN, known, security=security) as (port, mails):
        deliver(MAIL, mail_settings(port, security))

    assert "Subject: subject" in mails[0]


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_mail_server_whose_certificate_nobody_knows_gets_neither_mail_nor_password(
    certificate: Certificate, security: str
) -> None:
    delivery._trust.cache_clear()
    refused = pytest.raises(Undeliverable, match=r"did not take a mail \(SSLCertVerificationError\)")
    with mail_sink(LOGIN, certificate, security=security) as (port, mails), refused:
        deliver(MAIL, mail_settings(port, security))

    assert mails == []


def test_a_mail_server_that_takes_nothing_in_the_open_gets_nothing_in_the_open(known: Certificate) -> None:
    refused = pytest.raises(Undeliverable, match="did not take a mail")
    with mail_sink(None, known, security="starttls") as (port, mails), refused as failed:
        deliver(MAIL, dataclasses.replace(mail_settings(port, "none"), email_username=""))

    assert (failed.value.again, mails) == (True, [])


def mail_settings(port: int, security: str) -> Settings:
    name, password = LOGIN
    return dataclasses.replace(
        SETTINGS, email_host="localhost", email_port=port, email_security=security, email_username=name,
        email_password=password,
    )  # fmt: skip
