"""Another commit's files, and processes that take turns: what the benchmarks share that set this commit beside another.

Not a benchmark itself.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent.parent


@contextmanager
def checked_out(commit: str) -> Iterator[Path]:
    """Give a folder with another commit's files."""
    with tempfile.TemporaryDirectory() as folder:
        before = Path(folder, "before")
        git = ["git", "-C", str(HERE)]
        subprocess.run([*git, "worktree", "add", "--quiet", "--detach", str(before), commit], check=True)
        try:
            yield before
        finally:
            subprocess.run([*git, "worktree", "remove", "--force", str(before)], check=True)


class Asked:
    """A script in a process of its own, with one commit's package: a line of JSON asks for a turn, and one answers."""

    def __init__(self, source: Path, script: str, *options: str) -> None:
        env = {k: v for k, v in os.environ.items() if not k.startswith("PREFECT")} | {"PYTHONPATH": str(source / "src")}
        self._process = subprocess.Popen(
            [sys.executable, script, *options], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def turn(self, **fields: Any) -> float:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(fields) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise SystemExit(f"{self._process.args} ended with {self._process.wait()}")
        return float(json.loads(answer))

    def stop(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)
