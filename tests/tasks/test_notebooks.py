"""Notebooks, run by papermill in a kernel of this Python."""

from __future__ import annotations

import json
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from prefect.tasks.jupyter import ExecuteNotebook

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(
        not all(map(find_spec, ("papermill", "nbconvert", "ipykernel"))),
        reason="no notebooks here: pip install 'proctor[jupyter]'",
    ),
    # What the packages of Jupyter warn of is theirs.
    pytest.mark.filterwarnings("ignore"),
]


def cell(text: str, *tags: str) -> dict[str, Any]:
    metadata = {"tags": list(tags)}
    return {"cell_type": "code", "metadata": metadata, "source": text, "outputs": [], "execution_count": None}


@pytest.fixture
def notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A notebook and the only kernel that is known: this Python."""
    kernel = tmp_path / "jupyter/kernels/here"
    kernel.mkdir(parents=True)
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (kernel / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": "here", "language": "python"}))
    for variable, folder in {"JUPYTER_PATH": "jupyter", "JUPYTER_RUNTIME_DIR": "runtime", "IPYTHONDIR": "i"}.items():
        monkeypatch.setenv(variable, str(tmp_path / folder))
    cells = [cell("word, number = 'none', 1", "parameters"), cell("print(word * number)"), cell("number + 1")]
    path = tmp_path / "it's a notebook.ipynb"
    kernelspec = {"name": "here", "display_name": "here", "language": "python"}
    path.write_text(
        json.dumps({"cells": cells, "metadata": {"kernelspec": kernelspec}, "nbformat": 4, "nbformat_minor": 4})
    )
    return path


def test_a_notebook_is_run_with_parameters_and_given_with_its_outputs(notebook: Path) -> None:
    before = notebook.read_text()
    hostile = "'); import os; os.abort() #\n"
    text = ExecuteNotebook(str(notebook)).run(parameters={"word": hostile, "number": 2})

    outputs = [output for one in json.loads(text)["cells"] for output in one["outputs"]]
    assert "".join(outputs[0]["text"]) == hostile * 2 + "\n"
    assert "".join(outputs[1]["data"]["text/plain"]) == "3"
    assert notebook.read_text() == before


def test_a_notebook_that_fails_or_is_not_there_is_told(notebook: Path) -> None:
    with pytest.raises(Exception, match="can't multiply sequence"):
        ExecuteNotebook(str(notebook)).run(parameters={"number": "x"})
    with pytest.raises(FileNotFoundError):
        ExecuteNotebook(str(notebook.with_name("none.ipynb"))).run()
