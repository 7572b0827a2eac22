"""`prefect dev`: one process that serves, watches, registers and runs."""

from __future__ import annotations

import os
import queue
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from prefect.cli import dev_registrar
from prefect.cli.dev_registrar import Registrar, fault_of
from prefect.client import Client
from support.commands import PREFECT, clean_environment
from support.processes import end, end_marked, marked

LONG_SECONDS = 60.0
FLOW = """
from prefect import Flow, task

@task(log_stdout=True)
def say():
    print("said {word}")

with Flow("{name}") as flow:
    say()
"""


class Terminal:
    """A `prefect dev` that runs, and what it prints."""

    def __init__(self, folder: Path, *words: str) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [*PREFECT, "dev", "--port", "0", *words],
            env=clean_environment(folder) | marked(folder) | {"PYTHONUNBUFFERED": "1"},
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.shown: list[str] = []
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()
        self.address = self.until(r"Web UI +(http\S+)")[1]

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def until(self, pattern: str) -> re.Match[str]:
        """Wait for a line in which this is found."""
        give_up = time.monotonic() + LONG_SECONDS
        while True:
            try:
                line = self._lines.get(timeout=max(0.0, give_up - time.monotonic()))
            except queue.Empty:
                line = None
            assert line is not None, f"{pattern!r} was not printed:\n{''.join(self.shown)}"
            self.shown.append(line)
            if found := re.search(pattern, line):
                return found

    def write(self, name: str, text: str) -> None:
        """Save a file as editors do: whole, under another name first."""
        (self.folder / f".{name}.new").write_text(text)
        os.replace(self.folder / f".{name}.new", self.folder / name)


@pytest.fixture
def dev(tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    begun: list[Terminal] = []

    def start(*words: str) -> Terminal:
        begun.append(Terminal(tmp_path, *words))
        return begun[-1]

    yield start
    for terminal in begun:
        try:
            end(terminal.process, signal.SIGINT, LONG_SECONDS)
        finally:
            end_marked(tmp_path)
            assert terminal.process.stdout is not None
            terminal.process.stdout.close()


@pytest.mark.process
def test_a_file_is_registered_and_run_at_the_start_and_whenever_it_is_saved(
    dev: Callable[..., Terminal], tmp_path: Path
) -> None:
    (tmp_path / "flow.py").write_text(FLOW.format(word="first", name="one"))
    terminal = dev("flow.py", "--run")
    terminal.until(r"flow\.py  'one' registered, version 1")
    terminal.until(r"one/\S+  said first")
    terminal.until(r"one/\S+  Entered state <Success>")

    terminal.write("flow.py", FLOW.format(word="second", name="one"))
    terminal.until(r"flow\.py  'one' unchanged, version 1")  # the server keeps where the code lies, not the code
    terminal.until(r"one/\S+  said second")
    terminal.until(r"one/\S+  Entered state <Success>")
    terminal.write("flow.py", FLOW.format(word="third", name="two"))
    terminal.until(r"'two' registered, version 1")
    terminal.until(r"two/\S+  Entered state <Success>")

    # An error is told with its place, and the next save is registered as ever.
    terminal.write("flow.py", "x = 1\ny = x / 0\n")
    terminal.until(r"flow\.py:2  ZeroDivisionError: division by zero")
    terminal.write("flow.py", "def broken(:\n")
    terminal.until(r"flow\.py:1  SyntaxError: ")
    terminal.write("flow.py", FLOW.format(word="fourth", name="two"))
    terminal.until(r"two/\S+  said fourth")
    terminal.until(r"two/\S+  Entered state <Success>")

    client = Client(api_server=terminal.address)
    assert {run.state for run in client.graphql("{ flow_run { state } }").data.flow_run} == {"Success"}
    assert end(terminal.process, signal.SIGINT, LONG_SECONDS) == 0
    assert sorted(path.name for path in (tmp_path / ".proctor").iterdir() if path.suffix != ".db") == [
        ".gitignore",
        "results",
    ]


@pytest.mark.process
def test_a_folder_is_watched_with_the_modules_that_its_files_import(
    dev: Callable[..., Terminal], tmp_path: Path
) -> None:
    (tmp_path / "helper.py").write_text("NAME = 'before'\n")
    (tmp_path / "flow.py").write_text("from prefect import Flow\nfrom helper import NAME\nflow = Flow(NAME)\n")
    (tmp_path / "test_flow.py").write_text("raise RuntimeError('a test is no file of flows')\n")
    terminal = dev("--temporary")
    terminal.until(r"flow\.py  'before' registered")
    terminal.write("helper.py", "NAME = 'after'\n")
    terminal.until(r"flow\.py  'after' registered")
    terminal.write("late.py", FLOW.format(word="x", name="late"))
    terminal.until(r"late\.py  'late' registered")
    assert "a test is no file" not in "".join(terminal.shown)
    end(terminal.process, signal.SIGINT, LONG_SECONDS)
    assert not (tmp_path / ".proctor").exists()


@pytest.mark.process
def test_the_end_ends_the_runs_too_and_they_know(dev: Callable[..., Terminal], tmp_path: Path) -> None:
    (tmp_path / "long.py").write_text(
        "import os, time\nfrom prefect import Flow, task\n@task(log_stdout=True)\ndef wait():\n"
        "    print(f'process {os.getpid()} waits')\n    time.sleep(3600)\nwith Flow('long') as flow:\n    wait()\n"
    )
    terminal = dev("long.py", "--run")
    pid = int(terminal.until(r"process (\d+) waits")[1])
    assert end(terminal.process, signal.SIGINT, LONG_SECONDS) == 0
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    home = str(tmp_path / ".proctor")
    from prefect.client import embedded
    from prefect.utilities.configuration import set_temporary_config

    with set_temporary_config({"backend": "server", "home_dir": home, "cloud.api": "embedded", "cloud.api_key": ""}):
        (run,) = Client().graphql("{ flow_run { state state_message } }").data.flow_run
        embedded.close()
    assert run.state == "Cancelled", run


@pytest.mark.process
def test_a_folder_is_worked_in_once(dev: Callable[..., Terminal], tmp_path: Path) -> None:
    (tmp_path / "flow.py").write_text(FLOW.format(word="x", name="one"))
    first = dev()
    done = subprocess.run(
        [*PREFECT, "dev"], env=clean_environment(tmp_path), cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    assert f"works in this folder already, at {first.address}" in done.stdout + done.stderr


@pytest.mark.process
def test_what_is_not_there_is_refused(tmp_path: Path) -> None:
    done = subprocess.run(
        [*PREFECT, "dev", "gone.py"],
        env=clean_environment(tmp_path),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "'gone.py' doesn't exist" in done.stdout + done.stderr
    assert not (tmp_path / ".proctor").exists()


# ----- the process that registers


@pytest.fixture
def registrar(monkeypatch: pytest.MonkeyPatch) -> Iterator[Registrar]:
    monkeypatch.setattr(dev_registrar, "LONGEST_SECONDS", 3.0)
    made = Registrar()
    yield made
    made.close()


@pytest.mark.process
@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import os\nos._exit(3)\n", "ended the process (0)|ended the process (3)"),
        ("import time\ntime.sleep(3600)\n", "was not read to its end within 3 s"),
        ("raise SystemExit(2)\n", "exited (code 2) before its flows were read"),
    ],
    ids=["ends", "waits", "exits"],
)
def test_a_file_that_does_not_come_to_its_end_is_told_and_the_next_one_is_read(
    registrar: Registrar, tmp_path: Path, source: str, expected: str
) -> None:
    (tmp_path / "bad.py").write_text(source)
    (tmp_path / "empty.py").write_text("x = 1\n")
    (fault,) = registrar.register(str(tmp_path / "bad.py"), "p", {}).faults
    assert any(part in fault.text for part in expected.split("|"))
    report = registrar.register(str(tmp_path / "empty.py"), "p", {})
    assert (report.flows, report.faults) == ([], [])


def test_the_line_of_a_fault_is_the_last_one_of_the_user_s_own(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("from prefect import Flow\n\n\ndef make():\n    return Flow(3)\n")
    names: dict[str, Any] = {}
    exec(compile((tmp_path / "mine.py").read_text(), str(tmp_path / "mine.py"), "exec"), names)
    with pytest.raises(Exception) as raised:
        names["make"]().validate(3)
    fault = fault_of(raised.value, str(tmp_path / "mine.py"))
    assert fault.file == str(tmp_path / "mine.py")
