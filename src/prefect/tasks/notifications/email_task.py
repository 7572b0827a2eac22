"""Mail over SMTP."""

from __future__ import annotations

import os
from collections.abc import Sequence
from email.message import EmailMessage
from typing import Any

from prefect.core.authoring import defaults_from_attrs
from prefect.core.task import Task
from prefect.tasks.authoring.declared import complaint, in_time, secret_for

TIMEOUT_SECONDS = 30.0
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
            ValueError: an unknown ``smtp_type``, a line break in a header, or a secret that is not there.
            smtplib.SMTPException: the server refuses the log-in or the mail.
            TimeoutError: it does not answer.
        """
        if smtp_type not in SMTP_TYPES:
            raise ValueError(complaint(self, f"{smtp_type} is an unsupported value for smtp_type.", "smtp_type"))
        message = EmailMessage()
        headers = {
            "subject": ("Subject", subject),
            "email_from": ("From", email_from),
            "email_to": ("To", email_to),
            "email_to_cc": ("Cc", email_to_cc),
            "email_to_bcc": ("Bcc", email_to_bcc),
        }
        if not (email_to or email_to_cc or email_to_bcc):
            raise ValueError(complaint(self, "The mail is for nobody.", "email_to"))
        for argument, (name, value) in headers.items():
            if value and not {"\r", "\n"}.isdisjoint(value):
                raise ValueError(complaint(self, "A header of a mail has no line break.", argument))
            if value:
                message[name] = value
        _add_texts(message, msg_plain, msg)
        _attach(message, attachments or ())
        with in_time(self, f"{smtp_server}:{smtp_port}", TIMEOUT_SECONDS):
            self._send(message, smtp_server, smtp_port, smtp_type)

    def _send(self, message: EmailMessage, host: str, port: int, kind: str) -> None:
        import smtplib
        import ssl

        if kind == "INSECURE":
            with smtplib.SMTP(host, port, timeout=TIMEOUT_SECONDS) as server:
                server.send_message(message)
            return
        username = secret_for(self, "EMAIL_USERNAME", "smtp_type")
        password = secret_for(self, "EMAIL_PASSWORD", "smtp_type")
        tls = ssl.create_default_context()
        with (
            smtplib.SMTP_SSL(host, port, context=tls, timeout=TIMEOUT_SECONDS)
            if kind == "SSL"
            else smtplib.SMTP(host, port, timeout=TIMEOUT_SECONDS)
        ) as server:
            if kind == "STARTTLS":
                server.starttls(context=tls)
            server.login(username, password)
            server.send_message(message)


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
