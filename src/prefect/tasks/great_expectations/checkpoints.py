"""Validations of Great Expectations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from prefect._lazy import lazy
from prefect.tasks.authoring.declared import DeclaredTask

ONE_OF = (
    "Exactly one of expectation_suite_name + batch_kwargs, assets_to_validate, checkpoint_name, or ge_checkpoint is "
    "required to run validation."
)


class RunGreatExpectationsValidation(
    DeclaredTask,
    args="checkpoint_name ge_checkpoint checkpoint_kwargs context assets_to_validate batch_kwargs "
    "expectation_suite_name context_root_dir runtime_environment run_name run_info_at_end disable_markdown_artifact "
    "validation_operator evaluation_parameters",
):
    """Runs a checkpoint, or validates assets, and shows the results as an artifact.

    With version 1 of the package only checkpoints can be run: it has neither assets nor operators of this kind.

    Args:
        checkpoint_name: of the context; ge_checkpoint: the checkpoint itself; checkpoint_kwargs: arguments of its run.
        context: a data context; else that of ``context_root_dir`` with ``runtime_environment``, else the one around.
        assets_to_validate: batches, or names of batches and suites; or else ``batch_kwargs`` with
            ``expectation_suite_name``.
        run_name: of the validation; absent means that the package makes one up.
        run_info_at_end: in the text, what was run stands below the results.
        disable_markdown_artifact: make no artifact.
        validation_operator: the one that validates assets.
    """

    known_as: ClassVar[dict[str, str]] = {"great_expectations": "ge"}
    packages: ClassVar[tuple[str, ...]] = ("great_expectations",)
    checkpoint_name: str | None = None
    ge_checkpoint: Any = None
    checkpoint_kwargs: dict[str, Any] | None = None
    context: Any = None
    assets_to_validate: list[Any] | None = None
    batch_kwargs: dict[str, Any] | None = None
    expectation_suite_name: str | None = None
    context_root_dir: str | None = None
    runtime_environment: dict[str, Any] | None = None
    run_name: str | None = None
    run_info_at_end: bool = True
    disable_markdown_artifact: bool = False
    validation_operator: str = "action_list_operator"
    evaluation_parameters: dict[str, Any] | None = None

    empties: ClassVar[dict[str, type]] = {"runtime_environment": dict}

    def work(self) -> Any:
        """Validate, and give the results.

        Raises:
            ValueError: not exactly one thing to validate.
            FAIL: the data is not as expected; carries the results.
        """
        from prefect.engine.signals import FAIL

        ways = [
            bool(self.batch_kwargs and self.expectation_suite_name),
            bool(self.assets_to_validate),
            bool(self.checkpoint_name),
            self.ge_checkpoint is not None,
        ]
        if sum(ways) != 1:
            raise ValueError(self.complaint(ONE_OF, "checkpoint_name"))
        package = self.module("great_expectations")
        legacy = hasattr(package, "DataContext")
        results = self._validate_as_before(package) if legacy else self._validate(package)
        if not self.disable_markdown_artifact:
            self._show(results, legacy)
        if results.success is False:
            raise FAIL(f"Validation failed: {type(self).__name__}", result=results)
        return results

    def _validate(self, package: Any) -> Any:
        """Run a checkpoint with version 1 of the package."""
        if self.assets_to_validate or self.batch_kwargs:
            raise ValueError(
                self.complaint(
                    "Version 1 of great_expectations validates by checkpoints only: make one of the assets.",
                    "assets_to_validate" if self.assets_to_validate else "batch_kwargs",
                )
            )
        checkpoint = self.ge_checkpoint
        if checkpoint is None:
            around = self.context or package.get_context(
                **({"context_root_dir": self.context_root_dir} if self.context_root_dir else {})
            )
            checkpoint = around.checkpoints.get(self.checkpoint_name)
        how = dict(self.checkpoint_kwargs or {})
        if self.run_name:
            how["run_id"] = self.module("great_expectations").RunIdentifier(run_name=self.run_name)
        if self.evaluation_parameters:
            how.setdefault("expectation_parameters", self.evaluation_parameters)
        return checkpoint.run(**how)

    def _validate_as_before(self, package: Any) -> Any:
        """Validate with the versions of the package that 1.x knew."""
        around = self.context or package.DataContext(
            context_root_dir=self.context_root_dir, runtime_environment=self.runtime_environment or {}
        )
        run_id = self.module("great_expectations.core").RunIdentifier(self.run_name)
        how = {"run_id": run_id, "evaluation_parameters": self.evaluation_parameters}
        if self.checkpoint_name or self.ge_checkpoint is not None:
            checkpoint = self.ge_checkpoint or around.get_checkpoint(self.checkpoint_name)
            return checkpoint.run(**how, **(self.checkpoint_kwargs or {}))
        assets = self.assets_to_validate or [around.get_batch(self.batch_kwargs, self.expectation_suite_name)]
        return around.run_validation_operator(self.validation_operator, assets_to_validate=assets, **how)

    def _show(self, results: Any, legacy: bool) -> None:
        from prefect.backend.artifacts import create_markdown_artifact

        if legacy:
            renderers = self.module("great_expectations.render.renderer")
            renderer = renderers.ValidationResultsPageRenderer(run_info_at_end=self.run_info_at_end)
            pages = renderer.render_validation_operator_result(validation_operator_result=results)
            views = self.module("great_expectations.render.view")
            create_markdown_artifact(" ".join(map(str, views.DefaultMarkdownPageView().render(pages))))
        elif hasattr(results, "describe"):
            create_markdown_artifact(f"```json\n{results.describe()}\n```")


if not TYPE_CHECKING:  # names that are looked for here, because this module of 1.x had them too
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "ge": "great_expectations:",
        },
    )
