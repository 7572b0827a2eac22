"""Mail over SMTP."""

from __future__ import annotations

import os
from collections.abc import Sequence
from email.message import EmailMessage
from typing import Any

from prefect.core.authoring import defaults_from_attrs
from prefect.core.task import Task

SMTP_TYPES = ("SSL", "STARTTLS", "INSECURE")


class EmailTask(Task):
    """Sends a mail; the secrets ``EMAIL_USERNAME`` and ``EMAIL_PASSWORD`` log in at the server.

    Args:
        msg: the text as HTML.
        email_to: addresses with commas between them; ``email_to_cc`` and ``email_to_bcc`` likewise.
        smtp_type: ``SSL``, ``STARTTLS``, or ``INSECURE`` (neither encryption nor log-in).
        msg_plain: the text without HTML, alone or beside ``msg``.
        attachments: paths of files.
    """

    def __init__(
        self,
        subject: str | None = None,
        msg: str | None = None,
        email_to: str | None = None,
        email_from: str = "notifications@prefect.io",
        smtp_server: str = "smtp.gmail.com",
        smtp_port: int = 465,
        smtp_type: str = "SSL",
        msg_plain: str | None = None,
        email_to_cc: str | None = None,
        email_to_bcc: str | None = None,
        attachments: list[str] | None = None,
        **kwargs: Any,
    ) -> None:
        self.subject = subject
        self.msg = msg
        self.email_to = email_to
        self.email_from = email_from
        self.smtp_server = smtp_server
        self.smtp_port = smtp_port
        self.smtp_type = smtp_type
        self.msg_plain = msg_plain
        self.email_to_cc = email_to_cc
        self.email_to_bcc = email_to_bcc
        self.attachments = attachments or []
        super().__init__(**kwargs)

    @defaults_from_attrs(
        "subject",
        "msg",
        "email_to",
        "email_from",
        "smtp_server",
        "smtp_port",
        "smtp_type",
        "msg_plain",
        "email_to_cc",
        "email_to_bcc",
        "attachments",
    )
    def run(
        self,
        subject: str = None,  # type: ignore[assignment]  # noqa: RUF013
        msg: str = None,  # type: ignore[assignment]  # noqa: RUF013
        email_to: str = None,  # type: ignore[assignment]  # noqa: RUF013
        email_from: str = None,  # type: ignore[assignment]  # noqa: RUF013
        smtp_server: str = None,  # type: ignore[assignment]  # noqa: RUF013
        smtp_port: int = None,  # type: ignore[assignment]  # noqa: RUF013
        smtp_type: str = None,  # type: ignore[assignment]  # noqa: RUF013
        msg_plain: str = None,  # type: ignore[assignment]  # noqa: RUF013
        email_to_cc: str = None,  # type: ignore[assignment]  # noqa: RUF013
        email_to_bcc: str = None,  # type: ignore[assignment]  # noqa: RUF013
        attachments: list[str] = None,  # type: ignore[assignment]  # noqa: RUF013
    ) -> None:
        """Send the mail.

        Raises:
            ValueError: an unknown ``smtp_type``, or a secret that is not there.
        """
        if smtp_type not in SMTP_TYPES:
            raise ValueError(f"{smtp_type} is an unsupported value for smtp_type.")
        message = EmailMessage()
        headers = {
            "Subject": subject,
            "From": email_from,
            "To": email_to,
            "Cc": email_to_cc,
            "Bcc": email_to_bcc,
        }
        for name, value in headers.items():
            if value:
                message[name] = value
        _add_texts(message, msg_plain, msg)
        _attach(message, attachments or ())
        _send(message, smtp_server, smtp_port, smtp_type)


def _add_texts(message: EmailMessage, plain: str | None, html: str | None) -> None:
    if plain:
        message.set_content(plain)
    if html and plain:
        message.add_alternative(html, subtype="html")
    elif html:
        message.set_content(html, subtype="html")


def _attach(message: EmailMessage, paths: Sequence[str]) -> None:
    for path in paths:
        with open(path, "rb") as file:
            message.add_attachment(
                file.read(), maintype="application", subtype="octet-stream", filename=os.path.basename(path)
            )


def _send(message: EmailMessage, host: str, port: int, kind: str) -> None:
    import smtplib
    import ssl

    if kind == "INSECURE":
        with smtplib.SMTP(host, port) as server:
            server.send_message(message)
        return

    from prefect.client.secrets import Secret

    username, password = Secret("EMAIL_USERNAME").get(), Secret("EMAIL_PASSWORD").get()
    tls = ssl.create_default_context()
    with smtplib.SMTP_SSL(host, port, context=tls) if kind == "SSL" else smtplib.SMTP(host, port) as server:
        if kind == "STARTTLS":
            server.starttls(context=tls)
        server.login(username, password)
        server.send_message(message)
