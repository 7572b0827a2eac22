"""The only place on this floor that turns a configured or fixed dotted name into something of the floors above.

Each function loads what it gives when it is called, never at import. ``operator_task`` reaches up inside this floor:
operators are tasks, and a task has operators.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from prefect.utilities.context import context


def load(name: str) -> Any:
    """Give what a dotted name stands for: ``package.module.attribute``.

    Raises:
        ImportError: there is no such module, or nothing of that name in it.
    """
    module_name, _, attribute = name.rpartition(".")
    if not module_name:
        raise ImportError(f"{name!r} is no dotted name of the form 'module.attribute'")
    module = import_module(module_name)
    try:
        return getattr(module, attribute)
    except AttributeError:
        raise ImportError(f"{module_name!r} has no attribute {attribute!r}") from None


def operator_task(name: str) -> type[Any]:
    """Give a class of ``prefect.core.operators``."""
    return load(f"prefect.core.operators.{name}")  # type: ignore[no-any-return]


def flow_runner_class() -> type[Any]:
    """Give the class that runs flows, as configured in ``engine.flow_runner.default_class``."""
    return load("prefect.engine.get_default_flow_runner_class")()  # type: ignore[no-any-return]


def task_runner_class() -> type[Any]:
    """Give the class that runs tasks, as configured in ``engine.task_runner.default_class``."""
    return load("prefect.engine.get_default_task_runner_class")()  # type: ignore[no-any-return]


def executor_class() -> type[Any]:
    """Give the class of executors, as configured in ``engine.executor.default_class``."""
    return load("prefect.engine.get_default_executor_class")()  # type: ignore[no-any-return]


def storage_class() -> type[Any]:
    """Give the class of storage, as configured in ``flows.defaults.storage.default_class``."""
    configured = context.config.flows.defaults.storage.default_class
    return load(configured) if isinstance(configured, str) else configured  # type: ignore[no-any-return]


def run_config_class() -> type[Any]:
    """Give the class of run configs of flows that have none of their own."""
    return load("prefect.run_configs.UniversalRun")  # type: ignore[no-any-return]


def client_class() -> type[Any]:
    """Give the class of clients of the API."""
    return load("prefect.client.Client")  # type: ignore[no-any-return]


def local_agent_class() -> type[Any]:
    """Give the class of agents that start flow runs as processes of this machine."""
    return load("prefect.agent.local.LocalAgent")  # type: ignore[no-any-return]


def flow_pickling() -> tuple[Callable[[Any], bytes], Callable[[bytes], Any]]:
    """Give the two functions that turn a flow into the bytes that storages keep, and back."""
    return load("prefect.utilities.storage.flow_to_bytes_pickle"), load(
        "prefect.utilities.storage.flow_from_bytes_pickle"
    )


def diagnostic_info() -> Callable[..., str]:
    """Give the function that describes a flow and this installation as JSON text."""
    return load("prefect.utilities.diagnostics.diagnostic_info")  # type: ignore[no-any-return]
