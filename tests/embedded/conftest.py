"""The API inside this process, on a file of the test's own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from support.commands import clean_environment
from support.processes import marked

EMBEDDED = {"PREFECT__SERVER__ENDPOINT": "embedded"}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / ".prefect"


@pytest.fixture
def embedded(home: Path) -> Iterator[dict[str, Any]]:
    """Speak, in this process, to the API inside it."""
    from prefect.client import embedded
    from prefect.utilities.configuration import set_temporary_config

    settings = {
        "backend": "server",
        "home_dir": str(home),
        "cloud.api": "embedded",
        "cloud.api_key": "",
        "cloud.tenant_id": "",
        "cloud.heartbeat_mode": "thread",
    }
    with set_temporary_config(settings):
        yield settings
        embedded.close()


@pytest.fixture
def script(tmp_path: Path) -> Callable[..., subprocess.Popen[str]]:
    """Start a Python program that speaks to the API inside it."""

    def start(source: str, *arguments: str, **settings: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", source, *arguments],
            env=clean_environment(tmp_path) | EMBEDDED | marked(tmp_path) | settings,
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


def ended(process: subprocess.Popen[str]) -> str:
    """Wait for a program's good end and give what it printed."""
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return out
