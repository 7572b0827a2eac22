"""The classes that run flows and tasks when nobody says which."""

from __future__ import annotations

import warnings
from typing import Any

from prefect.core import plugs
from prefect.utilities.context import context


def _configured(section: str, built_in: str) -> Any:
    value = context.config.engine[section].default_class
    if not isinstance(value, str):
        return value
    try:
        return plugs.load(value)
    except (ImportError, ValueError):
        fallback = plugs.load(built_in)
        warnings.warn(f"Could not import {value}; using {built_in} instead.", UserWarning, stacklevel=3)
        return fallback


def get_default_executor_class() -> type[Any]:
    """Give the class configured as ``engine.executor.default_class``."""
    return _configured("executor", "prefect.executors.LocalExecutor")  # type: ignore[no-any-return]


def get_default_flow_runner_class() -> type[Any]:
    """Give the class configured as ``engine.flow_runner.default_class``."""
    return _configured("flow_runner", "prefect.engine.flow_runner.FlowRunner")  # type: ignore[no-any-return]


def get_default_task_runner_class() -> type[Any]:
    """Give the class configured as ``engine.task_runner.default_class``."""
    return _configured("task_runner", "prefect.engine.task_runner.TaskRunner")  # type: ignore[no-any-return]
