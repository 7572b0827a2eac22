"""Bad input for every task of the library: one clear error that names the task and the argument, and no secret."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from prefect.tasks.authoring.declared import DeclaredTask

RELEASED: dict[str, Any] = json.loads((Path(__file__).parent / "released_tasks.json").read_text())


def classes() -> list[Any]:
    found = []
    for where, released in RELEASED.items():
        module, _, name = where.partition(":")
        task = getattr(importlib.import_module(module), name)
        if isinstance(task, type) and issubclass(task, DeclaredTask):
            found.append(pytest.param(task, released, id=name))
    return found


def made(task: Any, released: Any) -> Any:
    return task(**{n: f"<{n}>" for n, kind, d in released["init"] if d is None and kind != "VAR_KEYWORD"})


def value_for(name: str) -> Any:
    return 1 if name.endswith(("port", "number", "id")) else f"<{name}>"


@pytest.mark.parametrize(("task", "released"), classes())
def test_each_needed_argument_that_is_missing_is_named(task: Any, released: Any) -> None:
    required = {n: f"<{n}>" for n, kind, d in released["run"] if d is None and kind != "VAR_KEYWORD"}
    accepted = {n for n, kind, _ in released["run"] if kind != "VAR_KEYWORD"}
    for missing in task.needs:
        given = {**required, **{n: value_for(n) for n in task.needs if n in accepted}}
        given.pop(missing, None) if missing not in required else given.update({missing: None})
        with pytest.raises(ValueError, match=rf"\(`{missing}` of {task.__name__}\)$"):
            made(task, released).run(**given)


@pytest.mark.parametrize(("task", "released"), classes())
def test_an_argument_that_nobody_knows_is_refused(task: Any, released: Any) -> None:
    if task.keeps_further:  # they are handed on
        return
    with pytest.raises(TypeError, match="no_such_argument"):
        made(task, released).run(no_such_argument=1)


@pytest.mark.parametrize(
    ("module", "task", "released"),
    [
        pytest.param(module, *parameter.values, id=f"{parameter.id}-{module}")
        for parameter in classes()
        for module in parameter.values[0].packages
    ],
)
def test_a_package_that_is_not_there_is_told_with_what_to_install(
    module: str, task: Any, released: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name == module or name.startswith(f"{module}.")]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, module, None)

    with pytest.raises(
        ImportError,
        match=rf"^The task {task.__name__} needs the package `\w+`: "
        r"((uv )?pip install (-e )?\S+|\w.* use .*|\w.* run .*)$",
    ):
        made(task, released).module(module)
    assert made(task, released)  # it can be made, and a flow with it be built, without the package
