"""KubernetesRun: a Kubernetes job."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Self

from prefect.model.codec import register
from prefect.run_configs.base import Check, RunConfig, anything, as_text, list_of, text
from prefect.run_configs.templates import parse_yaml, read_if_local

PULL_POLICIES = ("Always", "IfNotPresent", "Never")


@register("run_config")
class KubernetesRun(RunConfig):
    """Runs as a Kubernetes job.

    Args:
        job_template_path: where the job's template lies. A file of this machine is read now; a path with the scheme
            ``agent`` is read on the agent's machine, one with another scheme (``s3``, ``gs``) from there by the agent.
        job_template: the template itself, or its YAML text.
        image: image of the container.
        env: environment variables of the container.
        cpu_limit: such as ``2`` or ``"500m"``, as are the other three.
        image_pull_policy: ``Always``, ``IfNotPresent`` or ``Never``.

    Raises:
        ValueError: both template and path, or another pull policy.
    """

    fields: ClassVar[dict[str, Check]] = {
        "job_template_path": text,
        "job_template": anything,
        "image": text,
        "cpu_limit": text,
        "cpu_request": text,
        "memory_limit": text,
        "memory_request": text,
        "service_account_name": text,
        "image_pull_secrets": list_of(text),
        "image_pull_policy": text,
    }

    def __init__(
        self,
        *,
        job_template_path: str | None = None,
        job_template: str | dict[str, Any] | None = None,
        image: str | None = None,
        env: dict[str, str] | None = None,
        cpu_limit: float | str | None = None,
        cpu_request: float | str | None = None,
        memory_limit: str | None = None,
        memory_request: str | None = None,
        service_account_name: str | None = None,
        image_pull_secrets: Iterable[str] | None = None,
        labels: Iterable[str] | None = None,
        image_pull_policy: str | None = None,
    ) -> None:
        super().__init__(env=env, labels=labels)
        if job_template_path is not None and job_template is not None:
            raise ValueError("Cannot provide both `job_template_path` and `job_template`")
        if image_pull_policy is not None and image_pull_policy not in PULL_POLICIES:
            expected = ", ".join(map(repr, PULL_POLICIES))
            raise ValueError(f"Invalid image_pull_policy {image_pull_policy!r}. Expected one of {expected}")
        self.job_template_path, template = read_if_local(job_template_path)
        self.job_template = template if job_template is None else _parsed(job_template)
        self.image = image
        self.cpu_limit = as_text(cpu_limit)
        self.cpu_request = as_text(cpu_request)
        self.memory_limit = memory_limit
        self.memory_request = memory_request
        self.service_account_name = service_account_name
        self.image_pull_secrets = None if image_pull_secrets is None else list(image_pull_secrets)
        self.image_pull_policy = image_pull_policy

    @classmethod
    def _loaded(cls, arguments: dict[str, Any]) -> Self:
        if "job_template_path" in arguments and "job_template" in arguments:
            raise ValueError("Cannot provide both `job_template_path` and `job_template`")
        # Nothing is read here: whoever sent the JSON must not choose which files of this machine are opened.
        path = arguments.pop("job_template_path", None)
        config = cls(**arguments)
        config.job_template_path = path
        return config


def _parsed(template: Any) -> dict[str, Any]:
    parsed = parse_yaml(template) if isinstance(template, str) else template
    if not isinstance(parsed, dict):
        raise ValueError(f"job_template: not an object: {parsed!r}")
    return parsed
