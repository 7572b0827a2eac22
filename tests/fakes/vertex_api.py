"""A fake of two Google services, written for the tests of the agent: tokens, and custom jobs of Vertex AI.

It keeps what it was given and checks that a token came along; it knows nothing else of Vertex AI.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

JOBS = re.compile(r"/v1/(projects/[^/]+/locations/[^/]+)/customJobs")
TOKEN = "token-of-the-fake"


class FakeVertex:
    """What was asked of the fake."""

    def __init__(self) -> None:
        self.url = ""
        self.jobs: list[dict[str, Any]] = []


@contextmanager
def fake_vertex() -> Iterator[FakeVertex]:
    """Serve a fake on a port of this machine for the length of a ``with`` block."""
    fake = FakeVertex()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(fake))
    server.daemon_threads = True
    fake.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def write_credentials(fake: FakeVertex, path: Path) -> Path:
    """Write a service account, with a key made now, whose tokens come from the fake."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    account = {
        "type": "service_account",
        "project_id": "of-credentials",
        "private_key_id": "1",
        "private_key": key.decode(),
        "client_email": "agent@of-credentials.iam",
        "client_id": "1",
        "token_uri": f"{fake.url}/token",
    }
    path.write_text(json.dumps(account))
    return path


def _handler(fake: FakeVertex) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # noqa: N802,RUF100 - the name that the base class calls
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            jobs = JOBS.fullmatch(self.path)
            if self.path == "/token":
                self._answer(200, {"access_token": TOKEN, "expires_in": 3600, "token_type": "Bearer"})
            elif self.headers.get("Authorization") != f"Bearer {TOKEN}":
                self._answer(401, {"error": {"code": 401, "message": "no token"}})
            elif jobs is None:
                self._answer(404, {"error": {"code": 404, "message": "nothing here"}})
            elif not (job := json.loads(body))["job_spec"]["worker_pool_specs"][0].get("machine_spec"):
                self._answer(400, {"error": {"code": 400, "message": "machine_spec is required"}})
            else:
                name = f"{jobs[1]}/customJobs/{len(fake.jobs) + 1}"
                fake.jobs.append({"name": name, **job})
                self._answer(200, fake.jobs[-1])

        def _answer(self, status: int, content: dict[str, Any]) -> None:
            data = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002,RUF100 - the base class's name
            """Write no line for each request."""

    return Handler
