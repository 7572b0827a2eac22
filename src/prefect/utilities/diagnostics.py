"""What somebody who helps needs to know about an installation, without any value that could be a secret."""

from __future__ import annotations

import json
import os
import platform
from typing import Any

from prefect import configuration
from prefect._version import __version__
from prefect.utilities.context import context


def diagnostic_info(flow: Any = None, include_secret_names: bool = False) -> str:
    """Give the JSON text of everything below; of a flow, if one is given, too."""
    told = {**system_information(), **config_overrides(include_secret_names), **environment_variables()}
    if flow is not None:
        told.update(flow_information(flow))
    return json.dumps(told, sort_keys=True, indent=2, default=str)


def system_information() -> dict[str, Any]:
    """Tell the platform and the versions."""
    return {
        "system_information": {
            "platform": platform.platform(),
            "python_version": platform.python_version(),
            "prefect_version": __version__,
            "prefect_backend": context.config.backend,
        }
    }


def config_overrides(include_secret_names: bool = False) -> dict[str, Any]:
    """Tell which settings the user's file changes; the value of each is only said to be there.

    Args:
        include_secret_names: name the local secrets too.
    """
    path = str(configuration.interpolate_env_vars(configuration.USER_CONFIG))
    settings = configuration.load_toml(path) if os.path.isfile(path) else {}
    if not include_secret_names:
        (settings.get("context") or {}).pop("secrets", None)
    return {"config_overrides": _presence(settings)}


def environment_variables() -> dict[str, list[str]]:
    """Name the environment variables that change settings."""
    return {"env_vars": [name for name in os.environ if name.startswith("PREFECT__")]}


def flow_information(flow: Any) -> dict[str, Any]:
    """Tell the kinds of a flow's parts and which of their fields are set."""
    return {
        "flow_information": {
            # 1.x names the environment, which it no longer has.
            "environment": False,
            "run_config": _part(flow.run_config),
            "storage": _part(flow.storage),
            "result": {"type": type(flow.result).__name__} if flow.result else False,
            "schedule": _part(flow.schedule),
            "task_count": len(flow.tasks),
        }
    }


def _part(part: Any) -> dict[str, Any] | bool:
    return {"type": type(part).__name__, **_presence(vars(part))} if part else False


def _presence(values: dict[str, Any]) -> dict[str, Any]:
    return {
        key: _presence(value) if isinstance(value, dict) and value else bool(value) for key, value in values.items()
    }
