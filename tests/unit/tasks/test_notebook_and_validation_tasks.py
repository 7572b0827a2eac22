"""Notebooks and validations, by stand-ins for papermill, nbconvert and Great Expectations."""

from __future__ import annotations

from typing import Any
from unittest.mock import MagicMock

import pytest

from prefect.engine.signals import FAIL
from prefect.tasks.great_expectations import RunGreatExpectationsValidation as Validation
from prefect.tasks.jupyter import ExecuteNotebook
from support.stand_ins import stand_in


def test_notebook_is_run_and_exported(monkeypatch: pytest.MonkeyPatch) -> None:
    papermill, convert = stand_in(monkeypatch, "papermill"), stand_in(monkeypatch, "nbconvert")
    convert.export.return_value = ("TEXT", {})

    assert ExecuteNotebook("n.ipynb", kernel_name="k", log_output=True).run(parameters={"a": 1}) == "TEXT"
    papermill.execute_notebook.assert_called_once_with(
        "n.ipynb", None, parameters={"a": 1}, kernel_name="k", log_output=True
    )
    convert.get_exporter.assert_called_once_with("notebook")
    ExecuteNotebook("n.ipynb", output_format="html", exporter_kwargs={"template_name": "t"}).run()
    assert convert.export.call_args.kwargs == {"template_name": "t"}
    convert.get_exporter.assert_called_with("html")


@pytest.fixture
def legacy(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The package as 1.x knew it."""
    names = ("core", "render.renderer", "render.view")
    stand_in(monkeypatch, *(f"great_expectations.{name}" for name in names))
    return stand_in(monkeypatch, "great_expectations")


@pytest.fixture
def modern(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Version 1 of the package."""
    package = stand_in(monkeypatch, "great_expectations")
    package.DataContext = None
    del package.DataContext
    monkeypatch.setattr(type(package), "__getattr__", lambda self, name: (_ for _ in ()).throw(AttributeError(name)))
    package.get_context, package.RunIdentifier = MagicMock(), MagicMock()
    return package


def test_checkpoint_is_run_as_before(legacy: Any) -> None:
    around = legacy.DataContext.return_value
    found = Validation("c", context_root_dir="r").run(checkpoint_kwargs={"k": 1})

    assert found is around.get_checkpoint.return_value.run.return_value
    legacy.DataContext.assert_called_once_with(context_root_dir="r", runtime_environment={})
    assert around.get_checkpoint.return_value.run.call_args.kwargs["k"] == 1
    Validation(batch_kwargs={"a": 1}, expectation_suite_name="s").run()
    around.get_batch.assert_called_once_with({"a": 1}, "s")


def test_data_that_is_not_as_expected_fails_the_task(legacy: Any) -> None:
    results = legacy.DataContext.return_value.get_checkpoint.return_value.run.return_value
    results.success = False
    with pytest.raises(FAIL) as caught:
        Validation("c", disable_markdown_artifact=True).run()
    assert caught.value.state.result is results


@pytest.mark.parametrize(
    "arguments", [{}, {"checkpoint_name": "c", "assets_to_validate": ["a"]}, {"batch_kwargs": {"a": 1}}]
)
def test_exactly_one_thing_is_validated(arguments: Any) -> None:
    with pytest.raises(ValueError, match="Exactly one of"):
        Validation(**arguments).run()


def test_checkpoint_is_run_with_version_1(modern: Any) -> None:
    checkpoint = modern.get_context.return_value.checkpoints.get
    assert Validation("c").run(run_name="n") is checkpoint.return_value.run.return_value
    checkpoint.assert_called_once_with("c")
    with pytest.raises(ValueError, match="Version 1 of great_expectations validates by checkpoints only"):
        Validation(assets_to_validate=["a"]).run()
