"""A user's machine for end-to-end tests: a home folder, a server, an agent and the `prefect` command.

Everything runs as real processes with an environment of its own; whatever was started is stopped at the end.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from support.processes import end, end_group, end_marked, marked

PREFECT = [sys.executable, "-m", "prefect"]
FINAL_STATES = frozenset({"Success", "Failed", "Cancelled", "TimedOut", "TriggerFailed", "Skipped"})


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(what: str, probe: Callable[[], Any], seconds: float = 60.0) -> Any:
    """Ask ``probe`` until it gives something true; another process has no event to wait on."""
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        if found := probe():
            return found
        time.sleep(0.02)
    raise AssertionError(f"not within {seconds:.0f} s: {what}")


class Road:
    """One installation under ``folder``; use as a context manager."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.api = f"http://127.0.0.1:{self.port}"
        self.processes: list[subprocess.Popen[bytes]] = []
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("PREFECT_", "PYTEST_"))}
        self.env = (
            clean
            | marked(folder)
            | {
                "PREFECT__HOME_DIR": str(folder / "home"),
                "PREFECT__USER_CONFIG_PATH": str(folder / "config.toml"),
                "PREFECT__BACKEND": "server",
                "PREFECT__SERVER__ENDPOINT": self.api,
                "PREFECT__CLOUD__HEARTBEAT_INTERVAL": "1",
                "PYTHONUNBUFFERED": "1",
                "TZ": "UTC",
                **settings,
            }
        )

    def __enter__(self) -> Road:
        return self

    def __exit__(self, *_: object) -> None:
        with ExitStack() as ending:
            ending.callback(end_marked, self.folder)
            for process in self.processes:
                ending.callback(end_group, process)

    # -- processes ---------------------------------------------------------------------------------------------
    def server(self, database_url: str | None = None, **settings: str) -> subprocess.Popen[bytes]:
        url = database_url or f"sqlite:///{self.folder}/proctor.db"
        process = self.start("server", "start", "--port", str(self.port), "--database-url", url, **settings)
        wait_until(f"server at {self.api}: {self.log('server')}", lambda: self.is_healthy(process), 30)
        return process

    def agent(self, *options: str, **settings: str) -> subprocess.Popen[bytes]:
        before = self.log("agent").count("Waiting for flow runs")
        process = self.start("agent", "local", "start", *options, **settings)
        wait_until("agent waits for flow runs", lambda: self.log("agent").count("Waiting for flow runs") > before, 30)
        return process

    def start(self, *arguments: str, **settings: str) -> subprocess.Popen[bytes]:
        """Start ``prefect`` with its output in ``<first argument>.log``."""
        with (self.folder / f"{arguments[0]}.log").open("ab") as sink:
            process = subprocess.Popen(
                PREFECT + list(arguments),
                env=self.env | settings,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.processes.append(process)
        return process

    def stop(self, process: subprocess.Popen[bytes], by: signal.Signals = signal.SIGTERM) -> int:
        return end(process, by)

    def log(self, name: str) -> str:
        path = self.folder / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def is_healthy(self, process: subprocess.Popen[bytes] | None = None) -> bool:
        if process is not None and process.poll() is not None:
            raise AssertionError(f"ended with {process.returncode}: {self.log('server')}")
        try:
            with urllib.request.urlopen(f"{self.api}/health", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    # -- the user's hands --------------------------------------------------------------------------------------
    def prefect(
        self, *arguments: str, code: int | None = 0, timeout: float = 90, **settings: str
    ) -> subprocess.CompletedProcess[str]:
        """Run one command; ``code`` is the exit code that must come (None: any)."""
        done = subprocess.run(
            PREFECT + list(arguments),
            env=self.env | settings,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
        )
        if code is not None:
            assert done.returncode == code, f"{arguments} -> {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def python(self, text: str, code: int = 0, timeout: float = 90) -> str:
        done = subprocess.run(
            [sys.executable, "-c", text],
            env=self.env,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=timeout,
        )
        assert done.returncode == code, f"{done.stdout}\n{done.stderr}"
        return done.stdout

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text)
        return path

    def graphql(self, query: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
        """Post a document; the answer's whole JSON, errors included."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(f"{self.api}/graphql", data=body, headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return dict(json.loads(answer.read()))
        except urllib.error.HTTPError as error:
            return dict(json.loads(error.read()))

    def run(self, flow_run_id: str) -> dict[str, Any]:
        document = """query($id: uuid!) { flow_run_by_pk(id: $id) {
            id name state state_message version labels parameters context idempotency_key times_resurrected
            scheduled_start_time start_time end_time
            states(order_by: {version: asc}) { version state message }
            task_runs(order_by: {map_index: asc}) { state map_index task { slug } }
            logs(order_by: {timestamp: asc}) { level message name } } }"""
        answer = self.graphql(document, {"id": flow_run_id})
        assert "errors" not in answer, answer
        return dict(answer["data"]["flow_run_by_pk"])

    def final(self, flow_run_id: str, seconds: float = 60) -> dict[str, Any]:
        """The flow run once it has ended."""

        def ended() -> dict[str, Any] | None:
            found = self.run(flow_run_id)
            return found if found["state"] in FINAL_STATES else None

        return dict(wait_until(f"end of {flow_run_id}", ended, seconds))

    def register(self, path: Path, project: str = "demo", *options: str) -> None:
        self.prefect("create", "project", project)
        self.prefect("register", "--project", project, "--path", str(path), *options)

    def new_run(self, *arguments: str) -> str:
        return self.prefect("run", "--quiet", *arguments).stdout.strip()
