"""Systems that run here, one of each for a file of tests; where its program is missing, they are skipped."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support import systems
from support.ssh_server import SshServer, ssh_server


@pytest.fixture(scope="module")
def redis_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    try:
        with systems.redis_server(tmp_path_factory.mktemp("redis")) as port:
            yield port
    except systems.NotHere as why:
        pytest.skip(str(why))


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    try:
        with systems.pushgateway(tmp_path_factory.mktemp("gateway")) as address:
            yield address
    except systems.NotHere as why:
        pytest.skip(str(why))


@pytest.fixture(scope="module")
def mariadb() -> Iterator[dict[str, Any]]:
    try:
        with systems.mariadb() as where:
            yield where
    except systems.NotHere as why:
        pytest.skip(str(why))


@pytest.fixture
def ssh(tmp_path: Path) -> Iterator[SshServer]:
    (folder := tmp_path / "ssh").mkdir()
    with ssh_server(folder) as server:
        yield server
