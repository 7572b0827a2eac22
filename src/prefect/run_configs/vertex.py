"""VertexRun: a Vertex AI custom job."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from prefect.model.codec import register
from prefect.run_configs.base import Check, RunConfig, list_of, mapping, text


@register("run_config")
class VertexRun(RunConfig):
    """Runs as a Vertex AI custom job.

    Args:
        env: environment variables of the container.
        labels: an agent must have all of them to take the run.
        image: image of the container.
        machine_type: kind of machine.
        scheduling: the job's ``scheduling``, such as a timeout.
        service_account: account the job runs as.
        network: network it is put in.
        worker_pool_specs: the job's worker pools, instead of one of ``machine_type``.
    """

    fields: ClassVar[dict[str, Check]] = {
        "image": text,
        "machine_type": text,
        "scheduling": mapping,
        "service_account": text,
        "network": text,
        "worker_pool_specs": list_of(mapping),
    }

    def __init__(
        self,
        *,
        env: dict[str, str] | None = None,
        labels: Iterable[str] | None = None,
        image: str | None = None,
        machine_type: str = "e2-standard-4",
        scheduling: dict[str, Any] | None = None,
        service_account: str | None = None,
        network: str | None = None,
        worker_pool_specs: list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(env=env, labels=labels)
        self.image = image
        self.machine_type = machine_type
        self.scheduling = scheduling
        self.service_account = service_account
        self.network = network
        self.worker_pool_specs = worker_pool_specs
