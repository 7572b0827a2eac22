"""A mail server by aiosmtpd: with log-in, in the clear or with TLS from the start or after STARTTLS."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from support.beside_loop import serving

USER = "mailer"
PASSWORD = "m@il-passw0rd"


@dataclass
class MailServer:
    """A running server, and what arrived: the recipients and the mail."""

    port: int = 0
    mails: list[tuple[list[str], EmailMessage]] = field(default_factory=list)
    log_ins: list[tuple[str, str]] = field(default_factory=list)


@contextmanager
def mail_server(kind: str, certificate: tuple[Path, Path] | None = None, refused: str = "") -> Iterator[MailServer]:
    """Run a server for the length of a ``with`` block.

    Args:
        kind: as ``smtp_type`` of ``EmailTask``.
        refused: a recipient that it does not take.
    """
    from aiosmtpd.smtp import SMTP, AuthResult

    server = MailServer()

    class Box:
        async def handle_RCPT(self, smtp: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
            if address == refused:
                return "550 no such mailbox"
            envelope.rcpt_tos.append(address)
            return "250 OK"

        async def handle_DATA(self, smtp: Any, session: Any, envelope: Any) -> str:
            mail: Any = message_from_bytes(envelope.content, policy=policy.default)
            server.mails.append((list(envelope.rcpt_tos), mail))
            return "250 OK"

    def log_in(smtp: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> Any:
        given = (data.login.decode(), data.password.decode())
        server.log_ins.append(given)
        return AuthResult(success=given == (USER, PASSWORD), handled=False)

    how: dict[str, Any] = {}
    tls: ssl.SSLContext | None = None
    if kind != "INSECURE":
        assert certificate is not None
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*certificate)
        # What has TLS from the start counts as without it for the package.
        how = {"authenticator": log_in, "auth_required": kind == "STARTTLS", "auth_require_tls": kind == "STARTTLS"}
        if kind == "SSL":
            tls = context
        else:
            how |= {"tls_context": context, "require_starttls": True}

    async def serve(ready: Callable[[], None], stop: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        listening = await loop.create_server(
            lambda: SMTP(Box(), hostname="localhost", loop=loop, **how), "127.0.0.1", 0, ssl=tls
        )
        server.port = listening.sockets[0].getsockname()[1]
        ready()
        await stop.wait()
        listening.close()
        await listening.wait_closed()

    with serving(serve):
        yield server
