"""What an agent reads out of a flow run: the image, and the command that runs it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from prefect.utilities.context import context

_FIRST_VERSION_WITH_FLOW_RUN_COMMAND = (0, 13)
_FIRST_VERSION_OF_OURS = (1, 5)


def get_flow_image(flow_run: Mapping[str, Any], default: str | None = None) -> str:
    """Give the image to run a flow in: that of its Docker storage, of its run config, the default, or ours.

    Args:
        flow_run: an answer of the API with ``run_config`` and ``flow {storage core_version}``.
    """
    flow = flow_run["flow"]
    storage = flow.get("storage") or {}
    if storage.get("type") == "Docker":
        name = f"{storage.get('image_name')}:{storage.get('image_tag')}"
        registry = storage.get("registry_url")
        return f"{registry.rstrip('/')}/{name}" if registry else name
    image = (flow_run.get("run_config") or {}).get("image")
    if image:
        return str(image)
    if default is not None:
        return default
    return image_of_version(flow.get("core_version"))


def image_of_version(version: str | None, tag: str | None = None) -> str:
    """Give the image of a version: the configured one, else the public one of 1.4.1 and before, else a local one.

    Args:
        tag: absent means the version.

    Source: docs/decisions/0018-default-image.md
    """
    # A development version ("1.4.1+12.g...") has no image of its own.
    released = (version or "latest").partition("+")[0]
    tag = tag or released
    configured = context.config.cloud.agent.get("image")
    if configured:
        return str(configured).replace("{version}", tag)
    is_ours = _numbers(released) >= _FIRST_VERSION_OF_OURS
    return f"proctor:{tag}" if is_ours else f"prefecthq/prefect:{tag}"


def get_flow_run_command(flow_run: Mapping[str, Any]) -> str:
    """Give the command that runs the flow, by the version that it was registered with."""
    if _numbers(flow_run["flow"].get("core_version") or "0.0.0") < _FIRST_VERSION_WITH_FLOW_RUN_COMMAND:
        return "prefect execute cloud-flow"
    return "prefect execute flow-run"


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:2])
