"""Sending what must leave the process: requests over HTTP and mails.  Blocks; the edge calls it in a thread.

A failure is told without the address or the body: both may hold secrets.
"""

from __future__ import annotations

import smtplib
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any
from urllib.parse import urlsplit

from prefect.server.settings import Settings

__all__ = ["Delivery", "Mail", "Post", "Undeliverable", "deliver"]

SMTP_SECONDS = 10.0


class Undeliverable(Exception):
    """Why something could not be sent, fit for a log; ``again`` tells whether another attempt makes sense."""

    def __init__(self, message: str, *, again: bool = True):
        super().__init__(message)
        self.again = again


@dataclass(frozen=True)
class Post:
    """A request to another service."""

    service: str
    url: str = field(repr=False)
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    seconds: float = 2.0


@dataclass(frozen=True)
class Mail:
    """A mail; the server it goes to is that of the settings."""

    to: tuple[str, ...]
    subject: str
    text: str
    seconds: float = SMTP_SECONDS


Delivery = Post | Mail


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any, **kw: Any) -> None:
        """Follow nothing: another address was not what the hook names."""


def deliver(delivery: Delivery, settings: Settings) -> None:
    """Send one thing and wait until it is taken.

    Raises:
        Undeliverable: it was not.
    """
    if isinstance(delivery, Mail):
        _mail(delivery, settings)
    else:
        _post(delivery)


def _post(post: Post) -> None:
    if urlsplit(post.url).scheme not in ("http", "https"):
        raise Undeliverable(f"{post.service}: its address is not one of http or https", again=False)
    opener = urllib.request.build_opener(_NoRedirect)
    try:
        request = urllib.request.Request(post.url, post.body, dict(post.headers), method="POST")  # noqa: S310 - above
        with opener.open(request, timeout=post.seconds) as answer:
            answer.read(65_536)
    except urllib.error.HTTPError as error:
        # What the service says of the request itself does not change by asking again.
        final = 400 <= error.code < 500 and error.code not in (408, 425, 429)
        raise Undeliverable(f"{post.service} answered {error.code}", again=not final) from None
    except urllib.error.URLError as error:
        reason = error.reason
        told = type(reason).__name__ if isinstance(reason, BaseException) else "no connection"
        raise Undeliverable(f"{post.service} could not be reached ({told})") from None
    except (OSError, ValueError) as error:
        raise Undeliverable(f"{post.service} could not be reached ({type(error).__name__})") from None


def _mail(mail: Mail, settings: Settings) -> None:
    if not settings.email_host:
        raise Undeliverable("Mail cannot be sent: the setting email.host is empty", again=False)
    message = EmailMessage()
    message["From"], message["To"] = settings.email_sender, ", ".join(mail.to)
    message["Subject"] = " ".join(mail.subject.split())
    message.set_content(mail.text)
    try:
        kind: Any = smtplib.SMTP_SSL if settings.email_security == "tls" else smtplib.SMTP
        with kind(settings.email_host, settings.email_port, timeout=mail.seconds) as server:
            if settings.email_security == "starttls":
                server.starttls(context=ssl.create_default_context())
            if settings.email_username:
                server.login(settings.email_username, settings.email_password)
            server.send_message(message)
    except (OSError, smtplib.SMTPException) as error:
        raise Undeliverable(f"The mail server did not take a mail ({type(error).__name__})") from None
