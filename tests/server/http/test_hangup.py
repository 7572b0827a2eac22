"""SIGHUP: a server of a terminal ends with it; one without reads its certificate anew, and opens its log files."""

from __future__ import annotations

import os
import pty
import signal
import ssl
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from support.commands import PREFECT
from support.processes import end
from support.servers import ServerProcess, running_server
from support.tls import make_certificate

pytestmark = pytest.mark.process


def until(is_so: Callable[[], bool], seconds: float = 30.0) -> bool:
    """Wait for what another process does, which gives no event to wait for."""
    give_up = time.monotonic() + seconds
    while not is_so() and time.monotonic() < give_up:
        time.sleep(0.02)
    return is_so()


def test_log_files_that_were_moved_away_are_opened_anew(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        assert server.process is not None
        log = tmp_path / "server.log"
        log.rename(tmp_path / "server.log.1")

        server.process.send_signal(signal.SIGHUP)

        assert until(lambda: log.exists() and "log files were opened anew" in server.log)
        assert log.stat().st_mode & 0o777 == (tmp_path / "server.log.1").stat().st_mode & 0o777
        assert "Serving" not in server.log  # what was said before stays in the old one
        assert server._answers()


def test_a_renewed_certificate_is_taken_and_a_broken_one_is_not(tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path)
    server = ServerProcess(tmp_path)
    server._answers = lambda: presented(server.port) is not None  # type: ignore[method-assign]
    command_settings = {
        "PREFECT_SERVER__SERVICES__SSL_CERTFILE": str(certificate),
        "PREFECT_SERVER__SERVICES__SSL_KEYFILE": str(key),
    }
    ServerWithTls = type("ServerWithTls", (ServerProcess,), {"own_settings": server.settings | command_settings})
    server.__class__ = ServerWithTls
    try:
        server.start()
        assert server.process is not None
        first = presented(server.port)

        certificate.write_text("nonsense")
        server.process.send_signal(signal.SIGHUP)
        assert until(lambda: "cannot be used" in server.log)
        assert presented(server.port) == first

        make_certificate(tmp_path)
        server.process.send_signal(signal.SIGHUP)
        assert until(lambda: "the certificate was read again" in server.log)
        assert presented(server.port) == certificate.read_text()
        assert presented(server.port) != first
    finally:
        server.stop()


def presented(port: int) -> str | None:
    """Give the certificate that a server shows, None while it does not answer."""
    try:
        return ssl.get_server_certificate(("127.0.0.1", port))
    except OSError:
        return None


def test_a_server_ends_with_its_terminal(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    server = ServerProcess(tmp_path)
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "PYTEST_"))}
    process = subprocess.Popen(
        [*PREFECT, "server", "start", "--port", str(server.port), "--database-url", server.database_url],
        env=clean | server.settings,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        preexec_fn=lambda: os.login_tty(0),
    )
    try:
        os.close(theirs)
        assert until(server._answers)

        os.close(ours)  # by which the system sends SIGHUP

        assert process.wait(30) == 0
    finally:
        end(process, signal.SIGKILL)


def test_a_server_that_is_to_outlive_its_terminal_does(tmp_path: Path) -> None:
    former = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
    try:
        server = ServerProcess(tmp_path).start()
    finally:
        signal.signal(signal.SIGHUP, former)
    try:
        assert server.process is not None
        server.process.send_signal(signal.SIGHUP)
        assert server._answers()
        assert server.process.poll() is None
    finally:
        server.stop()
