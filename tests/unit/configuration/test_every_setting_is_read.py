"""A setting that does nothing is worse than none: each is read somewhere, or listed as one without a meaning."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import prefect
from prefect.configuration import DEFAULT_CONFIG, load_toml

ROOT = Path(prefect.__file__).parent
LIST = (Path(__file__).parents[3] / "docs/compatibility.md").read_text()
# The server reads settings of its own, and the other one knows none of them.
NO_READERS = ("server", "configuration.py")


def leaves(tree: Mapping[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from leaves(value, (*above, key))
        else:
            yield (*above, key)


SETTINGS = {".".join(path) for path in leaves(load_toml(DEFAULT_CONFIG))}


def names_in(tree: ast.AST) -> set[str]:
    """Every attribute, and every text that is a key or an argument, such as that of ``get``."""
    found = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    for node in ast.walk(tree):
        keys = [node.slice] if isinstance(node, ast.Subscript) else node.args if isinstance(node, ast.Call) else []
        found |= {key.value for key in keys if isinstance(key, ast.Constant) and isinstance(key.value, str)}
    return found


@cache
def read_settings() -> set[str]:
    """The settings whose key and section are both named in one module, or that another one refers to."""
    read = set()
    for file in ROOT.rglob("*.py"):
        if file.relative_to(ROOT).parts[0] in NO_READERS:
            continue
        names = names_in(ast.parse(file.read_text()))
        for setting in SETTINGS:
            *section, key = setting.split(".")
            if key in names and (section[-1:] == [] or section[-1] in names):
                read.add(setting)
    # ``process_task_defaults`` brings these into form; tasks read the form.
    read |= {setting for setting in SETTINGS if setting.startswith("tasks.defaults.")}
    text = Path(DEFAULT_CONFIG).read_text()
    for line in text.splitlines():
        if not line.startswith("#"):
            # ``${${backend}.endpoint}`` is one of two.
            read |= set(re.findall(r"\$\{([a-z_.]+)\}", line)) & {"backend", "server.host", "server.port", "home_dir"}
    return read | {"server.endpoint", "cloud.endpoint"}


def listed() -> list[str]:
    section = LIST.partition("## Settings without a meaning")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return [name for row in rows for name in re.findall(r"`([a-z_.*]+)`", row)]


@pytest.mark.parametrize("setting", sorted(SETTINGS))
def test_a_setting_is_read_or_listed_as_one_without_a_meaning(setting: str) -> None:
    assert setting in read_settings() or any(fnmatch(setting, pattern) for pattern in listed())


def test_the_list_names_settings_that_there_are() -> None:
    for pattern in listed():
        assert any(fnmatch(setting, pattern) for setting in SETTINGS), pattern
    assert not any(fnmatch(name, pattern) for name in ("server.host", "server.endpoint") for pattern in listed())
