"""What no test may do."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
CLOCKS = frozenset(
    {"monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "process_time", "thread_time", "time"}
)
UPPER_BOUNDS = (ast.Lt, ast.LtE)


def reads_clock(node: ast.AST) -> bool:
    """Tell whether a clock of the module ``time`` is read somewhere in an expression."""
    return any(
        isinstance(part, ast.Call)
        and isinstance(part.func, ast.Attribute)
        and part.func.attr in CLOCKS
        and isinstance(part.func.value, ast.Name)
        and part.func.value.id == "time"
        for part in ast.walk(node)
    )


def differences_of_clocks(function: ast.AST) -> set[str]:
    """Give the names that hold how long something took."""
    found = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and is_difference(node.value):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return found


def is_difference(node: ast.AST) -> bool:
    return any(
        isinstance(part, ast.BinOp) and isinstance(part.op, ast.Sub) and reads_clock(part) for part in ast.walk(node)
    )


def timed_assertions(text: str) -> Iterator[int]:
    """Give the lines that assert that something took less than so many seconds."""
    for function in ast.walk(ast.parse(text)):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        names = differences_of_clocks(function)
        for node in ast.walk(function):
            if not isinstance(node, ast.Assert):
                continue
            for compared in (part for part in ast.walk(node.test) if isinstance(part, ast.Compare)):
                sides = [compared.left, *compared.comparators]
                for small, bound, how in zip(sides, sides[1:], compared.ops, strict=False):
                    took = is_difference(small) or (isinstance(small, ast.Name) and small.id in names)
                    if took and isinstance(how, UPPER_BOUNDS) and not isinstance(bound, ast.Name):
                        yield node.lineno


@pytest.mark.parametrize(
    "line",
    ["assert time.monotonic() - begun < 2", "took = time.perf_counter() - begun\n    assert 0 < took <= 0.5"],
    ids=["at once", "by a name"],
)
def test_an_assertion_about_seconds_is_found(line: str) -> None:
    assert list(timed_assertions(f"def test_it():\n    begun = time.monotonic()\n    {line}\n")) != []


@pytest.mark.parametrize("line", ["assert time.monotonic() < give_up", "assert time.monotonic() - begun > 0.2"])
def test_waiting_and_lower_bounds_are_none(line: str) -> None:
    assert list(timed_assertions(f"def test_it():\n    {line}\n")) == []


def test_no_test_asserts_how_many_seconds_something_takes() -> None:
    found = [
        f"{path.relative_to(TESTS)}:{line}"
        for path in sorted(TESTS.rglob("test_*.py"))
        for line in timed_assertions(path.read_text())
    ]
    assert found == []
