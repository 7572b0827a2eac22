"""Every error text of the source, and whether a test has read it."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

__all__ = ["Refusal", "Texts", "refusals"]

#: So much of a text must stand in a test, or all of a shorter one.
PIECE = 14
SHORTEST = 7


class Refusal(NamedTuple):
    """Where an error is raised, and the texts that it is made of."""

    file: str
    function: str
    line: int
    texts: list[str]


def refusals(paths: Iterable[Path], called: Iterable[str] = ()) -> list[Refusal]:
    """Give every error that is raised in these files, also by calling one of the named functions."""
    found = []
    for path in sorted(paths):
        for function in ast.walk(ast.parse(path.read_text())):
            if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            for node in ast.walk(function):
                call: ast.expr | None = None
                if isinstance(node, ast.Raise):
                    call = node.exc
                elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in called:
                    call = node
                if isinstance(call, ast.Call):
                    parts = [part for argument in call.args for part in ast.walk(argument)]
                    texts = [part.value for part in parts if isinstance(part, ast.Constant)]
                    found.append(
                        Refusal(path.name, function.name, node.lineno, [t for t in texts if isinstance(t, str)])
                    )
    return found


class Texts:
    """The text of all tests."""

    def __init__(self, folder: Path) -> None:
        self._text = "\n".join(path.read_text() for path in folder.rglob("*.py")).replace("\\", "")

    def have(self, texts: Iterable[str]) -> bool:
        """Tell whether a piece of one of the texts stands in a test."""
        pieces = [text.strip(" .,:;'\"()") for text in texts]
        return any(
            piece[start : start + PIECE] in self._text
            for piece in pieces
            if len(piece) >= SHORTEST
            for start in range(max(1, len(piece) - PIECE + 1))
        )
