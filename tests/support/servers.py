"""A real server process for tests: a database file of its own, a free port, stopped at the end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.processes import end, end_marked, marked

START_SECONDS = 30.0
LOOK_SECONDS = 0.02


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class ServerProcess:
    """A server on a database, which can be stopped, killed and started again at the same address.

    Args:
        folder: where its database (unless given), home and log lie.
    """

    def __init__(self, folder: Path, database_url: str | None = None) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.database_url = database_url or f"sqlite:///{folder}/proctor.db"
        self.executable = sys.executable
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        return (self.folder / "server.log").read_text(errors="replace")

    @property
    def settings(self) -> dict[str, str]:
        """Environment variables with which a process uses this server."""
        return {
            **marked(self.folder),
            "PREFECT__BACKEND": "server",
            "PREFECT__CLOUD__API": self.url,
            "PREFECT__HOME_DIR": str(self.folder / "home"),
            "PREFECT__USER_CONFIG_PATH": str(self.folder / "config.toml"),
            "PREFECT__BACKEND_CONFIG_PATH": str(self.folder / "backend.toml"),
        }

    @property
    def own_settings(self) -> dict[str, str]:
        """Environment variables of the server itself."""
        return self.settings

    def start(self) -> ServerProcess:
        """Start it and wait until it answers."""
        command = [self.executable, "-m", "prefect", "server", "start", "--port", str(self.port)]
        command += ["--database-url", self.database_url]
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "PYTEST_"))}
        with (self.folder / "server.log").open("ab") as sink:
            self.process = subprocess.Popen(
                command,
                env={**clean, **self.own_settings},
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        give_up = time.monotonic() + START_SECONDS
        try:
            while not self._answers():
                assert self.process.poll() is None, f"the server ended with {self.process.returncode}:\n{self.log}"
                assert time.monotonic() < give_up, f"the server does not answer:\n{self.log}"
                # Another process gives no event to wait for.
                time.sleep(LOOK_SECONDS)
        except BaseException:
            end(self.process, signal.SIGKILL)
            raise
        return self

    def stop(self, by: signal.Signals = signal.SIGTERM) -> int:
        """End it by a signal and wait for its end; gives its exit code."""
        assert self.process is not None
        try:
            return end(self.process, by)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.log}") from None

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/health", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


@contextmanager
def running_server(folder: Path, database_url: str | None = None) -> Iterator[ServerProcess]:
    """Run a server for the length of a ``with`` block."""
    server = ServerProcess(folder, database_url)
    try:
        yield server.start()
    finally:
        if server.process is not None:
            try:
                server.stop()
            finally:
                end_marked(server.folder)
