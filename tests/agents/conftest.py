"""A real server, and this process as its client."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from prefect.client import Client
from prefect.client import connection as connection_module
from prefect.utilities.configuration import set_temporary_config
from support.servers import ServerProcess, running_server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with running_server(tmp_path_factory.mktemp("server")) as server:
        settings = {
            "backend": "server",
            "cloud.api": server.url,
            "cloud.api_key": "",
            "cloud.tenant_id": "",
            "home_dir": str(server.folder / "home"),
        }
        with set_temporary_config(settings):
            yield server
    connection_module._plain_servers.discard(server.url)


@pytest.fixture
def client(server: ServerProcess) -> Client:
    return Client()
