"""The benches of a full database run, small, on both kinds: every row gives its figures, and every page is answered."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import BOTH, fresh_or_skip
from support.databases import Databases

ROOT = Path(__file__).parents[2]
ROWS = ("writes", "pages", "backup", "day", "retention", "stop", "upgrade")


@pytest.mark.process
@pytest.mark.parametrize("kind", BOTH)
def test_every_row_of_a_full_database_is_measured(databases: Databases, tmp_path: Path, kind: str) -> None:
    told = tmp_path / "figures.jsonl"
    command = [sys.executable, str(ROOT / "bench/scale.py"), "--scale", "0.001", "--requests", "8", "--json", str(told)]
    command += ["--only", ",".join(ROWS), "--database", "sqlite" if kind == "sqlite" else "postgresql"]
    if kind == "postgres":
        command += ["--postgres", fresh_or_skip(databases, kind, migrated=False)]

    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)

    assert done.returncode == 0, done.stderr[-3000:]
    figures = [json.loads(line) for line in told.read_text().splitlines()]
    assert {one["row"] for one in figures} == {"seed", *ROWS}
    # No answer is an error: of all documents of the web UI, too, whose values are written down beside the bench.
    assert [one for one in figures if "error" in one] == []
    sources = {one["source"] for one in figures if one["row"] == "pages"}
    assert sources == {"issue", "web", "1.x", "terminal", "server"}
    for one in figures:
        if one["row"] == "writes":
            assert one["empty"]["n"] == one["full"]["n"] > 0
            assert one["ratio_p99"] > 0
    day = next(one for one in figures if one["row"] == "day")
    assert day["task_runs"] == 5 * day["runs"] > 0
    assert 0 < day["share_of_two_cores"] < 1
    deleted = next(one["runs_deleted"] for one in figures if one["row"] == "retention")
    assert deleted > 0
    assert "beyond their limit" in done.stdout


def test_a_row_that_there_is_not_is_refused() -> None:
    command = [sys.executable, str(ROOT / "bench/scale.py"), "--only", "writes,nonsense"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 2
    assert "there is no row nonsense; there are writes, pages" in done.stderr
