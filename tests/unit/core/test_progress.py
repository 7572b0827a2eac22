"""The bar of `flow.run()`: for whoever sits before it, and nothing for anybody else."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from prefect import Flow, task
from prefect.core import progress
from prefect.core.progress import Progress
from prefect.engine.state import Failed, Looped, Mapped, Running, Success
from support.commands import clean_environment

SOURCE = """
import sys, threading
from prefect import Flow, task
from prefect.core import progress
progress.FIRST_SECONDS = progress.PAUSE_SECONDS = 0.0

@task
def step(x):
    print("printed", x)
    return x

with Flow("walk") as flow:
    step.map(list(range(4)))
state = flow.run()
assert state.is_successful()
assert type(sys.stdout).__name__ == type(sys.stderr).__name__ == "TextIOWrapper"
print("end")
"""


def _in_terminal(folder: Path, source: str, **settings: str) -> str:
    """Run a program in a terminal of its own and give all that it wrote there."""
    main, theirs = pty.openpty()
    environ = clean_environment(folder) | {"TERM": "xterm", "COLUMNS": "80", "PYTHONIOENCODING": "utf-8"} | settings
    environ = {name: value for name, value in environ.items() if value}
    process = subprocess.Popen(
        [sys.executable, "-c", source], env=environ, stdin=theirs, stdout=theirs, stderr=theirs, cwd=folder
    )
    os.close(theirs)
    written = b""
    while True:
        try:
            part = os.read(main, 65536)
        except OSError:  # the last one who had it open has ended
            break
        if not part:
            break
        written += part
    os.close(main)
    assert process.wait() == 0, written.decode()
    return written.decode()


def _screen(written: str) -> list[str]:
    """Give the lines that are left on a terminal that knows nothing but what is used here."""
    lines = [""]
    for piece in written.replace("\r\n", "\n").split("\n"):
        shown = piece.split("\r\x1b[K")[-1]
        lines.append(shown)
    return lines


def test_a_terminal_shows_how_far_a_run_is_and_nothing_is_left_of_it(tmp_path: Path) -> None:
    written = _in_terminal(tmp_path, SOURCE, NO_COLOR="")
    assert "walk ━" in written
    assert "5/5" in written  # the mapped task, and its four children
    left = "\n".join(_screen(written))
    assert "━" not in left
    assert "\x1b" not in left
    for number in range(4):
        assert f"\nprinted {number}\n" in left
    assert left.rstrip().endswith("end")


@pytest.mark.parametrize(
    "settings",
    [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {"PREFECT__FLOWS__PROGRESS": "false"}],
    ids=["no-colour", "dumb", "setting"],
)
def test_who_wants_none_gets_none(tmp_path: Path, settings: dict[str, str]) -> None:
    assert "\x1b" not in _in_terminal(tmp_path, SOURCE, **settings)


def test_a_pipe_gets_none_and_nothing_is_loaded_for_it(tmp_path: Path) -> None:
    source = (
        "import sys\nfrom prefect import Flow, task\nFlow('f', tasks=[task(lambda: 1, name='one')]).run()\n"
        "assert 'prefect.core.progress' not in sys.modules\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", source], env=clean_environment(tmp_path), capture_output=True, timeout=60, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert b"\x1b" not in done.stdout + done.stderr


def test_what_is_over_is_counted_with_the_children_of_maps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "FIRST_SECONDS", 0.0)
    monkeypatch.setattr(progress, "PAUSE_SECONDS", 0.0)
    shown: list[tuple[Any, ...]] = []
    bar = Progress("f", 2, lambda *said: shown.append(said))
    for state in (Running(), Mapped(map_states=[None] * 3, n_map_states=3), Looped(), Success(), Failed(), Success()):  # type: ignore[list-item]
        assert bar.note(None, Running(), state) is state
    assert shown == [("f", 1, 5), ("f", 2, 5), ("f", 3, 5), ("f", 4, 5)]


class _Display:
    def __init__(self, shown: list[str]) -> None:
        self._shown = shown

    def update(self, picture: str) -> None:
        self._shown.append(picture)


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Be a notebook, as far as IPython tells it."""
    from types import ModuleType, SimpleNamespace

    shown: list[str] = []

    def display(picture: str, display_id: bool) -> _Display:
        assert display_id
        shown.append(picture)
        return _Display(shown)

    ipython, module = ModuleType("IPython"), ModuleType("IPython.display")
    ipython.get_ipython = lambda: SimpleNamespace(kernel=object())  # type: ignore[attr-defined]
    module.HTML, module.display = str, display  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", module)
    monkeypatch.setattr(progress, "FIRST_SECONDS", 0.0)
    monkeypatch.setattr(progress, "PAUSE_SECONDS", 0.0)
    return shown


def test_a_notebook_shows_one_bar_that_moves(notebook: list[str]) -> None:
    @task
    def one() -> int:
        return 1

    with Flow("a & b") as flow:
        one()
        one()
    assert flow.run().is_successful()
    assert "a &amp; b" in notebook[0]
    assert "value='1'" in notebook[0]
    assert "2/2" in notebook[1]
    assert notebook[-1] == ""
