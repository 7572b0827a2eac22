"""DockerRun: a container beside a Docker agent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from prefect.model.codec import register
from prefect.run_configs.base import Check, RunConfig, list_of, mapping, text, whole


@register("run_config")
class DockerRun(RunConfig):
    """Runs as a container.

    Args:
        image: its image; without one: that of the flow's storage, else the agent's default.
        env: environment variables of the container.
        labels: an agent must have all of them to take the run.
        ports: ports to publish.
        host_config: arguments of docker-py's ``create_host_config``.
    """

    fields: ClassVar[dict[str, Check]] = {"image": text, "host_config": mapping, "ports": list_of(whole)}

    def __init__(
        self,
        *,
        image: str | None = None,
        env: dict[str, str] | None = None,
        labels: Iterable[str] | None = None,
        ports: Iterable[int] | None = None,
        host_config: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(env=env, labels=labels)
        self.image = image
        self.host_config = host_config
        self.ports = None if ports is None else list(ports)
