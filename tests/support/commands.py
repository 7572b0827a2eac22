"""The `prefect` command as a process, with nothing of the machine's own settings."""

from __future__ import annotations

import os
import sys
from pathlib import Path

PREFECT = [sys.executable, "-m", "prefect"]


def clean_environment(home: Path) -> dict[str, str]:
    """Give an environment whose home is this folder and whose settings are the defaults of a server user."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "PYTEST_"))}
    return environ | {
        "HOME": str(home),
        "PREFECT__BACKEND": "server",
        "PREFECT__USER_CONFIG_PATH": str(home / "config.toml"),
        "PREFECT__BACKEND_CONFIG_PATH": str(home / "backend.toml"),
        "PREFECT__HOME_DIR": str(home / ".prefect"),
    }


def told(text: str) -> str:
    """Give what a failed command said, without its lines of hint and code."""
    kept = [line for line in text.splitlines(keepends=True) if not line.startswith(("hint: ", "code: "))]
    return "".join(kept)
