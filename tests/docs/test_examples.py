"""Every file of `examples/` runs by itself, without a server, shows what it promises, and is listed in the guide."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
GUIDE = ROOT / "docs" / "guides" / "examples.md"

# What a reader is meant to see, one or two lines of each.
SHOWN = {
    "branching": [
        "{'order': 10}: bicycle; skipped:",
        "{'order': 500, 'country': 'FR'}: van, with a customs form; skipped:",
    ],
    "dates": [
        "by default: ['2026-01-04']",
        "caught up: 3 days, 30 rows",
        "2026-02-28.csv 2026-03-01.csv 2026-03-02.csv",
    ],
    "etl": ["plums      2.00", 'The run ended in <Success: "All reference tasks succeeded.">'],
    "imperative": ["drink        drink for 3 (3 minutes)"],
    "looping": ["Hello, eve", "5 names on 3 pages"],
    "mapping": ["12 words were looked at, 5 of them are rare"],
    "notifications": [
        '<Success: "Nothing to do: there is no file.">',
        "divide: Failed: Error during execution of task",
    ],
    "own_tasks": [
        "prices: {'roll': 0.4, 'pretzel': 0.9}",
        "rolls: baked",
        "What is to be baked must be said. (`what` of Bake)",
    ],
    "parent_and_child_flows": ["the total is 6", "create_flow_run, wait_for_flow_run, get_task_run_result"],
    "resources": ["total 5050", "the file is gone: True"],
    "results_and_targets": ["monday: {'rows': 3, 'sum': 11}", "tuesday/download.json: [7, 2, 3]"],
    "retries_and_caching": ["y=0: 49, {'flaky': 4, 'slow_square': 1}", "y=1: 50, {'flaky': 5, 'slow_square': 2}"],
    "schedules": ["Mon 30 March 09:05 {'kind': 'daily'}", "one-off report of 2026-01-05"],
    "testing_a_flow": ["ok  test_the_flow_without_the_service"],
    "testing_with_a_backend": ["3 passed"],
    "visualization": [],  # a picture or its text, by whether the program `dot` is there
}


def run(path: Path, folder: Path) -> str:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PREFECT_", "PYTEST_"))}
    own = {"PREFECT__HOME_DIR": str(folder / "home"), "PREFECT__USER_CONFIG_PATH": str(folder / "config.toml")}
    done = subprocess.run(
        [sys.executable, "-W", "error", str(path)],
        env={**clean, **own, "TMPDIR": str(folder)},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.process
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_shows_what_it_promises(path: Path, tmp_path: Path) -> None:
    output = run(path, tmp_path)
    for text in SHOWN[path.stem]:
        assert text in output, output
    if path.stem == "retries_and_caching":
        assert len(re.findall("slow_square", output)) > 3
    if path.stem == "results_and_targets":
        assert output.count("downloading monday") == 1
    if path.stem == "visualization":
        assert "the picture is" in output or '"divide <map>" color="#eb000080"' in output


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_listed_in_the_guide(path: Path) -> None:
    assert f"](../../examples/{path.name})" in GUIDE.read_text()
    assert path.read_text().startswith('"""'), "it says in its first line what it shows"
