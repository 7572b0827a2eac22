"""A little HTTP server and a little mail server that keep what they are sent."""

from __future__ import annotations

import base64
import json
import select
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar


@dataclass
class Kept:
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Sink:
    """Answers every request with the next of ``answers``, then with 200."""

    url: str
    requests: list[Kept] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)


#: The files of a certificate and its key.
Certificate = tuple[Path, Path]


def _as_server(certificate: Certificate) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return context


@contextmanager
def http_sink(certificate: Certificate | None = None) -> Iterator[Sink]:
    """Give a sink, by HTTPS when it has a certificate."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            sink.requests.append(Kept(self.path, headers, body))
            self.send_response(sink.answers.pop(0) if sink.answers else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            """Write nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if certificate is not None:
        server.socket = _as_server(certificate).wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    sink = Sink(f"http{'s' if certificate else ''}://127.0.0.1:{server.server_address[1]}")
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield sink
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def raw_sink(answer: bytes) -> Iterator[tuple[int, list[bytes]]]:
    """Give the port of a server that answers every connection with these bytes and closes it, and what each sent."""
    taken: list[bytes] = []

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            taken.append(self.request.recv(65_536))
            self.request.sendall(answer)

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield server.server_address[1], taken
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def mail_sink(
    login: tuple[str, str] | None = None, certificate: Certificate | None = None, *, security: str = "none"
) -> Iterator[tuple[int, list[str]]]:
    """Give the port of a mail server and the mails that it took, as texts.

    Args:
        login: the name and password without which it takes none.
        security: ``tls`` from the first byte, or ``starttls``, without which it takes none; needs a certificate.
    """
    mails: list[str] = []
    wanted = None if login is None else base64.b64encode("\0{}\0{}".format(*login).encode())

    class Handler(socketserver.StreamRequestHandler):
        def setup(self) -> None:
            if security == "tls":
                self.request = _as_server(certificate).wrap_socket(self.request, server_side=True)
            super().setup()

        def handle(self) -> None:
            self.wfile.write(b"220 here\r\n")
            is_known = wanted is None
            is_open = security == "starttls"
            while line := self.rfile.readline():
                word = line.strip().upper()
                if word == b"STARTTLS" and is_open:
                    self.wfile.write(b"220 go on\r\n")
                    self.request = _as_server(certificate).wrap_socket(self.request, server_side=True)
                    super().setup()
                    is_open = False
                    continue
                if is_open and not word.startswith((b"EHLO", b"QUIT")):
                    self.wfile.write(b"530 not in the open\r\n")
                    continue
                if is_open and word.startswith(b"EHLO"):
                    self.wfile.write(b"250-here\r\n250 STARTTLS\r\n")
                    continue
                if word.startswith(b"EHLO") and wanted is not None:
                    self.wfile.write(b"250-here\r\n250 AUTH PLAIN\r\n")
                    continue
                if word.startswith(b"AUTH PLAIN "):
                    is_known = line.split()[2] == wanted
                    self.wfile.write(b"235 welcome\r\n" if is_known else b"535 who?\r\n")
                    continue
                if word.startswith(b"MAIL") and not is_known:
                    self.wfile.write(b"530 log in first\r\n")
                    continue
                if word == b"DATA":
                    self.wfile.write(b"354 go on\r\n")
                    mails.append(self._read_mail())
                self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 ok\r\n")
                if word == b"QUIT":
                    return

        def finish(self) -> None:
            super().finish()
            self.request.close()  # the server closes only what it accepted

        def _read_mail(self) -> str:
            lines = []
            for line in self.rfile:
                if line == b".\r\n":
                    break
                lines.append(line.decode())
            return "".join(lines)

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # a caller that does not trust it hangs up
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield server.server_address[1], mails
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def proxy_sink() -> Iterator[tuple[int, list[str]]]:
    """Give the port of a proxy that makes tunnels, all of them to this machine, and the heads of what it was asked."""
    asked: list[str] = []

    class Handler(socketserver.StreamRequestHandler):
        rbufsize: ClassVar[int] = 0

        def handle(self) -> None:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += self.rfile.read(1)
            asked.append(head.decode())
            port = int(head.split()[1].rpartition(b":")[2])
            with socket.create_connection(("127.0.0.1", port)) as there:
                self.request.sendall(b"HTTP/1.1 200 Go on\r\n\r\n")
                others = {self.request: there, there: self.request}
                while True:
                    for one in select.select([*others], [], [])[0]:
                        if not (data := one.recv(65_536)):
                            return
                        others[one].sendall(data)

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield server.server_address[1], asked
    finally:
        server.shutdown()
        server.server_close()
