"""Telling the API regularly that the process of a flow run is alive.

The first beat is sent by the run itself. Later ones come from a thread, or (mode ``process``) from a process of their
own, because a task that keeps the interpreter busy for minutes would hold up a thread. That process is started after
half an interval, so that short runs never pay for it, and it ends when its parent does, however that came about.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
from typing import Any

from prefect.client.client import Client
from prefect.contract import operations
from prefect.contract.limits import HEARTBEAT_SECONDS
from prefect.exceptions import ClientError
from prefect.utilities.context import context
from prefect.utilities.logging import get_logger

_PR_SET_PDEATHSIG = 1


class Heartbeat:
    """The heartbeat of one flow run, from entering the ``with`` block until leaving it.

    Args:
        mode: ``process``, ``thread`` or ``off``; absent means as configured.
        interval_seconds: absent means as configured.
    """

    def __init__(
        self, client: Client, flow_run_id: str, mode: str | None = None, interval_seconds: float | None = None
    ) -> None:
        settings = context.config.cloud
        self._client = client
        self._flow_run_id = flow_run_id
        self._mode = mode or str(settings.heartbeat_mode)
        wanted = float(settings.heartbeat_interval if interval_seconds is None else interval_seconds)
        self._interval = min(wanted, HEARTBEAT_SECONDS)
        self._over = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread: threading.Thread | None = None
        self.logger = get_logger("Heartbeat")

    def __enter__(self) -> Heartbeat:
        if self._mode == "off":
            return self
        self._beat()
        environ = _environ() if self._mode == "process" else {}
        self._thread = threading.Thread(target=self._run, args=(environ,), name="heartbeat", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        if self._process is not None:
            # Without waiting for the thread, which may be waiting for the server.
            self._process.terminate()
            self._process.wait()

    def _beat(self) -> None:
        try:
            self._client.update_flow_run_heartbeat(self._flow_run_id)
        except ClientError as error:
            self.logger.warning("Failed to send heartbeat: %s", error)

    def _run(self, environ: dict[str, str]) -> None:
        if self._over.wait(self._interval / 2) or not self._is_enabled():
            return
        while not self._over.is_set():
            if self._mode == "thread":
                self._beat()
            elif self._process is None or self._process.poll() is not None:
                self._process = self._start_process(environ)
                if self._over.is_set():
                    self._process.terminate()
            self._over.wait(self._interval)

    def _is_enabled(self) -> bool:
        try:
            run = self._client.ask(operations.FLOW_RUN_FLOW_SETTINGS, id=self._flow_run_id)["flow_run_by_pk"]
        except ClientError as error:
            self.logger.warning("Failed to read whether heartbeats are wanted: %s", error)
            return True
        settings: dict[str, Any] = (run and run["flow"]["settings"]) or {}
        return settings.get("heartbeat_enabled", True) is not False

    def _start_process(self, environ: dict[str, str]) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", __name__, self._flow_run_id, str(self._interval), str(os.getpid())]
        return subprocess.Popen(
            command, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True
        )


def _environ() -> dict[str, str]:
    """Give the environment of the heartbeat's process: this one's, with the API's address as it is used here."""
    config = context.config
    return {
        **os.environ,
        "PREFECT__BACKEND": str(config.backend),
        "PREFECT__CLOUD__API": str(config.cloud.api),
        "PREFECT__CLOUD__API_KEY": str(config.cloud.get("api_key") or ""),
        "PREFECT__CLOUD__TENANT_ID": str(config.cloud.get("tenant_id") or ""),
        "PREFECT__CLOUD__SEND_FLOW_RUN_LOGS": "false",
    }


def beat_until_parent_ends(flow_run_id: str, interval_seconds: float, parent_pid: int) -> None:
    """Send heartbeats for as long as the process ``parent_pid``, which started this one, exists."""
    _die_with_parent()
    client = Client()
    wake = threading.Event()
    # The request to die comes from the kernel where it knows it; elsewhere the parent's number changes.
    while os.getppid() == parent_pid:
        try:
            client.update_flow_run_heartbeat(flow_run_id)
        except ClientError as error:
            get_logger("Heartbeat").warning("Failed to send heartbeat: %s", error)
        wake.wait(interval_seconds)


def _die_with_parent() -> None:
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


if __name__ == "__main__":
    beat_until_parent_ends(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]))
