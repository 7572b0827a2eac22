"""`docs/architecture.md` names files and functions that exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "prefect"
TEXT = (ROOT / "docs" / "architecture.md").read_text()
# `engine/retries.py:check` or `engine/retries.py:Class.method` or a bare `engine/retries.py` / `engine/`
NAMED = sorted(set(re.findall(r"`([a-z_]+(?:/[a-z_]+)*/?(?:\.py)?(?::[\w.]+)?)`", TEXT)))
PLACES = [name for name in NAMED if "/" in name or name.endswith(".py") or ".py:" in name]


def names_in(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            # What a type checker is told stands beside what runs, below an ``if``.
            inner = [*node.body, *(one for item in node.body if isinstance(item, ast.If) for one in item.orelse)]
            methods = (item for item in inner if isinstance(item, (ast.FunctionDef, ast.AsyncFunctionDef)))
            found |= {f"{node.name}.{method.name}" for method in methods}
        if isinstance(node, ast.Assign):
            targets = node.targets
        else:
            targets = [node.target] if isinstance(node, ast.AnnAssign) else []
        found |= {target.id for target in targets if isinstance(target, ast.Name)}
    return found


def test_both_walks_name_places() -> None:
    assert len([place for place in PLACES if ":" in place]) >= 20
    assert "## One parameter" in TEXT
    assert "## One change of state" in TEXT


@pytest.mark.parametrize("place", PLACES)
def test_place_exists(place: str) -> None:
    file, _, name = place.partition(":")
    path = PACKAGE / file if (PACKAGE / file).exists() else ROOT / file
    assert path.exists(), place
    if name:
        assert name in names_in(path), place
