"""Each task of the library of 1.4.1 is here: at its paths, with its arguments, defaults and attributes.

``released_tasks.json`` holds what introspection shows of the released package, with stand-ins for the vendors'
packages: names, kinds and defaults of arguments, and plain attributes of a fresh task; no code and no texts.
"""

from __future__ import annotations

import inspect
import json
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

RELEASED: dict[str, Any] = json.loads((Path(__file__).parent / "released_tasks.json").read_text())
DYNAMIC = "<dynamic>"  # a class of a vendor, or today's date

# Attributes that differ on purpose: the parts of a request, which is put together when the task works.
# And what ``ShellTask`` makes of the level of its output.
INTENDED = {
    ("DbtShellTask", "stream_output"),
    ("PowershellTask", "stream_output"),
    ("LambdaCreate", "code"),
    ("LambdaCreate", "vpc_config"),
    ("LambdaInvoke", "client_context"),
}


def arguments(function: Any) -> list[list[Any]]:
    parameters = [p for p in inspect.signature(function).parameters.values() if p.name != "self"]
    return [[p.name, p.kind.name, None if p.default is p.empty else repr(p.default)] for p in parameters]


def shapes(listed: list[list[Any]]) -> list[tuple[str, str, bool]]:
    return [(name, kind, default is None) for name, kind, default in listed]


@pytest.mark.parametrize("where", RELEASED)
def test_task_is_there_with_its_arguments_and_attributes(where: str) -> None:
    released = RELEASED[where]
    name = where.partition(":")[2]
    for module in released["at"]:
        assert getattr(import_module(module), name) is getattr(import_module(released["at"][0]), name)
    found = getattr(import_module(where.partition(":")[0]), name)

    if "init" in released:
        ours = arguments(found.__init__)
        assert shapes(ours) == shapes(released["init"])
        defaults = {n: d for n, _, d in ours}
        assert {n: defaults[n] for n, _, d in released["init"] if d != DYNAMIC} == {
            n: d for n, _, d in released["init"] if d != DYNAMIC
        }
        found = found(**{n: f"<{n}>" for n, kind, d in released["init"] if d is None and kind != "VAR_KEYWORD"})
        attributes = {
            n: value for n, value in released.get("attributes", {}).items() if (type(found).__name__, n) not in INTENDED
        }
        assert {n: repr(getattr(found, n, "<none>")) for n in attributes} == attributes
    ours = arguments(found.run)
    assert [entry[:2] for entry in ours] == [entry[:2] for entry in released["run"]]
    # What had to be given to ``run`` may be given to the task alone here, but not the other way round.
    assert {n for n, _, d in ours if d is None} <= {n for n, _, d in released["run"] if d is None}
