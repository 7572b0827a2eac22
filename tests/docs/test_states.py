"""`docs/concepts/states.md` shows the states that exist, each under its parent and in its colour."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

from prefect.engine.state import State

TEXT = (Path(__file__).parents[2] / "docs" / "concepts" / "states.md").read_text()
PUBLIC = [cls for cls in State.children() if not cls.__name__.startswith("_")]


def test_the_table_has_every_state_in_its_colour() -> None:
    shown = dict(re.findall(r"^\| `(\w+)` \| (#\w+) \|", TEXT, re.MULTILINE))
    assert shown == {cls.__name__: cls.color for cls in PUBLIC if cls is not State}


def test_the_tree_has_every_state_under_its_parent() -> None:
    tree = TEXT.partition("graph LR\n")[2].partition("classDef")[0]
    shown = set()
    for line in tree.splitlines():
        names = line.split(" --> ")
        shown |= {(up.strip(), down.strip()) for up, down in pairwise(names)}
    expected = {
        (next(b.__name__ for b in cls.__mro__[1:] if not b.__name__.startswith("_")), cls.__name__)
        for cls in PUBLIC
        if cls is not State
    }
    assert shown == expected
