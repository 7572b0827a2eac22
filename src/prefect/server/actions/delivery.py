"""Sending what must leave the process: requests over HTTP and mails.  Blocks; the edge calls it in a thread.

A failure is told without the address or the body: both may hold secrets.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import smtplib
import socket
import ssl
import threading
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from functools import lru_cache
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from prefect.server.actions.receivers import Denied, Receiver, places, read_mail_address, read_receiver
from prefect.server.settings import Settings

__all__ = ["Delivery", "Mail", "Post", "Undeliverable", "deliver"]

SMTP_SECONDS = 10.0
#: Of an answer; what it says beside its status is of no interest.
MOST_READ = 65_536

Places = Sequence[tuple[socket.AddressFamily, tuple[str, int]]]


class Undeliverable(Exception):
    """Why something could not be sent, fit for a log; ``again`` tells whether another attempt makes sense."""

    def __init__(self, message: str, *, again: bool = True):
        super().__init__(message)
        self.again = again


@dataclass(frozen=True)
class Post:
    """A request to another service; ``is_of_settings``: the operator, not a caller, chose its address."""

    service: str
    url: str = field(repr=False)
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    seconds: float = 2.0
    is_of_settings: bool = False


@dataclass(frozen=True)
class Mail:
    """A mail; the server it goes to is that of the settings."""

    to: tuple[str, ...]
    subject: str
    text: str
    seconds: float = SMTP_SECONDS


Delivery = Post | Mail


def deliver(delivery: Delivery, settings: Settings) -> None:
    """Send one thing and wait until it is taken.

    Raises:
        Undeliverable: it was not.
    """
    if isinstance(delivery, Mail):
        _mail(delivery, settings)
    else:
        _post(delivery, settings)


def _post(post: Post, settings: Settings) -> None:
    try:
        receiver = read_receiver(post.url)
    except ValueError as expected:
        raise Undeliverable(f"{post.service}: its address is no good: expected {expected}", again=False) from None
    if not all(str(value).isascii() and str(value).isprintable() for value in post.headers.values()):
        raise Undeliverable(f"{post.service}: its token holds a line break or another strange sign", again=False)
    try:
        status = _exchange(post, receiver, settings)
    except Denied:
        told = f"{post.service}: its address is in a network that hooks.denied_networks or hooks.allowed_networks deny"
        raise Undeliverable(told, again=False) from None
    except (http.client.IncompleteRead, http.client.RemoteDisconnected) as error:
        raise Undeliverable(f"{post.service} could not be reached ({type(error).__name__})") from None
    except (http.client.HTTPException, UnicodeError) as error:
        told = f"{post.service} gave no answer of HTTP ({type(error).__name__})"
        raise Undeliverable(told, again=False) from None
    except (OSError, ValueError) as error:
        raise Undeliverable(f"{post.service} could not be reached ({type(error).__name__})") from None
    if 300 <= status < 400:
        # Another address was not what the hook names, and nobody checked it.
        raise Undeliverable(f"{post.service} answered {status}: redirects are not followed", again=False)
    if not 200 <= status < 300:
        # What the service says of the request itself does not change by asking again.
        final = 400 <= status < 500 and status not in (408, 425, 429)
        raise Undeliverable(f"{post.service} answered {status}", again=not final)


def _exchange(post: Post, receiver: Receiver, settings: Settings) -> int:
    """Send the request and give the status of its answer."""
    proxy = _proxy_of(receiver)
    target, headers = receiver.target, dict(post.headers)
    connection: http.client.HTTPConnection
    if proxy is not None:
        if not post.is_of_settings:
            with contextlib.suppress(OSError):  # a name that the proxy alone knows is the proxy's to deny
                places(receiver, settings)
        connection, more, target = _through(proxy, receiver, post.seconds)
        headers |= more
    else:
        found = None if post.is_of_settings else places(receiver, settings)
        kind = _Direct if receiver.scheme == "http" else _DirectTLS
        connection = kind(receiver, found, post.seconds)
    timer = _limit(post.seconds, lambda: connection.sock)
    try:
        connection.request("POST", target, post.body, {**headers, "Host": receiver.authority, "Connection": "close"})
        answer = connection.getresponse()
        answer.read(MOST_READ)
        return answer.status
    finally:
        timer.cancel()
        connection.close()


def _limit(seconds: float, socket_of: Callable[[], Any]) -> threading.Timer:
    """Cut a connection after so many seconds and the time to connect, whatever comes meanwhile.

    Time-outs of sockets begin anew with each byte that the other side sends.
    """

    def cut() -> None:
        opened = socket_of()
        if opened is not None:
            with contextlib.suppress(OSError):
                opened.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(2 * seconds, cut)
    timer.daemon = True
    timer.start()
    return timer


class _Direct(http.client.HTTPConnection):
    """A connection to the addresses that were looked up and allowed, whatever the name leads to by now."""

    def __init__(self, receiver: Receiver, found: Places | None, seconds: float):
        super().__init__(receiver.host, receiver.port, timeout=seconds)
        self._found = found

    def connect(self) -> None:
        self.sock = self._dial()

    def _dial(self) -> socket.socket:
        if self._found is None:
            return socket.create_connection((self.host, self.port), self.timeout)
        failure = OSError("no address")
        for _, place in self._found:
            try:
                return socket.create_connection(place, self.timeout)
            except OSError as error:
                failure = error
        raise failure


class _DirectTLS(_Direct):
    default_port = 443

    def connect(self) -> None:
        self.sock = _trust().wrap_socket(self._dial(), server_hostname=self.host, do_handshake_on_connect=False)
        self.sock.do_handshake()  # with the socket in its place, so that it can be cut


@lru_cache(maxsize=1)
def _trust() -> ssl.SSLContext:
    return ssl.create_default_context()


def _proxy_of(receiver: Receiver) -> SplitResult | None:
    """Give the proxy that the environment names for an address, as everywhere in Python."""
    if urllib.request.proxy_bypass(receiver.authority):
        return None
    proxies = urllib.request.getproxies()
    found = proxies.get(receiver.scheme) or proxies.get("all")
    return urlsplit(found if "://" in found else f"http://{found}") if found else None


def _through(
    proxy: SplitResult, receiver: Receiver, seconds: float
) -> tuple[http.client.HTTPConnection, dict[str, str], str]:
    """Connect by way of a proxy: it is the one that looks the name up and connects."""
    login = f"{unquote(proxy.username or '')}:{unquote(proxy.password or '')}"
    more = {"Proxy-Authorization": f"Basic {base64.b64encode(login.encode()).decode()}"} if proxy.username else {}
    place = (proxy.hostname or "", proxy.port or 80)
    if receiver.scheme == "https":
        tunnel = http.client.HTTPSConnection(*place, timeout=seconds, context=_trust())
        tunnel.set_tunnel(receiver.host, receiver.port, more)
        return tunnel, {}, receiver.target
    plain = http.client.HTTPConnection(*place, timeout=seconds)
    return plain, more, f"http://{receiver.authority}{receiver.target}"


def _mail(mail: Mail, settings: Settings) -> None:
    if not settings.email_host:
        raise Undeliverable("Mail cannot be sent: the setting email.host is empty", again=False)
    message = EmailMessage()
    try:
        message["From"], message["To"] = settings.email_sender, ", ".join(map(read_mail_address, mail.to))
        message["Subject"] = " ".join(mail.subject.split())
        message.set_content(mail.text)
    except ValueError:  # also of letters that cannot be encoded
        told = "The mail cannot be written: a line break or another strange sign in its addresses, subject or text"
        raise Undeliverable(told, again=False) from None
    # The context is given: without one, smtplib takes any certificate.
    secure = {"context": _trust()} if settings.email_security == "tls" else {}
    kind: Any = smtplib.SMTP_SSL if secure else smtplib.SMTP
    server = kind.__new__(kind)  # it connects, and waits for a greeting, while it is made
    timer = _limit(mail.seconds, lambda: getattr(server, "sock", None))
    try:
        server.__init__(settings.email_host, settings.email_port, timeout=mail.seconds, **secure)
        with server:
            if settings.email_security == "starttls":
                server.starttls(context=_trust())
            if settings.email_username:
                server.login(settings.email_username, settings.email_password)
            server.send_message(message)
    except (OSError, ValueError, smtplib.SMTPException) as error:
        raise Undeliverable(f"The mail server did not take a mail ({type(error).__name__})") from None
    finally:
        timer.cancel()
