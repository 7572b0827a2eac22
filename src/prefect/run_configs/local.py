"""LocalRun: a process beside the local agent."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any, ClassVar, Self

from prefect.model.codec import register
from prefect.run_configs.base import Check, RunConfig, text


@register("run_config")
class LocalRun(RunConfig):
    """Runs as a process beside the local agent.

    Args:
        env: environment variables of the process.
        working_dir: where it starts; made absolute here; without one: where the agent is.
        labels: an agent must have all of them to take the run.
    """

    fields: ClassVar[dict[str, Check]] = {"working_dir": text}

    def __init__(
        self,
        *,
        env: dict[str, str] | None = None,
        working_dir: str | None = None,
        labels: Iterable[str] | None = None,
    ) -> None:
        super().__init__(env=env, labels=labels)
        self.working_dir = None if working_dir is None else os.path.abspath(working_dir)

    @classmethod
    def _loaded(cls, arguments: dict[str, Any]) -> Self:
        # As it came: a path that is relative was meant for another process than this one.
        working_dir = arguments.pop("working_dir", None)
        config = cls(**arguments)
        config.working_dir = working_dir
        return config
