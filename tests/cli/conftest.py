"""The `prefect` command, as a process and in this process."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from support.commands import PREFECT, clean_environment
from support.graphql_stub import Stub, StubServer
from support.servers import ServerProcess, running_server

Prefect = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def prefect(tmp_path: Path) -> Prefect:
    """Run the command as a process, in ``tmp_path``."""

    def run(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            PREFECT + list(arguments),
            env=clean_environment(tmp_path) | settings,
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


@pytest.fixture
def api() -> Iterator[Stub]:
    """Be an API whose answers the test gives."""
    with StubServer() as stub:
        stub.data("tenant", tenant=[{"id": "71111111-1111-1111-1111-111111111111", "slug": "default", "name": "d"}])
        yield stub


@pytest.fixture
def invoke(api: Stub, tmp_path: Path) -> Iterator[Callable[..., Result]]:
    """Run the command in this process, with the stub as its API."""
    from prefect.cli import cli
    from prefect.utilities.configuration import set_temporary_config

    def run(*arguments: str, **options: str) -> Result:
        return CliRunner().invoke(cli, list(arguments), **options)

    settings = {
        "backend": "server",
        "cloud.api": api.url,
        "cloud.api_key": "",
        "cloud.tenant_id": "",
        "home_dir": str(tmp_path),
        "server.ui.endpoint": "http://ui",
    }
    with set_temporary_config(settings):
        yield run


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A real server process."""
    with running_server(tmp_path_factory.mktemp("server")) as started:
        yield started


@pytest.fixture
def served(server: ServerProcess, prefect: Prefect) -> Prefect:
    """Run the command as a process that uses the real server, in ``tmp_path``."""
    return partial(prefect, **server.settings)
