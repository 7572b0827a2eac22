"""A real local agent process, and flows for it to run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.processes import end, end_marked, marked
from support.servers import ServerProcess

READY = "Waiting for flow runs..."
START_SECONDS = 30.0


class AgentProcess:
    """A local agent; ``settings`` are further environment variables."""

    def __init__(self, server: ServerProcess, folder: Path, *options: str, **settings: str) -> None:
        self.path = folder / f"agent-{time.monotonic_ns()}.log"
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "PYTEST_"))}
        with self.path.open("wb") as sink:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "prefect", "agent", "local", "start", "--no-hostname-label", *options],
                env={**clean, **server.settings, **marked(self.path), "PYTHONUNBUFFERED": "1", **settings},
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def log(self) -> str:
        return self.path.read_text(errors="replace")

    def wait_for(self, text: str, seconds: float = START_SECONDS) -> None:
        """Wait until the agent's log has a text."""
        give_up = time.monotonic() + seconds
        while text not in self.log:
            assert time.monotonic() < give_up, f"not within {seconds} s: {text}\n{self.log}"
            # Another process gives no event to wait for.
            time.sleep(0.02)

    def stop(self, by: signal.Signals = signal.SIGTERM) -> int:
        return end(self.process, by)


@contextmanager
def running_agent(server: ServerProcess, folder: Path, *options: str, **settings: str) -> Iterator[AgentProcess]:
    """Run an agent for the length of a ``with`` block."""
    agent = AgentProcess(server, folder, *options, **settings)
    try:
        agent.wait_for(READY)
        yield agent
    finally:
        try:
            agent.stop()
        finally:
            end_marked(agent.path)
