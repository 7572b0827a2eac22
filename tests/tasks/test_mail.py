"""Mail to a server by aiosmtpd, with TLS and log-in."""

from __future__ import annotations

import smtplib
import ssl
from pathlib import Path
from typing import Any

import pytest

from prefect import context
from prefect.tasks.notifications import EmailTask
from support.road import free_port
from support.tls import make_certificate

pytest.importorskip("aiosmtpd")

from support.mail_server import PASSWORD, USER, mail_server

SECRETS = {"EMAIL_USERNAME": USER, "EMAIL_PASSWORD": PASSWORD}


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    files = make_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(files[0]))
    return files


def mail(port: int, kind: str, **further: Any) -> EmailTask:
    given = {"subject": "done", "msg": "<b>done</b>", "email_to": "a@b.example", **further}
    return EmailTask(smtp_server="localhost", smtp_port=port, smtp_type=kind, **given)


@pytest.mark.parametrize("kind", ["SSL", "STARTTLS"])
def test_mail_goes_with_tls_and_a_log_in(kind: str, certificate: tuple[Path, Path]) -> None:
    with mail_server(kind, certificate) as server, context(secrets=SECRETS):
        mail(server.port, kind).run(email_to_bcc="hidden@b.example")

    ((recipients, arrived),) = server.mails
    assert set(recipients) == {"a@b.example", "hidden@b.example"}
    assert (arrived["Subject"], arrived["Bcc"]) == ("done", None)
    assert server.log_ins == [(USER, PASSWORD)]


@pytest.mark.parametrize("kind", ["SSL", "STARTTLS"])
def test_a_server_that_nobody_vouches_for_gets_no_password(
    kind: str, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with (
        mail_server(kind, certificate) as server,
        context(secrets=SECRETS),
        pytest.raises(ssl.SSLCertVerificationError),
    ):
        mail(server.port, kind).run()
    assert (server.log_ins, server.mails) == ([], [])


def test_a_log_in_that_fails_shows_no_password(certificate: tuple[Path, Path]) -> None:
    with (
        mail_server("SSL", certificate) as server,
        context(secrets={**SECRETS, "EMAIL_PASSWORD": "wr0ng-pass"}),
        pytest.raises(smtplib.SMTPAuthenticationError) as caught,
    ):
        mail(server.port, "SSL").run()
    assert "wr0ng" not in str(caught.value)
    assert server.mails == []


@pytest.mark.parametrize("missing", SECRETS)
def test_a_secret_that_is_missing_is_named(missing: str) -> None:
    with context(secrets={**SECRETS, missing: None}):
        del context.secrets[missing]
        with pytest.raises(ValueError, match=rf"{missing}.*of EmailTask"):
            mail(free_port(), "SSL").run()


def test_a_recipient_that_is_refused_and_a_header_in_a_header_are_told() -> None:
    with mail_server("INSECURE", refused="no@b.example") as server:
        with pytest.raises(smtplib.SMTPRecipientsRefused, match="no such mailbox"):
            mail(server.port, "INSECURE", email_to="no@b.example").run()
        for name in ("subject", "email_to", "email_from", "email_to_cc", "email_to_bcc"):
            with pytest.raises(ValueError, match=rf"line break.*\(`{name}` of EmailTask\)"):
                mail(server.port, "INSECURE", **{name: "a@b.example\r\nBcc: c@d.example"}).run()
        with pytest.raises(ValueError, match=r"nobody.*`email_to` of EmailTask"):
            mail(server.port, "INSECURE", email_to=None).run()
    assert server.mails == []
