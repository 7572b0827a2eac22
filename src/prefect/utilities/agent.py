"""What an agent reads out of a flow run: the image, and the command that runs it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_FIRST_VERSION_WITH_FLOW_RUN_COMMAND = (0, 13)


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
    # A development version ("1.4.1+12.g...") has no image of its own.
    version = (flow.get("core_version") or "latest").partition("+")[0]
    return f"prefecthq/prefect:{version}"


def get_flow_run_command(flow_run: Mapping[str, Any]) -> str:
    """Give the command that runs the flow, by the version that it was registered with."""
    version = flow_run["flow"].get("core_version") or "0.0.0"
    numbers = tuple(int(number) for number in re.findall(r"\d+", version)[:2])
    if numbers < _FIRST_VERSION_WITH_FLOW_RUN_COMMAND:
        return "prefect execute cloud-flow"
    return "prefect execute flow-run"
