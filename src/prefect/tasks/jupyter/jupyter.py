"""Notebooks of Jupyter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from prefect._lazy import lazy
from prefect.tasks.authoring.declared import DeclaredTask


class ExecuteNotebook(
    DeclaredTask,
    init="path parameters log_output output_format exporter_kwargs kernel_name",
    run="path parameters output_format exporter_kwargs",
):
    """Runs a notebook with papermill and gives it with its outputs.

    Args:
        path: of the notebook: a file, or what else papermill reads.
        parameters: put in place of those in the cell with the tag ``parameters``.
        log_output: log what the cells write.
        output_format: ``notebook`` (JSON text), or another exporter of nbconvert, such as ``html``.
        exporter_kwargs: further arguments of the exporter.
        kernel_name: absent means the one that the notebook names.
    """

    known_as: ClassVar[dict[str, str]] = {"papermill": "pm", "nbconvert": "nbconvert"}
    packages: ClassVar[tuple[str, ...]] = ("papermill", "nbconvert")
    needs: ClassVar[dict[str, str]] = {"path": "The path of a notebook must be provided."}
    path: str | None = None
    parameters: dict[str, Any] | None = None
    log_output: bool = False
    output_format: str = "notebook"
    exporter_kwargs: dict[str, Any] | None = None
    kernel_name: str | None = None

    def work(self) -> str:
        """Run the notebook.

        Raises:
            papermill.PapermillExecutionError: a cell failed.
        """
        papermill, nbconvert = self.module("papermill"), self.module("nbconvert")
        # "-" would be standard output: nothing is written there, and nothing to a file.
        done = papermill.execute_notebook(
            self.path, None, parameters=self.parameters, kernel_name=self.kernel_name, log_output=self.log_output
        )
        # "json" is what 1.x called it first.
        exporter = nbconvert.get_exporter("notebook" if self.output_format == "json" else self.output_format)
        text, _ = nbconvert.export(exporter, done, **(self.exporter_kwargs or {}))
        return str(text)


if not TYPE_CHECKING:  # names that are looked for here, because this module of 1.x had them too
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "nbconvert": "nbconvert:",
            "pm": "papermill:",
        },
    )
