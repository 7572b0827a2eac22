"""What ``prefect run`` was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class RunRequest:
    """The options of one ``prefect run``, with values typed.

    Attributes:
        start: when the run is to start, in ISO 8601; None: now.
        wait_for_agent: for so many seconds behind its start it is waited for an agent to take it; None: not at all.
        output: in which form the run is written; ``table``: as lines for a person.
    """

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
    start: str | None
    wait_for_agent: float | None
    execute: bool
    schedule: bool
    quiet: bool
    no_logs: bool
    watch: bool
    output: str = "table"

    @property
    def is_quiet(self) -> bool:
        """True when standard output is for the run's id, or for what a program reads, and nothing else."""
        return self.quiet or self.output != "table"

    @property
    def is_local(self) -> bool:
        """True when the flow is a file or module and no backend is asked."""
        return bool(self.path or self.module)
