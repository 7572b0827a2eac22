"""The process that sends heartbeats beside a run, and where inputs of a run may lie."""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from pathlib import Path

import pytest

from prefect.engine.cloud.task_runner import _anywhere_in_place
from prefect.engine.heartbeat import subprocess_heartbeat
from prefect.engine.results import LocalResult
from prefect.utilities.configuration import set_temporary_config

TELL = """
import json, os, sys, time
kept = {name: value for name, value in os.environ.items() if name.startswith("PREFECT__")}
with open(sys.argv[1] + ".draft", "w") as file:
    json.dump([os.getpid(), kept, sys.stdin.read()], file)
os.rename(sys.argv[1] + ".draft", sys.argv[1])
time.sleep(600)
"""


def wait_for(path: Path) -> None:
    end = time.monotonic() + 60
    while not path.exists():  # another process makes it, and nobody tells
        assert time.monotonic() < end
        time.sleep(0.01)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_process_beats_for_the_length_of_a_block_with_what_it_needs(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = {"cloud.api": "http://here:1", "cloud.api_key": "k", "backend": "server"}
    with set_temporary_config(settings):
        command = [sys.executable, "-c", TELL, str(tmp_path / "told")]
        with subprocess_heartbeat(command, logging.getLogger("beats")):
            wait_for(tmp_path / "told")
            pid, kept, given = json.loads((tmp_path / "told").read_text())
            assert is_alive(pid)
    assert not is_alive(pid)
    assert (kept["PREFECT__CLOUD__API"], kept["PREFECT__CLOUD__API_KEY"]) == ("http://here:1", "k")
    assert kept["PREFECT__BACKEND"] == "server"
    assert "PREFECT__CLOUD__HEARTBEAT_INTERVAL" in kept
    assert given == ""
    assert caplog.text == ""


def test_a_beating_process_that_died_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    dying = f"import pathlib, sys; pathlib.Path({str(tmp_path / 'gone')!r}).touch(); sys.exit(7)"
    with subprocess_heartbeat([sys.executable, "-c", dying], logging.getLogger("beats")):
        wait_for(tmp_path / "gone")
        (pid,) = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()[-1:]
        os.waitid(os.P_PID, int(pid), os.WEXITED | os.WNOWAIT)
    assert "Heartbeat process died with exit code 7" in caplog.text


def test_an_input_of_another_run_may_lie_anywhere_in_its_place(tmp_path: Path) -> None:
    result = LocalResult(dir=str(tmp_path), location="{task_name}/x")
    place = _anywhere_in_place(result)
    assert place is not None
    place.check_location(str(tmp_path / "elsewhere" / "y"))
    with pytest.raises(ValueError):
        place.check_location(str(tmp_path.parent / "y"))
    assert result.location == "{task_name}/x"
    assert place.location is None
    assert _anywhere_in_place(None) is None
