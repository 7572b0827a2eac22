"""Where a name that a module or a class binds is used: what runs on import is met with the tests that run its uses."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from mutation.lines import SOURCE


class Uses:
    """Every use of every name in the source, by the text of the name alone."""

    def __init__(self, root: Path) -> None:
        self._lines: dict[str, set[tuple[str, int]]] = defaultdict(set)
        #: Name -> file and names that statements bind which use it on import.
        self._passed_on: dict[str, set[tuple[str, tuple[str, ...]]]] = defaultdict(set)
        self._words: dict[str, str] = {}
        for path in sorted((root / SOURCE).rglob("*.py")):
            file = str(path.relative_to(root))
            text = path.read_text()
            self._words[file] = text
            self._read(file, ast.parse(text), inside=False)

    def _read(self, file: str, node: ast.AST, *, inside: bool) -> None:
        for child in ast.iter_child_nodes(node):
            inner = inside or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            if inside:
                for name in _named(child):
                    self._lines[name].add((file, getattr(child, "lineno", 0)))
            elif isinstance(child, ast.Assign | ast.AnnAssign) and isinstance(node, ast.Module | ast.ClassDef):
                bound = tuple(n.id for n in ast.walk(child) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))
                for inner_node in ast.walk(child):
                    for name in _named(inner_node):
                        if name not in bound:
                            self._passed_on[name].add((file, bound))
            self._read(file, child, inside=inner)

    def built_by(self, file: str, function: str) -> set[tuple[str, int]]:
        """Give file and line of the uses of what a function of a file builds on import."""
        bound = {name for at, names in self._passed_on.get(function, ()) if at == file for name in names}
        return self.of(file, bound) if bound else set()

    def of(self, file: str, names: Iterable[str]) -> set[tuple[str, int]]:
        """Give file and line of the uses of these names of a file, through what is built of them."""
        found: set[tuple[str, int]] = set()
        waiting, seen = [(file, name) for name in names], set()
        while waiting:
            origin, name = waiting.pop()
            if (origin, name) in seen:
                continue
            seen.add((origin, name))
            found |= {(at, line) for at, line in self._lines.get(name, ()) if self._knows(at, origin)}
            for at, bound in self._passed_on.get(name, ()):
                if self._knows(at, origin):
                    waiting += [(at, other) for other in bound]
        return found

    def _knows(self, file: str, origin: str) -> bool:
        return file == origin or Path(origin).stem in self._words[file]


def _named(node: ast.AST) -> Iterable[str]:
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        yield node.id
    elif isinstance(node, ast.Attribute):
        yield node.attr
    elif isinstance(node, ast.keyword) and node.arg:
        yield node.arg
