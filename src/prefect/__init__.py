"""Workflows in Python: the public names, each loaded from the module that defines it on first use."""

from __future__ import annotations

from prefect._lazy import lazy
from prefect._version import __version__ as __version__

TYPE_CHECKING = False
if TYPE_CHECKING:  # for editors and type checkers, which cannot follow lazy names
    from prefect.client.client import Client as Client
    from prefect.configuration import config as config
    from prefect.core.flow import Flow as Flow
    from prefect.core.parameter import Parameter as Parameter
    from prefect.core.task import Task as Task
    from prefect.tasks.control_flow.case import case as case
    from prefect.tasks.core.resource_manager import resource_manager as resource_manager
    from prefect.utilities.context import context as context
    from prefect.utilities.edges import flatten as flatten
    from prefect.utilities.edges import mapped as mapped
    from prefect.utilities.edges import unmapped as unmapped
    from prefect.utilities.tasks import apply_map as apply_map
    from prefect.utilities.tasks import tags as tags
    from prefect.utilities.tasks import task as task

__getattr__, __dir__ = lazy(
    __name__,
    {
        "Client": "prefect.client.client",
        "Flow": "prefect.core.flow",
        "Parameter": "prefect.core.parameter",
        "Task": "prefect.core.task",
        "api": "prefect.utilities.plugins:API",
        "apply_map": "prefect.utilities.tasks",
        "case": "prefect.tasks.control_flow",
        "config": "prefect.configuration",
        "context": "prefect.utilities.context",
        "flatten": "prefect.utilities.edges",
        "mapped": "prefect.utilities.edges",
        "models": "prefect.utilities.plugins:MODELS",
        "plugins": "prefect.utilities.plugins:PLUGINS",
        "prefect": "prefect:",
        "resource_manager": "prefect.tasks.core.resource_manager",
        "tags": "prefect.utilities.tasks",
        "task": "prefect.utilities.tasks",
        "unmapped": "prefect.utilities.edges",
    },
    rooms=(
        "agent",
        "artifacts",
        "backend",
        "cli",
        "client",
        "configuration",
        "contract",
        "core",
        "engine",
        "exceptions",
        "executors",
        "hello_world",
        "model",
        "run_configs",
        "schedules",
        "serialization",
        "server",
        "storage",
        "tasks",
        "triggers",
        "utilities",
    ),
)
