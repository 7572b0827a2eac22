"""Which tests speak of what a change touches: found by the words that both use."""

from __future__ import annotations

import ast
import math
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

#: A word of the name of a test tells more than one of its body.
NAME_WEIGHT = 2.0


def words_of(text: str) -> set[str]:
    """Give the words of a text, in lower case and without the ``s`` of many: ``set_flowRun`` is set, flow and run."""
    found = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", text)
    return {word.lower().removesuffix("s") for word in found if len(word) > 1}


class Words:
    """The words of every test of some files; a word counts the more, the fewer tests use it."""

    def __init__(self, root: Path, files: Iterable[str]) -> None:
        self._names: dict[str, set[str]] = {}
        self._bodies: dict[str, set[str]] = {}
        for file in files:
            text = (root / file).read_text()
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test"):
                    name = f"{file}::{node.name}"
                    self._names[name] = words_of(node.name)
                    self._bodies[name] = words_of(ast.get_source_segment(text, node) or "")
        used = Counter(word for words in self._bodies.values() for word in words)
        self._weight = {word: math.log((1 + len(self._bodies)) / count) for word, count in used.items()}

    def closeness(self, test: str, wanted: set[str]) -> float:
        """Tell how much a test, by its id, speaks of some words; 0.0 for one that is not known."""
        file, _, rest = test.partition("::")
        bare, _, case = rest.rpartition("::")[2].partition("[")
        name = f"{file}::{bare}"
        if name not in self._bodies:
            return 0.0
        body = sum(self._weight[word] for word in wanted & self._bodies[name])
        named = sum(self._weight.get(word, 0.0) for word in wanted & (self._names[name] | words_of(case)))
        return (body + NAME_WEIGHT * named) / math.log(20 + len(self._bodies[name]))
