"""What ``prefect run`` was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class RunRequest:
    """The options of one ``prefect run``, with values typed."""

    flow_or_group_id: str | None
    project: str | None
    path: str | None
    module: str | None
    name: str | None
    labels: tuple[str, ...]
    run_name: str | None
    context: dict[str, Any]
    parameters: dict[str, Any]
    log_level: str | None
    idempotency_key: str | None
    priority: int | None
    execute: bool
    schedule: bool
    quiet: bool
    no_logs: bool
    watch: bool

    @property
    def is_local(self) -> bool:
        """True when the flow is a file or module and no backend is asked."""
        return bool(self.path or self.module)
