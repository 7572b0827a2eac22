"""The options of a task by name and type, for editors and type checkers; ``Task`` says what each means."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypedDict

if TYPE_CHECKING:
    from prefect.core.edge import Edge
    from prefect.model.result import Result
    from prefect.model.state import State


class UnnamedTaskOptions(TypedDict, total=False):
    """All options but the name."""

    slug: str | None
    tags: Iterable[str] | None
    max_retries: int | None
    retry_delay: timedelta | None
    retry_on: type[Exception] | Iterable[type[Exception]] | None
    timeout: int | timedelta | None
    trigger: Callable[[dict[Edge, State]], bool] | None
    skip_on_upstream_skip: bool
    cache_for: timedelta | None
    cache_validator: Callable[..., bool] | None
    cache_key: str | None
    checkpoint: bool | None
    state_handlers: Iterable[Callable[..., Any]] | None
    on_failure: Callable[..., Any] | None
    log_stdout: bool
    result: Result | None
    target: str | Callable[..., str] | None
    task_run_name: str | Callable[..., str] | None
    nout: int | None


class TaskOptions(UnnamedTaskOptions, total=False):
    """What ``@task(...)`` takes."""

    name: str | None
