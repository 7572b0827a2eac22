"""ECSRun: an ECS task."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Self

from prefect.model.codec import register
from prefect.run_configs.base import Check, RunConfig, anything, as_text, mapping, text
from prefect.run_configs.templates import read_if_local


@register("run_config")
class ECSRun(RunConfig):
    """Runs as an ECS task.

    Args:
        task_definition: the definition itself.
        task_definition_path: where it lies; read as ``KubernetesRun.job_template_path`` is.
        task_definition_arn: a definition that exists already.
        image: image of the container.
        env: environment variables of the container.
        cpu: units, or text such as ``"1 vcpu"``.
        memory: MiB, or text such as ``"2 GB"``.
        run_task_kwargs: further arguments of boto3's ``run_task``.

    Raises:
        ValueError: more than one definition, or an image for a definition that exists already.
    """

    fields: ClassVar[dict[str, Check]] = {
        "task_definition": anything,
        "task_definition_path": text,
        "task_definition_arn": text,
        "image": text,
        "cpu": text,
        "memory": text,
        "task_role_arn": text,
        "execution_role_arn": text,
        "run_task_kwargs": mapping,
    }

    def __init__(
        self,
        *,
        task_definition: dict[str, Any] | None = None,
        task_definition_path: str | None = None,
        task_definition_arn: str | None = None,
        image: str | None = None,
        env: dict[str, str] | None = None,
        cpu: float | str | None = None,
        memory: float | str | None = None,
        task_role_arn: str | None = None,
        execution_role_arn: str | None = None,
        run_task_kwargs: dict[str, Any] | None = None,
        labels: Iterable[str] | None = None,
    ) -> None:
        super().__init__(env=env, labels=labels)
        definitions = (task_definition, task_definition_path, task_definition_arn)
        if sum(definition is not None for definition in definitions) > 1:
            raise ValueError(
                "Can only provide one of `task_definition`, `task_definition_path`, or `task_definition_arn`"
            )
        if task_definition_arn is not None and image is not None:
            raise ValueError(
                "Cannot provide both `task_definition_arn` and `image`: a definition that exists has its own image"
            )
        self.task_definition_path, read = read_if_local(task_definition_path)
        self.task_definition = read if task_definition is None else task_definition
        self.task_definition_arn = task_definition_arn
        self.image = image
        self.cpu = as_text(cpu)
        self.memory = as_text(memory)
        self.task_role_arn = task_role_arn
        self.execution_role_arn = execution_role_arn
        self.run_task_kwargs = run_task_kwargs

    @classmethod
    def _loaded(cls, arguments: dict[str, Any]) -> Self:
        # Nothing is read here: whoever sent the JSON must not choose which files of this machine are opened.
        path = arguments.pop("task_definition_path", None)
        if path is not None and ("task_definition" in arguments or "task_definition_arn" in arguments):
            raise ValueError(
                "Can only provide one of `task_definition`, `task_definition_path`, or `task_definition_arn`"
            )
        config = cls(**arguments)
        config.task_definition_path = path
        return config
