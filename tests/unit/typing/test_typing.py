"""What a type checker, and with it an editor, knows of a user's flow."""

from __future__ import annotations

import importlib.util
import json
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


Found = dict[int, list[str]]


def _by_mypy() -> tuple[Found, Found]:
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(ROOT / ".mypy_cache" / "sample")]
    done = subprocess.run([*command, str(SAMPLE)], capture_output=True, text=True, cwd=ROOT)
    shown: Found = {}
    wrong: Found = {}
    for line in done.stdout.splitlines():
        found = re.match(r"[^:]+:(\d+): (note: Revealed type is|error:) (.*)", line)
        if found:
            into = wrong if found[2] == "error:" else shown
            into.setdefault(int(found[1]), []).append(found[3].strip('"'))
    return shown, wrong


def _by_pyright(folder: Path) -> Found:
    """Give what pyright says; basedpyright is pyright with the program that runs it in one package."""
    if importlib.util.find_spec("basedpyright") is None:
        pytest.skip("basedpyright is not installed: pip install basedpyright")
    config = {"typeCheckingMode": "standard", "include": [str(SAMPLE)], "extraPaths": [str(ROOT / "src")]}
    (folder / "pyrightconfig.json").write_text(json.dumps(config))
    command = [sys.executable, "-m", "basedpyright", "--outputjson", "--pythonpath", sys.executable, "-p", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True)
    wrong: Found = {}
    for said in json.loads(done.stdout)["generalDiagnostics"]:
        if said["severity"] == "error":
            wrong.setdefault(said["range"]["start"]["line"] + 1, []).append(said["message"])
    return wrong


def _expected(mark: str) -> dict[int, str]:
    lines = enumerate(SAMPLE.read_text().splitlines(), 1)
    return {number: line.partition(mark)[2] for number, line in lines if mark in line}


def test_an_editor_shows_the_types_of_tasks_and_flows_and_what_is_wrong() -> None:
    shown, wrong = _by_mypy()
    assert {number: texts[0] for number, texts in shown.items()} == _expected("  # shows: ")
    expected = _expected("  # wrong: ")
    assert wrong.keys() == expected.keys(), wrong
    for number, text in expected.items():
        assert any(text.partition(" | ")[0] in said for said in wrong[number]), (number, wrong[number])


def test_pyright_finds_the_same_lines_wrong(tmp_path: Path) -> None:
    wrong, expected = _by_pyright(tmp_path), _expected("  # wrong: ")
    assert wrong.keys() == expected.keys(), wrong
    for number, text in expected.items():
        assert any(text.partition(" | ")[2] in said for said in wrong[number]), (number, wrong[number])


def test_the_options_that_a_checker_knows_are_those_of_a_task() -> None:
    from inspect import signature

    from prefect.core.task import Task
    from prefect.core.task_options import TaskOptions

    known = set(TaskOptions.__annotations__)
    assert known == set(signature(Task.__init__).parameters) - {"self"}


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
