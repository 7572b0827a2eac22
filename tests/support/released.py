"""The released 1.4.1 package as a program of its own: its commands, its Python, its agent, in the home of a Road.

It lives in `.compat/` (made by `make compat`) and never meets our package in one process.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from support.road import Road, wait_until

PYTHON = Path(__file__).parents[2] / ".compat" / "bin" / "python"

if not PYTHON.exists() and os.environ.get("PROCTOR_CI"):
    raise RuntimeError("CI must try the released client: run tools/compat_env.py first")

needs_released = pytest.mark.skipif(not PYTHON.exists(), reason="the released 1.4.1 is not installed: make compat")


class Released:
    """The old package's hands, in the home folder and against the server of a Road."""

    def __init__(self, road: Road, **settings: str) -> None:
        self.road = road
        self.env = road.env | {"PYTHONWARNINGS": "ignore"} | settings

    def command(self, *arguments: str, code: int = 0) -> str:
        done = self.run([str(PYTHON), "-m", "prefect", *arguments])
        assert done.returncode == code, f"{arguments} -> {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def python(self, text: str) -> str:
        done = self.run([str(PYTHON), "-c", text])
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        return done.stdout

    def run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            env=self.env,
            cwd=self.road.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )

    def agent(self, *options: str) -> None:
        """Start a local agent and wait until it asks for runs; its output goes to ``old-agent.log``."""
        with (self.road.folder / "old-agent.log").open("ab") as sink:
            process = subprocess.Popen(
                [str(PYTHON), "-m", "prefect", "agent", "local", "start", *options],
                env=self.env,
                cwd=self.road.folder,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.road.processes.append(process)
        wait_until("the old agent waits", lambda: "Waiting for flow runs" in self.road.log("old-agent"))
