"""The library as a whole: what loading it costs, and what each task says of itself."""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import cloudpickle
import pytest

import prefect.tasks
from prefect import Flow
from prefect.tasks.authoring.declared import DeclaredTask

COLLECTIONS = sorted({module.name for module in pkgutil.iter_modules(prefect.tasks.__path__)} - {"authoring"})
ROOT = Path(__file__).parents[3]

# What importing a collection must not load: the vendors' packages, and what takes long of our own dependencies.
HEAVY = (
    "requests",
    "boto3",
    "docker",
    "kubernetes",
    "google.cloud",
    "azure",
    "pydantic",
    "sqlalchemy",
    "pandas",
    "redis",
)


def declared() -> list[type[DeclaredTask]]:
    for name in COLLECTIONS:
        module = importlib.import_module(f"prefect.tasks.{name}")
        for public in dir(module):
            if public[:1].isupper():
                getattr(module, public)
    found: list[type[DeclaredTask]] = []

    def walk(kind: type[DeclaredTask]) -> None:
        for below in kind.__subclasses__():
            walk(below)
            if below.__module__.startswith("prefect.tasks."):
                found.append(below)

    walk(DeclaredTask)
    return sorted(set(found), key=lambda kind: kind.__qualname__)


def test_importing_every_task_loads_no_package_of_a_vendor() -> None:
    text = f"""
import importlib, sys
for name in {COLLECTIONS!r}:
    module = importlib.import_module(f"prefect.tasks.{{name}}")
    for public in dir(module):
        if public[:1].isupper():
            getattr(module, public)
print(*[name for name in {HEAVY!r} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr


@pytest.mark.parametrize("task", declared(), ids=lambda task: task.__qualname__)
def test_each_task_says_what_it_does_and_what_its_arguments_are(task: Any) -> None:
    assert (task.__dict__.get("__doc__") or "").strip()
    described = " ".join(base.__doc__ or "" for base in task.__mro__ if issubclass(base, DeclaredTask))
    assert task.work.__doc__ or task.__name__.startswith("_")
    for argument in task.needs:
        assert (
            argument in inspect.signature(task.__init__).parameters
            or argument in inspect.signature(task.run).parameters
        )
        assert described


def constructed(task: Any) -> Any:
    given = {
        name: f"<{name}>"
        for name, parameter in inspect.signature(task.__init__).parameters.items()
        if name != "self" and parameter.default is parameter.empty and parameter.kind is not parameter.VAR_KEYWORD
    }
    return task(**given)


@pytest.mark.parametrize("task", declared(), ids=lambda task: task.__qualname__)
def test_each_task_can_be_sent_registered_and_put_into_a_flow(task: Any) -> None:
    made = constructed(task)

    again = cloudpickle.loads(cloudpickle.dumps(made))
    assert {name: repr(value) for name, value in vars(again).items() if name not in ("trigger", "cache_validator")} == {
        name: repr(value) for name, value in vars(made).items() if name not in ("trigger", "cache_validator")
    }
    with Flow("f") as flow:
        made(**{name: 1 for name, about in made.inputs().items() if about["required"] and name != "kwargs"})
    described = flow.serialize()["tasks"][0]
    assert described["type"] == f"{task.__module__}.{task.__qualname__}"
    assert json.loads(json.dumps(described["inputs"])).keys() == made.inputs().keys()


def test_hints_of_arguments_can_be_read() -> None:
    from prefect.tasks.aws import S3Upload

    inputs = S3Upload().inputs()
    assert (inputs["key"]["type"], inputs["data"]["required"]) == (str | None, True)


def test_every_extra_that_a_hint_names_is_there() -> None:
    import tomllib

    from prefect.utilities.importtools import EXTRAS

    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert sorted(set(EXTRAS.values()) - extras.keys()) == []


def test_what_can_be_installed_for_a_task_is_an_extra() -> None:
    from prefect.utilities.importtools import GONE, needed_install

    for task in declared():
        for package in task.packages:
            if package.partition(".")[0] not in GONE:
                assert needed_install(package).startswith("'proctor["), package
