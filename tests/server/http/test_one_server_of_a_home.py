"""Which server runs with a home folder: the first one says so, and a second one neither waits nor takes its place."""

from __future__ import annotations

import fcntl
import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from prefect.server import serve
from prefect.server.errors import StartUpError
from prefect.server.settings import Settings


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as made:
        yield made


def told(listener: socket.socket) -> dict[str, Any]:
    return {"pid": os.getpid(), "address": f"http://127.0.0.1:{listener.getsockname()[1]}"}


def test_the_first_server_of_a_home_is_the_one_that_is_found(tmp_path: Path, listener: socket.socket) -> None:
    home = tmp_path / "not" / "there"
    assert serve.running_server(home) is None
    with socket.create_server(("127.0.0.1", 0)) as other:
        with serve._pid_file(Settings(home=home), listener):
            assert serve.running_server(home) == told(listener)
            with serve._pid_file(Settings(home=home), other):
                assert serve.running_server(home) == told(listener)
            assert serve.running_server(home) == told(listener)
        assert serve.running_server(home) is None
        assert list(home.iterdir()) == []
        with serve._pid_file(Settings(home=home), other):
            assert serve.running_server(home) == told(other)


def test_what_a_server_left_that_was_killed_is_not_taken_for_one(tmp_path: Path, listener: socket.socket) -> None:
    path = tmp_path / serve.PID_FILE
    path.write_text(json.dumps({"pid": 1, "address": "http://127.0.0.1:1", "more": "x" * 1_000}))
    assert serve.running_server(tmp_path) is None
    with serve._pid_file(Settings(home=tmp_path), listener):
        assert serve.running_server(tmp_path) == told(listener)
        assert json.loads(path.read_text()) == told(listener)


def test_a_server_that_has_not_said_yet_where_it_is_is_not_found(tmp_path: Path) -> None:
    with (tmp_path / serve.PID_FILE).open("w+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert serve.running_server(tmp_path) is None


def test_the_file_is_gone_also_after_an_error(tmp_path: Path, listener: socket.socket) -> None:
    with pytest.raises(ZeroDivisionError), serve._pid_file(Settings(home=tmp_path), listener):
        1 / 0  # noqa: B018 - it is the error
    assert list(tmp_path.iterdir()) == []


def test_a_home_that_cannot_be_written_is_named(tmp_path: Path, listener: socket.socket) -> None:
    (tmp_path / "text").write_text("no folder")
    home = tmp_path / "text" / "home"
    refused = pytest.raises(StartUpError, match=rf"^The folder {home} cannot be written: Not a directory\.$")
    with refused, serve._pid_file(Settings(home=home), listener):
        raise AssertionError("it begins")
