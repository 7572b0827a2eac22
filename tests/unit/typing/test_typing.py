"""What a type checker, and with it an editor, knows of a user's flow."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import prefect

HERE = Path(__file__).parent
SAMPLE = HERE / "sample_flow.py"
ROOT = HERE.parents[2]


def test_an_editor_shows_the_types_of_tasks_and_flows() -> None:
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--cache-dir",
        str(ROOT / ".mypy_cache" / "sample"),
        str(SAMPLE),
    ]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    shown, wrong = {}, {}
    for line in done.stdout.splitlines():
        found = re.match(r"[^:]+:(\d+): (note: Revealed type is|error:) (.*)", line)
        if found and found[2] == "error:":
            wrong[int(found[1])] = found[3]
        elif found:
            shown[int(found[1])] = found[3].strip('"')

    expected_shown, expected_wrong = {}, {}
    for number, line in enumerate(SAMPLE.read_text().splitlines(), 1):
        _, is_shown, text = line.partition("  # shows: ")
        if is_shown:
            expected_shown[number] = text
        _, is_wrong, text = line.partition("  # wrong: ")
        if is_wrong:
            expected_wrong[number] = text
    assert shown == expected_shown
    assert wrong.keys() == expected_wrong.keys(), done.stdout
    assert all(text in wrong[number] for number, text in expected_wrong.items()), wrong


def test_the_package_says_that_it_is_typed() -> None:
    assert (Path(prefect.__file__).parent / "py.typed").is_file()


def _tool() -> object:
    spec = importlib.util.spec_from_file_location("stubs", ROOT / "tools" / "stubs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


stubs = _tool()


@pytest.mark.parametrize("name", stubs.MODULES)  # type: ignore[attr-defined]
def test_stubs_name_what_loads_on_first_use(name: str) -> None:
    module = import_module(name)
    path = stubs.path_of(module)  # type: ignore[attr-defined]
    assert path.read_text() == stubs.stub_of(module), "run tools/stubs.py"  # type: ignore[attr-defined]
